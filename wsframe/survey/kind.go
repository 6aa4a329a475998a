// Package survey looks at many bytes of a payload at once: it unmasks them, finds
// out what text they are, and maps what they mean in JSON, a bit for each byte.
// With AVX2 it takes 32 of them in an instruction, with AVX-512 64; other
// processors do the same in plain Go. Nothing is read or written beyond the slices
// that are given.
package survey

import (
	"encoding/binary"
	"math/bits"
)

// Kind says what text some bytes are. The last that fits is told.
type Kind uint8

// The kinds.
const (
	Mixed Kind = iota // anything
	Latin             // UTF-8: what is Plain, and letters from U+00C0 to U+02FF; LatinMost bytes at most
	ASCII             // nothing beyond 0x7f
	Plain             // printable ASCII without a backslash: nothing to escape
)

// Of is the kind of b. No bytes are Plain.
func Of(b []byte) Kind {
	if wide && len(b) > 0 && len(b) <= wideMost {
		return lookWide(&b[0], len(b))
	}
	if vectors && len(b) >= vectorLeast {
		return latinOf(b, kindOf(look(&b[0], len(b))))
	}
	return latinOf(b, unmaskWords(nil, b, 0))
}

// Unmask puts into dst what src is without the masking key (RFC 6455, 5.3), and
// returns its kind. The two are equally long and do not overlap. Some of dst's
// capacity behind that may be written to, which makes it faster.
func Unmask(dst, src []byte, key [4]byte) Kind {
	k := binary.LittleEndian.Uint32(key[:])
	if wide && len(src) > 0 && len(src) <= wideMost && cap(dst) >= wideMost {
		return unmaskWide(&dst[0], &src[0], len(src), k)
	}
	if vectors && len(src) >= vectorLeast {
		dst = dst[:len(src)]
		return latinOf(dst, kindOf(unmask(&dst[0], &src[0], len(src), k)))
	}
	return latinOf(dst, unmaskWords(dst, src, k))
}

// kindOf is the kind, but for Latin, of bytes some of which are beyond ASCII, or are odd, where
// the argument is not 0: control characters or a backslash.
func kindOf(beyond, odd uint32) Kind {
	switch {
	case beyond != 0:
		return Mixed
	case odd != 0:
		return ASCII
	}
	return Plain
}

const (
	ones = 0x0101010101010101 // each byte of a word
	tops = 0x80 * ones        // its top bit
)

// oddOf has the top bit set of each byte of x that is a control character or a
// backslash, where all are ASCII; then no sum carries into the next byte.
func oddOf(x uint64) uint64 {
	printable, del, other := x+0x60*ones, x+ones, x^'\\'*ones+0x7f*ones
	return (^printable | del | ^other) & tops
}

// unmaskWords is Unmask in plain Go, but for Latin, and without dst it only looks. It takes a
// word at a time, and at the end the last one, some of it again.
func unmaskWords(dst, src []byte, key uint32) Kind {
	n := len(src)
	k := uint64(key)<<32 | uint64(key)
	beyond, odd := uint64(0), uint64(0)
	if n < 8 {
		for i, c := range src {
			c ^= byte(k >> (i * 8))
			beyond, odd = beyond|uint64(c), odd|oddOf(' '*ones^' '|uint64(c))
			if dst != nil {
				dst[i] = c
			}
		}
		return kindOf(uint32(beyond&tops), uint32(odd>>32|odd))
	}
	for i := 0; ; i += 8 {
		if i > n-8 {
			i = n - 8
			k = bits.RotateLeft64(k, -n%4*8)
		}
		x := binary.LittleEndian.Uint64(src[i:]) ^ k
		beyond, odd = beyond|x, odd|oddOf(x)
		if dst != nil {
			binary.LittleEndian.PutUint64(dst[i:], x)
		}
		if i >= n-8 {
			return kindOf(uint32((beyond&tops)>>32|beyond&tops), uint32(odd>>32|odd))
		}
	}
}
