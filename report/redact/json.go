package redact

import "bytes"

// keys finds the values of JSON keys. It does not parse the text from its
// beginning, which may not be JSON or not be there: it looks at each colon for
// a quoted name before it. In JSON inside a JSON string, quotes have one
// backslash before them, one level deeper three, then seven; the quotes of a
// key and of its value have the same number.
func (e *edits) keys(b []byte) {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], ':')
		if i < 0 {
			return
		}
		colon := at + i
		at = colon + 1
		name, slashes, ok := keyBefore(b, colon)
		if !ok || !Secret(name) {
			continue
		}
		for at < len(b) && isSpace(b[at]) {
			at++
		}
		at = e.value(b, at, slashes)
	}
}

// keyBefore is the key whose colon stands at b[colon].
func keyBefore(b []byte, colon int) (name string, slashes int, ok bool) {
	end := colon
	for end > 0 && colon-end < 8 && isSpace(b[end-1]) {
		end--
	}
	if end == 0 || b[end-1] != '"' {
		return "", 0, false
	}
	end--
	slashes = slashesBefore(b, end)
	end -= slashes
	from := end
	for from > 0 && end-from < maxName && b[from-1] != '"' {
		from--
	}
	return string(b[from:end]), slashes, from > 0
}

// slashesBefore counts the backslashes before b[at], up to 64.
func slashesBefore(b []byte, at int) int {
	n := 0
	for n < 64 && at-n > 0 && b[at-n-1] == '\\' {
		n++
	}
	return n
}

// value takes the value at b[at:] out and returns where it ends.
func (e *edits) value(b []byte, at, slashes int) int {
	quote := string(append(bytes.Repeat([]byte{'\\'}, slashes), '"'))
	switch {
	case at == len(b):
		return at
	case bytes.HasPrefix(b[at:], []byte(quote)):
		from := at + len(quote)
		end := endOfString(b, from, slashes)
		e.add(b, from, end, "")
		return end
	case b[at] == '{' || b[at] == '[':
		end := endOfBrackets(b, at, slashes)
		e.add(b, at, end, quote)
		return end
	case b[at] == '-' || b[at] >= '0' && b[at] <= '9':
		end := at
		for end < len(b) && (isNameByte(b[end]) || b[end] == '+') {
			end++
		}
		e.add(b, at, end, quote)
		return end
	}
	return at // true, false and null tell nothing
}

// endOfString is where the string that begins at from ends, without the
// backslashes that belong to its closing quote.
func endOfString(b []byte, from, slashes int) int {
	for at := from; at < len(b); at++ {
		if b[at] != '"' {
			continue
		}
		n := slashesBefore(b[from:], at-from)
		// Two for each backslash of this level may precede the closing quote;
		// with fewer than its own, an outer string ends.
		if n < slashes || n%(2*(slashes+1)) == slashes {
			return at - min(n, slashes)
		}
	}
	return len(b)
}

// endOfBrackets is behind the bracket that closes the one at b[at].
func endOfBrackets(b []byte, at, slashes int) int {
	for depth := 0; at < len(b); at++ {
		switch b[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		case '"':
			at = endOfString(b, at+1, slashes) + slashes
		}
	}
	return len(b)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
