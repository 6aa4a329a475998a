package subproto

import (
	"unicode/utf8"

	"wstap/wsframe/survey"
)

// Most messages are objects of a few short members without blanks between them.
// What object does a token at a time, with a branch for each that depends on what
// peers send, is done here by an outline of all of them, then in a round for each
// member with one such branch, on whether its key may have a role. That comes
// early, and the processor predicts what follows from it.

// Bounds of short objects.
const (
	shortKeys = 6 // keys that are told
	// shortText is how long a summary may get before what stands behind its last
	// key, and shortBytes what may be written to: an easyPiece behind each of
	// shortMask + 1 places, a power of two, so that an index needs no check.
	shortText  = maxRunes - len(", …}")
	shortMask  = survey.OutlineMost - 1
	shortBytes = survey.OutlineMost + easyPiece
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

// AppendShort does what AppendSummary does, of any subprotocol, for a text that is
// a short and simple object, as most are. ok is false, and nothing is appended, for
// any other, and where dst has little room left. It may write to all of dst's capacity.
// It takes 40 ns for 60 bytes.
func AppendShort(dst, b []byte) (_ []byte, ok bool) {
	if cap(dst)-len(dst) < shortBytes {
		return dst, false
	}
	var o survey.Outline
	marks, ascii := o.Fill(b)
	if marks < 3 || marks&1 == 0 {
		return dst, false
	}
	o.Text[0] = ',' // as before each other member
	var found shortFound
	from, wrong, seen := 0, uint16(0), shape(0)
	for i := 1; i < marks; i += 2 {
		colon, to := o.Mark(i), o.Mark(i+1)
		start, size := from+2, colon-from-3
		shape := shapes[o.Text[colon+1]]
		wrong |= uint16(o.Word(from)) ^ (',' | '"'<<8) | uint16(o.Text[colon]^':')
		seen |= shape
		if mayHaveRole(uint8(o.Word(start)), size) {
			w := o.Word(start)&wordMasks[size&15] | ('a' - 'A') // as in keyRole
			k := hashKey(w)
			if shortTable[k].word^w|uint64(size^int(shortTable[k].size))|(shortTable[k].rest^o.Word(start+8))&shortTable[k].mask == 0 {
				at, end := colon+1+int(shape&1), to-int(shape&1)
				use := shortTable[k].uses[useOf(shape, end-at)&31] & 7
				found[use] = max(found[use], shortTable[k].best-place(at)<<8+place(end))
			}
		}
		from = to
	}
	if wrong != 0 || seen >= shapeless {
		return dst, false
	}
	if seen&shapeNested != 0 {
		found[elsewhere] = 1
	}
	room := (*[shortBytes]byte)(dst[len(dst) : len(dst)+shortBytes])
	size := tellShort(room, &o, &found, marks)
	for i := 0; i < size && !ascii; i++ {
		if room[i] >= utf8.RuneSelf {
			return dst, false // its characters are to be counted
		}
	}
	return dst[:len(dst)+size], size > 0
}

// tellShort writes the summary of what o outlines to out and returns its size, 0
// where it is left to object.
func tellShort(out *[shortBytes]byte, o *survey.Outline, found *shortFound, marks int) int {
	at := 0
	message, name, topic, id := found[asMessage], found[asName], found[asTopic], found[asID]
	switch {
	case message|name != 0:
		if message == 0 || name != 0 && name.rank() <= lastBeside {
			at = addShort(out, at, o, name.start(), name.size())
			if message != 0 {
				at = addShort(out, charShort(out, at, ' '), o, message.start(), message.size())
			}
		} else {
			at = addShort(out, at, o, message.start(), message.size())
		}
		if topic.size() > 0 {
			at = addShort(out, charShort(out, at, ' '), o, topic.start(), topic.size())
		}
	case found[elsewhere] != 0:
		return 0
	default:
		out[0] = '{'
		at = 1
		for i := 0; i < min(marks-2, 2*shortKeys); i += 2 {
			from, colon := o.Mark(i), o.Mark(i+1)
			at = addShort(out, at, o, from+2, colon-from-3)
			out[at&shortMask], out[at&shortMask+1] = ',', ' '
			at += 2
		}
		if marks > 2*shortKeys+1 {
			at += copy(out[min(at, maxRunes):], "…, ")
		}
		at = charShort(out, at-2, '}')
	}
	if size := id.size(); size > 0 && size <= longestID {
		at = charShort(out, charShort(out, at, ' '), '#')
		at = addShort(out, at, o, id.start(), size)
	}
	if at > maxRunes {
		return 0
	}
	return at
}

// charShort adds a character.
func charShort(out *[shortBytes]byte, at int, c byte) int {
	out[at&shortMask] = c
	return at + 1
}

// addShort copies size bytes of what o outlines to out[at:], or all of an easyPiece,
// some bytes too much. It returns where they end, more than maxRunes where there is
// no room.
func addShort(out *[shortBytes]byte, at int, o *survey.Outline, from, size int) int {
	if at+size > shortText {
		return shortText + maxRunes // whatever follows, there is no room either
	}
	if size > easyPiece {
		return at + copy(out[at:], o.Text[from:from+size])
	}
	*(*[easyPiece]byte)(out[at&shortMask:]) = *(*[easyPiece]byte)(o.Text[from&shortMask:])
	return at + size
}
