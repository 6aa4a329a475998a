package wsframe

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

	"github.com/gobwas/ws"
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
