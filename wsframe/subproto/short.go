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
// for each member that looks everything up and decides nothing.

// Bounds of short objects.
const (
	shortLeast = 16  // bytes, so that a word fits in before each end
	shortMost  = 128 // bytes, two words of a map
	shortKeys  = 6   // keys that are told
	// shortText is how long a summary may get before what stands behind its last
	// key, and shortBytes what may be written to: a power of two, so that an
	// index needs no check.
	shortText  = maxRunes - len(", …}")
	shortBytes = 128
)

// place is where in an object the value of the best key stands: larger is better.
// It is 0 where there is none.
type place uint32

func placeOf(r rank, start, end int) place {
	return place(^uint8(r))<<16 | place(^uint8(start))<<8 | place(uint8(end))
}

func (p place) rank() rank { return ^rank(p >> 16) }
func (p place) start() int { return int(^uint8(p >> 8)) }
func (p place) end() int   { return int(uint8(p)) }
func (p place) size() int  { return p.end() - p.start() }

// use is what the value of a short member serves for.
type use uint8

const (
	useless use = iota
	asMessage
	asName
	asID
	asTopic
	elsewhere // it may need the general way, where there is no name

	uses
)

// shape is what a value begins with.
type shape uint8

const (
	shapeless    shape = 0 // no value
	shapeString  shape = 1 // the only odd one
	shapeNumber  shape = 2
	shapeLiteral shape = 4 // or an array, which tells as little
	shapeObject  shape = 6
)

// shapes are looked up by the first byte.
var shapes = shapeTable()

func shapeTable() (t [256]shape) {
	for c := 1; c < len(t); c++ {
		switch {
		case classes[c] == quote:
			t[c] = shapeString
		case c == '{':
			t[c] = shapeObject
		case c == '[':
			t[c] = shapeLiteral
		case classes[c] != inside:
		case scalarKind(byte(c)) == number:
			t[c] = shapeNumber
		default:
			t[c] = shapeLiteral
		}
	}
	return t
}

// shortKey is a key of keyTable and what its value serves for, by its shape, and
// by its size: none, at most longestCode, more.
type shortKey struct {
	word uint64 // as in keySlot
	tail string // what is behind that
	size uint8
	rank rank
	uses [8][4]use
}

// shortTable has a place more than keyTable for keys without a role.
var shortTable = shortKeyTable()

func shortKeyTable() (t [1<<keyTableBits + 1]shortKey) {
	for i := range t {
		t[i].uses[shapeObject] = [4]use{elsewhere, elsewhere, elsewhere}
	}
	for i, k := range keyTable {
		if k.role == noRole {
			continue
		}
		s := &t[i]
		s.word, s.size, s.rank, s.tail = k.word, uint8(len(k.name)), k.rank, k.name[min(8, len(k.name)):]
		switch k.role {
		case names:
			s.uses[shapeNumber] = [4]use{elsewhere, elsewhere}
			s.uses[shapeString] = [4]use{useless, asName, asName}
			if k.rank == rankMessage {
				s.uses[shapeString] = [4]use{useless, asMessage, asMessage}
			}
		case identifies:
			s.uses[shapeString] = [4]use{asID, asID, asID}
			s.uses[shapeNumber] = s.uses[shapeString]
		case topics:
			s.uses[shapeString] = [4]use{asTopic, asTopic, asTopic}
		case tellsError, tellsResult:
			for shape := range s.uses {
				s.uses[shape] = [4]use{elsewhere, elsewhere, elsewhere}
			}
		}
	}
	return t
}

// shortObject appends what object says of b to dst, which has room for it, as long
// as it is short and simple. ok is false where it is left to object.
func shortObject(dst, b []byte) (_ []byte, ok bool) {
	last := len(b) - 1
	if last < shortLeast-1 || last >= shortMost || b[0] != '{' || b[last] != '}' {
		return dst, false
	}
	var m survey.Map
	_, ascii := m.Fill(b)
	q0, q1 := m.Stops[0], m.Stops[1]
	s0 := prefixes(q0)
	s1 := prefixes(q1) ^ uint64(int64(s0)>>63) // strings, each with its first quotation mark
	d0, d1 := m.Ends[0]&^(s0|q0), m.Ends[1]&^(s1|q1)
	o0, o1 := m.Opens[0]&^s0&^1, m.Opens[1]&^s1
	c0, c1 := m.Closes[0]&^s0, m.Closes[1]&^s1
	if q0&^m.Ends[0]|q1&^m.Ends[1] != 0 { // a backslash
		return dst, false
	}

	// One value may be an object or array, of which nothing within matters. Its
	// bits are those from the one that opens it to the one that closes it: their
	// difference, as a number of 128 bits.
	if last < 64 {
		c0 &^= 1 << (last & 63)
	} else {
		c1 &^= 1 << (last & 63)
	}
	in0, borrow := bits.Sub64(c0<<1, o0, 0)
	in1, borrow := bits.Sub64(c1<<1|c0>>63, o1, borrow)
	if o0&(o0-1)|o1&(o1-1)|c0&(c0-1)|c1&(c1-1) != 0 || o0 != 0 && o1 != 0 || c0 != 0 && c1 != 0 || (o0|o1 == 0) != (c0|c1 == 0) || borrow != 0 {
		return dst, false
	}
	d0, d1 = d0&^in0, d1&^in1

	// What is left of the ends are a colon and a comma of each member, and the
	// last brace. A string begins behind one of them and ends before one.
	begin0, begin1 := q0&s0&^in0|o0, q1&s1&^in1|o1
	end0, end1 := q0&^s0&^in0|c0, q1&^s1&^in1|c1
	if begin0&^(d0<<1)|begin1&^(d1<<1|d0>>63) != 0 || end0<<1&^d0|(end1<<1|end0>>63)&^d1 != 0 {
		return dst, false
	}
	d0 &^= 1

	var found [uses + 2]place // by use; 8 of them, so that an index needs no check
	var keys [shortKeys + 2]uint16
	n, base, from := 0, 0, 0
	wrong := byte(s1>>56) & 0x80 // a string without an end
	for {
		if d0 == 0 {
			d0, d1, base = d1, 0, 64
		}
		colon := base + bits.TrailingZeros64(d0)
		d0 &= d0 - 1
		if d0 == 0 {
			d0, d1, base = d1, 0, 64
		}
		to := base + bits.TrailingZeros64(d0)
		d0 &= d0 - 1
		if to > last || colon-from < 3 { // an odd number of ends, or no key
			return dst, false
		}
		start, size := from+2, colon-from-3
		shape := shapes[b[colon+1]]
		wrong |= (b[from+1] ^ '"') | (b[colon] ^ ':') | byte(shape-1)>>7
		keys[min(n, shortKeys)] = uint16(start)<<8 | uint16(size)
		n++

		i := keyIndex(b, start, size)
		k := &shortTable[i]
		isString := int(shape & 1)
		at, end := colon+1+isString, to-isString
		length := end - at
		// The length is none, at most longestCode, or more.
		lengths := (length+127)>>7 + (length+127-longestCode)>>7
		use := k.uses[shape&7][lengths&3]
		found[use&7] = max(found[use&7], placeOf(k.rank, at, end))
		if to == last {
			break
		}
		wrong |= b[to] ^ ','
		from = to
	}
	if wrong != 0 {
		return dst, false
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

// keyIndex is the place in shortTable of the key of size bytes that is b[start:],
// the last one where it has no role. A value of a byte or more is behind it.
func keyIndex(b []byte, start, size int) int {
	w, unused := wordIn(b, start), (64-8*min(size, 8))&63
	w = w<<unused>>unused | ('a' - 'A') // as in keyRole
	i := hashKey(w)
	k := &shortTable[i]
	if k.word^w|uint64(k.size)^uint64(size) != 0 {
		i = len(shortTable) - 1
	}
	if size > 8 && string(b[start+8:start+size]) != k.tail {
		i = len(shortTable) - 1
	}
	return i
}

// wordIn is what b holds from i on, little-endian, as far as 8 bytes of it, which
// has 8 or more; other bytes are 0, but 8 of them would not be.
func wordIn(b []byte, i int) uint64 {
	at := min(i, len(b)-8)
	return binary.LittleEndian.Uint64(b[at:]) >> ((i - at) * 8 & 63)
}

// tellShort writes the summary of b to out and returns its size, 0 where it is left
// to object.
func tellShort(out *[shortBytes]byte, b []byte, found *[uses + 2]place, keys *[shortKeys + 2]uint16, n int) int {
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
