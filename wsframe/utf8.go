package wsframe

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const tops = 0x8080808080808080 // the top bit of each byte

// validUTF8 is utf8.Valid, faster for texts in which few characters are beyond
// ASCII: between these it goes on by words again.
func validUTF8(b []byte) bool {
	for len(b) >= 8 {
		beyond := binary.LittleEndian.Uint64(b) & tops
		if beyond == 0 {
			b = b[8:]
			continue
		}
		b = b[bits.TrailingZeros64(beyond)>>3:]
		if len(b) >= 2 && b[0] >= 0xc2 && b[0] <= 0xdf && b[1]&0xc0 == 0x80 { // as most are
			b = b[2:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return false
		}
		b = b[n:]
	}
	return utf8.Valid(b)
}

// utf8Checker checks that a text is UTF-8 (RFC 3629, 4) while it comes in, and
// fails at the first byte that cannot be part of one, as RFC 6455, 8.1 lets an
// endpoint. The zero value is ready.
type utf8Checker struct {
	more   uint8 // continuation bytes still to come
	lo, hi uint8 // range of the next of them
	failed bool
}

// feed takes the next bytes and reports whether all so far can be UTF-8. It
// stays false once it was.
func (u *utf8Checker) feed(b []byte) bool {
	if u.failed {
		return false
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if u.more > 0 {
			if c < u.lo || c > u.hi {
				u.failed = true
				return false
			}
			u.more--
			u.lo, u.hi = 0x80, 0xbf
			continue
		}
		if c < 0x80 {
			for len(b)-i >= 8 && binary.LittleEndian.Uint64(b[i:])&tops == 0 {
				i += 8
			}
			if i == len(b) {
				return true
			}
			if c = b[i]; c < 0x80 {
				continue
			}
		}
		u.lo, u.hi = 0x80, 0xbf
		switch {
		case c >= 0xc2 && c <= 0xdf:
			u.more = 1
		case c >= 0xe0 && c <= 0xef:
			u.more = 2
			if c == 0xe0 { // below that, two bytes would do
				u.lo = 0xa0
			} else if c == 0xed { // surrogates
				u.hi = 0x9f
			}
		case c >= 0xf0 && c <= 0xf4:
			u.more = 3
			if c == 0xf0 { // below that, three bytes would do
				u.lo = 0x90
			} else if c == 0xf4 { // above U+10FFFF
				u.hi = 0x8f
			}
		default:
			u.failed = true
			return false
		}
	}
	return true
}

// end reports whether all bytes since the last end were UTF-8, none of its
// characters cut off, and makes u ready for the next text.
func (u *utf8Checker) end() bool {
	ok := !u.failed && u.more == 0
	*u = utf8Checker{}
	return ok
}
