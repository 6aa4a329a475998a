package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/report/page"
)

// assets are a page of the tests' own.
var assets = fstest.MapFS{
	"index.html": {Data: []byte("<!DOCTYPE html><title>page</title>")},
	"app.js":     {Data: []byte("export const answer = 42;")},
}

// serve serves h on a real listener until the test ends, and sees that nothing
// of the server is left then.
func serve(t *testing.T, h *Hub, o Options) *Server {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Assets, o.Now = assets, clock
	s := Serve(h, l, o)
	t.Cleanup(func() {
		if !s.isStopping() {
			shutdown(t, s)
		}
	})
	return s
}

// shutdown ends s, without patience for browsers that have all they are to get.
func shutdown(t *testing.T, s *Server) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// noGoroutines fails if a goroutine still runs in what serves. Those that have
// told that they are done may need a moment to be gone.
func noGoroutines(t *testing.T) {
	t.Helper()
	var stacks string
	for range 10_000 {
		b := make([]byte, 1<<20)
		stacks = string(b[:runtime.Stack(b, true)])
		left := 0
		for g := range strings.SplitSeq(stacks, "\n\n") {
			if strings.Contains(g, "net/http.(*conn)") || strings.Contains(g, "net/http.(*Server)") || strings.Contains(g, "web.(*Server).events") {
				left++
			}
		}
		if left == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("goroutines are left:\n%s", stacks)
}

// get sends one request, as changed, and returns the answer with its body.
func get(t *testing.T, url string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	w, err := http.DefaultTransport.RoundTrip(r) // it follows no redirection
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w, string(b)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func method(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }

func TestRefusesAllButThePagesOwner(t *testing.T) {
	s := serve(t, NewHub(Limits{}), Options{})
	url := s.URL()
	origin := strings.TrimSuffix(url, "/"+s.guard.token+"/")
	host := strings.TrimPrefix(origin, "http://")
	for _, c := range []struct {
		name   string
		url    string
		change func(*http.Request)
		status int
	}{
		{"the page", url, nil, 200},
		{"a module", url + "app.js", nil, 200},
		{"only the head", url, method("HEAD"), 200},
		{"the page's own request", url + "app.js", func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, 200},
		{"typed", url, header("Sec-Fetch-Site", "none"), 200},
		{"no such file", url + "nothing.js", nil, 404},
		{"out of the assets", url + "../server.go", nil, 404},
		{"no token", origin + "/", nil, 404},
		{"no slash behind the token", strings.TrimSuffix(url, "/"), nil, 404},
		{"another token", origin + "/" + strings.Repeat("0", 32) + "/", nil, 404},
		{"a longer token", origin + "/" + s.guard.token + "0/", nil, 404},
		{"a shorter token", origin + "/" + s.guard.token[:31] + "/", nil, 404},
		{"an empty token", origin + "//", nil, 404},
		{"a name that was rebound", url, func(r *http.Request) { r.Host = "evil.example:80" }, 421},
		{"a name that was rebound, with the port", url, func(r *http.Request) { r.Host = "evil.example" + host[strings.Index(host, ":"):] }, 421},
		{"without the port", url, func(r *http.Request) { r.Host = "127.0.0.1" }, 421},
		{"another site's script", url + "events", header("Origin", "http://evil.example"), 403},
		{"another port's script", url + "events", header("Origin", "http://127.0.0.1:1"), 403},
		{"a file's script", url + "events", header("Origin", "null"), 403},
		{"another site's image", url, header("Sec-Fetch-Site", "cross-site"), 403},
		{"another host of the site", url, header("Sec-Fetch-Site", "same-site"), 403},
		{"a word unknown", url, header("Sec-Fetch-Site", "?"), 403},
		{"POST", url + "filter", method("POST"), 405},
		{"PUT", url, method("PUT"), 405},
		{"DELETE", url, method("DELETE"), 405},
		{"OPTIONS, as before a cross-site request", url, method("OPTIONS"), 405},
		{"a body", url, func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1
		}, 400},
		{"a body of unknown length", url, func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1
		}, 400},
		{"no packets", url + "export?format=pcapng", nil, 404},
		{"a format that the page makes", url + "export?format=har", nil, 400},
		{"no such connection", url + "export?format=pcapng&conns=0", nil, 400},
		{"more than a number", url + "export?format=pcapng&conns=1,,2", nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, body := get(t, c.url, c.change)
			if w.StatusCode != c.status {
				t.Errorf("status %d %q, want %d", w.StatusCode, body, c.status)
			}
			for _, h := range headers {
				if got := w.Header.Values(h[0]); len(got) != 1 || got[0] != h[1] {
					t.Errorf("%s: %q", h[0], got)
				}
			}
			if w.StatusCode != 200 && strings.Contains(body, s.guard.token) {
				t.Errorf("the refusal tells the token: %s", body)
			}
			if names := w.Header["Access-Control-Allow-Origin"]; names != nil {
				t.Errorf("lets others in: %q", names)
			}
		})
	}
}

func TestPolicyHasNoHole(t *testing.T) {
	for _, word := range []string{"unsafe", "*", "http:", "https:", "blob:"} {
		if strings.Contains(policy, word) {
			t.Errorf("the policy allows %s", word)
		}
	}
	for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("the policy lacks %s", directive)
		}
	}
}

func TestTokensDiffer(t *testing.T) {
	a, b := newToken(), newToken()
	if len(a) != 32 || a == b {
		t.Errorf("tokens %s, %s", a, b)
	}
}

// A ticket leads to the page once: it may have been seen in a list of processes.
func TestTicketIsValidOnce(t *testing.T) {
	s := serve(t, NewHub(Limits{}), Options{})
	first := s.Ticket()
	second := s.Ticket()
	if w, _ := get(t, first, nil); w.StatusCode != 404 {
		t.Errorf("a ticket that was replaced: %d", w.StatusCode)
	}
	if w, _ := get(t, second+"events", nil); w.StatusCode != 404 {
		t.Errorf("a ticket for something else than the page: %d", w.StatusCode)
	}
	w, _ := get(t, second, nil)
	if w.StatusCode != 303 || w.Header.Get("Location") != s.URL() {
		t.Errorf("%d to %s, want 303 to %s", w.StatusCode, w.Header.Get("Location"), s.URL())
	}
	if w, _ := get(t, second, nil); w.StatusCode != 404 {
		t.Errorf("a ticket that was used: %d", w.StatusCode)
	}
}

func TestListensOnThisMachineOnly(t *testing.T) {
	for _, address := range []string{"", "x", "8090", ":8090", "localhost:80", "0.0.0.0:0", "[::]:0", "192.0.2.1:80", "[::ffff:192.0.2.1]:80", "127.0.0.1", "127.0.0.1:65536"} {
		var bad *AddressError
		l, err := Listen(address)
		if !errors.As(err, &bad) {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			l.Close()
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %q has more than a line", address, err)
		}
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Listen(l.Addr().String()); err == nil || !strings.Contains(err.Error(), l.Addr().String()+": address already in use") {
		t.Errorf("a port that is taken: %v", err)
	}
}

// TestConnectionsAreBounded: those beyond are closed, and those that end make
// room.
func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &bounded{Listener: inner, slots: make(chan struct{}, 2)}
	defer l.Close()
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial()
	first := <-accepted
	dial()
	second := <-accepted
	third := dial()
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a connection too many is served")
	}
	first.Close()
	first.Close() // gives back one slot
	dial()
	(<-accepted).Close()
	second.Close()
	if len(l.slots) != 0 {
		t.Errorf("%d slots are taken by nobody", len(l.slots))
	}
}

// event is a server-sent event.
type event struct{ name, id, data string }

// stream reads a server's events.
type stream struct {
	t     testing.TB
	body  io.ReadCloser
	lines *bufio.Scanner
}

// follow opens the event stream, behind row last if that is not 0.
func follow(t testing.TB, s *Server, query string, last uint64) *stream {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.URL()+"events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last > 0 {
		r.Header.Set("Last-Event-ID", strconv.FormatUint(last, 10))
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if w.StatusCode != 200 || w.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", w.Status, w.Header)
	}
	t.Cleanup(func() { w.Body.Close() })
	lines := bufio.NewScanner(w.Body)
	lines.Buffer(nil, 16<<20)
	return &stream{t: t, body: w.Body, lines: lines}
}

// next is the next event; ok is false at the stream's end.
func (s *stream) next() (e event, ok bool) {
	for s.lines.Scan() {
		field, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch field {
		case "":
			return e, true
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		default:
			s.t.Errorf("a line that is no event: %.80q", s.lines.Text())
		}
	}
	return e, false
}

// told is what a browser knows.
type told struct {
	rows   bytes.Buffer // the batches, one behind the other
	next   uint64       // row
	index  map[string]json.RawMessage
	conns  map[int]string
	skips  int
	match  []string
	end    bool
	events int
}

// take takes one event.
func (b *told) take(t testing.TB, e event) {
	t.Helper()
	b.events++
	switch e.name {
	case "index":
		var part map[string]json.RawMessage
		var conns []json.RawMessage
		if err := json.Unmarshal([]byte(e.data), &part); err != nil {
			t.Fatal(err)
		}
		if list, ok := part["connections"]; ok {
			if err := json.Unmarshal(list, &conns); err != nil {
				t.Fatal(err)
			}
		}
		if b.index == nil {
			b.index, b.conns = map[string]json.RawMessage{}, map[int]string{}
		}
		for key, value := range part {
			b.index[key] = value
		}
		for _, c := range conns {
			var number struct{ Conn int }
			if err := json.Unmarshal(c, &number); err != nil {
				t.Fatal(err)
			}
			b.conns[number.Conn] = string(c)
		}
	case "batch":
		data, err := base64.StdEncoding.DecodeString(e.data)
		if err != nil {
			t.Fatal(err)
		}
		b.rows.Write(data)
		if b.next, err = strconv.ParseUint(e.id, 10, 64); err != nil {
			t.Fatal(err)
		}
	case "skip":
		b.skips++
	case "match":
		b.match = append(b.match, e.data)
	case "end":
		b.end = true
	default:
		t.Errorf("event %q", e.name)
	}
}

// all takes events up to the end.
func (b *told) all(t testing.TB, s *stream) {
	t.Helper()
	for !b.end {
		e, ok := s.next()
		if !ok {
			t.Fatal("the stream broke off")
		}
		b.take(t, e)
	}
}

// TestFilterGoesOn: a browser that asks for the rows behind those it has is told
// of them what it would have been told without a pause; Last-Event-ID, which it
// sends by itself later on, counts for more.
func TestFilterGoesOn(t *testing.T) {
	hub := NewHub(Limits{})
	fill(t, hub, example{open: func(t testing.TB) capture.Source {
		return capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/ping-between-fragments.txt"))
	}}, whole, 1)
	s := serve(t, hub, Options{})
	const query = "?filter=wstap.rtt+or+websocket.fragment"
	var all told
	all.all(t, follow(t, s, query, 0))
	chunks, _, next, _ := hub.snapshot()
	if len(all.match) != len(chunks) || len(chunks) < 5 || next != all.next {
		t.Fatalf("%d matches in %d batches", len(all.match), len(chunks))
	}
	for i, c := range chunks {
		var rest told
		rest.all(t, follow(t, s, query+"&after="+strconv.FormatUint(c.end(), 10), 0))
		if want := all.match[i+1:]; !slices.Equal(rest.match, want) {
			t.Errorf("behind row %d: %q, want %q", c.end(), rest.match, want)
		}
	}
	var none told
	none.all(t, follow(t, s, query+"&after=1", next))
	if len(none.match) > 0 || none.rows.Len() > 0 {
		t.Errorf("Last-Event-ID %d: %q", next, none.match)
	}
}

// TestIndexBeginsWithTheSource: a page that is there before any packet shows
// what is read.
func TestIndexBeginsWithTheSource(t *testing.T) {
	hub := NewHub(Limits{})
	newFeed(t, hub, page.Options{Version: "v1", Name: "eth0", Kind: "live"})
	var c cursor
	index := string(hub.take(&c).index)
	for _, want := range []string{`"source":{"name":"eth0","kind":"live"}`, `"version":1`, `"wstap":"v1"`} {
		if !strings.Contains(index, want) {
			t.Errorf("%s lacks %s", index, want)
		}
	}
}

// TestBrowsersAreToldTheSame: one that comes first and looks on, one that comes
// at the end, one that comes back after each batch, and all while the capture
// runs in another goroutine.
func TestBrowsersAreToldTheSame(t *testing.T) {
	for _, name := range []string{"deflate-mixed", "two-connections", "ping-between-fragments"} {
		x := example{name: name, open: func(t testing.TB) capture.Source {
			return capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/"+name+".txt"))
		}}
		hub := NewHub(Limits{})
		s := serve(t, hub, Options{})
		early := follow(t, s, "?filter=websocket.opcode", 0)
		e, _ := early.next() // so it is there before anything else is
		var first told
		first.take(t, e)
		done := make(chan struct{})
		go func() {
			defer close(done)
			fill(t, hub, x, whole, 1)
		}()
		first.all(t, early)
		<-done

		var late told
		late.all(t, follow(t, s, "", 0))
		var patchy told
		for !patchy.end {
			again := follow(t, s, "", patchy.next)
			for {
				e, ok := again.next()
				if !ok {
					t.Fatal("the stream broke off")
				}
				if patchy.take(t, e); e.name == "batch" || e.name == "end" {
					break
				}
			}
			again.body.Close()
		}
		if first.rows.Len() == 0 || !bytes.Equal(first.rows.Bytes(), late.rows.Bytes()) || !bytes.Equal(first.rows.Bytes(), patchy.rows.Bytes()) {
			t.Errorf("%s: %d, %d and %d bytes of rows", name, first.rows.Len(), late.rows.Len(), patchy.rows.Len())
		}
		for _, other := range []*told{&late, &patchy} {
			for key, value := range other.index {
				if key != stringsKey && string(first.index[key]) != string(value) && key != connectionsKey {
					t.Errorf("%s: index %s: %s, and %s", name, key, first.index[key], value)
				}
			}
			for n, c := range other.conns {
				if first.conns[n] != c {
					t.Errorf("%s: connection %d: %s, and %s", name, n, first.conns[n], c)
				}
			}
		}
		if len(first.conns) == 0 || len(first.match) == 0 || first.skips+late.skips+patchy.skips > 0 {
			t.Errorf("%s: %d connections, %d matches, %d skips", name, len(first.conns), len(first.match), first.skips)
		}
		shutdown(t, s)
	}
}
