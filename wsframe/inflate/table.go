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
