package subproto

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// line collects a summary, and stops at maxRunes.
type line struct {
	b     []byte
	start int // where in b it begins
	n     int // its runes
	full  bool
	// easy is the number of runes up to which another easyPiece of the object that
	// is being told has room, where all of that is simple, see survey.Map.Fill.
	easy int

	ident   []byte // the id, where there is one
	named   int    // bytes of b before it
	excerpt bool   // it is the beginning of a text that has no name
	request bool   // it cannot be an answer
	reply   bool   // it can only be an answer
}

// longestID is the length of the longest id that is told: a UUID has 36.
const longestID = 40

// easyPiece is the length up to which a part of a simple object is easy.
const easyPiece = 16

// end is b, with "…" in the last place of the line where it was cut.
func (l *line) end() []byte {
	if !l.full {
		return l.b
	}
	_, n := utf8.DecodeLastRune(l.b[l.start:])
	return append(l.b[:len(l.b)-n], "…"...)
}

// add appends s as it stands.
func (l *line) add(s []byte) {
	for {
		n, most := 0, min(len(s), maxRunes-l.n)
		for n < most && s[n] < utf8.RuneSelf {
			n++
		}
		l.b = append(l.b, s[:n]...)
		l.n += n
		if s = s[n:]; len(s) == 0 || !l.room() {
			return
		}
		_, n = utf8.DecodeRune(s)
		l.b = append(l.b, s[:n]...)
		s = s[n:]
	}
}

// glue is add for words of our own, which are ASCII.
func (l *line) glue(s string) {
	if l.n+len(s) > maxRunes {
		l.add([]byte(s))
		return
	}
	l.b = append(l.b, s...)
	l.n += len(s)
}

// char is add for a character of our own, which is ASCII.
func (l *line) char(c byte) {
	if l.room() {
		l.b = append(l.b, c)
	}
}

// pair is char for two.
func (l *line) pair(first, second byte) {
	if l.n < l.easy {
		l.b = append(l.b, first, second)
		l.n += 2
		return
	}
	l.char(first)
	l.char(second)
}

// piece is add for a part of the object that b holds. An easy one is copied by
// words, some bytes too much, without regard to its length.
func (l *line) piece(b []byte, p span) {
	from, n, to := int(p.start), int(p.end-p.start), len(l.b)
	if n > easyPiece || l.n >= l.easy || to+easyPiece > cap(l.b) {
		l.add(p.of(b))
		return
	}
	dst := l.b[to : to+easyPiece]
	switch {
	case from+easyPiece <= len(b):
		src := b[from : from+easyPiece]
		first, second := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
		binary.LittleEndian.PutUint64(dst, first)
		binary.LittleEndian.PutUint64(dst[8:], second)
	case n <= 8 && n > 0:
		binary.LittleEndian.PutUint64(dst, wordAt(b, from, n))
	default:
		copy(dst, b[from:from+n])
	}
	l.b = l.b[:to+n]
	l.n += n
}

// text is quoted for a string of the object that b holds.
func (l *line) text(b []byte, p span) {
	switch {
	case p.start == p.end:
	case l.easy > 0:
		l.space()
		l.piece(b, p)
	default:
		l.quoted(p.of(b))
	}
}

// bytes appends s, behind a space where it is not the first.
func (l *line) bytes(s []byte) {
	if len(s) > 0 {
		l.space()
		l.add(s)
	}
}

// word is bytes for words of our own.
func (l *line) word(s string) {
	l.space()
	l.glue(s)
}

// quoted appends the value of a JSON string as a word; raw is what stands
// between its quotes.
func (l *line) quoted(raw []byte) {
	if len(raw) == 0 {
		return
	}
	// An escape takes 6 bytes at most, 12 for the surrogates of one character.
	raw = raw[:min(len(raw), 12*(maxRunes+1))]
	if bytes.IndexByte(raw, '\\') >= 0 {
		raw = unescape(make([]byte, 0, 12*(maxRunes+1)), raw)
	}
	l.bytes(raw)
}

// id appends "#" and the id of a message, a JSON string or number.
func (l *line) id(v value) {
	if (v.kind == str || v.kind == number) && len(v.raw) > 0 && len(v.raw) <= longestID {
		l.ident, l.named = v.raw, len(l.b)
		l.word("#")
		l.add(v.raw)
	}
}

// idOf is id for what an object holds.
func (l *line) idOf(b []byte, f found) {
	n := int(f.raw.end - f.raw.start)
	if f.kind != str && f.kind != number || n == 0 || n > longestID {
		return
	}
	l.ident, l.named = f.raw.of(b), len(l.b)
	if l.n > 0 {
		l.pair(' ', '#')
	} else {
		l.char('#')
	}
	l.piece(b, f.raw)
}

// space parts two words.
func (l *line) space() {
	if l.n > 0 {
		l.char(' ')
	}
}

// room counts one rune more, if there is room for it.
func (l *line) room() bool {
	if l.n >= maxRunes {
		l.full = true
		return false
	}
	l.n++
	return true
}
