package subproto

import "bytes"

// xml summarizes an XML document, such as an XMPP stanza (RFC 7395), by the
// name of its first element.
func xml(l *line, b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	for bytes.HasPrefix(b, []byte("<?")) || bytes.HasPrefix(b, []byte("<!")) {
		_, rest, ok := bytes.Cut(b, []byte(">"))
		if !ok {
			return false
		}
		b = bytes.TrimLeft(rest, " \t\r\n")
	}
	if len(b) < 3 || b[0] != '<' {
		return false
	}
	i := bytes.IndexAny(b[:min(len(b), 4*maxRunes)], " \t\r\n/>")
	if i < 2 {
		return false
	}
	l.bytes(b[:i])
	l.glue(">")
	return true
}
