package decrypt

import (
	"bytes"

	"wstap/reassembly"
)

// tunnel follows HTTP to a proxy: behind a CONNECT that was granted (RFC 9110,
// 9.3.6) TLS may begin. Requests that were refused may come before. It looks at
// the beginnings of segments alone: heads are for the floor above to parse, and
// no client sends its hello before the proxy has answered.
type tunnel struct {
	client  reassembly.Direction // who sent CONNECT
	asked   bool
	granted bool
}

// follow looks at the next bytes and reports whether TLS begins with them.
func (t *tunnel) follow(d reassembly.Direction, b []byte) bool {
	switch {
	case bytes.HasPrefix(b, []byte("CONNECT ")):
		t.client, t.asked, t.granted = d, true, false
	case !t.asked:
	case d != t.client && bytes.HasPrefix(b, []byte("HTTP/1.")) && len(b) >= 12:
		t.granted = b[9] == '2'
	case d == t.client && t.granted:
		return len(b) >= 6 && recognizeRecord(b, false) == tlsRecord && b[5] == msgClientHello
	}
	return false
}
