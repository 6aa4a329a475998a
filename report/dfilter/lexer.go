package dfilter

import (
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	tokEnd    kind = iota
	tokWord        // a field name, or a literal without quotes
	tokString      // "..."
	tokRaw         // r"..."
	tokChar        // '...'
	tokPunct       // operators and brackets, and the operators that are words
)

// token is a lexical element. Text is what was written, for strings and
// characters what they stand for; the words that are operators have the text of
// their sign.
type token struct {
	kind kind
	text string
	span span
}

// is reports whether t is the operator or bracket text.
func (t token) is(text string) bool { return t.kind == tokPunct && t.text == text }

// operators are the words and signs of the language, by the sign that the
// parser knows them by.
var operators = map[string]string{
	"eq": "==", "any_eq": "==", "ne": "!=", "all_ne": "!=", "all_eq": "===", "any_ne": "!==", "~=": "!==",
	"gt": ">", "lt": "<", "ge": ">=", "le": "<=", "contains": "contains", "matches": "~", "in": "in",
	"bitwise_and": "&", "and": "&&", "or": "||", "xor": "^^", "not": "!", "any": "any", "all": "all",
}

// signs are the operators that are no words, longest first.
var signs = []string{
	"===", "!==", "==", "!=", "~=", "<=", ">=", "&&", "||", "^^", "..",
	"<", ">", "~", "&", "+", "-", "*", "/", "%", "!", "(", ")", "{", "}", "[", "]", ",", "#", "@", "$", "=",
}

// lexer cuts a filter into tokens.
type lexer struct {
	src string
	pos int
}

// next is the next token; tokEnd at the end, again and again.
func (l *lexer) next() (token, *Error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.src) {
		return token{kind: tokEnd, span: span{start, 0}}, nil
	}
	rest := l.src[start:]
	switch {
	case rest[0] == '"':
		return l.quoted(start, 1, tokString)
	case strings.HasPrefix(rest, `r"`) || strings.HasPrefix(rest, `R"`):
		return l.quoted(start, 2, tokRaw)
	case rest[0] == '\'':
		return l.quoted(start, 1, tokChar)
	}
	if n := wordLength(rest); n > 0 {
		l.pos += n
		t := token{tokWord, rest[:n], span{start, n}}
		if sign, ok := operators[t.text]; ok {
			t.kind, t.text = tokPunct, sign
		}
		return t, nil
	}
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign) {
			l.pos += len(sign)
			t := token{tokPunct, sign, span{start, len(sign)}}
			if same, ok := operators[sign]; ok {
				t.text = same
			}
			return t, nil
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return token{}, span{start, size}.fault("%q is unexpected here", rest[:size])
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == ':' || c >= utf8.RuneSelf
}

// wordLength is the length of the word that s begins with; 0 without one. A
// word holds hyphens where it is a date, bytes or the like, and a slash where
// it is a network: behind a field name both are operators.
func wordLength(s string) int {
	n := 0
	for n < len(s) {
		c := s[n]
		switch {
		case strings.HasPrefix(s[n:], ".."):
			return n
		case isWordByte(c):
		case c == '-' && n > 0 && n+1 < len(s) && isWordByte(s[n+1]) && s[n+1] != '.' && !isField(s[:n]):
		case c == '/' && n > 1 && n+1 < len(s) && s[n+1] >= '0' && s[n+1] <= '9' && strings.ContainsAny(s[:n], ".:") && !isField(s[:n]):
		default:
			return n
		}
		n++
	}
	return n
}

// quoted is a string or character whose text begins skip bytes behind start.
func (l *lexer) quoted(start, skip int, k kind) (token, *Error) {
	quote := l.src[start+skip-1]
	var b []byte
	for i := start + skip; i < len(l.src); {
		c := l.src[i]
		switch {
		case c == quote:
			l.pos = i + 1
			t := token{k, string(b), span{start, l.pos - start}}
			if k == tokChar && len(b) != 1 {
				return token{}, t.span.fault("a character constant is one byte, as in 'a' or '\\x0a': use double quotes for strings")
			}
			return t, nil
		case c != '\\' || i+1 == len(l.src):
			b = append(b, c)
			i++
		case k == tokRaw:
			b = append(b, c, l.src[i+1])
			i += 2
		default:
			var n int
			b, n = appendEscaped(b, l.src[i:])
			if n == 0 {
				return token{}, span{i, 2}.fault("no such escape sequence: write a backslash twice, or use a raw string, r\"...\"")
			}
			i += n
		}
	}
	l.pos = len(l.src)
	return token{}, span{start, len(l.src) - start}.fault("the closing quote is missing")
}

// appendEscaped appends what the escape sequence at the beginning of s stands
// for, and tells its length; 0 where it is none.
func appendEscaped(b []byte, s string) ([]byte, int) {
	const simple = `'"\abfnrtv`
	if i := strings.IndexByte(simple, s[1]); i >= 0 {
		return append(b, "'\"\\\a\b\f\n\r\t\v"[i]), 2
	}
	digits := func(from, limit, base int) (v, n int) {
		for n < limit && from+n < len(s) {
			d := strings.IndexByte("0123456789abcdef", s[from+n]|0x20)
			if s[from+n] <= '9' {
				d = int(s[from+n]) - '0'
			}
			if d < 0 || d >= base {
				break
			}
			v, n = v*base+d, n+1
		}
		return v, n
	}
	switch c := s[1]; {
	case c >= '0' && c <= '7':
		if v, n := digits(1, 3, 8); v < 256 {
			return append(b, byte(v)), 1 + n
		}
	case c == 'x':
		if v, n := digits(2, 2, 16); n > 0 {
			return append(b, byte(v)), 2 + n
		}
	case c == 'u' || c == 'U':
		size := 4
		if c == 'U' {
			size = 8
		}
		if v, n := digits(2, size, 16); n == size && v <= utf8.MaxRune && utf8.ValidRune(rune(v)) {
			return utf8.AppendRune(b, rune(v)), 2 + n
		}
	}
	return b, 0
}
