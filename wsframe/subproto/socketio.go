package subproto

import "bytes"

// engineTypes are the packet types of Engine.IO, by their digit.
var engineTypes = [...]string{"open", "close", "ping", "pong", "message", "upgrade", "noop"}

// socketTypes are the packet types of Socket.IO, by their digit, which stands
// behind the 4 of an Engine.IO message.
var socketTypes = [...]string{"connect", "disconnect", "event", "ack", "connect_error", "event", "ack"}

// socketIO summarizes a text packet of Engine.IO, and of Socket.IO within:
// 4<type>[<attachments>-][/<namespace>,][<ack id>][<JSON>].
func socketIO(l *line, b []byte) bool {
	c := int(b[0] - '0')
	if b[0] < '0' || c >= len(engineTypes) {
		return false
	}
	rest := b[1:]
	switch {
	case len(rest) == 0 && c != 0 && c != 4,
		c == 0 && bytes.HasPrefix(rest, []byte(`{"sid"`)),
		(c == 2 || c == 3) && string(rest) == "probe":
		l.word("engine.io")
		l.word(engineTypes[c])
		return true
	case c != 4 || len(rest) == 0 || rest[0] < '0' || int(rest[0]-'0') >= len(socketTypes):
		return false
	}
	kind := rest[0]
	rest = rest[1:]
	if kind == '5' || kind == '6' {
		i := bytes.IndexByte(rest, '-')
		if i < 1 || !digits(rest[:i]) {
			return false
		}
		rest = rest[i+1:]
	}
	var namespace []byte
	if len(rest) > 0 && rest[0] == '/' {
		namespace, rest, _ = bytes.Cut(rest, []byte(","))
	}
	i := 0
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	ack := value{number, rest[:i]}
	rest = rest[i:]
	switch {
	case len(rest) > 0 && rest[0] != '[' && rest[0] != '{' && rest[0] != '"':
		return false
	case (kind == '2' || kind == '5') && len(rest) > 0 && rest[0] == '[':
		s := scanner{b: rest, i: 1}
		name, _ := s.element()
		l.quoted(name.raw)
	case kind == '0' || kind == '1' || kind == '4':
		l.word("socket.io")
		l.word(socketTypes[kind-'0'])
		if kind == '4' {
			s := scanner{b: rest}
			errorText(l, s.value())
		}
	case (kind == '3' || kind == '6') && i > 0:
		l.word("socket.io ack")
		l.reply = true
	default:
		return false
	}
	l.bytes(namespace)
	l.id(ack)
	return true
}

func digits(b []byte) bool { return len(bytes.Trim(b, "0123456789")) == 0 }
