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
	// What is said of the word before: all ones within a string, or what is nested,
	// and the last bits of mark and stop.
	var inString, inNested, marked, stopped uint64
	for i := 0; i*64 < len(b); i++ {
		quotes, ends := m.Stops[i&1], m.Ends[i&1]
		backslashes := quotes &^ ends
		strings := Prefixes(quotes) ^ inString
		inString = uint64(int64(strings) >> 63)
		ends &^= strings | quotes

		// As strings are where an odd number of quotation marks lies behind, what is
		// not nested, flat, is where an odd number of brackets does. What is nested
		// twice would be too, but does not get by: there is no mark before it.
		opens, closes := m.Opens[i&1]&ends, m.Closes[i&1]&ends
		flat := Prefixes(opens|closes) ^ inNested
		inNested = uint64(int64(flat) >> 63)

		mark := ends & (flat ^ closes)
		begin := quotes&strings&flat | opens&^flat
		stop := (quotes&^strings | closes) & flat
		if backslashes|begin&^(mark<<1|marked)|(stop<<1|stopped)&^mark != 0 {
			return 0, false
		}
		marked, stopped = mark>>63, stop>>63
		for ; mark != 0; mark &= mark - 1 {
			o.Marks[marks&(OutlineMost-1)] = uint8(i*64 + bits.TrailingZeros64(mark))
			marks++
		}
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
