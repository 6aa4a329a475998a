package redact

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
)

// Text takes the secrets out of a text message: the values of JSON keys at any
// depth, also of JSON inside a JSON string and of JSON that was cut; header
// lines, as in SIP and STOMP; parameters, as in forms and URLs. It returns b
// itself where there are none; n counts what was taken out.
func Text(b []byte) (out []byte, n int) {
	var e edits
	e.keys(b)
	e.lines(b)
	e.parameters(b)
	e.tokens(b)
	return e.apply(b)
}

// edit replaces b[from:to] by quote, Mark, quote.
type edit struct {
	from, to int
	quote    string
}

type edits []edit

// add notes what is to be taken out. What is empty, or was taken out before,
// is no secret.
func (e *edits) add(b []byte, from, to int, quote string) {
	if from < to && string(b[from:to]) != Mark {
		*e = append(*e, edit{from, to, quote})
	}
}

// apply makes the text anew. Of edits that overlap, the one that begins first
// holds.
func (e edits) apply(b []byte) (out []byte, n int) {
	if len(e) == 0 {
		return b, 0
	}
	slices.SortFunc(e, func(x, y edit) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(y.to, x.to)) })
	at := 0
	for _, x := range e {
		if x.from < at {
			// Only the beginning of x is covered: the rest goes too.
			at = max(at, x.to)
			continue
		}
		out = append(out, b[at:x.from]...)
		out = append(append(append(out, x.quote...), Mark...), x.quote...)
		at = x.to
		n++
	}
	return append(out, b[at:]...), n
}

// lines finds header lines "Name: value". A line also begins behind the two
// characters \n of a JSON string.
func (e *edits) lines(b []byte) {
	for at, escaped := 0, false; at < len(b); {
		name := at
		for at < len(b) && isNameByte(b[at]) {
			at++
		}
		if at > name && at < len(b) && b[at] == ':' && Secret(string(b[name:at])) {
			from := at + 1
			for from < len(b) && (b[from] == ' ' || b[from] == '\t') {
				from++
			}
			at = from
			for at < len(b) && !endsLine(b[at:], escaped) {
				if escaped && b[at] == '\\' {
					at++ // and what it escapes
				}
				at++
			}
			at = min(at, len(b))
			e.add(b, from, at, "")
		}
		at, escaped = nextLine(b, at)
	}
}

func endsLine(b []byte, escaped bool) bool {
	if !escaped {
		return b[0] == '\r' || b[0] == '\n'
	}
	return b[0] == '"' || b[0] == '\n' || len(b) > 1 && b[0] == '\\' && (b[1] == 'r' || b[1] == 'n')
}

// nextLine is where the next line after at begins.
func nextLine(b []byte, at int) (next int, escaped bool) {
	for ; at < len(b); at++ {
		if b[at] == '\n' {
			return at + 1, false
		}
		if b[at] == '\\' && at+1 < len(b) && b[at+1] == 'n' {
			return at + 2, true
		}
	}
	return len(b), false
}

// parameters finds name=value.
func (e *edits) parameters(b []byte) {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '=')
		if i < 0 {
			return
		}
		eq := at + i
		at = eq + 1
		name := eq
		for name > 0 && eq-name < maxName && (isNameByte(b[name-1]) || b[name-1] == '%') {
			name--
		}
		if !Secret(unescaped(string(b[name:eq]))) {
			continue
		}
		for at < len(b) && !endsParameter(b[at]) {
			at++
		}
		e.add(b, eq+1, at, "")
	}
}

func endsParameter(c byte) bool {
	switch c {
	case '&', ';', ',', '#', '"', '\'', '\\', '<', '>', ' ', '\t', '\r', '\n', '}', ')':
		return true
	}
	return false
}

// tokens finds what looks like a JSON Web Token (RFC 7519, 3: three base64url
// parts, of which the first begins an object) or stands behind "Bearer"
// (RFC 6750, 2.1).
func (e *edits) tokens(b []byte) {
	for at := 0; at < len(b); {
		end := at
		for end < len(b) && isNameByte(b[end]) {
			end++
		}
		switch {
		case isJWT(b[at:end]):
			e.add(b, at, end, "")
		case bytes.EqualFold(b[at:end], []byte("bearer")) && end+1 < len(b) && b[end] == ' ':
			from := end + 1
			for end = from; end < len(b) && isTokenByte(b[end]); end++ {
			}
			if end-from >= 8 { // shorter is a word
				e.add(b, from, end, "")
			}
		}
		at = end + 1
	}
}

// isJWT reports whether b is a JSON Web Token.
func isJWT(b []byte) bool {
	return len(b) >= 24 && bytes.HasPrefix(b, []byte("eyJ")) && bytes.Count(b, []byte(".")) >= 2
}

// isTokenByte knows the characters of token68 (RFC 9110, 11.2).
func isTokenByte(c byte) bool {
	return isNameByte(c) || c == '~' || c == '+' || c == '/' || c == '='
}

// isNameByte knows the characters of names, and of a JSON Web Token.
func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= utf8.RuneSelf
}
