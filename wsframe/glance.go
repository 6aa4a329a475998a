package wsframe

import "strings"

// glance is what is noted of a head's field lines while they are collected: the
// few that tell where the message ends, and whether more has to be known. Of most
// messages nothing else is wanted, and no Head is made of them.
type glance struct {
	// rare: a field asks for another protocol, is folded, or delimits the body in a
	// way that is not the usual one, so that the fields have to be parsed.
	rare    bool
	chunked bool  // Transfer-Encoding is chunked
	sized   bool  // by Content-Length
	length  int64 // which is this
}

// note takes a field line, which is not empty.
func (g *glance) note(line []byte) {
	switch line[0] {
	case ' ', '\t':
		g.rare = true
	case 'U', 'u':
		_, named := valueOf(line, "Upgrade")
		g.rare = g.rare || named
	case 'S', 's':
		_, named := valueOf(line, "Sec-WebSocket-Key")
		g.rare = g.rare || named
	case 'T', 't':
		if value, named := valueOf(line, "Transfer-Encoding"); named {
			g.rare = g.rare || g.chunked || g.sized || !strings.EqualFold(string(value), "chunked")
			g.chunked = true
		}
	case 'C', 'c':
		if value, named := valueOf(line, "Content-Length"); named {
			n, ok := decimal(value)
			g.rare = g.rare || g.chunked || g.sized || !ok
			g.sized, g.length = true, n
		}
	}
}

// body is the body that follows a message with such fields, otherwise being how it
// is framed without them (RFC 9112, 6.3 rules 4 and 6 to 8).
func (g *glance) body(otherwise framing) bodyReader {
	switch {
	case g.chunked:
		return bodyReader{framing: chunked}
	case g.sized && g.length == 0:
		return bodyReader{}
	case g.sized:
		return bodyReader{framing: knownLength, left: g.length}
	}
	return bodyReader{framing: otherwise}
}

// valueOf returns the value of a field line where name is its name, in any case:
// nearly always in the one given. Whitespace before the colon becomes part of the value, for
// the caller to wonder about.
func valueOf(line []byte, name string) (value []byte, named bool) {
	n := len(name)
	if len(line) <= n || line[n] != ':' && !isOWS(line[n]) ||
		string(line[:n]) != name && !strings.EqualFold(string(line[:n]), name) {
		return nil, false
	}
	if line[n] == ':' {
		n++
	}
	for value = line[n:]; len(value) > 0 && isOWS(value[0]); {
		value = value[1:]
	}
	for len(value) > 0 && isOWS(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return value, true
}

// decimal reads a Content-Length of 18 digits at most (RFC 9110, 8.6).
func decimal(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}
