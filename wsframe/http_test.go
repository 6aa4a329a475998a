package wsframe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// parsed is what read makes of a head.
func parsed(read func(*Head) error) (*Head, error) {
	h := &Head{Fields: []Field{}}
	if err := read(h); err != nil {
		return nil, err
	}
	return h, nil
}

// readHead feeds stream in pieces of n bytes (all at once for 0) and returns
// how many bytes the head took.
func readHead(r *headReader, stream string, n int) (taken int, done bool, err error) {
	if n == 0 {
		n = max(len(stream), 1)
	}
	for taken < len(stream) && !done && err == nil {
		piece := stream[taken:min(taken+n, len(stream))]
		var k int
		k, done, err = r.feed([]byte(piece))
		taken += k
		if k < len(piece) && !done && err == nil {
			return taken, done, fmt.Errorf("feed took %d of %d bytes without an end", k, len(piece))
		}
	}
	return taken, done, err
}

func TestRequestHead(t *testing.T) {
	tests := []struct {
		name, head string
		want       Head
	}{
		{"upgrade", "GET /chat?x=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
			Head{Method: "GET", Target: "/chat?x=1", Proto: "HTTP/1.1", Fields: []Field{{"Host", "a"}, {"Upgrade", "websocket"}}}},
		{"no fields", "GET / HTTP/1.0\r\n\r\n", Head{Method: "GET", Target: "/", Proto: "HTTP/1.0", Fields: []Field{}}},
		{"bare line feeds", "GET / HTTP/1.1\nhost: a\n\n", Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"host", "a"}}}},
		{"order, case and repetition stay", "GET / HTTP/1.1\r\nb: 1\r\nA: 2\r\nB: 3\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"b", "1"}, {"A", "2"}, {"B", "3"}}}},
		{"folded", "GET / HTTP/1.1\r\nA: 1,\r\n  2,\r\n\t3 \r\nB: x\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"A", "1, 2, 3"}, {"B", "x"}}}},
		{"folded from an empty value", "GET / HTTP/1.1\r\nA:\r\n x\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"A", "x"}}}},
		{"fold with nothing to continue", "GET / HTTP/1.1\r\n A: x\r\nB: y\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"B", "y"}}}},
		{"whitespace around values", "GET / HTTP/1.1\r\nA:1\r\nB: \t 2 \t\r\nC :3\r\nD:\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", ""}}}},
		{"bare carriage return", "GET / HTTP/1.1\r\nA: x\ry\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"A", "x y"}}}},
		{"lines without a colon or a name", "GET / HTTP/1.1\r\nnonsense\r\n: x\r\nA: y:z\r\n\r\n",
			Head{Method: "GET", Target: "/", Proto: "HTTP/1.1", Fields: []Field{{"A", "y:z"}}}},
		{"odd request line", "GET   /a b  HTTP/1.1 \r\n\r\n", Head{Method: "GET", Target: "/a b", Proto: "HTTP/1.1", Fields: []Field{}}},
		{"bytes beyond ascii", "GET /\xc3\xa9 HTTP/1.1\r\nA: \xff\r\n\r\n",
			Head{Method: "GET", Target: "/\xc3\xa9", Proto: "HTTP/1.1", Fields: []Field{{"A", "\xff"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.head) {
				for _, before := range []string{"", "\r\n", "\n\r\n"} {
					var r headReader
					stream := before + tt.head + "GET /next HTTP/1.1\r\n"
					taken, done, err := readHead(&r, stream, n)
					if err != nil || !done || taken != len(before)+len(tt.head) {
						t.Fatalf("in pieces of %d: took %d of %d, done %v, error %v", n, taken, len(before)+len(tt.head), done, err)
					}
					got, err := parsed(r.request)
					if err != nil {
						t.Fatal(err)
					}
					want := tt.want
					want.Length = len(tt.head)
					if !reflect.DeepEqual(*got, want) {
						t.Fatalf("in pieces of %d:\n got %+v\nwant %+v", n, *got, want)
					}
				}
			}
		})
	}
}

func TestResponseHead(t *testing.T) {
	tests := []struct {
		name, head string
		status     int
		phrase     string
		err        error
	}{
		{"upgraded", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 101, "Switching Protocols", nil},
		{"no phrase", "HTTP/1.1 200 \r\n\r\n", 200, "", nil},
		{"no space", "HTTP/1.0 404\r\n\r\n", 404, "", nil},
		{"status of letters", "HTTP/1.1 2xx OK\r\n\r\n", 0, "", errNotHTTP},
		{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 0, "", errNotHTTP},
		{"no version", "HTTP/1.11 200 OK\r\n\r\n", 0, "", errNotHTTP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.head) {
				var r headReader
				if _, done, err := readHead(&r, tt.head, n); err != nil || !done {
					t.Fatalf("in pieces of %d: done %v, error %v", n, done, err)
				}
				h, err := parsed(r.response)
				if !errors.Is(err, tt.err) {
					t.Fatalf("error %v, want %v", err, tt.err)
				}
				if err == nil && (h.Status != tt.status || h.Phrase != tt.phrase || h.Length != len(tt.head)) {
					t.Errorf("in pieces of %d: %+v", n, *h)
				}
			}
		})
	}
}

func TestHeadErrors(t *testing.T) {
	long := func(lines, size int) string {
		return "GET / HTTP/1.1\r\n" + strings.Repeat("A: "+strings.Repeat("x", size)+"\r\n", lines) + "\r\n"
	}
	tests := []struct {
		name, stream string
		err          error
	}{
		{"256 lines", long(255, 1), nil},
		{"257 lines", long(256, 1), errHeadTooLong},
		{"64 KiB", long(1, maxHeadBytes-len(long(1, 0))), nil},
		{"64 KiB and a byte", long(1, maxHeadBytes-len(long(1, 0))+1), errHeadTooLong},
		{"one endless line", "GET /" + strings.Repeat("a", maxHeadBytes), errHeadTooLong},
		{"empty lines without end", strings.Repeat("\r\n", maxHeadBytes), errHeadTooLong},
		{"frames", "\x81\x85abcdhello, this is a frame", errNotHTTP},
		{"tls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on", errNotHTTP},
		{"another line protocol", "EHLO example.com\r\nMAIL FROM:<a@b>\r\n\r\n", errNotHTTP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 7, 1000} {
				var r headReader
				if _, done, err := readHead(&r, tt.stream, n); !errors.Is(err, tt.err) || done != (tt.err == nil) {
					t.Errorf("in pieces of %d: done %v, error %v, want %v", n, done, err, tt.err)
				}
				if cap(r.buf) > 2*maxHeadBytes {
					t.Errorf("buffer grew to %d bytes", cap(r.buf))
				}
				r.reset()
				if _, done, err := readHead(&r, "GET / HTTP/1.1\r\n\r\n", n); !done || err != nil {
					t.Errorf("after reset: done %v, error %v", done, err)
				}
			}
		})
	}
}

func TestBadRequestLine(t *testing.T) {
	for _, line := range []string{"GET /", "GET  HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTP/1.1x", "GET / http/1.1", "HTTP/1.1 200 OK"} {
		var r headReader
		r.feed([]byte(line + "\r\n\r\n"))
		if h, err := parsed(r.request); err == nil {
			t.Errorf("%q: %+v", line, *h)
		}
	}
}

func TestPlausible(t *testing.T) {
	tests := []struct {
		b                 string
		request, response verdict
	}{
		{"", undecided, undecided},
		{"G", undecided, implausible},
		{"GET", undecided, implausible},
		{"GET ", plausible, implausible},
		{"M-SEARCH * HTTP", plausible, implausible},
		{"VERSION-CONTROL ", plausible, implausible},
		{"\r\n", undecided, undecided},
		{"\r\nGET /", plausible, implausible},
		{"H", undecided, undecided},
		{"HTTP/1", implausible, undecided},
		{"HTTP/1.", implausible, plausible},
		{"HTTP/1.1 101", implausible, plausible},
		{"HTTP/2 200", implausible, implausible},
		{"\x81\x05", implausible, implausible},
		{"\x16\x03\x01", implausible, implausible},
		{" GET /", implausible, implausible},
		{"ABCDEFGHIJKLMNOPQ", implausible, implausible},
		{strings.Repeat("\r\n", 8), implausible, implausible},
	}
	for _, tt := range tests {
		if got := plausibleRequest([]byte(tt.b)); got != tt.request {
			t.Errorf("request %q: %d, want %d", tt.b, got, tt.request)
		}
		if got := plausibleResponse([]byte(tt.b)); got != tt.response {
			t.Errorf("response %q: %d, want %d", tt.b, got, tt.response)
		}
	}
}

// What is decided stays decided, and is decided within plausibleWithin bytes.
func FuzzPlausible(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte("\r\nHTTP/1.1 200 OK\r\n"))
	f.Add([]byte("\x81\x00\x88\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, judge := range []func([]byte) verdict{plausibleRequest, plausibleResponse} {
			last := undecided
			for n := range len(b) + 1 {
				v := judge(b[:n])
				if last != undecided && v != last {
					t.Fatalf("%d after %d bytes, then %d", last, n-1, v)
				}
				if last = v; n >= plausibleWithin && v == undecided {
					t.Fatalf("undecided after %d bytes", n)
				}
			}
		}
	})
}

// A head gives the same however it is cut; what net/http accepts too gives the
// same method, target and fields.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\r\n\x81\x00",
		"GET / HTTP/1.1\nA: b\n c\n\n", "\r\n\r\nHTTP/1.1 101 X\r\nA:b\r\n\r\n", "GET / HTTP/1.1\r\nA: b\r\n\rX\r\n\r\n",
		"0 * HTTP/1.1\nConneCtio :0\n\n",
	} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(5))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		var whole, cut headReader
		taken, done, err := readHead(&whole, string(b), 0)
		taken2, done2, err2 := readHead(&cut, string(b), int(n))
		if done != done2 || (err == nil) != (err2 == nil) || err == nil && taken != taken2 {
			t.Fatalf("whole: %d %v %v; cut: %d %v %v", taken, done, err, taken2, done2, err2)
		}
		if !done {
			return
		}
		h, err := parsed(whole.request)
		h2, err2 := parsed(cut.request)
		if !reflect.DeepEqual(h, h2) || !errors.Is(err2, err) {
			t.Fatalf("whole: %+v %v; cut: %+v %v", h, err, h2, err2)
		}
		if r, err := parsed(whole.response); err == nil && h != nil {
			t.Fatalf("both a request and a response: %+v, %+v", h, r)
		}
		theirs, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:taken])))
		if err != nil {
			return
		}
		if h == nil {
			t.Fatalf("net/http reads %q, we don't", b[:taken])
		}
		if h.Method != theirs.Method || h.Target != theirs.RequestURI || h.Proto != theirs.Proto {
			t.Errorf("%+v, net/http: %q %q %q", h, theirs.Method, theirs.RequestURI, theirs.Proto)
		}
		for name, values := range theirs.Header {
			if strings.TrimSpace(name) != name {
				continue // "A : b" has a name with a space there
			}
			if got := h.Joined(name); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(strings.Join(values, ", ")), " ") {
				t.Errorf("%s: %q, net/http: %q", name, got, values)
			}
		}
	})
}
