package decrypt

import (
	"bytes"
	"encoding/binary"

	"wstap/reassembly"
)

// Bounds of a chase: TLS shows within two records of the largest size, unless
// the stream was joined in a long silence.
const (
	maxChase   = 256 << 10 // bytes of both directions
	maxRows    = 8         // of a direction at a time
	chaseProof = 3         // headers in a row
)

// chase looks for TLS in a stream that was joined inside a record: for headers
// each of which begins where the one before says. The bytes are not kept.
type chase [2]chaseHalf

// chaseHalf is one direction of it.
type chaseHalf struct {
	seen int64
	tail [recordHeader - 1]byte // the bytes seen last, which may begin a header
	rows []row
}

// row is a row of headers.
type row struct {
	next    int64 // where the next header is to begin
	headers int
}

// over reports whether there is nothing to be hoped for any more.
func (c *chase) over() bool { return c[0].seen+c[1].seen > maxChase }

// lose takes a gap: rows are broken, and the tail is not followed by what comes.
func (c *chase) lose(d reassembly.Direction) {
	c[d].rows, c[d].tail = nil, [recordHeader - 1]byte{}
}

// follow takes the next bytes, and reports whether TLS is proved and where in b
// the last record found begins.
func (c *chase) follow(d reassembly.Direction, b []byte) (at int, found bool) {
	h := &c[d]
	kept := h.rows[:0]
	for _, r := range h.rows {
		ok, at := h.extend(&r, b)
		if at >= 0 {
			return at, true
		}
		if ok {
			kept = append(kept, r)
		}
	}
	h.rows = kept
	begin := func(i int) (at int) {
		if size := h.record(b, i); size > 0 && len(h.rows) < maxRows {
			r := row{h.seen + int64(i+size), 1}
			ok, at := h.extend(&r, b)
			if ok && at < 0 {
				h.rows = append(h.rows, r)
			}
			return at
		}
		return -1
	}
	for i := 1 - recordHeader; i < 0; i++ {
		if at := begin(i); at >= 0 {
			return at, true
		}
	}
	for i := 0; i < len(b); i++ {
		n := bytes.Index(b[i:], []byte{typeApplication, 3, 3})
		if n < 0 {
			break
		}
		i += n
		if at := begin(i); at >= 0 {
			return at, true
		}
	}
	h.seen += int64(len(b))
	if n := len(b); n >= len(h.tail) {
		copy(h.tail[:], b[n-len(h.tail):])
	} else {
		copy(h.tail[:], h.tail[n:])
		copy(h.tail[len(h.tail)-n:], b)
	}
	return 0, false
}

// extend follows a row through b. ok is false where it is broken; at is where
// its last header begins, once there are enough, else -1.
func (h *chaseHalf) extend(r *row, b []byte) (ok bool, at int) {
	for {
		i := int(r.next - h.seen)
		if i+recordHeader > len(b) {
			return true, -1
		}
		size := h.record(b, i)
		if size == 0 {
			return false, -1
		}
		if r.headers++; r.headers >= chaseProof && i >= 0 {
			return true, i
		}
		r.next += int64(size)
	}
}

// record is the size of the record of application data whose header begins at
// i of b, which may be negative: in what was seen last. It is 0 where there is
// none.
func (h *chaseHalf) record(b []byte, i int) int {
	var header [recordHeader]byte
	if i+recordHeader > len(b) {
		return 0
	}
	if i < 0 {
		copy(header[copy(header[:], h.tail[len(h.tail)+i:]):], b)
	} else {
		copy(header[:], b[i:])
	}
	if header[0] != typeApplication || header[2] != 3 || !plausibleHeader(header[:]) {
		return 0
	}
	return recordHeader + int(binary.BigEndian.Uint16(header[3:]))
}
