package subproto

import "bytes"

// OpaqueHead is how many bytes Opaque looks at.
const OpaqueHead = 64

// Opaque reports whether a binary payload is known by its head, the first
// OpaqueHead bytes or more: it is no text, for it holds control characters, and
// AppendSummary says the same of it whatever follows.
func Opaque(head []byte, subprotocol string) bool {
	head = head[:OpaqueHead]
	if isProtocol(subprotocol, "mqtt") { // a topic may be long
		return false
	}
	s := scanner{b: head}
	if c := s.peek(); c == '{' || c == '[' {
		return false
	}
	if line, _, ok := bytes.Cut(head, []byte("\n")); ok && isCommand(bytes.TrimSuffix(line, []byte("\r"))) {
		return false
	}
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return true
		}
	}
	return false
}
