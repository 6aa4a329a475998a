package subproto

// use is what the value of a short member serves for.
type use uint8

const (
	useless use = iota
	asMessage
	asName
	asID
	asTopic
	elsewhere // it may need the general way, where there is no name
)

// shape is what a value begins with. Two bits are its place in a shortKey.
type shape uint8

const (
	shapeLiteral shape = 0 // or an array, which tells as little
	shapeString  shape = 3 // the only odd one
	shapeNumber  shape = 4
	shapeObject  shape = 6 | shapeNested
	shapeNested  shape = 8
	shapeless    shape = 0x80 // no value
)

// shapes are looked up by the first byte.
var shapes = shapeTable()

func shapeTable() (t [256]shape) {
	for c := range t {
		switch {
		case classes[c] == quote:
			t[c] = shapeString
		case c == '{':
			t[c] = shapeObject
		case c == '[':
			t[c] = shapeLiteral
		case classes[c] != inside || c == 0:
			t[c] = shapeless
		case scalarKind(byte(c)) == number:
			t[c] = shapeNumber
		}
	}
	return t
}

// shortKey is a key of keyTable and what its value serves for, by its shape and by
// its size, up to longestCode + 1.
type shortKey struct {
	word uint64 // as in keySlot
	rest uint64 // what is behind that, in the bytes that are set in mask
	mask uint64
	best place // placeOf its rank
	size uint8
	uses [4 * 8]use
}

// useOf is the place in uses of a value.
func useOf(s shape, size int) uint { return uint(s&6)*4 | uint(min(size, longestCode+1))&7 }

// shortTable is keyTable for short objects: what its value serves for is looked up
// there, since branches on the type and size of a value are often mispredicted.
var shortTable = shortKeyTable()

func shortKeyTable() (t [1 << keyTableBits]shortKey) {
	for i := range t {
		s, k := &t[i], keyTable[i]
		if k.role == noRole {
			continue
		}
		s.word, s.size, s.best = k.word, uint8(len(k.name)), placeOf(k.rank)
		tail := k.name[min(8, len(k.name)):]
		s.rest, s.mask = wordAt([]byte(tail), 0, len(tail)), wordMasks[len(tail)]
		for size := range 8 {
			for _, shape := range []shape{shapeLiteral, shapeString, shapeNumber, shapeObject} {
				s.uses[useOf(shape, size)] = shortUse(k.role, k.rank, shape, size)
			}
		}
	}
	return t
}

// shortUse is what take does with a value of size bytes, or more than longestCode.
func shortUse(r role, k rank, s shape, size int) use {
	switch {
	case r == tellsError || r == tellsResult:
		return elsewhere
	case r == names && s == shapeNumber && size <= longestCode:
		return elsewhere
	case r == names && s == shapeString && size > 0 && k == rankMessage:
		return asMessage
	case r == names && s == shapeString && size > 0:
		return asName
	case r == identifies && (s == shapeString || s == shapeNumber):
		return asID
	case r == topics && s == shapeString:
		return asTopic
	}
	return useless
}

// wordMasks have the bytes of a word set that a key of so many is of.
var wordMasks = wordMaskTable()

func wordMaskTable() (t [16]uint64) {
	for n := range t {
		t[n] = 1<<(8*n) - 1
	}
	return t
}
