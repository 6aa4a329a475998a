package sinktest

import (
	"net/netip"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// Hostile is a payload that would steer a terminal, end a line or break a
// string if it got through as it is.
const Hostile = "\x1b]0;owned\x07\x1b[2J\r\n\t\x00\x7f\"\\</script>\u009b31m\u202egnp.exe\u2066\u200b\u2028\ufeff\xff\xc3(\xf0\x9f wide \u4f60\u597d \U0001f600 e\u0301"

// start is when the events' capture begins. It is not UTC on purpose: sinks
// convert.
var start = time.Date(2026, 3, 1, 13, 30, 0, 123456789, time.FixedZone("", 3600))

func stamp(n int) capture.Stamp {
	return capture.Stamp{Time: start.Add(time.Duration(n) * 1234567 * time.Nanosecond), Packet: uint64(n)}
}

// Events returns a run's events, anew at each call: every type, connections of
// every fate, messages whole, fragmented, compressed, with holes and
// incomplete, and hostile bytes wherever a peer may put them.
func Events() []wsframe.Event {
	var all []wsframe.Event
	all = append(all, &report.Started{M: wsframe.Meta{Stamp: stamp(1)}})
	all = append(all, upgraded()...)
	all = append(all, refused()...)
	all = append(all, joined()...)
	return append(all,
		&wsframe.Tick{M: wsframe.Meta{Stamp: capture.Stamp{Time: stamp(900).Time}}},
		&report.Summary{
			M:       wsframe.Meta{Stamp: stamp(1000)},
			Capture: capture.Stats{Packets: 1000, Truncated: 2, Dropped: 3, InterfaceDropped: 4},
			Streams: 7, Connections: 4, Frames: 12, Messages: 9,
			Limits: []report.LimitHit{{Name: "head", Count: 1}, {Name: "message", Count: 2}},
		})
}

func conn(number int) *wsframe.Conn {
	client := netip.MustParseAddrPort("10.9.0.2:36914")
	server := netip.MustParseAddrPort("[fd09::1]:8080")
	return &wsframe.Conn{
		Number: number,
		Stream: reassembly.NewStream(uint64(number+10), client, server,
			reassembly.Handshake{First: stamp(1), SYN: stamp(1), SYNACK: stamp(2), ACK: stamp(3)}),
		Upgrade: &wsframe.Upgrade{Client: client, Server: server, Via: "http/1.1"},
	}
}

func upgraded() []wsframe.Event {
	c := conn(1)
	c.URL = "ws://example.test/signal?token=" + Hostile
	c.Request = &wsframe.Head{Method: "GET", Target: "/signal?token=" + Hostile, Proto: "HTTP/1.1", Fields: []wsframe.Field{
		{Name: "Host", Value: "example.test"}, {Name: "X-Latin", Value: "caf\xe9"}, {Name: "X-" + Hostile, Value: Hostile},
	}}
	c.Response = &wsframe.Head{Status: 101, Phrase: "Switching Protocols" + Hostile, Proto: "HTTP/1.1", Fields: []wsframe.Field{
		{Name: "Upgrade", Value: "websocket"},
	}}
	c.Requested, c.Responded = stamp(4), stamp(5)
	c.Status, c.Upgraded, c.Accept = 101, true, wsframe.AcceptValid
	c.Subprotocol, c.Extensions = "chat"+Hostile, "permessage-deflate"
	c.Deflate = &wsframe.Deflate{ClientMaxWindowBits: 15, ServerMaxWindowBits: 15}
	c.Proxy = "proxy.test:3128"
	c.Gaps, c.Violations = 2, 1
	c.Totals = [2]wsframe.Totals{
		{Frames: 5, Messages: 3, Control: 2, Payload: 12345, Data: 23456},
		{Frames: 4, Messages: 3, Control: 1, Payload: 345, Data: 456, Skipped: 7},
	}
	m := func(n int) wsframe.Meta { return wsframe.Meta{Stamp: stamp(n), Conn: c} }

	all := []wsframe.Event{&wsframe.Opened{M: m(5)}}
	// A text message in one frame, compressed, with a summary.
	all = append(all, data(c, 6, wsframe.FromClient, wsframe.OpText, []byte(`{"message":"connect"}`), func(f *wsframe.Frame, msg *wsframe.Message) {
		f.Rsv, msg.Compressed, msg.WireLength = 4, true, 9
		f.Length, f.Payload = 9, []byte("\xaa\x56\xca\x4d\x2d\x2e\x4e\x4c\x05")
	})...)
	// Hostile text, valid in part, and hostile binary.
	all = append(all, data(c, 7, wsframe.FromServer, wsframe.OpText, []byte(Hostile), func(_ *wsframe.Frame, msg *wsframe.Message) {
		msg.InvalidUTF8 = true
	})...)
	all = append(all, data(c, 8, wsframe.FromServer, wsframe.OpBinary, []byte(Hostile), nil)...)
	all = append(all, data(c, 9, wsframe.FromServer, wsframe.OpText, nil, nil)...)
	// A hostile name, which is the message's summary.
	all = append(all, data(c, 9, wsframe.FromServer, wsframe.OpText, []byte(`{"type":"`+Hostile+`"}`), func(_ *wsframe.Frame, msg *wsframe.Message) {
		msg.InvalidUTF8 = true
	})...)
	// Two fragments with a ping between them.
	all = append(all,
		&wsframe.Frame{M: m(10), From: wsframe.FromClient, First: stamp(9), Opcode: wsframe.OpText, Masked: true, Key: [4]byte{1, 0xab, 0, 0xff}, Length: 6, Payload: []byte("caf\xc3"), Header: []byte{1, 0x86, 1, 0xab, 0, 0xff}, Missing: 2, Holes: []wsframe.Hole{{At: 4, Bytes: 2}}},
		&wsframe.Frame{M: m(11), From: wsframe.FromServer, First: stamp(11), Fin: true, Opcode: wsframe.OpPing, Length: uint64(len(Hostile)), Payload: []byte(Hostile), Header: []byte{0x89, 60}},
		&wsframe.Frame{M: m(11), From: wsframe.FromClient, First: stamp(11), Fin: true, Opcode: wsframe.OpPong, Masked: true, Length: 4, Payload: []byte("ping"), Header: []byte{0x8a, 4}})
	last := data(c, 12, wsframe.FromClient, wsframe.OpContinuation, []byte("caf\xa9"), func(f *wsframe.Frame, msg *wsframe.Message) {
		msg.Opcode, msg.Frames, msg.WireLength, msg.Complete, msg.Why = wsframe.OpText, 2, 8, false, wsframe.BytesMissing
		f.Index, f.Certainty = 1, wsframe.Resynced
	})
	all = append(all, last...)
	// A binary frame with a hole in the middle and its end missing.
	all = append(all, data(c, 13, wsframe.FromServer, wsframe.OpBinary, []byte{1, 2, 3, 4}, func(f *wsframe.Frame, msg *wsframe.Message) {
		f.Length, f.Missing = 304, 300
		f.Holes = []wsframe.Hole{{At: 2, Bytes: 100}, {At: 104, Bytes: 200}}
		msg.Complete, msg.Why, msg.WireLength = false, wsframe.BytesMissing, 304
	})...)
	for i, why := range []wsframe.Incomplete{wsframe.ContextLost, wsframe.OverLimit, wsframe.CaptureEnded, wsframe.Interrupted, wsframe.Corrupt} {
		all = append(all, data(c, 14+i, wsframe.FromServer, wsframe.OpText, []byte("part of it"), func(_ *wsframe.Frame, msg *wsframe.Message) {
			msg.Complete, msg.Why, msg.Compressed = false, why, why == wsframe.ContextLost
			if why == wsframe.OverLimit {
				msg.Length = 1 << 40
			}
		})...)
	}
	for i, cause := range []reassembly.Cause{reassembly.Acked, reassembly.Closed, reassembly.Limit, reassembly.Truncated} {
		all = append(all, &wsframe.Gap{M: m(19 + i), From: wsframe.Direction(i % 2), Bytes: 1448, Cause: cause})
	}
	return append(all,
		&wsframe.Violation{M: m(23), From: wsframe.FromServer, Rule: wsframe.RuleMaskPresent, Expected: "MASK 0", Found: "MASK 1 " + Hostile},
		&wsframe.Frame{M: m(24), From: wsframe.FromServer, First: stamp(24), Fin: true, Rsv: 3, Opcode: 11, Length: 1 << 63, Missing: 1 << 63},
		&wsframe.Frame{M: m(25), From: wsframe.FromServer, First: stamp(25), Fin: true, Opcode: wsframe.OpClose, Length: 8, Payload: []byte("\x03\xe8bye\xff\x1b["), Code: 1000, Reason: []byte("bye\xff\x1b[")},
		&wsframe.Frame{M: m(26), From: wsframe.FromClient, First: stamp(26), Fin: true, Opcode: wsframe.OpClose, Length: 1, Payload: []byte{3}},
		&wsframe.Frame{M: m(26), From: wsframe.FromClient, First: stamp(26), Fin: true, Opcode: wsframe.OpClose},
		&wsframe.Closed{M: m(27), By: "server", Code: 1000, Reason: Hostile, How: "close frame"})
}

// data is a frame that completes a message, and the message.
func data(c *wsframe.Conn, n int, d wsframe.Direction, op wsframe.Opcode, payload []byte, change func(*wsframe.Frame, *wsframe.Message)) []wsframe.Event {
	size := uint64(len(payload))
	msg := &wsframe.Message{
		M: wsframe.Meta{Stamp: stamp(n), Conn: c}, From: d, First: stamp(n - 1), Opcode: op, Frames: 1,
		WireLength: size, Length: size, Payload: append([]byte(nil), payload...), Complete: true,
	}
	f := &wsframe.Frame{
		M: msg.M, From: d, First: msg.First, Fin: true, Opcode: op, Masked: d == wsframe.FromClient, Length: size,
		Payload: append([]byte(nil), payload...), Header: []byte{0x80 | byte(op), byte(size) & 0x7f}, Message: msg,
	}
	if change != nil {
		change(f, msg)
	}
	return []wsframe.Event{f, msg}
}

// refused are connections whose upgrade failed.
func refused() []wsframe.Event {
	c := conn(2)
	c.URL = "ws://example.test/old"
	c.Requested, c.Responded = stamp(30), stamp(31)
	c.Status = 404
	c.Body = "<h1>" + Hostile
	c.Response = &wsframe.Head{Status: 404, Phrase: "Not Found", Proto: "HTTP/1.1", Fields: []wsframe.Field{
		{Name: "Server", Value: "nginx" + Hostile}, {Name: "Location", Value: Hostile},
	}}
	silent := conn(3)
	silent.URL = "ws://example.test/silent"
	silent.Requested = stamp(32)
	return []wsframe.Event{
		&wsframe.Opened{M: wsframe.Meta{Stamp: stamp(31), Conn: c}},
		&wsframe.Opened{M: wsframe.Meta{Stamp: stamp(34), Conn: silent}},
	}
}

// joined are connections whose beginning was not captured, the first in a
// capture without times. They end in the other ways.
func joined() []wsframe.Event {
	c := conn(4)
	c.Via, c.Upgraded = "midstream", true
	c.Stream = reassembly.NewStream(c.Stream.Index, c.Client, c.Server, reassembly.Handshake{First: stamp(1)})
	at := wsframe.Meta{Stamp: capture.Stamp{Packet: 40}, Conn: c}
	all := []wsframe.Event{&wsframe.Opened{M: at}}
	all = append(all, data(c, 40, wsframe.FromServer, wsframe.OpText, []byte("hello"), func(f *wsframe.Frame, msg *wsframe.Message) {
		f.M, msg.M, f.Certainty, msg.Certainty = at, at, wsframe.Midstream, wsframe.Midstream
		msg.Compressed, msg.Inferred = true, true
	})...)
	all = append(all, &wsframe.Closed{M: at, By: "none", How: "capture ended"})
	for i, end := range []wsframe.Closed{{By: "client", How: "fin"}, {By: "server", How: "rst"}, {By: "none", How: "timeout"}, {By: "none", How: "port reused"}} {
		c := conn(5 + i)
		c.Via, c.Upgraded = "midstream", true
		end.M = wsframe.Meta{Stamp: stamp(50 + i), Conn: c}
		all = append(all, &wsframe.Opened{M: end.M}, &end)
	}
	return all
}
