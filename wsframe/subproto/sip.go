package subproto

import "bytes"

// sip summarizes a SIP message (RFC 3261, 7; over WebSocket RFC 7118): method
// and target of a request; status, phrase and method of a response.
func sip(l *line, b []byte, subprotocol string) bool {
	if isProtocol(subprotocol, "sip") && len(bytes.Trim(b, "\r\n")) == 0 {
		l.word("sip keep-alive") // RFC 5626, 4.4.1
		return true
	}
	start, rest, _ := bytes.Cut(b, []byte("\n"))
	start = bytes.TrimRight(start, "\r ")
	if request, ok := bytes.CutSuffix(start, []byte(" SIP/2.0")); ok {
		l.bytes(request)
		return true
	}
	status, ok := bytes.CutPrefix(start, []byte("SIP/2.0 "))
	if !ok {
		return false
	}
	l.bytes(status)
	for len(rest) > 0 {
		var header []byte
		header, rest, _ = bytes.Cut(rest, []byte("\n"))
		name, v, _ := bytes.Cut(header, []byte(":"))
		if bytes.EqualFold(bytes.TrimSpace(name), []byte("CSeq")) {
			if f := bytes.Fields(v); len(f) == 2 { // RFC 3261, 20.16: number, method
				l.word("(")
				l.add(f[1])
				l.glue(")")
			}
			break
		}
	}
	return true
}
