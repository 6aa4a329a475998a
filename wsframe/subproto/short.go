package subproto

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"wstap/wsframe/survey"
)

// Most messages are objects of a few short members without blanks between them.
// Their structure fits in two words of a map, and what object does a token at a
// time, with a branch for each that depends on what peers send, is done here
// for all of them: the marks of strings, then those between strings, then a round
// for each member with one such branch, on whether its key may have a role. That
// comes early, and the processor predicts what follows from it.

// Bounds of short objects.
const (
	shortLeast = 16 // bytes, so that a word fits in before each end
	shortMost  = survey.PairWindow
	shortKeys  = 6 // keys that are told
	// shortText is how long a summary may get before what stands behind its last
	// key, and shortBytes what may be written to: a power of two, so that an
	// index needs no check.
	shortText  = maxRunes - len(", …}")
	shortBytes = 128
)

// place is where in an object the value of the best key stands: larger is better.
// It is 0 where there is none.
type place uint32

// placeOf is that of a value from 0 to 0; start<<8 less and end more is any other.
func placeOf(r rank) place { return place(^uint8(r))<<16 | 0xff<<8 }

func (p place) rank() rank { return ^rank(p >> 16) }
func (p place) start() int { return int(^uint8(p >> 8)) }
func (p place) end() int   { return int(uint8(p)) }
func (p place) size() int  { return p.end() - p.start() }

// shortFound are the best places by use, so many that an index needs no check.
type shortFound [8]place

// shortObject appends what object says of b to dst, which has room for it, as long
// as it is short and simple. ok is false where it is left to object.
func shortObject(dst, b []byte) (_ []byte, ok bool) {
	last := len(b) - 1
	if last < shortLeast-1 || last >= shortMost || b[0] != '{' || b[last] != '}' {
		return dst, false
	}
	low, high, ascii, ok := shortEnds(b)
	if !ok {
		return dst, false
	}
	var found shortFound
	var keys [32]uint16 // where they begin, and their sizes; a member has 4 bytes or more
	n, base, from, wrong, seen := 0, 0, 0, byte(0), shape(0)
	for {
		if low == 0 {
			low, high, base = high, 0, 64
		}
		colon := base + bits.TrailingZeros64(low)
		low &= low - 1
		if low == 0 {
			low, high, base = high, 0, 64
		}
		to := base + bits.TrailingZeros64(low)
		low &= low - 1
		if to > last || colon-from < 3 { // an odd number of ends, or no key
			return dst, false
		}
		shape := shapes[b[colon+1]]
		wrong |= (b[from+1] ^ '"') | (b[colon] ^ ':')
		seen |= shape
		start, size := from+2, colon-from-3
		keys[n&31] = uint16(start)<<8 | uint16(size)
		n++

		if mayHaveRole(b[start], size) {
			w, unused := wordIn(b, start), (64-8*min(size, 8))&63
			w = w<<unused>>unused | ('a' - 'A') // as in keyRole
			i := hashKey(w)
			if shortTable[i].word == w && int(shortTable[i].size) == size && (size <= 8 || string(b[start+8:start+size]) == shortTable[i].tail) {
				at, end := colon+1+int(shape&1), to-int(shape&1)
				use := shortTable[i].uses[useOf(shape, end-at)&31] & 7
				found[use] = max(found[use], shortTable[i].best-place(at)<<8+place(end))
			}
		}
		if to == last {
			break
		}
		wrong |= b[to] ^ ','
		from = to
	}
	if wrong != 0 || seen >= shapeless {
		return dst, false
	}
	if seen&shapeNested != 0 {
		found[elsewhere] = 1
	}
	room := (*[shortBytes]byte)(dst[len(dst) : len(dst)+shortBytes])
	size := tellShort(room, b, &found, &keys, n)
	for i := 0; i < size && !ascii; i++ {
		if room[i] >= utf8.RuneSelf {
			return dst, false
		}
	}
	return dst[:len(dst)+size], size > 0
}

// shortEnds maps the ends of what the members of b are made of: a colon and a comma
// of each, and the last brace. Each string begins behind one of them, or the first
// brace, and ends before one.
func shortEnds(b []byte) (low, high uint64, ascii, ok bool) {
	var m survey.Pair
	ascii = m.Fill(b)
	q0, q1 := m.Stops[0], m.Stops[1]
	if q0&^m.Ends[0]|q1&^m.Ends[1] != 0 { // a backslash
		return 0, 0, false, false
	}
	s0 := prefixes(q0)
	s1 := prefixes(q1) ^ uint64(int64(s0)>>63) // strings, each with its first quotation mark
	d0, d1 := m.Ends[0]&^(s0|q0), m.Ends[1]&^(s1|q1)
	o0, o1 := m.Opens[0]&^s0&^1, m.Opens[1]&^s1
	c0, c1 := m.Closes[0]&^s0, m.Closes[1]&^s1
	if last := uint(len(b) - 1); last < 64 {
		c0 &^= 1 << (last & 63)
	} else {
		c1 &^= 1 << (last & 63)
	}

	// One value may be an object or array, of which nothing within matters. Its
	// bits are those from the one that opens it to the one that closes it: their
	// difference, as a number of 128 bits.
	in0, borrow := bits.Sub64(c0<<1, o0, 0)
	in1, borrow := bits.Sub64(c1<<1|c0>>63, o1, borrow)
	wrong := borrow | s1>>63 | o0&(o0-1) | o1&(o1-1) | c0&(c0-1) | c1&(c1-1)
	if wrong != 0 || o0 != 0 && o1 != 0 || c0 != 0 && c1 != 0 || (o0|o1 == 0) != (c0|c1 == 0) {
		return 0, 0, false, false
	}
	d0, d1 = d0&^in0, d1&^in1
	begin0, begin1 := q0&s0&^in0|o0, q1&s1&^in1|o1
	end0, end1 := q0&^s0&^in0|c0, q1&^s1&^in1|c1
	wrong = begin0&^(d0<<1) | begin1&^(d1<<1|d0>>63) | end0<<1&^d0 | (end1<<1|end0>>63)&^d1
	return d0 &^ 1, d1, ascii, wrong == 0
}

// wordIn is what b holds from i on, little-endian, as far as 8 bytes of it, which
// has 8 or more; other bytes are 0, but 8 of them would not be.
func wordIn(b []byte, i int) uint64 {
	at := min(i, len(b)-8)
	return binary.LittleEndian.Uint64(b[at:]) >> ((i - at) * 8 & 63)
}

// tellShort writes the summary of b to out and returns its size, 0 where it is left
// to object.
func tellShort(out *[shortBytes]byte, b []byte, found *shortFound, keys *[32]uint16, n int) int {
	at := 0
	message, name, topic, id := found[asMessage], found[asName], found[asTopic], found[asID]
	switch {
	case message|name != 0:
		if message == 0 || name != 0 && name.rank() <= lastBeside {
			at = addShort(out, at, b, name.start(), name.size())
		}
		if message != 0 {
			at = addShort(out, spaceShort(out, at), b, message.start(), message.size())
		}
		if topic.size() > 0 {
			at = addShort(out, spaceShort(out, at), b, topic.start(), topic.size())
		}
	case found[elsewhere] != 0:
		return 0
	default:
		out[0] = '{'
		at = 1
		for _, k := range keys[:min(n, shortKeys)] {
			at = addShort(out, at, b, int(k>>8), int(k&0xff))
			out[at&(shortBytes-1)], out[(at+1)&(shortBytes-1)] = ',', ' '
			at += 2
		}
		if n > shortKeys {
			at += copy(out[min(at, maxRunes):], "…, ")
		}
		at -= 2
		out[at&(shortBytes-1)] = '}'
		at++
	}
	if size := id.size(); size > 0 && size <= longestID {
		at = spaceShort(out, at)
		out[at&(shortBytes-1)] = '#'
		at = addShort(out, at+1, b, id.start(), size)
	}
	if at > maxRunes {
		return 0
	}
	return at
}

// spaceShort parts two words.
func spaceShort(out *[shortBytes]byte, at int) int {
	if at > 0 {
		out[at&(shortBytes-1)] = ' '
		at++
	}
	return at
}

// addShort copies b[from:from+size] to out[at:] by words, some bytes too much, as
// line.piece does. It returns where it ends, more than maxRunes where there is no room.
func addShort(out *[shortBytes]byte, at int, b []byte, from, size int) int {
	if at+size > shortText {
		return shortText + maxRunes // whatever follows, there is no room either
	}
	if size > easyPiece {
		return at + copy(out[at:], b[from:from+size])
	}
	binary.LittleEndian.PutUint64(out[at:], wordIn(b, from))
	if size > 8 {
		binary.LittleEndian.PutUint64(out[at+8:], wordIn(b, from+8))
	}
	return at + size
}
