package decrypt

import (
	"bytes"

	"wstap/reassembly"
)

// tunnel follows HTTP to a proxy up to a CONNECT that is granted (RFC 9110,
// 9.3.6): what comes behind its heads is another conversation. Requests that
// were refused may come before.
type tunnel struct {
	client reassembly.Direction // who sent CONNECT
	asked  bool
	head   [2]headScan
}

// headScan finds the end of an HTTP head, however it is cut.
type headScan struct {
	open    bool
	newline bool   // the byte before ended a line
	first   []byte // of the head, as many as tell what it is
}

// maxFirst covers "CONNECT " and "HTTP/1.1 200".
const maxFirst = 12

// feed takes bytes of the head; n of them belong to it.
func (h *headScan) feed(b []byte) (n int, done bool) {
	h.first = append(h.first, b[:min(len(b), maxFirst-len(h.first))]...)
	for i, c := range b {
		switch {
		case c == '\n' && h.newline:
			return i + 1, true
		case c == '\n':
			h.newline = true
		case c != '\r':
			h.newline = false
		}
	}
	return len(b), false
}

// follow looks at the next bytes. Where inside is true the proxy has granted
// the tunnel, and b[n:] are the first bytes in it.
func (t *tunnel) follow(d reassembly.Direction, b []byte) (n int, inside bool) {
	h := &t.head[d]
	if !h.open {
		// Heads begin with a segment, or where the one before has ended.
		if b[0] != 'C' && (b[0] != 'H' || !t.asked || d == t.client) {
			return 0, false
		}
		*h = headScan{open: true}
	}
	n, done := h.feed(b)
	if !done {
		return n, false
	}
	h.open = false
	switch first := h.first; {
	case bytes.HasPrefix(first, []byte("CONNECT ")):
		t.client, t.asked = d, true
	case t.asked && d != t.client && bytes.HasPrefix(first, []byte("HTTP/1.")) && len(first) == maxFirst:
		return n, first[9] == '2'
	}
	return n, false
}

// lose takes a gap: a head that it touches has no known end.
func (t *tunnel) lose(d reassembly.Direction) { t.head[d] = headScan{} }
