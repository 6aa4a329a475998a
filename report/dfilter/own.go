package dfilter

import (
	"bytes"

	"wstap/wsframe"
)

// ofConn is a text of the connection; "" is absent.
func ofConn(get func(c *wsframe.Conn) string) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.meta.Conn == nil {
			return nil, false
		}
		s := get(x.meta.Conn)
		return x.text(s), s != ""
	}
}

// ofMessage is an integer of the message that the frame completes.
func ofMessage(get func(m *wsframe.Message) uint64) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		if x.frame == nil || x.frame.Message == nil {
			return 0, false
		}
		return get(x.frame.Message), true
	}
}

// pingData is what a ping or pong is recognized by: all of its payload, which has
// at most 125 bytes (RFC 6455, 5.5), or as much of one that breaks this rule.
func pingData(f *wsframe.Frame) []byte { return f.Payload[:min(len(f.Payload), 125)] }

// roundTrip is the time from a ping to the pong that repeats it (RFC 6455,
// 5.5.3).
func roundTrip(x *Context) (uint64, bool) {
	f := x.frame
	if f == nil || f.Opcode != wsframe.OpPong {
		return 0, false
	}
	s := x.sides[sideKey{f.M.Conn, f.From.Reverse()}]
	if s == nil || s.pingAt.IsZero() || !bytes.Equal(s.ping, pingData(f)) {
		return 0, false
	}
	return uint64(f.M.Time.Sub(s.pingAt)), true
}

// ofEndpoint is one end of the connection, as address and port.
func ofEndpoint(get func(c *wsframe.Conn) wsframe.Endpoint) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.meta.Conn == nil || !get(x.meta.Conn).IsValid() {
			return nil, false
		}
		start := len(x.arena)
		x.arena = get(x.meta.Conn).AppendTo(x.arena)
		return x.arena[start:], true
	}
}

// ownFields are what wstap knows beyond Wireshark.
func ownFields() []Field {
	text := func(name, what string, get func(*Context) ([]byte, bool)) Field {
		return Field{Name: name, Type: String, Text: what, octets: get}
	}
	return []Field{
		{Name: "wstap", Type: Protocol, Text: "always there", has: func(x *Context) bool { return x.meta.Conn != nil }},
		{Name: "wstap.conn", Type: Uint32, Text: "number of the WebSocket connection, from 1",
			num: func(x *Context) (uint64, bool) {
				if x.meta.Conn == nil {
					return 0, false
				}
				return uint64(x.meta.Conn.Number), true
			}},
		text("wstap.client", "address and port of the client", ofEndpoint(func(c *wsframe.Conn) wsframe.Endpoint { return c.Client })),
		text("wstap.server", "address and port of the server", ofEndpoint(func(c *wsframe.Conn) wsframe.Endpoint { return c.Server })),
		text("wstap.url", "URL of the connection, ws:// or wss://", ofConn(func(c *wsframe.Conn) string { return c.URL })),
		text("wstap.subprotocol", "subprotocol that the server chose", ofConn(func(c *wsframe.Conn) string { return c.Subprotocol })),
		text("wstap.extensions", "extensions that the server agreed to", ofConn(func(c *wsframe.Conn) string { return c.Extensions })),
		text("wstap.via", "how the connection began: http/1.1, h2 or midstream", ofConn(func(c *wsframe.Conn) string { return c.Via })),
		text("wstap.proxy", "host and port of the CONNECT tunnel around the connection", ofConn(func(c *wsframe.Conn) string { return c.Proxy })),
		{Name: "wstap.time", Type: RelativeTime, Text: "time since the upgrade, in seconds",
			num: offset(func(x *Context) (int64, bool) {
				c := x.meta.Conn
				if c == nil || c.Responded.Time.IsZero() {
					return 0, false
				}
				return int64(x.meta.Time.Sub(c.Responded.Time)), true
			})},

		text("wstap.from", "client or server", ofText(func(f *wsframe.Frame) string { return f.From.String() })),
		text("wstap.opcode", "name of the opcode: text, binary, continuation, close, ping, pong, reserved-3 and so on",
			ofText(func(f *wsframe.Frame) string { return wsframe.OpcodeName(f.Opcode) })),
		{Name: "wstap.first_packet", Type: FrameNum, Text: "number of the packet that began the frame",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return f.First.Packet, f.First.Packet != 0 })},
		{Name: "wstap.length", Type: Uint64, Text: "payload length of the frame, in whichever form it was sent, in bytes",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return f.Length, true })},
		{Name: "wstap.missing", Type: Uint64, Text: "payload bytes that were never captured",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return f.Missing, true })},
		text("wstap.certainty", "how sure the frame is: exact, resynced or midstream",
			ofText(func(f *wsframe.Frame) string { return f.Certainty.String() })),
		{Name: "wstap.index", Type: Uint32, Text: "place of the fragment in its message, from 0",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return uint64(f.Index), f.Opcode < wsframe.OpClose })},
		{Name: "wstap.violation", Type: String, Text: "rules that the frame, or the message that it completes, breaks",
			all: func(x *Context, dst []Value) []Value {
				if x.frame == nil {
					return dst
				}
				for i := range x.frame.Violations {
					dst = append(dst, Value{Type: String, Octets: x.text(x.frame.Violations[i].Rule.Code)})
				}
				return dst
			}},
		{Name: "wstap.rtt", Type: RelativeTime, need: needPings, Text: "time from a ping to this pong, in seconds", num: roundTrip},

		text("wstap.message", "payload of the message that the frame completes, inflated; bytes where it is binary",
			ofBytes(func(f *wsframe.Frame) ([]byte, bool) {
				if f.Message == nil || uncompressed(f.Message) {
					return nil, false
				}
				return f.Message.Payload, true
			})),
		{Name: "wstap.message_length", Type: Uint64, Text: "its length, inflated, in bytes", num: ofMessage(func(m *wsframe.Message) uint64 { return m.Length })},
		{Name: "wstap.message_frames", Type: Uint32, Text: "how many frames it came in", num: ofMessage(func(m *wsframe.Message) uint64 { return uint64(m.Frames) })},
		{Name: "wstap.compressed", Type: Boolean, Names: boolNames, Text: "it was compressed", num: ofMessage(func(m *wsframe.Message) uint64 { return truth(m.Compressed) })},
		{Name: "wstap.complete", Type: Boolean, Names: boolNames, Text: "all of it is there", num: ofMessage(func(m *wsframe.Message) uint64 { return truth(m.Complete) })},
		{Name: "wstap.invalid_utf8", Type: Boolean, Names: boolNames, Text: "it is text that is not UTF-8 (RFC 6455, 8.1)", num: ofMessage(func(m *wsframe.Message) uint64 { return truth(m.InvalidUTF8) })},
		text("wstap.summary", "what it is about in one line, such as the name of a JSON message",
			func(x *Context) ([]byte, bool) {
				if x.frame == nil || x.frame.Message == nil {
					return nil, false
				}
				start := len(x.arena)
				x.arena = x.frame.Message.AppendSummary(x.arena)
				s := bytes.TrimSpace(x.arena[start:len(x.arena):len(x.arena)])
				return s, len(s) > 0
			}),
	}
}

// ofText is a text of frames; "" is absent.
func ofText(get func(f *wsframe.Frame) string) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.frame == nil {
			return nil, false
		}
		s := get(x.frame)
		return x.text(s), s != ""
	}
}
