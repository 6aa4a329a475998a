package wsframe

import (
	"bytes"
	"math/bits"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"wstap/capture"
)

// Where a boundary was lost, frames are found again by evidence: positions
// that hold a sound header are followed from header to header. Each thing that
// fits, and that would fit by chance once in 2^n, counts n bits; a chain is
// believed when it has enough. A packet's first byte is where frames begin in
// practice, so that less is asked of it.
const (
	headerBits  = 5  // opcode, FIN, RSV: 9 to 13 of 256 first bytes will do
	maskBits    = 1  // the mask bit, where the direction is known
	longBits    = 24 // a 64-bit length with 40 leading zeros
	jsonBits    = 12 // a text payload that begins and ends as JSON does
	maxFitBits  = 10 // the frame ends where a packet of 2^n bytes ends
	maxTextBits = 16 // a payload that unmasking turns into plain text

	trustAtPacket = 18 // for a chain that begins with a packet
	trustAnywhere = 30
	trustAtEnd    = 10 // begins with a packet, and ends with the last byte held

	maxSeek       = 1 << 20  // bytes held while searching, a direction
	maxCandidates = 64       // chains followed at once
	maxSeekFrame  = 16 << 20 // longest frame believed in while searching
	minPacket     = 6        // shorter packets tell nothing by where they begin
)

// rules are what a header has to satisfy while boundaries are searched for.
type rules struct {
	mask     int8 // 1: masked, 0: not, -1: one or the other throughout
	rsv1     bool // a data frame may be compressed
	anywhere bool // frames may begin within a packet
}

// sound reports whether b begins with a header that keeps the rules of
// RFC 6455, 5. more is true where b is too short to tell.
func (r rules) sound(b []byte) (ok, more bool) {
	if len(b) == 0 {
		return false, true
	}
	op, fin, rsv := b[0]&15, b[0]&0x80 != 0, b[0]>>4&7
	switch {
	case op > 10, op > 2 && op < 8:
		return false, false
	case op >= 8 && (!fin || rsv != 0):
		return false, false
	case rsv != 0 && (rsv != 4 || !r.rsv1 || op == 0):
		return false, false
	}
	if len(b) < 2 {
		return false, true
	}
	masked, form := b[1]&0x80 != 0, b[1]&0x7f
	switch {
	case r.mask == 0 && masked, r.mask == 1 && !masked:
		return false, false
	case op >= 8 && form > 125, op == 8 && form == 1:
		return false, false
	}
	if len(b) < headerLength(b) {
		return false, true
	}
	_, length := parseHeader(b)
	return !(form == 126 && length < 126 || form == 127 && length <= 0xffff || length > maxSeekFrame), false
}

// candidate is a chain of headers that may be frames.
type candidate struct {
	start, next int64 // of its first frame, and behind its last
	headers     int
	bits        int
	masked      bool
	atPacket    bool
}

// mark is where a packet's bytes begin.
type mark struct {
	off int64
	at  capture.Stamp
}

// seeker searches one direction for frame boundaries.
type seeker struct {
	rules
	buf        []byte
	base       int64 // offset of buf[0]
	marks      []mark
	scanned    int64 // positions before it were looked at
	candidates []candidate
}

func newSeeker(r rules) *seeker { return &seeker{rules: r} }

func (k *seeker) end() int64 { return k.base + int64(len(k.buf)) }

// add takes the bytes of one packet and follows the chains into them.
func (k *seeker) add(b []byte, at capture.Stamp) { k.append(b, at, len(b)) }

// append is add for a piece of a packet: what is known of how long the packet
// was decides what its ends are worth.
func (k *seeker) append(b []byte, at capture.Stamp, packet int) {
	k.marks = append(k.marks, mark{k.end(), at})
	k.buf = append(k.buf, b...)
	k.follow(packet)
	k.scan(packet)
	k.trim()
}

// follow lets each candidate go on from header to header; those that meet an
// unsound one are dropped.
func (k *seeker) follow(packet int) {
	kept := k.candidates[:0]
	for _, c := range k.candidates {
		if k.advance(&c, packet) {
			kept = append(kept, c)
		}
	}
	k.candidates = kept
}

// advance follows one chain as far as the bytes reach.
func (k *seeker) advance(c *candidate, packet int) bool {
	for c.next < k.end() {
		b := k.buf[c.next-k.base:]
		r := k.rules
		if c.headers > 0 {
			r.mask = 0
			if c.masked {
				r.mask = 1
			}
		}
		ok, more := r.sound(b)
		if more {
			return true
		}
		if !ok {
			return false
		}
		h, length := parseHeader(b)
		n := headerLength(b)
		c.masked = h.Masked
		c.headers++
		c.bits += headerBits
		if k.mask >= 0 || c.headers > 1 {
			c.bits += maskBits
		}
		if n >= 10 {
			c.bits += longBits
		}
		c.bits += contentBits(h, b[n:], length)
		c.next += int64(n) + int64(length)
		c.bits += k.fitBits(c.next, packet)
	}
	return true
}

// fitBits is what it tells that a frame ends where a packet does.
func (k *seeker) fitBits(end int64, packet int) int {
	if end == k.end() {
		return min(maxFitBits, bits.Len(uint(packet))-1)
	}
	for i := len(k.marks) - 1; i > 0 && k.marks[i].off >= end; i-- {
		if k.marks[i].off == end {
			return min(maxFitBits, bits.Len(uint(end-k.marks[i-1].off))-1)
		}
	}
	return 0
}

// contentBits is what the payload of a text frame tells, where all is held.
// Text that a masked frame hides is strong evidence: a wrong key gives noise.
func contentBits(h ws.Header, payload []byte, length uint64) int {
	if h.OpCode != OpText || h.Rsv != 0 || length < 2 || length > uint64(len(payload)) || length > 64<<10 {
		return 0
	}
	p := payload[:length]
	if h.Masked {
		p = append([]byte(nil), p...)
		ws.Cipher(p, h.Mask, 0)
	}
	if h.Fin && !utf8.Valid(p) {
		return -headerBits
	}
	n := 0
	if first, last := p[0], p[len(p)-1]; first == '{' && last == '}' || first == '[' && last == ']' {
		n = jsonBits
	}
	if h.Masked && bytes.IndexFunc(p, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) < 0 {
		n += min(maxTextBits, len(p))
	}
	return n
}

// scan looks for new candidates in the packet's bytes.
func (k *seeker) scan(packet int) {
	for ; k.scanned < k.end(); k.scanned++ {
		atPacket := len(k.marks) > 0 && k.scanned == k.marks[len(k.marks)-1].off && packet >= minPacket
		if !atPacket && !k.anywhere {
			continue
		}
		ok, more := k.sound(k.buf[k.scanned-k.base:])
		if more {
			return
		}
		if !ok {
			continue
		}
		c := candidate{start: k.scanned, next: k.scanned, atPacket: atPacket}
		if k.advance(&c, packet) {
			k.propose(c)
		}
	}
}

// propose adds a candidate, in place of the weakest where there are many.
func (k *seeker) propose(c candidate) {
	if len(k.candidates) < maxCandidates {
		k.candidates = append(k.candidates, c)
		return
	}
	weakest := 0
	for i, o := range k.candidates {
		if w := k.candidates[weakest]; o.bits < w.bits || o.bits == w.bits && o.next > w.next {
			weakest = i
		}
	}
	if k.candidates[weakest].bits < c.bits {
		k.candidates = append(append(k.candidates[:weakest:weakest], k.candidates[weakest+1:]...), c)
	}
}

// trim lets go of bytes that no candidate needs.
func (k *seeker) trim() {
	if len(k.buf) > maxSeek {
		half := k.end() - maxSeek/2
		kept := k.candidates[:0]
		for _, c := range k.candidates {
			if c.start >= half {
				kept = append(kept, c)
			}
		}
		k.candidates = kept
	}
	from := k.scanned
	for _, c := range k.candidates {
		from = min(from, c.start)
	}
	if n := from - k.base; n > 0 {
		k.buf = k.buf[:copy(k.buf, k.buf[n:])]
		k.base = from
	}
	for len(k.marks) > 1 && k.marks[1].off <= k.base {
		k.marks = k.marks[1:]
	}
}

// best is the earliest chain that is believed; atEnd asks less of those that
// end with the last byte held, since nothing more will come.
func (k *seeker) best(atEnd bool) (c candidate, found bool) {
	for _, o := range k.candidates {
		trust := trustAnywhere
		if o.atPacket {
			trust = trustAtPacket
			if atEnd && o.next == k.end() {
				trust = trustAtEnd
			}
		}
		if o.bits >= trust && (!found || o.start < c.start) {
			c, found = o, true
		}
	}
	return c, found
}

// piece is what is held of one packet.
type piece struct {
	data []byte
	at   capture.Stamp
}

// pieces are the bytes from off on, packet by packet.
func (k *seeker) pieces(off int64) (all []piece) {
	for i, m := range k.marks {
		end := k.end()
		if i+1 < len(k.marks) {
			end = k.marks[i+1].off
		}
		if lo := max(m.off, off, k.base); lo < end {
			all = append(all, piece{k.buf[lo-k.base : end-k.base], m.at})
		}
	}
	return all
}

// restart forgets everything: bytes were lost.
func (k *seeker) restart() {
	k.base = k.end()
	k.scanned = k.base
	k.buf, k.marks, k.candidates = k.buf[:0], k.marks[:0], k.candidates[:0]
}
