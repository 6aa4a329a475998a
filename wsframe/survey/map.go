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
		return len(b), fill(&m.Stops[0], &b[0], len(b), 8*uintptr(len(m.Stops))) == 0
	}
	return len(b), m.fillWords(b)
}

// Pair is a Map of two words, so small that it costs little to make. The third
// word of each is for who looks ahead, as the last one of a Map.
type Pair struct {
	Stops, Ends, Opens, Closes [PairWindow/64 + 1]uint64
}

// PairWindow is the number of bytes that a Pair is of.
const PairWindow = 128

// Fill makes m, which is zero, the map of b, PairWindow bytes at most. simple is as
// in Map.Fill.
func (m *Pair) Fill(b []byte) (simple bool) {
	b = b[:min(len(b), PairWindow)]
	if vectors && len(b) >= vectorLeast {
		return fill(&m.Stops[0], &b[0], len(b), 8*uintptr(len(m.Stops))) == 0
	}
	var all Map
	simple = all.fillWords(b)
	copy(m.Stops[:], all.Stops[:])
	copy(m.Ends[:], all.Ends[:])
	copy(m.Opens[:], all.Opens[:])
	copy(m.Closes[:], all.Closes[:])
	return simple
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
	seen, word := uint64(0), 0
	for ; len(b) > 0; word++ {
		var stops, ends, opens, closes uint64
		for shift := 0; shift < 64 && len(b) > 0; shift += 8 {
			var x uint64 // the meanings of 8 bytes
			if len(b) >= 8 {
				x = uint64(meanings[b[0]]) | uint64(meanings[b[1]])<<8 | uint64(meanings[b[2]])<<16 | uint64(meanings[b[3]])<<24 |
					uint64(meanings[b[4]])<<32 | uint64(meanings[b[5]])<<40 | uint64(meanings[b[6]])<<48 | uint64(meanings[b[7]])<<56
				b = b[8:]
			} else {
				for i, c := range b {
					x |= uint64(meanings[c]) << (i * 8)
				}
				b = nil
			}
			seen |= x
			stops |= gather(x) << shift
			ends |= gather(x>>1) << shift
			opens |= gather(x>>2) << shift
			closes |= gather(x>>3) << shift
		}
		m.Stops[word], m.Ends[word], m.Opens[word], m.Closes[word] = stops, ends, opens, closes
	}
	m.Stops[word], m.Ends[word], m.Opens[word], m.Closes[word] = 0, 0, 0, 0
	return seen&(complex*ones) == 0
}

// gather is the lowest bit of each byte of x, in the byte's order: the product has
// each in its place in the top byte, and no two sums meet.
func gather(x uint64) uint64 { return x & ones * 0x0102040810204080 >> 56 }
