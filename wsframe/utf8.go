package wsframe

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	ones = 0x0101010101010101 // each byte of a word
	tops = 0x80 * ones        // its top bit
)

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

// latinBytes bounds the texts that latin looks at: lines are no longer.
const latinBytes = 256

// latin reports whether b is a short text in UTF-8 that holds nothing but printable
// ASCII without a backslash, and letters from U+00C0 to U+02FF, of two bytes. It asks
// by words: a letter takes no longer than ASCII, and no branch goes by where it is.
func latin(b []byte) bool {
	if len(b) > latinBytes {
		return false
	}
	begun := uint64(0) // the top bit of its first byte says that a letter was begun
	for n := 0; n < len(b); n += 8 {
		var x uint64
		if n <= len(b)-8 {
			x = binary.LittleEndian.Uint64(b[n:])
		} else {
			x = lastWord(b, n)
		}
		// No sum is carried into the next byte. Each has its top bit set where a byte, but
		// for its own top bit, is no less than 0x80 less what is added.
		low := x &^ tops
		ascii := (low + ones) | ^((low + 0x60*ones) & ((low ^ '\\'*ones) + 0x7f*ones)) // and not taken
		c0 := low + 0x40*ones
		beyond := c0&^(low+0x3d*ones) | (low + 0x34*ones) // a first byte, and none of 0xc3 to 0xcb
		bad := ascii ^ (ascii^beyond)&x                   // beyond where x has the top bit, else ascii
		first := x & c0 & tops
		more := x&tops ^ first
		if (bad|(more^(first<<8|begun)))&tops != 0 {
			return false
		}
		begun = first >> 56
	}
	return begun == 0
}

// lastWord is what b holds from byte n on, less than a word, and spaces behind it.
func lastWord(b []byte, n int) uint64 {
	rest := uint(len(b)-n) * 8 & 63 // bits
	x := uint64(0)
	if len(b) >= 8 {
		x = binary.LittleEndian.Uint64(b[len(b)-8:]) >> (-rest & 63)
	} else {
		for i, c := range b[n:] {
			x |= uint64(c) << (8 * i)
		}
	}
	return x | ' '*ones<<rest
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
