package survey

import "encoding/binary"

// LatinMost is the number of bytes up to which a text can be told to be Latin.
const LatinMost = 256

// latinOf is k, the kind of b but for Latin, or that.
func latinOf(b []byte, k Kind) Kind {
	if k == Mixed && latin(b) {
		return Latin
	}
	return k
}

// latin reports whether b is Latin, or Plain. It asks by words: a letter, of two bytes,
// takes no longer than ASCII, and no branch goes by where it is.
func latin(b []byte) bool {
	if len(b) > LatinMost {
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
