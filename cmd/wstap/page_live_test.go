package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/websocket"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
)

// feeder writes a capture into the pipe that wstap serve reads, as far as asked.
type feeder struct {
	*served
	bytes []byte
	ends  []int // behind each packet
	at    int
}

// feed serves a pipe, into which a session with frames comes by and by.
func feed(t *testing.T) *feeder {
	t.Helper()
	trace := capturetest.NewTrace()
	c := trace.Conn(capturetest.Config{NoAck: true})
	c.Open()
	c.Upgrade("/live", "", "")
	for i := range 2000 {
		d := capturetest.Direction(i % 2)
		if i%10 == 9 {
			c.Frame(d, capturetest.OpPing, fmt.Appendf(nil, "beat %d", i))
		} else {
			c.Text(d, fmt.Sprintf(`{"type":"tick","n":%d}`, i))
		}
	}
	f := &feeder{served: serveCommand(t, "-r", "-"), bytes: captured(t, trace)}
	end := 24 // a pcap file's header; each packet has one of 16
	for _, p := range trace.Packets() {
		end += 16 + len(p.Data)
		f.ends = append(f.ends, end)
	}
	return f
}

// to feeds all up to frame n.
func (f *feeder) to(n int) {
	f.t.Helper()
	end := f.ends[5+n-1] // TCP and HTTP take five packets
	if _, err := f.in.Write(f.bytes[f.at:end]); err != nil {
		f.t.Fatal(err)
	}
	f.at = end
}

// Expressions about a live page.
const (
	status   = `document.querySelector('#status').textContent`
	newest   = `[...document.querySelectorAll('#frames-grid .row[aria-rowindex]')].filter((e) => e.getBoundingClientRect().bottom <= document.querySelector('#frames-grid').getBoundingClientRect().bottom + 1).pop().getAttribute('aria-rowindex')`
	topmost  = `[...document.querySelectorAll('#frames-grid .scroller .row')].find((e) => e.getBoundingClientRect().top >= document.querySelector('#frames-grid .scroller').getBoundingClientRect().top - 1).id`
	moreRows = `document.querySelector('#more').hidden ? '' : document.querySelector('#more').textContent`
)

// TestServeFollows: rows come as they are captured, the newest stays in sight,
// and who reads further up is not moved.
func TestServeFollows(t *testing.T) {
	browser := browsertest.Start(t)
	f := feed(t)
	p := browser.New(t)
	f.to(0)
	p.Go(f.url)
	p.Becomes(status, "live")
	for _, n := range []int{1, 20, 300, 310} {
		f.to(n)
		p.Becomes(counted, fmt.Sprintf("%d rows", n+1))
		p.Becomes(newest, fmt.Sprint(n+2))
	}
	same(t, p, "new rows", moreRows, "")

	x, y, _, _ := p.Box("#frames-grid .scroller")
	p.Wheel(x+300, y+100, -2000)
	p.Until(topmost + ` !== 'row-0' && Number(` + newest + `) < 250`)
	p.Eval(settled, nil)
	before := p.Text(topmost)
	f.to(400)
	p.Becomes(counted, "401 rows")
	p.Becomes(moreRows, "↓ 90 new rows")
	same(t, p, "what is read", topmost, before)
	p.Click("#more")
	p.Becomes(newest, "402")
	p.Becomes(moreRows, "")
	f.to(410)
	p.Becomes(newest, "412")

	// A selected row stays where it is, too.
	p.Press("f", "k", "k")
	p.Eval(settled, nil)
	chosen := p.Text(selected)
	f.to(600)
	p.Becomes(counted, "601 rows")
	same(t, p, "the selected row", selected, chosen)
	p.Press("G")
	p.Becomes(newest, "602")

	// Filters are evaluated by the server, of what comes too.
	filter(p, "websocket.opcode == 9")
	p.Becomes(counted, "61 of 601 rows") // the upgrade is shown with the first
	f.to(700)
	p.Becomes(counted, "71 of 701 rows")
	asked := strings.Join(p.Requests(), " ")
	if !strings.Contains(asked, "filter?q=websocket.opcode%20%3D%3D%209") {
		t.Errorf("the server was asked for %s", asked)
	}
	filter(p, `"n":69`)
	p.Becomes(counted, "9 of 701 rows") // 690 to 698: 69 and 699 are pings
	for _, c := range p.Complaints() {
		t.Errorf("the browser complains: %.400s", c)
	}
	// What is not known to the page's parser is refused by the server.
	p.Press("Escape", "/")
	p.Type("websocket.opcode == ")
	p.Press("Enter")
	p.Until(`!document.querySelector('.fault').hidden`)
	p.Press("Escape")
	p.Becomes(counted, "701 rows")

	// The capture ends, the page stays.
	f.in.Close()
	p.Becomes(status, "capture ended")
	p.Becomes(counted, "702 rows")
	same(t, p, "the verdict", `document.querySelector('.headline').textContent`, "healthy1 connection to 10.0.0.1:8080, healthy")
}

// TestServeReconnects: a stream that was cut goes on without a row missing or
// twice; a server that is gone is told.
func TestServeReconnects(t *testing.T) {
	browser := browsertest.Start(t)
	f := feed(t)
	target, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	between := httptest.NewServer(&httputil.ReverseProxy{FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", target.Host, target.Host
		r.Out.Header.Del("Origin")
	}})
	defer between.Close()
	f.to(100)
	p := browser.Open(t, between.URL+target.Path)
	p.Becomes(counted, "101 rows")
	// Without a reload: what follows is the same document.
	p.Eval(`window.same = true`, nil)
	between.CloseClientConnections()
	p.Becomes(status, "connection lost, trying again")
	f.to(150)
	p.Becomes(status, "live")
	p.Becomes(counted, "151 rows")
	same(t, p, "the last row", `document.querySelector('#frames-grid .row[aria-rowindex="152"] .c-packet').textContent + window.same`, "155true")
	between.CloseClientConnections()
	f.to(220)
	p.Becomes(counted, "221 rows")

	direct := browser.Open(t, f.url)
	direct.Becomes(counted, "221 rows")
	f.cmd.Process.Kill()
	direct.Becomes(status, "connection lost, trying again")
	same(t, direct, "rows", counted, "221 rows")
}

// TestServeShowsASession of two programs on loopback, while it runs.
func TestServeShowsASession(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root: skipped")
	}
	browser := browsertest.Start(t)
	peer := httptest.NewServer(websocket.Handler(func(c *websocket.Conn) {
		for text := ""; websocket.Message.Receive(c, &text) == nil; {
			websocket.Message.Send(c, "echo of "+text)
		}
	}))
	defer peer.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(peer.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	s := serveCommand(t, "-i", "lo", "-f", "tcp port "+port)
	p := browser.Open(t, s.url)
	p.Becomes(status, "live")
	client, err := websocket.Dial("ws://127.0.0.1:"+port+"/talk", "", peer.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.Becomes(counted, "1 row")
	for n := range 5 {
		if err := websocket.Message.Send(client, fmt.Sprintf("word %d", n)); err != nil {
			t.Fatal(err)
		}
		p.Becomes(counted, fmt.Sprintf("%d rows", 2*n+3))
		p.Becomes(`document.querySelector('#frames-grid .row[aria-rowindex="`+fmt.Sprint(2*n+4)+`"] .c-data').textContent`, fmt.Sprintf("echo of word %d", n))
	}
	client.Close()
	p.Until(`[...document.querySelectorAll('#frames-grid .c-type')].some((e) => e.textContent === 'closed')`)
	same(t, p, "where it comes from", `document.querySelector('#source').textContent`, "lo")
	p.Becomes(`document.querySelector('#connections .scroller .c-url').textContent`, "ws://127.0.0.1:"+port+"/talk")

	// The packets, as they were captured.
	dir := t.TempDir()
	p.Call("Browser.setDownloadBehavior", browsertest.Object{"behavior": "allow", "downloadPath": dir}, nil)
	p.Click(".export-menu summary")
	p.Until(`document.querySelector('.export-list button')`)
	p.Eval(`[...document.querySelectorAll('.export-list button')].find((b) => b.textContent.startsWith('pcapng')).click()`, nil)
	var names []string
	for n := 0; n < 2000 && len(names) == 0; n++ {
		p.Eval(settled, nil)
		names, _ = filepath.Glob(filepath.Join(dir, "*.pcapng"))
	}
	if len(names) != 1 {
		t.Fatal("no pcapng is downloaded")
	}
	if out, err := wstap(t, "-r", names[0], "-q").Output(); err != nil || strings.Count(string(out), "echo of word") != 5 {
		t.Errorf("the pcapng has %s: %v", out, err)
	}
	for _, c := range p.Complaints() {
		t.Errorf("the browser complains: %.400s", c)
	}
	if _, err := http.Get(s.url); err != nil {
		t.Error(err)
	}
}
