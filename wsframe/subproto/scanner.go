package subproto

import (
	"bytes"
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
	if s.peek() == ',' {
		s.i++
	}
	if s.peek() != '"' {
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
		start := s.i
		for s.i < len(s.b) && !ends(s.b[s.i]) {
			s.i++
		}
		if c == '-' || c >= '0' && c <= '9' {
			return value{number, s.b[start:s.i]}
		}
		return value{literal, s.b[start:s.i]}
	}
}

// ends reports whether c ends a number or literal.
func ends(c byte) bool {
	switch c {
	case ',', ':', '}', ']', '{', '[', '"', ' ', '\t', '\r', '\n', 0x1e:
		return true
	}
	return false
}

// string returns what stands between the quotes of a string, escapes and all.
func (s *scanner) string() []byte {
	s.i++
	start := s.i
	for {
		n := bytes.IndexByte(s.b[s.i:], '"')
		if n < 0 {
			s.i = len(s.b)
			return s.b[start:]
		}
		s.i += n + 1
		// The quote is escaped by an odd number of backslashes before it.
		end := s.i - 1
		k := end
		for k > start && s.b[k-1] == '\\' {
			k--
		}
		if (end-k)%2 == 0 {
			return s.b[start:end]
		}
	}
}

// nested passes over an object or array and returns it.
func (s *scanner) nested() []byte {
	start, depth := s.i, 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			s.string()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.i++
		if depth == 0 {
			break
		}
	}
	return s.b[start:s.i]
}

// unescape resolves the escapes of a JSON string (RFC 8259, 7). What is no
// escape stays as it is.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
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
