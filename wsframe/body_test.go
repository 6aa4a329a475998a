package wsframe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// head makes a head of "Name: value" lines.
func testHead(fields ...string) *Head {
	h := &Head{Proto: "HTTP/1.1"}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		h.Fields = append(h.Fields, Field{name, value})
	}
	return h
}

// pieces are the sizes that streams are cut into.
var pieces = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 29, 100, 4000}

// readBody feeds stream in pieces of n bytes and returns how many it took.
func readBody(b *bodyReader, stream string, n int) (taken int, done bool, err error) {
	for {
		piece := stream[taken:min(taken+n, len(stream))]
		k, done, err := b.feed([]byte(piece))
		taken += k
		if done || err != nil || taken == len(stream) {
			return taken, done, err
		}
	}
}

func TestResponseBody(t *testing.T) {
	tests := []struct {
		name   string
		method string
		status int
		fields []string
		body   string
		done   bool
		err    error
		first  string
		noted  bool
	}{
		{name: "content-length", fields: []string{"Content-Length: 5"}, body: "hello", done: true, first: "hello"},
		{name: "content-length 0", fields: []string{"Content-Length: 0"}, body: "", done: true},
		{name: "until close", body: "a\nb", first: "a"},
		{name: "head", method: "HEAD", fields: []string{"Content-Length: 5"}, done: true},
		{name: "connect", method: "CONNECT", fields: []string{"Content-Length: 5"}, done: true},
		{name: "connect refused", method: "CONNECT", status: 407, fields: []string{"Content-Length: 2"}, body: "no", done: true, first: "no"},
		{name: "interim", status: 100, fields: []string{"Content-Length: 5"}, done: true},
		{name: "no content", status: 204, done: true},
		{name: "not modified", status: 304, fields: []string{"Content-Length: 5"}, done: true},
		{name: "chunked", fields: []string{"Transfer-Encoding: chunked"}, body: "3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\n\r\n", done: true, first: "abcde"},
		{name: "chunked, hexadecimal", fields: []string{"Transfer-Encoding: Chunked"}, body: "00A \r\n0123456789\r\n0\r\n\r\n", done: true, first: "0123456789"},
		{name: "chunked, bare line feeds", fields: []string{"Transfer-Encoding: chunked"}, body: "1\na\n0\n\n", done: true, first: "a"},
		{name: "chunked, trailers", fields: []string{"Transfer-Encoding: chunked"}, body: "0\r\nA: b\r\nC: d\r\n\r\n", done: true},
		{name: "gzip, chunked", fields: []string{"Transfer-Encoding: gzip, chunked"}, body: "1\r\na\r\n0\r\n\r\n", done: true},
		{name: "gzip content", fields: []string{"Content-Encoding: gzip", "Content-Length: 1"}, body: "x", done: true},
		{name: "identity content", fields: []string{"Content-Encoding: identity", "Content-Length: 1"}, body: "x", done: true, first: "x"},
		{name: "chunked is not last", fields: []string{"Transfer-Encoding: chunked, gzip"}, body: "0\r\n\r\n"},
		{name: "two fields of codings", fields: []string{"Transfer-Encoding: gzip", "Transfer-Encoding: chunked"}, body: "0\r\n\r\n", done: true},

		// What smuggling lives on.
		{name: "both lengths", fields: []string{"Content-Length: 1", "Transfer-Encoding: chunked"}, body: "2\r\nab\r\n0\r\n\r\n", done: true, first: "ab", noted: true},
		{name: "length twice, the same", fields: []string{"Content-Length: 2", "Content-Length: 2"}, body: "ab", done: true, first: "ab"},
		{name: "length as a list, the same", fields: []string{"Content-Length: 2, 2"}, body: "ab", done: true, first: "ab"},
		{name: "length twice, not the same", fields: []string{"Content-Length: 2", "Content-Length: 3"}, body: "abc", first: "abc", noted: true},
		{name: "negative length", fields: []string{"Content-Length: -1"}, body: "abc", first: "abc", noted: true},
		{name: "length with a sign", fields: []string{"Content-Length: +3"}, body: "abc", first: "abc", noted: true},
		{name: "length beyond 63 bits", fields: []string{"Content-Length: 9223372036854775808"}, body: "abc", first: "abc", noted: true},
		{name: "empty length", fields: []string{"Content-Length: "}, body: "abc", first: "abc", noted: true},

		{name: "chunk size of no digits", fields: []string{"Transfer-Encoding: chunked"}, body: "\r\n", err: errBadBody},
		{name: "chunk size with a sign", fields: []string{"Transfer-Encoding: chunked"}, body: "-1\r\n", err: errBadBody},
		{name: "chunk size beyond 63 bits", fields: []string{"Transfer-Encoding: chunked"}, body: "fffffffffffffffff\r\n", err: errBadBody},
		{name: "chunk without its end", fields: []string{"Transfer-Encoding: chunked"}, body: "1\r\nab\r\n", err: errBadBody, first: "a"},
		{name: "endless chunk line", fields: []string{"Transfer-Encoding: chunked"}, body: "1;" + strings.Repeat("x", maxChunkLine) + "\r\n", err: errLineTooLong},
		{name: "endless trailers", fields: []string{"Transfer-Encoding: chunked"}, body: "0\r\n" + strings.Repeat("A: b\r\n", maxHeadLines+1), err: errLineTooLong},

		{name: "first line behind blank ones", body: "\r\n \n <h1>no</h1> \r\nmore", first: "<h1>no</h1>"},
		{name: "long first line", body: strings.Repeat("x", 500), first: strings.Repeat("x", maxFirstLine)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, n := range append(pieces, len(tt.body)+1) {
				h := testHead(tt.fields...)
				if h.Status = tt.status; h.Status == 0 {
					h.Status = 200
				}
				b := responseBody(h, tt.method)
				stream := tt.body
				if tt.done {
					stream += "HTTP/1.1 200 OK\r\n"
				}
				taken, done, err := readBody(&b, stream, n)
				if !errors.Is(err, tt.err) || done != tt.done || err == nil && taken != len(tt.body) {
					t.Fatalf("in pieces of %d: took %d of %d, done %v, error %v", n, taken, len(tt.body), done, err)
				}
				if got := b.first(); got != tt.first {
					t.Fatalf("in pieces of %d: first line %q, want %q", n, got, tt.first)
				}
				if (b.note != "") != tt.noted {
					t.Fatalf("note %q", b.note)
				}
			}
		})
	}
}

func TestRequestBody(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		want   framing
	}{
		{"none", nil, noBody},
		{"length", []string{"Content-Length: 3"}, knownLength},
		{"chunked", []string{"Transfer-Encoding: chunked"}, chunked},
		{"unknown coding", []string{"Transfer-Encoding: gzip"}, untilClose},
		{"bad length", []string{"Content-Length: x"}, untilClose},
	}
	for _, tt := range tests {
		if got := requestBody(testHead(tt.fields...)); got.framing != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got.framing, tt.want)
		}
	}
}

func TestBodySkip(t *testing.T) {
	withLength := func() bodyReader { return requestBody(testHead("Content-Length: 10")) }
	inChunk := func() bodyReader {
		b := requestBody(testHead("Transfer-Encoding: chunked"))
		b.feed([]byte("a\r\n"))
		return b
	}
	tests := []struct {
		name     string
		body     bodyReader
		n        int64
		done, ok bool
	}{
		{"no body", requestBody(testHead()), 1, true, false},
		{"within a length", withLength(), 9, false, true},
		{"to the end of a length", withLength(), 10, true, true},
		{"beyond a length", withLength(), 11, false, false},
		{"within a chunk", inChunk(), 10, false, true},
		{"beyond a chunk", inChunk(), 11, false, false},
		{"before a chunk", requestBody(testHead("Transfer-Encoding: chunked")), 1, false, false},
		{"until close", responseBody(&Head{Status: 200}, ""), 1 << 40, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			done, ok := tt.body.skip(tt.n)
			if done != tt.done || ok != tt.ok {
				t.Fatalf("done %v, ok %v; want %v, %v", done, ok, tt.done, tt.ok)
			}
		})
	}
	b := inChunk()
	b.skip(10)
	if n, done, err := b.feed([]byte("\r\n0\r\n\r\nGET")); n != 7 || !done || err != nil {
		t.Errorf("behind a skipped chunk: %d, %v, %v", n, done, err)
	}
}

// A chunked body ends where net/http's reader says it does, and however it is
// cut, in the same place.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"3\r\nabc\r\n0\r\n\r\nrest", "0\r\nA: b\r\n\r\n", "a;x=y\n0123456789\n0\n\n", "5\r\nab", "\r\n", "1\r\nab\r\n0\r\n\r\n"} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, p []byte, n uint8) {
		whole := responseBody(&Head{Status: 200, Fields: []Field{{"Transfer-Encoding", "chunked"}}}, "GET")
		cut := whole
		taken, done, err := readBody(&whole, string(p), len(p)+1)
		taken2, done2, err2 := readBody(&cut, string(p), int(n)+1)
		if done != done2 || !errors.Is(err2, err) || err == nil && taken != taken2 {
			t.Fatalf("whole: %d %v %v; cut: %d %v %v", taken, done, err, taken2, done2, err2)
		}
		if whole.first() != cut.first() {
			t.Fatalf("first line %q whole, %q cut", whole.first(), cut.first())
		}
		in := bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes.NewReader(p)))
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return
		}
		rest, _ := io.ReadAll(in)
		if !done || taken != len(p)-len(rest) {
			t.Errorf("%q: ended %v after %d bytes, net/http after %d", p, done, taken, len(p)-len(rest))
		}
	})
}
