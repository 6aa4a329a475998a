package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
)

// talker is a site whose page talks over a WebSocket with the site's server: text
// and binary each way, a message in fragments with a ping between, and a close.
func talker(t *testing.T) *httptest.Server {
	const page = `<!DOCTYPE html><title>talk</title><link rel="icon" href="data:,"><script>
		const socket = new WebSocket('ws://' + location.host + '/talk', ['chat.v2', 'chat.v1']);
		socket.onopen = () => {
			socket.send('{"type":"join","room":"lobby"}');
			socket.send(new Uint8Array([0, 1, 2, 255]));
			socket.send('\u043f\u0440\u0438\u0432\u0435\u0442 \u{1f44b} <img src=x>');
		};
		socket.onclose = (event) => { window.ended = event.code; };
	</script>`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/talk" {
			io.WriteString(w, page)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n",
			capturetest.AcceptFor(r.Header.Get("Sec-WebSocket-Key")))
		for _, f := range []struct {
			first   byte // FIN and opcode (RFC 6455, 5.2)
			payload string
		}{
			{0x81, `{"type":"joined","room":"lobby"}`}, {0x01, "one, "}, {0x89, "hb-1"}, {0x80, "two"}, {0x82, "\x00\xff"}, {0x88, "\x0f\xa1done"},
		} {
			if f.first == 0x88 { // the page speaks first, and answers the ping
				for range 4 {
					skipFrame(buffered.Reader)
				}
			}
			conn.Write(append([]byte{f.first, byte(len(f.payload))}, f.payload...))
		}
		skipFrame(buffered.Reader) // its Close
	}))
	t.Cleanup(s.Close)
	return s
}

// skipFrame reads a masked frame of fewer than 126 bytes.
func skipFrame(r *bufio.Reader) {
	r.ReadByte()
	n, _ := r.ReadByte()
	r.Discard(int(n&0x7f) + 4)
}

// TestServeBesideDevTools: of a session of a browser the page shows each message
// that the browser's own tools are told of, in the same order and with the same
// text, and what they are not told of: ping, pong, close, fragments.
func TestServeBesideDevTools(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root: skipped")
	}
	browser := browsertest.Start(t)
	site := talker(t)
	s := serveCommand(t, "-i", "lo", "-f", "tcp port "+site.URL[strings.LastIndexByte(site.URL, ':')+1:])
	p := browser.Open(t, s.url)
	p.Becomes(status, "live")
	talk := browser.Open(t, site.URL)
	talk.Until(`window.ended === 4001`)
	p.Call("Page.bringToFront", nil, nil) // a tab behind another is not drawn
	p.Until(`[...document.querySelectorAll('#frames-grid .c-type')].some((e) => e.textContent === 'closed')`)

	var tools []string
	for _, e := range talk.Events() {
		arrow, ok := map[string]string{"Network.webSocketFrameSent": "↑ sent", "Network.webSocketFrameReceived": "↓ received"}[e.Method]
		if !ok {
			continue
		}
		var m struct {
			Response struct {
				Opcode      int
				PayloadData string
			}
		}
		if err := json.Unmarshal(e.Params, &m); err != nil {
			t.Fatal(err)
		}
		text := m.Response.PayloadData
		if m.Response.Opcode == 2 {
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			text = fmt.Sprintf("% x", b)
		}
		tools = append(tools, fmt.Sprintf("%s %d %s", arrow, m.Response.Opcode, text))
	}
	lines := `[...document.querySelectorAll('#frames-grid .scroller .row:not(.life)')].map((e) => [e.querySelector('.c-direction').textContent, {text: 1, binary: 2}[e.querySelector('.c-type').textContent] || e.querySelector('.c-type').textContent, e.querySelector('.preview').textContent].join(' '))`
	var frames, messages []string
	p.Eval(lines, &frames)
	p.Press("m")
	p.Becomes(counted, "9 of 14 rows") // six messages, the upgrade, the end, the finding
	p.Eval(settled, nil)
	p.Eval(lines, &messages)
	// Both directions run at once: the wire may have another order than the
	// browser, but within a direction there is one.
	for _, arrow := range []string{"↑", "↓"} {
		of := func(all []string) (part []string) {
			for _, line := range all {
				if strings.HasPrefix(line, arrow) {
					part = append(part, line)
				}
			}
			return part
		}
		if got, want := of(messages), of(tools); len(want) != 3 || !slices.Equal(got, want) {
			t.Errorf("the page shows %q, the tools %q", got, want)
		}
	}
	all := strings.Join(frames, "\n")
	for _, want := range []string{"↓ received ping hb-1", "↑ sent pong hb-1", "↓ received close 4001", "↑ sent close 4001"} {
		if !strings.Contains(all, want) {
			t.Errorf("no row is %q:\n%s", want, all)
		}
	}
	t.Logf("tools:\n%s\npage:\n%s", strings.Join(tools, "\n"), all)
}
