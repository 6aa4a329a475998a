package subproto

// sockJS summarizes a frame of the SockJS protocol: o, h, a[...], c[code,text].
func sockJS(l *line, b []byte) bool {
	switch {
	case string(b) == "o":
		l.word("sockjs open")
	case string(b) == "h":
		l.word("sockjs heartbeat")
	case len(b) > 2 && b[0] == 'a' && b[1] == '[' && b[2] == '"':
		array(l, b[1:], "")
	case len(b) > 2 && b[0] == 'c' && b[1] == '[':
		s := scanner{b: b[1:], i: 1}
		code, _ := s.element()
		reason, _ := s.element()
		if code.kind != number {
			return false
		}
		l.word("sockjs close")
		l.bytes(code.raw)
		l.quoted(reason.raw)
	default:
		return false
	}
	return true
}
