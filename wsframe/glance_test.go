package wsframe

import "testing"

// plainness holds what a glance tells of the head s against its fields, and
// reports whether the head is a plain request or response.
func plainness(t *testing.T, s string, step int) (plain bool) {
	t.Helper()
	var r headReader
	if _, done, err := readHead(&r, s, step); !done || err != nil {
		return false
	}
	if r.plainRequest() {
		h, err := parsed(r.request)
		if err != nil {
			t.Fatalf("%q: plain, and no request: %v", s, err)
		}
		if upgrade, _ := checkRequest(h); upgrade || h.HasToken("Upgrade", tokenH2C) || h.Method == "HEAD" || h.Method == "CONNECT" {
			t.Fatalf("%q: plain, and asks for another protocol", s)
		}
		sameBody(t, s, r.body(noBody), requestBody(h))
		plain = true
	}
	if status := r.plainResponse(); status != 0 {
		h, err := parsed(r.response)
		if err != nil || h.Status != status {
			t.Fatalf("%q: plain with status %d, parsed %+v, %v", s, status, h, err)
		}
		if !bodiless("", status) {
			sameBody(t, s, r.body(untilClose), responseBody(h, "GET"))
		}
		plain = true
	}
	return plain
}

func sameBody(t *testing.T, s string, glanced, parsed bodyReader) {
	t.Helper()
	if glanced.framing != parsed.framing || glanced.left != parsed.left || parsed.note != "" {
		t.Fatalf("%q: a glance tells %+v, the fields %+v", s, glanced, parsed)
	}
}

func TestGlance(t *testing.T) {
	const get, ok = "GET /a HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"
	tests := []struct {
		name, head string
		plain      bool
	}{
		{"a request without fields", get, true},
		{"a request as browsers send it", get + "Host: a\r\nUser-Agent: b\r\nUpgrade-Insecure-Requests: 1\r\nCookie: c=d\r\n", true},
		{"a request with a body", "POST /a HTTP/1.1\r\nContent-Length: 12\r\n", true},
		{"a request with chunks", "POST /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n", true},
		{"an upgrade", get + "Upgrade: websocket\r\n", false},
		{"an upgrade in capitals, and a space before the colon", get + "UPGRADE : h2c\r\n", false},
		{"an upgrade whose token a proxy took", get + "Sec-WebSocket-Key: AAAA\r\n", false},
		{"HEAD", "HEAD / HTTP/1.1\r\n", false},
		{"CONNECT", "CONNECT a:443 HTTP/1.1\r\n", false},
		{"a target with spaces", "GET /a b HTTP/1.1\r\n", false},
		{"a folded field", get + "Host: a\r\n\tUpgrade: b\r\n", false},
		{"a response", ok + "Content-Length: 5 \r\nContent-Type: text/html\r\n", true},
		{"a response without a phrase", "HTTP/1.0 404\r\n", true},
		{"an empty response", ok + "content-length:0\r\n", true},
		{"a response with chunks", ok + "transfer-encoding:\tchunked\r\n", true},
		{"another coding", ok + "Transfer-Encoding: gzip, chunked\r\n", false},
		{"two lengths", ok + "Content-Length: 5\r\nContent-Length: 5\r\n", false},
		{"a list of lengths", ok + "Content-Length: 5, 5\r\n", false},
		{"a length and chunks", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", false},
		{"a length with a sign", ok + "Content-Length: +5\r\n", false},
		{"a length of 19 digits", ok + "Content-Length: 1234567890123456789\r\n", false},
		{"a length with a space before the colon", ok + "Content-Length : 5\r\n", false},
		{"a length without a value", ok + "Content-Length:\r\n", false},
		{"a status of four digits", "HTTP/1.1 2000 OK\r\n", false},
		{"two spaces before the status", "HTTP/1.1  200 OK\r\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{0, 1, 7} {
				if got := plainness(t, tt.head+"\r\n", step); got != tt.plain {
					t.Errorf("in pieces of %d: plain %v, want %v", step, got, tt.plain)
				}
			}
		})
	}
}

// Whatever a head holds, a glance tells nothing else than its fields.
func FuzzGlance(f *testing.F) {
	for _, s := range []string{
		"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"\r\nPOST /a HTTP/1.0\nUpgrade: websocket\nSec-WebSocket-Key: a\n\n",
		"HTTP/1.1 204\r\ncontent-length : 5\r\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) { plainness(t, string(b), int(step)) })
}
