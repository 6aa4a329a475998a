package subproto

import "bytes"

// stomp summarizes a STOMP frame (1.2): its command, destination and id.
func stomp(l *line, b []byte, subprotocol string) bool {
	command, rest, ok := bytes.Cut(b, []byte("\n"))
	command = bytes.TrimSuffix(command, []byte("\r"))
	if len(command) == 0 && len(rest) == 0 && isProtocol(subprotocol, "stomp") {
		l.word("stomp heartbeat")
		return true
	}
	if !ok || !isCommand(command) {
		return false
	}
	var destination, id, text []byte
	for len(rest) > 0 {
		var header []byte
		header, rest, _ = bytes.Cut(rest, []byte("\n"))
		name, v, ok := bytes.Cut(bytes.TrimSuffix(header, []byte("\r")), []byte(":"))
		if !ok {
			break
		}
		switch string(name) {
		case "destination":
			destination = v
		case "id", "receipt-id", "transaction":
			id = v
		case "message":
			text = v
		}
	}
	l.bytes(command)
	l.bytes(destination)
	l.bytes(text)
	l.id(value{str, id})
	return true
}

// isCommand reports whether the first line of a STOMP frame is line.
func isCommand(line []byte) bool {
	switch string(line) {
	case "CONNECT", "STOMP", "CONNECTED", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK",
		"BEGIN", "COMMIT", "ABORT", "DISCONNECT", "MESSAGE", "RECEIPT", "ERROR":
		return true
	}
	return false
}
