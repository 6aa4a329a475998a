package wsframe

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

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
	mediumBits  = 6  // a 16-bit length: one second byte in 128
	longBits    = 30 // a 64-bit length: the same, and 40 leading zeros
	jsonBits    = 12 // a text payload that begins and ends as JSON does
	maxTextBits = 16 // a payload that unmasking turns into plain text
	maxFitBits  = 10 // the frame ends where a packet of 2^n bytes ends,
	shortFit    = 7  // which a short frame can miss in 2^7 ways only
	meetBits    = 16 // a frame of 126 bytes and more ends where another begins

	trustAtPacket = 18 // for a chain that begins with a packet
	trustAnywhere = 28
	trustAtEnd    = 10 // begins with a packet, and ends with the last byte held
	// A chain that runs into a later one proves nothing of itself: what comes
	// before the meeting needs evidence of its own.
	trustPrefixAtPacket = 12
	trustPrefix         = 22

	maxSeek       = 1 << 20  // bytes held while searching, a direction
	maxCandidates = 256      // chains followed at once
	maxTrail      = 16       // headers remembered of each
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
	trail       []step // its headers, the latest maxTrail of them
	moved       bool   // since chains were merged last
}

// step is a header of a chain, and the evidence before it.
type step struct {
	off  int64
	bits int
}

// seeker searches one direction for frame boundaries. Its offsets count all
// bytes since the search began, those that were never captured too: a gap of
// known size does not break a chain that reaches over it.
type seeker struct {
	rules
	held       []packet
	end        int64 // offset behind the last byte, captured or not
	scanned    int64 // positions before it were looked at
	bytes      int   // captured bytes in held
	seen       uint64
	candidates []candidate
}

// packet is the bytes of one packet, own copy.
type packet struct {
	off  int64
	data []byte
	at   capture.Stamp
	// size is how long the packet was, where data is but a piece of it: what
	// its ends are worth.
	size int
}

func (p *packet) end() int64 { return p.off + int64(len(p.data)) }

func newSeeker(r rules) *seeker { return &seeker{rules: r} }

// add takes the bytes of one packet and follows the chains into them.
func (k *seeker) add(b []byte, at capture.Stamp) { k.append(b, at, len(b)) }

// append is add for a piece of a packet of that size.
func (k *seeker) append(b []byte, at capture.Stamp, size int) {
	k.held = append(k.held, packet{k.end, bytes.Clone(b), at, size})
	k.end += int64(len(b))
	k.bytes += len(b)
	k.seen += uint64(len(b))
	k.follow()
	k.scan()
	k.merge()
	k.trim()
}

// skip passes over n bytes that were never captured. Chains whose next header
// was among them are lost.
func (k *seeker) skip(n int64) {
	k.end += n
	k.scanned = k.end
	k.candidates = slices.DeleteFunc(k.candidates, func(c candidate) bool { return c.next < k.end })
	k.trim()
}

// at is what is held from off on, at most limit bytes, joined over packets.
// more is true where the bytes may yet come.
func (k *seeker) at(off int64, limit int) (b []byte, more bool) {
	i, found := slices.BinarySearchFunc(k.held, off, func(p packet, off int64) int {
		switch {
		case p.end() <= off:
			return -1
		case p.off > off:
			return 1
		}
		return 0
	})
	if !found {
		return nil, off >= k.end
	}
	b = k.held[i].data[off-k.held[i].off:]
	for i++; len(b) < limit && i < len(k.held) && k.held[i].off == k.held[i-1].end(); i++ {
		b = append(b[:len(b):len(b)], k.held[i].data...)
	}
	return b, i == len(k.held) && k.held[i-1].end() == k.end
}

// follow lets each candidate go on from header to header; those that meet an
// unsound one are dropped.
func (k *seeker) follow() {
	kept := k.candidates[:0]
	for _, c := range k.candidates {
		if k.advance(&c) {
			kept = append(kept, c)
		}
	}
	k.candidates = kept
}

// advance follows one chain as far as the bytes reach.
func (k *seeker) advance(c *candidate) bool {
	for c.next < k.end {
		b, last := k.at(c.next, maxHeader)
		r := k.rules
		if c.headers > 0 {
			r.mask = 0
			if c.masked {
				r.mask = 1
			}
		}
		ok, more := r.sound(b)
		if more {
			return last // a gap within the header ends the chain
		}
		if !ok {
			return false
		}
		h, length := parseHeader(b)
		n := headerLength(b)
		if len(c.trail) == maxTrail {
			c.trail = slices.Delete(c.trail, 0, maxTrail/2)
		}
		c.trail, c.moved = append(c.trail, step{c.next, c.bits}), true
		c.masked = h.Masked
		c.headers++
		c.bits += headerBits
		if k.mask >= 0 || c.headers > 1 {
			c.bits += maskBits
		}
		fit := maxFitBits
		switch b[1] & 0x7f {
		case 126:
			c.bits += mediumBits
		case 127:
			c.bits += longBits
		default:
			fit = shortFit
		}
		if h.OpCode == OpText && length <= maxContent {
			b, _ = k.at(c.next, n+int(length))
			c.bits += contentBits(h, b[n:], length)
		}
		begin := c.next
		c.next += int64(n) + int64(length)
		c.bits += min(fit, k.fitBits(begin, c.next))
	}
	return true
}

// fitBits is what it tells that a frame ends where a packet does: the longer
// the packets are, the fewer such places there are, and only one that is the
// end of the packet which it begins in.
func (k *seeker) fitBits(begin, end int64) int {
	i, found := slices.BinarySearchFunc(k.held, end, func(p packet, end int64) int { return cmp.Compare(p.end(), end) })
	switch {
	case !found:
		return 0
	case k.held[i].off <= begin:
		return maxFitBits
	}
	return bits.Len(uint(k.held[i].size)) - 1
}

// maxHeader is the length of the longest frame header, maxContent that of the
// longest payload that is looked into.
const (
	maxHeader  = 14
	maxContent = 4 << 10
)

// contentBits is what the payload of a text frame tells, where all is held.
// Text that a masked frame hides is strong evidence: a wrong key gives noise.
func contentBits(h ws.Header, payload []byte, length uint64) int {
	if h.Rsv != 0 || length < 2 || length > uint64(len(payload)) {
		return 0
	}
	p := payload[:length]
	if h.Masked {
		p = bytes.Clone(p)
		ws.Cipher(p, h.Mask, 0)
	}
	var u utf8Checker
	if ok := u.feed(p); !ok || h.Fin && !u.end() {
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

// scan looks for new candidates in the packet added last.
func (k *seeker) scan() {
	last := &k.held[len(k.held)-1]
	for ; k.scanned < k.end; k.scanned++ {
		atPacket := k.scanned == last.off && last.size >= minPacket
		if !atPacket && !k.anywhere {
			k.scanned = k.end
			return
		}
		var b []byte
		if k.scanned >= last.off {
			b = last.data[k.scanned-last.off:]
		} else {
			b, _ = k.at(k.scanned, maxHeader)
		}
		ok, more := k.sound(b)
		if more {
			return
		}
		if !ok {
			continue
		}
		c := candidate{start: k.scanned, next: k.scanned, atPacket: atPacket}
		if k.advance(&c) {
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
		k.candidates = append(slices.Delete(k.candidates, weakest, weakest+1), c)
	}
}

// merge makes one of chains that have run into each other.
func (k *seeker) merge() {
	for i := 0; i < len(k.candidates); i++ {
		if !k.candidates[i].moved {
			continue
		}
		k.candidates[i].moved = false
		for j := 0; j < len(k.candidates); {
			if a, b := &k.candidates[i], &k.candidates[j]; i == j || a.next != b.next || a.masked != b.masked {
				j++
				continue
			}
			k.candidates[i] = k.meet(k.candidates[i], k.candidates[j])
			k.candidates = slices.Delete(k.candidates, j, j+1)
			if j < i {
				i--
			}
		}
	}
}

// meet joins two chains that go on as one. What each holds before the meeting
// proves nothing of itself by what follows: it stays only on evidence of its
// own.
func (k *seeker) meet(a, b candidate) candidate {
	at := a.next
	for i, j := len(a.trail)-1, len(b.trail)-1; i >= 0 && j >= 0 && a.trail[i].off == b.trail[j].off; i, j = i-1, j-1 {
		at = a.trail[i].off
	}
	x, y := k.surplus(&a, at), k.surplus(&b, at)
	switch {
	case x >= 0 && x >= y:
		return a
	case y >= 0:
		return b
	}
	// Neither: the chain begins where they met.
	c := a
	before, _ := a.before(at)
	c.start, c.bits, c.atPacket = at, a.bits-before, false
	c.trail = slices.DeleteFunc(slices.Clone(a.trail), func(s step) bool { return s.off < at })
	for i := range c.trail {
		c.trail[i].bits -= before
	}
	c.headers = len(c.trail)
	c.atPacket = k.beginsPacket(at)
	return c
}

// beginsPacket reports whether off is where a packet's bytes begin.
func (k *seeker) beginsPacket(off int64) bool {
	_, found := slices.BinarySearchFunc(k.held, off, func(p packet, off int64) int { return cmp.Compare(p.off, off) })
	return found
}

// before is the evidence of a chain's headers before off, and the last of them.
func (c *candidate) before(off int64) (n int, last int64) {
	last = c.start
	for _, s := range c.trail {
		if s.off >= off {
			return s.bits, last
		}
		last = s.off
	}
	return c.bits, last
}

// surplus is by how much the part of a chain before off is believed; negative
// where it is not. That it ends just there tells as much as a length that fits.
func (k *seeker) surplus(c *candidate, off int64) int {
	if c.start == off {
		return 0
	}
	n, last := c.before(off)
	if !k.beginsPacket(off) { // where it counted already
		if off-last < 126 {
			n += shortFit
		} else {
			n += meetBits
		}
	}
	if c.atPacket {
		return n - trustPrefixAtPacket
	}
	return n - trustPrefix
}

// trim lets go of bytes that no candidate needs.
func (k *seeker) trim() {
	if k.bytes > maxSeek {
		half := k.held[len(k.held)/2].off
		k.candidates = slices.DeleteFunc(k.candidates, func(c candidate) bool { return c.start < half })
	}
	from := k.scanned
	for _, c := range k.candidates {
		from = min(from, c.start)
	}
	n := 0
	for n < len(k.held) && k.held[n].end() <= from {
		k.bytes -= len(k.held[n].data)
		n++
	}
	k.held = slices.Delete(k.held, 0, n)
}

// best is the earliest chain that is believed; atEnd asks less of those that
// end with the last byte held, since nothing more will come.
func (k *seeker) best(atEnd bool) (c candidate, found bool) {
	for _, o := range k.candidates {
		trust := trustAnywhere
		if o.atPacket {
			trust = trustAtPacket
			if atEnd && o.next == k.end {
				trust = trustAtEnd
			}
		}
		if o.bits >= trust && (!found || o.start < c.start) {
			c, found = o, true
		}
	}
	return c, found
}

// from lists what is held from off on, packet by packet.
func (k *seeker) from(off int64) (all []packet) {
	for _, p := range k.held {
		if p.end() <= off {
			continue
		}
		if p.off < off {
			p.data, p.off = p.data[off-p.off:], off
		}
		all = append(all, p)
	}
	return all
}
