package inflate

import "math/bits"

// An entry of a decoding table tells what a code stands for and how many bits
// to take:
//
//	bits 0-5    bits to take: of the code (within a subtable: of its rest) and
//	            the extra bits behind it
//	bits 8-11   of these, the code's; for a subtable, its index bits
//	bits 13-15  what it is, if it is none of the next
//	bits 16-30  the literal, the base of a length or distance, or where the
//	            subtable begins
//	bit 31      it is a literal
//
// A length or a distance has none of the bits 13 to 15 and 31.
type entry uint32

const (
	literal  entry = 1 << 31
	rare     entry = 1 << 15 // one of the next two, or with neither of them a code that stands for nothing
	subtable entry = 1 << 14
	endBlock entry = 1 << 13

	// In the code of code lengths, where there are neither.
	again entry = 1 << 14 // a run of the length before
	zeros entry = 1 << 13 // a run of symbols without a code
)

// take is how many bits to take; of a number that counts bits modulo 64, e
// itself may be subtracted.
func (e entry) take() uint { return uint(e & 63) }

// code is how many of them belong to the code.
func (e entry) code() uint { return uint(e >> 8 & 15) }

// value is that of all but literals, or without extra bits.
func (e entry) value() int { return int(e >> 16) }

// with adds the value of the extra bits, which stand in held behind the code.
func (e entry) with(held uint64) int {
	return e.value() + int(held&(1<<e.take()-1)>>e.code())
}

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
		return rare | endBlock
	case symbol < 265:
		return entry(symbol-257+3) << 16
	case symbol < 285:
		extra := (symbol - 261) / 4
		base := (4+(symbol-261)%4)<<extra + 3
		return entry(base)<<16 | entry(extra)
	case symbol == 285:
		return 258 << 16
	}
	return rare
}

// distanceEntry is the entry of a distance symbol, without its code.
func distanceEntry(symbol int) entry {
	switch {
	case symbol < 4:
		return entry(symbol+1) << 16
	case symbol < 30:
		extra := symbol/2 - 1
		base := (2+symbol%2)<<extra + 1
		return entry(base)<<16 | entry(extra)
	}
	return rare
}

// metaEntry is the entry of a symbol of the code of code lengths, without its
// code.
func metaEntry(symbol int) entry {
	switch symbol {
	case 16:
		return rare | again | 3<<16 | 2
	case 17:
		return rare | zeros | 3<<16 | 3
	case 18:
		return rare | zeros | 11<<16 | 7
	}
	return entry(symbol) << 16
}

// alphabets are the entries of all symbols without their codes.
type alphabets struct {
	lengths   [maxLengths]entry
	distances [maxDistances]entry
	meta      [metaSymbols]entry // of the code of code lengths
	reversed  [1 << lengthBits]uint16
}

func (a *alphabets) fill() {
	for i := range a.lengths {
		a.lengths[i] = lengthEntry(i)
	}
	for i := range a.distances {
		a.distances[i] = distanceEntry(i)
	}
	for i := range a.meta {
		a.meta[i] = metaEntry(i)
	}
	for i := range a.reversed {
		a.reversed[i] = bits.Reverse16(uint16(i)) >> (16 - lengthBits)
	}
}

// coding is a symbol and the length of its code, at least 1: number<<4 | length.
type coding uint32

func (c coding) symbol() uint32 { return uint32(c >> 4) }
func (c coding) length() uint   { return uint(c & maxCode) }

// build fills table, whose first part is indexed by root bits, for the
// canonical Huffman code of these symbols (RFC 1951, 3.2.2), in the order of
// their numbers, of which base is that of the first of meanings. It reports
// whether there is one: codes must be complete, but that an alphabet may be
// empty, or consist of one code of one bit.
//
// The table is made by doubling: with all codes of n bits in place, its first
// 2^n entries are what a table of n bits would be, and twice the same is that
// of n+1 bits until the longer codes are filled in.
func (a *alphabets) build(table []entry, root uint, symbols []coding, base uint32, meanings []entry) bool {
	var count [maxCode + 1]uint32
	for _, s := range symbols {
		count[s.length()]++
	}
	var next [maxCode + 1]uint32 // where the symbols of a length begin
	begin, left, shortest := uint32(0), uint32(1), uint(0)
	for n := uint(1); n <= maxCode; n++ {
		next[n] = begin
		begin += count[n]
		if left <<= 1; left < count[n] {
			return false
		}
		left -= count[n]
		if begin == 0 {
			shortest = n
		}
	}
	if left > 0 { // not complete
		if len(symbols) > 1 || len(symbols) == 1 && count[1] == 0 {
			return false
		}
		shortest = 0
		table[0], table[1] = rare, rare
	}

	// Symbols by length, then by number: the order of their codes.
	var order [maxLengths]entry
	for _, s := range symbols {
		n := s.length()
		order[next[n]] = meanings[s.symbol()-base] + entry(n<<8|n)
		next[n]++
	}

	code, at := uint32(0), uint32(0)
	n := shortest + 1
	for ; n <= root; n++ {
		if n > shortest+1 {
			copy(table[1<<(n-1):1<<n], table[:1<<(n-1)])
		}
		code <<= 1
		for _, e := range order[at : at+count[n]] {
			// The first bit of a code is the lowest as it comes in the stream.
			table[a.reversed[code<<(lengthBits-n)]] = e
			code++
		}
		at += count[n]
	}
	if at == uint32(len(symbols)) {
		return true
	}
	return subtables(table, root, code, order[:len(symbols)], count[:])
}
