package capture

import (
	"math/bits"
	"time"
)

// Resolution is the length of a tick of an interface's clock, written as the
// if_tsresol option of pcapng is (draft-ietf-opsawg-pcapng, 4.2): with the top
// bit clear 10^-n seconds, with it set 2^-n, n being the other seven bits.
type Resolution uint8

// The usual resolutions.
const (
	Microseconds Resolution = 6 // what pcapng means where it says nothing
	Nanoseconds  Resolution = 9
)

// Times beyond these do not fit RFC 3339; a clock that shows them is broken,
// and its packets get the nearest time that does.
const (
	firstSecond = -62135596800 + 1 // 0001-01-01T00:00:01Z: not the zero Time
	lastSecond  = 253402300799     // 9999-12-31T23:59:59Z
)

var powersOf10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// split turns ticks into seconds and nanoseconds, both rounded down. It is
// defined for all 256 resolutions, also those no clock can have.
func (r Resolution) split(ticks uint64) (sec, nsec uint64) {
	n := uint(r & 0x7f)
	if r&0x80 != 0 {
		if n < 64 {
			sec, ticks = ticks>>n, ticks&(1<<n-1)
		}
		hi, lo := bits.Mul64(ticks, 1e9)
		switch {
		case n == 0:
			return sec, 0
		case n < 64:
			return sec, hi<<(64-n) | lo>>n
		default:
			return 0, hi >> (n - 64)
		}
	}
	switch {
	case r == Microseconds: // constants divide by multiplication
		return ticks / 1e6, ticks % 1e6 * 1e3
	case r == Nanoseconds:
		return ticks / 1e9, ticks % 1e9
	case n < 9:
		p := powersOf10[n]
		return ticks / p, ticks % p * powersOf10[9-n]
	case n < 20:
		p := powersOf10[n]
		return ticks / p, ticks % p / powersOf10[n-9]
	case n < 29:
		return 0, ticks / powersOf10[n-9]
	default:
		return 0, 0
	}
}

// time is the time of ticks after the Unix epoch moved by offset seconds.
func (r Resolution) time(ticks uint64, offset int64) time.Time {
	sec, nsec := r.split(ticks)
	s := int64(min(sec, 1<<62)) + max(min(offset, 1<<61), -1<<61)
	return time.Unix(max(min(s, lastSecond), firstSecond), int64(nsec)).UTC()
}

// ticks is the inverse of time: the first tick that time maps to t, or past
// it where the resolution is coarser. It reports whether there is such a tick.
func (r Resolution) ticks(t time.Time, offset int64) (uint64, bool) {
	s := t.Unix() - offset
	if s < 0 {
		return 0, false
	}
	n, ns := uint(r&0x7f), uint64(t.Nanosecond())
	var whole, part, over uint64
	switch {
	case r&0x80 != 0 && n < 64:
		over, whole = bits.Mul64(uint64(s), 1<<n)
		hi, lo := bits.Mul64(ns, 1<<n)
		lo, carry := bits.Add64(lo, 1e9-1, 0) // round up, as split rounds down
		part, _ = bits.Div64(hi+carry, lo, 1e9)
	case r&0x80 == 0 && n <= 9:
		over, whole = bits.Mul64(uint64(s), powersOf10[n])
		part = ns / powersOf10[9-n]
	case r&0x80 == 0 && n < 20:
		over, whole = bits.Mul64(uint64(s), powersOf10[n])
		part = ns * powersOf10[n-9]
	default:
		return 0, false // a tick shorter than 64 bits of them last a second
	}
	sum, carry := bits.Add64(whole, part, 0)
	return sum, over == 0 && carry == 0
}
