package dfilter

import "wstap/wsframe"

// The names that Wireshark gives to opcodes and close codes, and those that it
// lacks.
var opcodeNames = []ValueName{
	{0, "Continuation"}, {1, "Text"}, {2, "Binary"}, {8, "Connection Close"}, {9, "Ping"}, {10, "Pong"}, {8, "Close"},
}

var statusNames = []ValueName{
	{1000, "Normal Closure"}, {1001, "Going Away"}, {1002, "Protocol error"}, {1003, "Unsupported Data"},
	{1005, "No Status Rcvd"}, {1006, "Abnormal Closure"}, {1007, "Invalid frame payload data"}, {1008, "Policy Violation"},
	{1009, "Message Too Big"}, {1010, "Mandatory Ext."}, {1011, "Internal Server"}, {1012, "Service Restart"},
	{1013, "Try Again Later"}, {1014, "Bad Gateway"}, {1015, "TLS handshake"},
}

var boolNames = []ValueName{{1, "True"}, {0, "False"}}

// flag is a field that is there in every frame, and 1 or 0.
func flag(name, text string, get func(f *wsframe.Frame) bool) Field {
	return Field{Name: name, Type: Boolean, Text: text, Names: boolNames, num: func(x *Context) (uint64, bool) {
		if x.frame == nil {
			return 0, false
		}
		return truth(get(x.frame)), true
	}}
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// ofFrame is an integer of frames.
func ofFrame(get func(f *wsframe.Frame) (uint64, bool)) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		if x.frame == nil {
			return 0, false
		}
		return get(x.frame)
	}
}

// ofBytes is a part of frames.
func ofBytes(get func(f *wsframe.Frame) ([]byte, bool)) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.frame == nil {
			return nil, false
		}
		return get(x.frame)
	}
}

// label is whether something holds of a frame.
func label(name, text string, get func(f *wsframe.Frame) bool) Field {
	return Field{Name: name, Type: None, Text: text, has: func(x *Context) bool { return x.frame != nil && get(x.frame) }}
}

// payloadOf are frames of one opcode.
func payloadOf(op wsframe.Opcode) func(*Context) ([]byte, bool) {
	return ofBytes(func(f *wsframe.Frame) ([]byte, bool) { return f.Payload, f.Opcode == op && f.Length > 0 })
}

// rawLength is the 7-bit length field, which says 126 and 127 where a longer
// one follows (RFC 6455, 5.2).
func rawLength(f *wsframe.Frame) (uint64, bool) {
	if len(f.Header) < 2 {
		return 0, false
	}
	return uint64(f.Header[1] & 0x7f), true
}

// reserved reports whether a frame has an opcode that is not defined.
func reserved(f *wsframe.Frame) bool {
	return f.Opcode > wsframe.OpBinary && f.Opcode < wsframe.OpClose || f.Opcode > wsframe.OpPong
}

// joined is the message that a frame completed as its last of several
// fragments.
func joined(f *wsframe.Frame) *wsframe.Message {
	if f.Message == nil || f.Message.Frames < 2 {
		return nil
	}
	return f.Message
}

func uncompressed(m *wsframe.Message) bool {
	return m.Why == wsframe.Corrupt || m.Why == wsframe.ContextLost
}

// websocketFields are those of Wireshark's WebSocket dissector, of 4.0 to 4.6.
func websocketFields() []Field {
	never := func(*wsframe.Frame) bool { return false }
	return []Field{
		{Name: "websocket", Type: Protocol, Text: "the frame's header, as on the wire", octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) { return f.Header, true })},
		flag("websocket.fin", "the frame is the last of its message (RFC 6455, 5.2)", func(f *wsframe.Frame) bool { return f.Fin }),
		{Name: "websocket.rsv", Type: Uint8, Hex: true, Text: "RSV1 = 4, RSV2 = 2, RSV3 = 1; a compressed message has RSV1",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return uint64(f.Rsv), true })},
		{Name: "websocket.pmc", Type: Boolean, Names: boolNames, Text: "RSV1, where permessage-deflate was agreed on (RFC 7692, 6)",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				return uint64(f.Rsv >> 2 & 1), f.M.Conn != nil && f.M.Conn.Deflate != nil
			})},
		{Name: "websocket.opcode", Type: Uint8, Names: opcodeNames, Text: "Continuation 0, Text 1, Binary 2, Connection Close 8, Ping 9, Pong 10",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) { return uint64(f.Opcode), true })},
		flag("websocket.mask", "the payload is masked (RFC 6455, 5.3)", func(f *wsframe.Frame) bool { return f.Masked }),
		{Name: "websocket.payload_length", Type: Uint8, Text: "the 7-bit length: 126 and 127 announce a longer one; see wstap.length", num: ofFrame(rawLength)},
		{Name: "websocket.payload_length_ext_16", Type: Uint16, Text: "the 16-bit length, where the 7-bit one is 126",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				n, ok := rawLength(f)
				return f.Length, ok && n == 126
			})},
		{Name: "websocket.payload_length_ext_64", Type: Uint64, Text: "the 64-bit length, where the 7-bit one is 127",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				n, ok := rawLength(f)
				return f.Length, ok && n == 127
			})},
		{Name: "websocket.masking_key", Type: Bytes, Text: "the 4 bytes that mask the payload",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) { return f.Key[:], f.Masked })},
		{Name: "websocket.payload", Type: Bytes, Text: "the payload, unmasked, not inflated; absent where empty",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) { return f.Payload, f.Length > 0 })},
		{Name: "websocket.masked_payload", Type: Bytes, Text: "the payload as on the wire, where masked and not empty", octets: maskedPayload},
		{Name: "websocket.payload.continue", Type: Bytes, Text: "the payload of a fragment that is neither first nor last",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) {
				return f.Payload, f.Opcode == wsframe.OpContinuation && !f.Fin && f.Length > 0
			})},
		{Name: "websocket.payload.text", Type: String, Text: "the text of the message that the frame completes, inflated; absent where empty",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) {
				m := f.Message
				if m == nil || m.Opcode != wsframe.OpText || uncompressed(m) || len(m.Payload) == 0 {
					return nil, false
				}
				return m.Payload, true
			})},
		label("websocket.payload.close", "a Close frame's body", func(f *wsframe.Frame) bool { return f.Opcode == wsframe.OpClose && f.Length > 0 }),
		{Name: "websocket.payload.close.status_code", Type: Uint16, Names: statusNames, Text: "a Close frame's code (RFC 6455, 7.4)",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				if f.Opcode != wsframe.OpClose || len(f.Payload) < 2 {
					return 0, false
				}
				return uint64(f.Payload[0])<<8 | uint64(f.Payload[1]), true
			})},
		{Name: "websocket.payload.close.reason", Type: String, Text: "a Close frame's reason",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) {
				return f.Reason, f.Opcode == wsframe.OpClose && len(f.Reason) > 0
			})},
		{Name: "websocket.payload.ping", Type: Bytes, Text: "a Ping frame's payload", octets: payloadOf(wsframe.OpPing)},
		{Name: "websocket.payload.pong", Type: Bytes, Text: "a Pong frame's payload", octets: payloadOf(wsframe.OpPong)},
		{Name: "websocket.payload.unknown", Type: Bytes, Text: "the payload of a frame with a reserved opcode",
			octets: ofBytes(func(f *wsframe.Frame) ([]byte, bool) { return f.Payload, reserved(f) && f.Length > 0 })},
		label("websocket.payload.unknown.expert", "the frame has a reserved opcode and a payload", func(f *wsframe.Frame) bool { return reserved(f) && f.Length > 0 }),
		label("websocket.decompression.failed.expert", "the message that the frame completes could not be inflated", func(f *wsframe.Frame) bool { return f.Message != nil && uncompressed(f.Message) }),
		label("websocket.payload.not.fully.unmasked", "the payload is longer than the frame limit, and was cut", func(f *wsframe.Frame) bool {
			return f.Masked && f.Length-f.Missing > uint64(len(f.Payload))
		}),
		label("websocket.fragments", "the frame completes a message of several fragments", func(f *wsframe.Frame) bool { return joined(f) != nil }),
		{Name: "websocket.fragment", Type: FrameNum, need: needFragments, Text: "the packets of the fragments, in the frame that completes them", all: fragments},
		{Name: "websocket.fragment.count", Type: Uint32, Text: "how many fragments they were",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				if m := joined(f); m != nil {
					return uint64(m.Frames), true
				}
				return 0, false
			})},
		{Name: "websocket.reassembled.length", Type: Uint32, Text: "the length of their message, before inflating",
			num: ofFrame(func(f *wsframe.Frame) (uint64, bool) {
				if m := joined(f); m != nil {
					return m.WireLength, true
				}
				return 0, false
			})},
		label("websocket.fragment.overlap", "never: fragments follow each other in TCP", never),
		label("websocket.fragment.overlap.conflict", "never: fragments follow each other in TCP", never),
		label("websocket.fragment.multipletails", "never: fragments follow each other in TCP", never),
		label("websocket.fragment.toolongfragment", "never: fragments follow each other in TCP", never),
		label("websocket.fragment.error", "never: fragments follow each other in TCP", never),
	}
}

// maskedPayload masks the payload again: masking is its own inverse
// (RFC 6455, 5.3). Behind a hole the key goes on at the payload's offset.
func maskedPayload(x *Context) ([]byte, bool) {
	f := x.frame
	if f == nil || !f.Masked || f.Length == 0 {
		return nil, false
	}
	start := len(x.arena)
	offset, holes := uint64(0), f.Holes
	for _, b := range f.Payload {
		for len(holes) > 0 && holes[0].At <= offset {
			offset += holes[0].Bytes
			holes = holes[1:]
		}
		x.arena = append(x.arena, b^f.Key[offset&3])
		offset++
	}
	return x.arena[start:], true
}

func fragments(x *Context, dst []Value) []Value {
	f := x.frame
	if f == nil || joined(f) == nil {
		return dst
	}
	s := x.sides[sideKey{f.M.Conn, f.From}]
	if s == nil {
		return dst
	}
	for _, n := range s.fragments {
		dst = append(dst, Value{Type: FrameNum, Num: n})
	}
	return dst
}
