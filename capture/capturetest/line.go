package capturetest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// token is one word of a scenario line.
type token struct {
	quoted bool   // "text", repeated already
	key    string // of key=value
	text   string // the word, the text, or the value
}

func (k token) String() string {
	switch {
	case k.quoted:
		return strconv.Quote(k.text)
	case k.key != "":
		return k.key + "=" + k.text
	}
	return k.text
}

// maxText bounds a repeated string.
const maxText = 16 << 20

// tokenize splits a line; a # at its begin or behind a space begins a comment.
func tokenize(s string) ([]token, error) {
	var out []token
	for {
		s = strings.TrimLeft(s, " \t\r")
		if s == "" || s[0] == '#' {
			return out, nil
		}
		var k token
		word := s
		if i := strings.IndexAny(s, " \t\r"); i >= 0 {
			word = s[:i]
		}
		quote := strings.IndexByte(word, '"')
		eq := strings.IndexByte(word, '=')
		if quote < 0 {
			if eq > 0 && isKey(word[:eq]) {
				k.key, k.text = word[:eq], word[eq+1:]
			} else {
				k.text = word
			}
			out, s = append(out, k), s[len(word):]
			continue
		}
		if quote > 0 && (quote != eq+1 || !isKey(word[:eq])) {
			return nil, fmt.Errorf("quote inside the word %s: put a space before it", word)
		}
		if quote > 0 {
			k.key = word[:eq]
			s = s[quote:]
		} else {
			k.quoted = true
		}
		text, rest, err := quotedText(s)
		if err != nil {
			return nil, err
		}
		k.text = text
		out, s = append(out, k), rest
	}
}

// isKey tells key=value from words such as /chat?room=1.
func isKey(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == "" }

// quotedText reads a Go string literal with an optional *N behind it.
func quotedText(s string) (text, rest string, err error) {
	q, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", "", fmt.Errorf("bad or unended string: %.20s", s)
	}
	if text, err = strconv.Unquote(q); err != nil {
		return "", "", fmt.Errorf("bad string %s", q)
	}
	s = s[len(q):]
	if strings.HasPrefix(s, "*") {
		word := s[1:]
		if i := strings.IndexAny(word, " \t\r"); i >= 0 {
			word = word[:i]
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n*len(text) > maxText || n > maxText {
			return "", "", fmt.Errorf("bad repetition *%s", word)
		}
		text, s = strings.Repeat(text, n), s[1+len(word):]
	}
	if s != "" && !strings.ContainsRune(" \t\r", rune(s[0])) {
		return "", "", fmt.Errorf("space missing behind the string %s", q)
	}
	return text, s, nil
}

// line is a cursor over a line's tokens.
type line struct {
	toks []token
	at   int
}

func (l *line) more() bool { return l.at < len(l.toks) }

// peek is the next token; an empty one at the end.
func (l *line) peek() token {
	if l.more() {
		return l.toks[l.at]
	}
	return token{}
}

func (l *line) next() token {
	k := l.peek()
	l.at++
	return k
}

// word takes the next token if it is the bare word w.
func (l *line) word(w string) bool {
	if k := l.peek(); !l.more() || k.quoted || k.key != "" || k.text != w {
		return false
	}
	l.at++
	return true
}

// bare takes the next token if it is a bare word; what says what is wanted.
func (l *line) bare(what string) (string, error) {
	k := l.next()
	if k.quoted || k.key != "" || k.text == "" {
		return "", fmt.Errorf("%s expected, found %s", what, found(k))
	}
	return k.text, nil
}

func found(k token) string {
	if k == (token{}) {
		return "the end of the line"
	}
	return k.String()
}

// number parses a decimal, 0x hexadecimal or 2^N number.
func number(s string) (uint64, error) {
	if p, ok := strings.CutPrefix(s, "2^"); ok {
		n, err := strconv.ParseUint(p, 10, 6)
		if err != nil {
			return 0, fmt.Errorf("bad number %s", s)
		}
		return 1 << n, nil
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("bad number %q", s)
	}
	return n, nil
}

// small parses a number from 0 to limit.
func small(s string, limit uint64) (int, error) {
	n, err := number(s)
	if err != nil {
		return 0, err
	}
	if n > limit {
		return 0, fmt.Errorf("number %s is over %d", s, limit)
	}
	return int(n), nil
}

// numbers parses "1,7".
func numbers(s string, limit uint64) ([]int, error) {
	var out []int
	for p := range strings.SplitSeq(s, ",") {
		n, err := small(p, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// relative parses a sequence number: +N and -N deviate, N is absolute.
func relative(s string) (Number, error) {
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		n, err := strconv.ParseInt(s, 10, 33)
		if err != nil {
			return Number{}, fmt.Errorf("bad distance %s", s)
		}
		return By(n), nil
	}
	n, err := number(s)
	if err != nil || n > 1<<32-1 {
		return Number{}, fmt.Errorf("bad sequence number %q", s)
	}
	return At(uint32(n)), nil
}

// duration parses "20ms", up to a day.
func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("bad duration %q: write 20ms, 5s", s)
	}
	return d, nil
}

// hexBytes takes words of pairs of hex digits.
func (l *line) hexBytes() []byte {
	var out []byte
	for l.more() {
		k := l.peek()
		if k.quoted || k.key != "" || len(k.text)%2 != 0 || strings.Trim(k.text, "0123456789abcdefABCDEF") != "" {
			break
		}
		for i := 0; i < len(k.text); i += 2 {
			b, _ := strconv.ParseUint(k.text[i:i+2], 16, 8)
			out = append(out, byte(b))
		}
		l.at++
	}
	return out
}

// payload takes strings, `hex 0a 0b` and `bytes N` (pseudo-random and not
// compressible), as many as there are; ok is false where there is none.
func (l *line) payload() (out []byte, ok bool, err error) {
	for {
		switch {
		case l.peek().quoted:
			out = append(out, l.next().text...)
		case l.word("hex"):
			b := l.hexBytes()
			if b == nil {
				return nil, false, fmt.Errorf("pairs of hex digits expected, found %s", found(l.peek()))
			}
			out = append(out, b...)
		case l.word("bytes"):
			n, err := small(l.next().text, maxText)
			if err != nil {
				return nil, false, err
			}
			out = append(out, noise(uint64(n), n)...)
		default:
			return out, ok, nil
		}
		if ok = true; len(out) > maxText {
			return nil, false, fmt.Errorf("payload over %d MiB", maxText>>20)
		}
	}
}

// noise is n bytes that look random and depend on seed alone.
func noise(seed uint64, n int) []byte {
	var b bytes.Buffer
	for b.Len() < n {
		seed = seed*6364136223846793005 + 1442695040888963407
		x := seed ^ seed>>29
		b.Write([]byte{byte(x >> 40), byte(x >> 32), byte(x >> 24), byte(x >> 16)})
	}
	return b.Bytes()[:n]
}
