package survey

// Window is the number of bytes that a Map is of, in Words.
const (
	Window = 64 * Words
	Words  = 8
)

// Map says what the bytes of a JSON text (RFC 8259) mean, as far as the byte alone
// tells: bit i%64 of word i/64 is about byte i. The last word is 0, for who looks ahead.
type Map struct {
	Stops  [Words + 1]uint64 // a quotation mark or a backslash: ends of a string's plain part
	Ends   [Words + 1]uint64 // what can be part of no number or literal: structure, blanks, a quotation mark, 0x1e
	Opens  [Words + 1]uint64 // { or [
	Closes [Words + 1]uint64 // } or ]
}

// Fill makes m the map of b, of which it takes Window bytes at most. It returns
// their number, and whether all are ASCII without a backslash, so that what stands
// in a string is what it says. Bits behind the last byte are 0 in its word and the
// next one; of words behind that nothing is said.
func (m *Map) Fill(b []byte) (n int, simple bool) {
	b = b[:min(len(b), Window)]
	if vectors && len(b) >= vectorLeast {
		return len(b), fill(m, &b[0], len(b)) == 0
	}
	return len(b), m.fillWords(b)
}

// The bits of meanings.
const (
	stops = 1 << iota
	ends
	opens
	closes
	complex
)

// meanings are the maps that a byte has its bit in.
var meanings = meaningTable()

func meaningTable() (t [256]byte) {
	for _, c := range ",: \t\r\n\x1e" {
		t[c] = ends
	}
	t['\\'], t['"'] = stops|complex, stops|ends
	t['{'], t['['] = opens|ends, opens|ends
	t['}'], t[']'] = closes|ends, closes|ends
	for c := 0x80; c < len(t); c++ {
		t[c] = complex
	}
	return t
}

// fillWords is Fill in plain Go, 8 bytes at a time.
func (m *Map) fillWords(b []byte) (simple bool) {
	seen := uint64(0)
	m.reset(0)
	for i := 0; i < len(b); i += 8 {
		var x uint64 // the meanings of 8 bytes
		for k, c := range b[i:min(i+8, len(b))] {
			x |= uint64(meanings[c]) << (k * 8)
		}
		seen |= x
		w, shift := i/64, i%64
		if shift == 0 {
			m.reset(w + 1)
		}
		m.Stops[w] |= gather(x) << shift
		m.Ends[w] |= gather(x>>1) << shift
		m.Opens[w] |= gather(x>>2) << shift
		m.Closes[w] |= gather(x>>3) << shift
	}
	return seen&(complex*ones) == 0
}

// reset empties a word of each map.
func (m *Map) reset(word int) {
	m.Stops[word], m.Ends[word], m.Opens[word], m.Closes[word] = 0, 0, 0, 0
}

// gather is the lowest bit of each byte of x, in the byte's order: the product has
// each in its place in the top byte, and no two sums meet.
func gather(x uint64) uint64 { return x & ones * 0x0102040810204080 >> 56 }
