package wsframe

import "wstap/wsframe/subproto"

// AppendSummary appends to dst one line about the content for people, at most
// 80 characters, such as the name of a JSON message; nothing where there is
// nothing to say. It holds what the peer sent: escape it before it reaches a
// terminal. All of dst's capacity may be written to.
//
// It is made when it is asked for, because it costs more than all other work on
// a small frame, and most sinks do without.
func (e *Message) AppendSummary(dst []byte) []byte {
	if e.summary != nil {
		return append(dst, e.summary...)
	}
	return appendSummary(dst, e.Opcode, e.Payload, e.M.Conn)
}

// appendSummary appends the summary of a message on c, which may be nil.
func appendSummary(dst []byte, opcode Opcode, payload []byte, c *Conn) []byte {
	kind := subproto.Text
	if opcode == OpBinary {
		kind = subproto.Binary
	} else if b, ok := subproto.AppendShort(dst, payload); ok {
		return b // without what is known of the connection, which may be far away
	}
	subprotocol := ""
	if c != nil {
		subprotocol = c.Subprotocol
	}
	return subproto.AppendSummary(dst, kind, payload, subprotocol)
}

// Summary is AppendSummary as a string.
func (e *Message) Summary() string { return string(e.AppendSummary(nil)) }
