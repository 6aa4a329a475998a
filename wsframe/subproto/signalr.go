package subproto

// recordSeparator ends each message of an ASP.NET Core SignalR text frame.
const recordSeparator = 0x1e

// signalR summarizes the first message of such a frame, a JSON object.
func signalR(l *line, b []byte) bool {
	var kind, target, protocol, id value
	s := scanner{b: b, i: 1}
	for {
		key, v, ok := s.member()
		if !ok {
			break
		}
		switch string(key) {
		case "type":
			kind = v
		case "target":
			target = v
		case "protocol":
			protocol = v
		case "invocationId":
			id = v
		}
	}
	switch string(kind.raw) {
	case "1", "4":
		l.quoted(target.raw)
	case "2":
		l.word("stream item")
	case "3":
		l.word("completion")
		l.reply = true
	case "5":
		l.word("cancel")
	case "6":
		l.word("ping")
	case "7":
		l.word("close")
	case "":
		l.word("handshake")
		l.quoted(protocol.raw)
	default:
		return false
	}
	l.id(id)
	return true
}
