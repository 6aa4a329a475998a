package inflate

import "math/bits"

// An entry of a decoding table tells what a code stands for and how many bits
// it takes:
//
//	bits 0-3    length of the code (within a subtable: of its rest)
//	bits 4-7    number of extra bits (for a subtable: its index bits)
//	bits 13-15  what it is
//	bits 16-31  the literal, the base of a length or distance, or where the
//	            subtable begins
//
// The zero entry is that of a code that stands for nothing.
type entry uint32

const (
	literal  entry = 1 << 15
	subtable entry = 1 << 14
	endBlock entry = 1 << 13
)

func (e entry) length() uint  { return uint(e & 15) }
func (e entry) extra() uint   { return uint(e >> 4 & 15) }
func (e entry) value() uint32 { return uint32(e >> 16) }

// The sizes of tables. The first table is indexed by so many bits as most codes
// have at most; longer ones go on in subtables. The sums are the largest that
// complete codes of 288 and 32 symbols can need, rounded up.
const (
	lengthBits   = 9
	distanceBits = 7
	metaBits     = 7
	maxCode      = 15

	lengthEntries   = 1<<lengthBits + 2048
	distanceEntries = 1<<distanceBits + 1024
)

// Symbols (RFC 1951, 3.2.5 and 3.2.7).
const (
	maxLengths   = 288 // literals and lengths; the last two are never valid
	maxDistances = 32  // the last two are never valid
	metaSymbols  = 19
	endOfBlock   = 256
)

// lengthEntry is the entry of a literal or length symbol, without its code.
func lengthEntry(symbol int) entry {
	switch {
	case symbol < endOfBlock:
		return literal | entry(symbol)<<16
	case symbol == endOfBlock:
		return endBlock
	case symbol < 265:
		return entry(symbol-257+3) << 16
	case symbol < 285:
		extra := (symbol - 261) / 4
		base := (4+(symbol-261)%4)<<extra + 3
		return entry(base)<<16 | entry(extra)<<4
	case symbol == 285:
		return 258 << 16
	}
	return 0
}

// distanceEntry is the entry of a distance symbol, without its code.
func distanceEntry(symbol int) entry {
	switch {
	case symbol < 4:
		return entry(symbol+1) << 16
	case symbol < 30:
		extra := symbol/2 - 1
		base := (2+symbol%2)<<extra + 1
		return entry(base)<<16 | entry(extra)<<4
	}
	return 0
}

// metaEntry is the entry of a symbol of the code of code lengths.
func metaEntry(symbol int) entry { return literal | entry(symbol)<<16 }

// symbols are the entries of an alphabet without their codes.
type symbols struct {
	lengths   [maxLengths]entry
	distances [maxDistances]entry
	meta      [metaSymbols]entry
}

func (s *symbols) fill() {
	for i := range s.lengths {
		s.lengths[i] = lengthEntry(i)
	}
	for i := range s.distances {
		s.distances[i] = distanceEntry(i)
	}
	for i := range s.meta {
		s.meta[i] = metaEntry(i)
	}
}

// build fills table, whose first part is indexed by root bits, for the
// canonical Huffman code that has these code lengths (RFC 1951, 3.2.2), and
// reports whether there is one: codes must be complete, but that an alphabet
// may be empty, or consist of one code of one bit.
//
// The table is made by doubling: with all codes of n bits in place, its first
// 2^n entries are what a table of n bits would be, and twice the same is that
// of n+1 bits until the longer codes are filled in.
func build(table []entry, root uint, lengths []uint8, meanings []entry) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	if used == 0 {
		clear(table[:1<<root])
		return true
	}
	left := 1
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
	}
	if left > 0 {
		if used != 1 || count[1] != 1 {
			return false
		}
		clear(table[:1<<root])
	}

	// Symbols by length, then by number: the order of their codes.
	var next [maxCode + 2]int
	for n := 1; n <= maxCode; n++ {
		next[n+1] = next[n] + count[n]
	}
	var order [maxLengths]uint16
	for symbol, n := range lengths {
		if n > 0 {
			order[next[n]] = uint16(symbol)
			next[n]++
		}
	}

	code, at := uint32(0), 0 // the code, its first bit lowest, as it comes in the stream
	filled := uint(0)        // table[:1<<filled] is complete for codes so far
	n := uint(1)
	for ; n <= root; n++ {
		if filled < n && filled > 0 {
			copy(table[1<<filled:1<<n], table[:1<<filled])
		}
		filled = n
		for range count[n] {
			table[code] = with(meanings[order[at]], n)
			at++
			code = increment(code, n)
		}
	}
	if at == used {
		return true
	}

	// Longer codes: a subtable for each prefix of root bits.
	end := 1 << root
	prefix, start, width := ^uint32(0), 0, uint(0)
	for ; n <= maxCode; n++ {
		for k := range count[n] {
			if p := code & (1<<root - 1); p != prefix {
				prefix, start = p, end
				// As wide as the codes of this prefix need.
				width = n - root
				room := 1<<width - (count[n] - k)
				for m := n + 1; room > 0 && m <= maxCode; m++ {
					width++
					room = room<<1 - count[m]
				}
				end += 1 << width
				if end > len(table) {
					return false
				}
				table[prefix] = subtable | entry(start)<<16 | entry(width)<<4 | entry(root)
			}
			e := with(meanings[order[at]], n-root)
			for i := code >> root; i < 1<<width; i += 1 << (n - root) {
				table[start+int(i)] = e
			}
			at++
			code = increment(code, n)
		}
	}
	return true
}

// with gives a meaning its code length. What means nothing stays invalid.
func with(meaning entry, length uint) entry {
	if meaning == 0 {
		return 0
	}
	return meaning | entry(length)
}

// increment adds one to a code of n bits whose most significant bit is lowest.
func increment(code uint32, n uint) uint32 {
	// The run of ones at the top goes, and the zero below it becomes one.
	ones := uint(bits.LeadingZeros32(^(code << (32 - n))))
	if ones >= n {
		return 0
	}
	bit := uint32(1) << (n - 1 - ones)
	return code&(bit-1) | bit
}
