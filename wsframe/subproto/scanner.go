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
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
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
	switch c := s.peek(); c {
	case 0, ',', ':', '}', ']':
		return value{}
	case '"':
		return value{str, s.string()}
	case '{':
		return value{objectValue, s.nested()}
	case '[':
		return value{arrayValue, s.nested()}
	default:
		i := s.i
		for i < len(s.b) && classes[s.b[i]] == inside {
			i++
		}
		raw := s.b[s.i:i]
		s.i = i
		if c == '-' || c >= '0' && c <= '9' {
			return value{number, raw}
		}
		return value{literal, raw}
	}
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

// classes are looked up, since a switch for each byte took a third of a
// summary's time.
var classes = [256]class{
	',': ends, ':': ends, ' ': ends, '\t': ends, '\r': ends, '\n': ends, 0x1e: ends,
	'"': quote, '{': opens, '[': opens, '}': closes, ']': closes,
}

// string returns what stands between the quotes of a string, escapes and all.
func (s *scanner) string() []byte {
	start := s.i + 1
	for i := start; ; i += 2 { // past a backslash and what it escapes
		i = delimiter(s.b, i)
		if i >= len(s.b) {
			s.i = len(s.b)
			return s.b[start:]
		}
		if s.b[i] == '"' {
			s.i = i + 1
			return s.b[start:i]
		}
	}
}

// delimiter is the index of the first quote or backslash of b from i on,
// len(b) or more if there is none. It looks at 8 bytes at once: most strings
// are too short for bytes.IndexByte to pay.
func delimiter(b []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		q, e := x^ones*'"', x^ones*'\\'
		// The lowest top bit stands where q or e has its first zero byte.
		if found := ((q-ones)&^q | (e-ones)&^e) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// nested passes over an object or array and returns it.
func (s *scanner) nested() []byte {
	b, start, depth := s.b, s.i, 0
	for i := start; i < len(b); i++ {
		switch c := classes[b[i]]; {
		case c < quote:
		case c == quote:
			s.i = i
			s.string()
			i = s.i - 1
		case c == opens:
			depth++
		default:
			if depth--; depth == 0 {
				s.i = i + 1
				return b[start:s.i]
			}
		}
	}
	s.i = len(b)
	return b[start:]
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
