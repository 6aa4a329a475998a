package subproto

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks through JSON (RFC 8259) without building it. It is lenient:
// where the text ends early, or is none, it returns what is there.
type scanner struct {
	b []byte
	i int
}

// value is a JSON value. raw is what stands between the quotes of a string, the
// text of a number or literal, all of an object or array.
type value struct {
	kind valueKind
	raw  []byte
}

// valueKind is the type of a value.
type valueKind uint8

const (
	none valueKind = iota
	str
	number
	literal // true, false, null, or no JSON at all
	objectValue
	arrayValue
)

// isKeyword reports whether a literal is one of JSON's three.
func (v value) isKeyword() bool {
	return string(v.raw) == "true" || string(v.raw) == "false" || string(v.raw) == "null"
}

// peek passes over whitespace and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	s.i = skipBlank(s.b, s.i)
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// member returns the next key of an object and its value. The scanner stands
// behind the '{' or a value. ok is false at the end.
func (s *scanner) member() (key []byte, v value, ok bool) {
	c := s.peek()
	if c == ',' {
		s.i++
		c = s.peek()
	}
	if c != '"' {
		return nil, value{}, false
	}
	key = s.string()
	if s.peek() != ':' {
		return nil, value{}, false
	}
	s.i++
	return key, s.value(), true
}

// element returns the next element of an array. The scanner stands behind the
// '[' or an element. ok is false at the end.
func (s *scanner) element() (v value, ok bool) {
	if s.peek() == ',' {
		s.i++
	}
	if c := s.peek(); c == ']' || c == 0 {
		return value{}, false
	}
	v = s.value()
	return v, v.kind != none
}

// value returns the next value; its kind is none at the end.
func (s *scanner) value() value {
	kind, start, end, next := scanValue(s.b, s.i)
	s.i = next
	if kind == none {
		return value{}
	}
	return value{kind, s.b[start:end]}
}

// string returns what stands between the quotes of a string, escapes and all.
func (s *scanner) string() []byte {
	start := s.i + 1
	end, next := stringEnd(s.b, start)
	s.i = next
	return s.b[start:end]
}

// byteAt is b[i], 0 behind the end.
func byteAt(b []byte, i int) byte {
	if uint(i) < uint(len(b)) {
		return b[i]
	}
	return 0
}

// skipBlank is the index of the first byte of b from i on that is no
// whitespace.
func skipBlank(b []byte, i int) int {
	if i < len(b) && b[i] > ' ' {
		return i
	}
	return skipSpaces(b, i)
}

func skipSpaces(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// scanValue reads the value behind whitespace at i: what value.raw of its kind
// holds is b[start:end], and next is behind it. Its kind is none at the end.
func scanValue(b []byte, i int) (kind valueKind, start, end, next int) {
	i = skipBlank(b, i)
	if i >= len(b) || b[i] == 0 {
		return none, i, i, i
	}
	start = i
	switch c := b[i]; classes[c] {
	case quote:
		end, next = stringEnd(b, i+1)
		return str, i + 1, end, next
	case opens:
		kind = nestedKind(c)
		next = nestedEnd(b, i)
	case inside:
		kind = scalarKind(c)
		for next = i + 1; next < len(b) && classes[b[next]] == inside; {
			next++
		}
	default:
		if c != 0x1e {
			return none, i, i, i
		}
		return literal, i, i, i
	}
	return kind, start, next, next
}

// nestedKind is the kind of the value that begins with c, a bracket.
func nestedKind(c byte) valueKind {
	if c == '[' {
		return arrayValue
	}
	return objectValue
}

// scalarKind is the kind of the value that begins with c, of class inside.
func scalarKind(c byte) valueKind {
	if c == '-' || c >= '0' && c <= '9' {
		return number
	}
	return literal
}

// class is what a byte outside of strings means to a scanner.
type class uint8

const (
	inside class = iota // of a number or literal
	ends                // one, without a meaning beyond that
	quote
	opens
	closes
)

// classes are looked up for each byte outside of strings.
var classes = [256]class{
	',': ends, ':': ends, ' ': ends, '\t': ends, '\r': ends, '\n': ends, 0x1e: ends,
	'"': quote, '{': opens, '[': opens, '}': closes, ']': closes,
}

// stringEnd finds the end of the string whose first character is at i: the
// index of its quote, and that behind. Both are len(b) where there is no end.
// It looks at 8 bytes at once: most strings are too short for bytes.IndexByte
// to pay.
func stringEnd(b []byte, i int) (end, next int) {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		q, e := x^ones*'"', x^ones*'\\'
		// The lowest top bit stands where q or e has its first zero byte.
		stop := ((q-ones)&^q | (e-ones)&^e) & highs
		if stop == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(stop) >> 3
		if b[i] == '"' {
			return i, i + 1
		}
		i += 2 // past a backslash and what it escapes
	}
	for ; i < len(b); i++ {
		if b[i] == '"' {
			return i, i + 1
		}
		if b[i] == '\\' {
			i++
		}
	}
	return len(b), len(b)
}

// nestedEnd is the index behind the object or array that begins at i.
func nestedEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch classes[b[i]] {
		case quote:
			_, i = stringEnd(b, i+1)
			continue
		case opens:
			depth++
		case closes:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// unescape appends raw to out, the escapes of a JSON string (RFC 8259, 7)
// resolved. What is no escape stays as it is.
func unescape(out, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, n := unicodeEscape(raw[i-1:])
			if n == 0 {
				out = append(out, '\\', c)
				continue
			}
			out = utf8.AppendRune(out, r)
			i += n - 2
		default:
			out = append(out, '\\', c)
		}
	}
	return out
}

// unicodeEscape reads the \uXXXX, or the surrogate pair of two, that s begins
// with, and returns its length, 0 if it is none.
func unicodeEscape(s []byte) (r rune, n int) {
	unit := func(s []byte) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		u, err := strconv.ParseUint(string(s[2:6]), 16, 16)
		return rune(u), err == nil
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unit(s[6:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return utf16.DecodeRune(r, low), 12
		}
	}
	return r, 6
}
