package survey

import (
	"encoding/binary"
	"math/bits"
)

// Outline is where the members of a short JSON object (RFC 8259, 4) stand.
type Outline struct {
	// Text is the object. Behind it is 0, so that a word may be read from any place.
	Text [OutlineMost + 16]byte
	// Marks are the places of what stands between keys and values: the first brace,
	// the colon of each member and the comma behind it, and the last brace.
	Marks [OutlineMost + 8]uint8
}

// OutlineMost is the number of bytes that an Outline is of.
const OutlineMost = PairWindow

// Mark is Marks[i], within Text.
func (o *Outline) Mark(i int) int { return int(o.Marks[i&(OutlineMost-1)] & (OutlineMost - 1)) }

// Word is what Text holds from i on, little-endian.
func (o *Outline) Word(i int) uint64 {
	return binary.LittleEndian.Uint64(o.Text[i&(OutlineMost-1):])
}

// Fill makes o, which is zero, the outline of b, and returns how many marks there are,
// and whether b is ASCII. There are none where b is longer than OutlineMost or is
// not in braces, where a string or a nested value has no mark before or behind it,
// and where there is a backslash, or something nested twice. What bytes the marks
// are is not looked at, nor what else is between them.
func (o *Outline) Fill(b []byte) (marks int, ascii bool) {
	if n := len(b); n < 2 || n > OutlineMost || b[0] != '{' || b[n-1] != '}' {
		return 0, false
	}
	if wide {
		marks, ascii = outline(o, &b[0], len(b))
	} else {
		marks, ascii = o.fillWords(b)
	}
	// The last brace is no mark where a string or bracket is left open.
	if marks == 0 || o.Mark(marks-1) != len(b)-1 {
		return 0, false
	}
	return marks, ascii
}

// fillWords is Fill by the words of maps, but for the last brace.
func (o *Outline) fillWords(b []byte) (marks int, ascii bool) {
	copy(o.Text[:], b)
	var m Pair
	ascii = m.Fill(b)
	q0, q1 := m.Stops[0], m.Stops[1]
	strings0 := Prefixes(q0)
	strings1 := Prefixes(q1) ^ uint64(int64(strings0)>>63)
	ends0, ends1 := m.Ends[0]&^(strings0|q0), m.Ends[1]&^(strings1|q1)

	// As strings are where an odd number of quotation marks lies behind, what is not
	// nested, flat, is where an odd number of brackets does. What is nested twice
	// would be too, but does not get by: there is no mark before it.
	opens0, opens1 := m.Opens[0]&ends0, m.Opens[1]&ends1
	closes0, closes1 := m.Closes[0]&ends0, m.Closes[1]&ends1
	flat0 := Prefixes(opens0 | closes0)
	flat1 := Prefixes(opens1|closes1) ^ uint64(int64(flat0)>>63)

	marks0, marks1 := ends0&(flat0^closes0), ends1&(flat1^closes1)
	begin0, begin1 := q0&strings0&flat0|opens0&^flat0, q1&strings1&flat1|opens1&^flat1
	stop0, stop1 := (q0&^strings0|closes0)&flat0, (q1&^strings1|closes1)&flat1
	wrong := begin0&^(marks0<<1) | begin1&^(marks1<<1|marks0>>63) | stop0<<1&^marks0 | (stop1<<1|stop0>>63)&^marks1
	wrong |= q0&^m.Ends[0] | q1&^m.Ends[1] // a backslash
	if wrong != 0 {
		return 0, false
	}
	for ; marks0 != 0; marks0 &= marks0 - 1 {
		o.Marks[marks%OutlineMost] = uint8(bits.TrailingZeros64(marks0))
		marks++
	}
	for ; marks1 != 0; marks1 &= marks1 - 1 {
		o.Marks[marks%OutlineMost] = uint8(64 + bits.TrailingZeros64(marks1))
		marks++
	}
	return marks, ascii
}

// Prefixes has the bits set that an odd number of x are at or below: the strings,
// each with its first quotation mark, where x are the quotation marks.
func Prefixes(x uint64) uint64 {
	x ^= x << 1
	x ^= x << 2
	x ^= x << 4
	x ^= x << 8
	x ^= x << 16
	return x ^ x<<32
}
