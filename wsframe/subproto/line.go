package subproto

import (
	"bytes"
	"unicode/utf8"
)

// line collects a summary, and stops at maxRunes.
type line struct {
	b     []byte
	start int // where in b it begins
	n     int // its runes
	full  bool

	ident   []byte // the id, where there is one
	named   int    // bytes of b before it
	excerpt bool   // it is the beginning of a text that has no name
	request bool   // it cannot be an answer
	reply   bool   // it can only be an answer
}

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
	const longest = 40 // a UUID has 36
	if (v.kind == str || v.kind == number) && len(v.raw) > 0 && len(v.raw) <= longest {
		l.ident, l.named = v.raw, len(l.b)
		l.word("#")
		l.add(v.raw)
	}
}

// space parts two words.
func (l *line) space() {
	if l.n > 0 {
		l.glue(" ")
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
