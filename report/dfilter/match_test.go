package dfilter_test

import (
	"net/netip"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/dfilter"
	"wstap/wsframe"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// connection is a WebSocket over TLS from 10.9.0.2:36914 to 10.9.0.1:8443.
func connection() *wsframe.Conn {
	client, server := netip.MustParseAddrPort("10.9.0.2:36914"), netip.MustParseAddrPort("10.9.0.1:8443")
	stream := reassembly.NewStream(5, client, server, reassembly.Handshake{})
	stream.TLS = &reassembly.TLSInfo{SNI: "example.test"}
	return &wsframe.Conn{
		Number: 3,
		Stream: stream,
		Upgrade: &wsframe.Upgrade{
			Client: client, Server: server, Via: "http/1.1", URL: "wss://example.test/chat?room=7",
			Request: &wsframe.Head{Method: "GET", Target: "/chat?room=7", Proto: "HTTP/1.1", Fields: []wsframe.Field{{Name: "Host", Value: "example.test"}, {Name: "Upgrade", Value: "websocket"}}},
			Response: &wsframe.Head{Status: 101, Phrase: "Switching Protocols", Proto: "HTTP/1.1",
				Fields: []wsframe.Field{{Name: "upgrade", Value: "WebSocket"}}},
			Status: 101, Upgraded: true, Subprotocol: "chat.v1",
			Responded: capture.Stamp{Time: start.Add(time.Second), Packet: 9},
			Deflate:   &wsframe.Deflate{},
		},
	}
}

// textFrame is a masked text frame from the client that is a message by itself.
func textFrame(c *wsframe.Conn, s string) *wsframe.Frame {
	meta := wsframe.Meta{Stamp: capture.Stamp{Time: start.Add(1500 * time.Millisecond), Packet: 12}, Conn: c}
	f := &wsframe.Frame{
		M: meta, From: wsframe.FromClient, First: capture.Stamp{Packet: 11}, Fin: true, Opcode: wsframe.OpText,
		Masked: true, Key: [4]byte{0x80, 1, 0xff, 4}, Length: uint64(len(s)), Payload: []byte(s),
		Header: []byte{0x81, 0x80 | byte(len(s)), 0x80, 1, 0xff, 4},
		Message: &wsframe.Message{M: meta, Opcode: wsframe.OpText, Frames: 1, Length: uint64(len(s)), WireLength: uint64(len(s)),
			Payload: []byte(s), Complete: true},
		Violations: []wsframe.Violation{{Rule: wsframe.RuleRSV}},
	}
	return f
}

// packets has the headers of packets 11 and 12.
func packets() *capture.History {
	h := &capture.History{Sequences: true}
	tcp := []byte{0x90, 0x32, 0x20, 0xfb, 0, 0, 4, 0, 0, 0, 8, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0, 'x', 'y'}
	ip := append([]byte{0x45, 0xb9, 0, 42, 0x12, 0x34, 0x40, 0, 63, 6, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1}, tcp...)
	eth := append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x60, 42, 8, 0}, ip...)
	for n := uint64(11); n <= 12; n++ {
		at := start.Add(time.Duration(n) * 125 * time.Millisecond)
		h.Add(capture.Packet{Stamp: capture.Stamp{Time: at, Packet: n}, Data: eth, Link: capture.LinkEthernet, Length: 100, Interface: 1})
	}
	return h
}

// match reports whether the filter passes the last of the events.
func match(t testing.TB, filter string, events ...wsframe.Event) bool {
	t.Helper()
	f, err := dfilter.Compile(filter, dfilter.Options{})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	x := &dfilter.Context{Packets: packets()}
	f.Require(x)
	x.Observe(&wsframe.Tick{M: wsframe.Meta{Stamp: capture.Stamp{Time: start, Packet: 1}}})
	for _, e := range events {
		x.Observe(e)
	}
	return f.Match(x)
}

func TestMatch(t *testing.T) {
	f := textFrame(connection(), `{"type":"hello","n":1}`)
	for _, filter := range []string{
		// What later versions than 4.0 know.
		`websocket xor vlan && tcp.port == 1`,
		`websocket.opcode == 2 ^^ websocket.mask == 1`,
		`8443 == tcp.port`,
		`1024 < tcp.srcport < 65535`,
		`tcp.srcport == 2 * (tcp.dstport + 10014)`,
		`tcp.dstport-443 == 8000`,
		`tcp.port in {80 8443}`,
		`len(websocket.payload.text) in {1 .. 30}`,
		`vals(websocket.opcode) == "Text"`,
		`hex(websocket.opcode) == "0x01" && dec(websocket.opcode) == "1"`,
		`max(1, tcp.dstport, 9000) == 9000`,
		`frame.time_relative > .5`,
		`websocket.payload.text contains "\u0074ype"`,
		// Words, layers, precedence.
		`not websocket.opcode == 2 && websocket.opcode == 1`,
		`websocket.opcode == 1 || websocket.opcode == 2 && websocket.opcode == 3`,
		`websocket.opcode & 1 == 1`,
		`1 + 1 * 2 == frame.interface_id + 2`,
		`any ip.addr == 10.9.0.1 && all ip.addr == 10.9.0.0/24`,
		`ip.addr#1 && !ip.addr#2 && ip.addr#[1-2] && ip.addr#[-1]`,
		// Fields of all floors.
		`frame.number == 12 && frame.len == 100 && frame.cap_len == 60 && frame.interface_id == 1`,
		`frame.time == "2026-03-01 12:00:01.5" && frame.time_epoch == 1772366401.5 && frame.time_relative == 1.5`,
		`frame.time == "Mar  1, 2026 12:00:01.5 UTC" && frame.time > "2026-03-01T13:00:00+01:00"`,
		`frame.time_delta == 0.125`,
		`eth.src == 02:00:00:00:00:02 && eth.dst == "02:00:00:00:00:01" && eth.type == 0x8100 && vlan.id == 42 && vlan.priority == 3`,
		`ip.src == 10.9.0.2 && ip.ttl == 63 && ip.id == 0x1234 && ip.flags.df == "Set" && ip.dsfield.dscp == 46 && ip.dsfield.ecn == 1`,
		`tcp.seq == 1 && tcp.ack == 1 && tcp.seq_raw == 1024 && tcp.len == 2 && tcp.nxtseq == 3 && tcp.flags == 0x018 && tcp.flags.push == True`,
		`tcp.stream == 5 && tcp.window_size_value == 256`,
		`http.host == "example.test" && http.request.uri.query == "room=7" && http.response.code == 101`,
		`http.request.full_uri == "https://example.test/chat?room=7" && wstap.url contains "wss://"`,
		`any http.upgrade == "websocket" && any http.upgrade == "WebSocket" && count(http.upgrade) == 2`,
		`tls && tls.handshake.extensions_server_name matches "^EXAMPLE"`,
		`wstap.conn == 3 && wstap.from == "client" && wstap.opcode == text && wstap.length == 22 && wstap.missing == 0`,
		`wstap.first_packet == 11 && wstap.certainty == "exact" && wstap.violation == "rsv-set" && wstap.time == 0.5`,
		`wstap.summary == "hello" && wstap.message contains "hello" && wstap.complete && wstap.compressed == 0`,
		`wstap.client == "10.9.0.2:36914" && wstap.subprotocol == "chat.v1"`,
		`websocket.payload contains 22:74:79 && websocket.payload[0] == "{" && len(websocket.payload) == 22`,
		`websocket.masked_payload[0:2] == fb:23`,
		`websocket.pmc == 0 && websocket.payload_length == 22`,
		// A field that is not there makes its comparison false, its negation true.
		`!(websocket.payload.ping == "x") && !(websocket.payload.ping != "x") && websocket.payload.ping not in {"x"}`,
		`!websocket.fragments && !websocket.fragment && !wstap.rtt`,
	} {
		if !match(t, filter, f) {
			t.Errorf("does not match: %s", filter)
		}
	}
	for _, filter := range []string{
		`websocket.payload_length / {websocket.opcode - 1} == 1`, // by zero
		`websocket.payload_length_ext_64 - 1 > 0`,                // absent
		`wstap.length * 9223372036854775807 > 0`,                 // no number that fits
		`tcp.port != 8443`,
		`websocket.masking_key > 80:00:00:00:00`, // the longer is the greater
		`websocket.payload.text[100]`,
		`websocket.payload.text[20:3]`,
		`websocket.payload.text matches "(?-i)HELLO"`,
	} {
		if match(t, filter, f) {
			t.Errorf("matches: %s", filter)
		}
	}
}

// TestFramesOfOnePacket shows the one difference to Wireshark: of a packet that
// completes a ping and a text, each frame is looked at by itself.
func TestFramesOfOnePacket(t *testing.T) {
	c := connection()
	a := textFrame(c, "hello")
	ping := textFrame(c, "12")
	ping.Opcode, ping.Message, ping.Violations = wsframe.OpPing, nil, nil
	for _, tc := range []struct {
		filter         string
		onPing, onText bool
	}{
		{`websocket.opcode == 9`, true, false},
		{`websocket.payload.text == "hello"`, false, true},
		{`websocket.opcode == 9 && websocket.payload.text`, false, false}, // tshark: the packet
		{`websocket.opcode != 9`, false, true},                            // tshark: not the packet
		{`!(websocket.opcode == 9)`, false, true},                         // tshark: not the packet
		{`count(websocket.opcode) == 2`, false, false},                    // tshark: the packet
	} {
		if got := match(t, tc.filter, ping); got != tc.onPing {
			t.Errorf("%s on the ping: %t", tc.filter, got)
		}
		if got := match(t, tc.filter, ping, a); got != tc.onText {
			t.Errorf("%s on the text: %t", tc.filter, got)
		}
	}
}

func TestRoundTripTime(t *testing.T) {
	c := connection()
	ping, pong := textFrame(c, "abc"), textFrame(c, "abc")
	ping.Opcode, pong.Opcode, pong.From = wsframe.OpPing, wsframe.OpPong, wsframe.FromServer
	pong.M.Time = ping.M.Time.Add(42 * time.Millisecond)
	if !match(t, "wstap.rtt == 0.042", ping, pong) {
		t.Error("no round trip from a ping to its pong")
	}
	pong.Payload = []byte("abd")
	if match(t, "wstap.rtt", ping, pong) {
		t.Error("a pong that repeats no ping has a round trip")
	}
}

func TestFragments(t *testing.T) {
	c := connection()
	first, between, last := textFrame(c, "ab"), textFrame(c, ""), textFrame(c, "cd")
	first.Fin, first.Message = false, nil
	between.Opcode, between.Message = wsframe.OpPing, nil
	last.Opcode, last.Index, last.M.Packet, last.Message.Frames = wsframe.OpContinuation, 1, 15, 2
	for _, filter := range []string{
		"websocket.fragment == 12 && websocket.fragment == 15 && count(websocket.fragment) == 2",
		"websocket.fragment.count == 2 && websocket.fragments && websocket.reassembled.length == 2",
	} {
		if !match(t, filter, first, between, last) {
			t.Errorf("does not match: %s", filter)
		}
		if match(t, filter, first) || match(t, filter, first, between) {
			t.Errorf("matches too early: %s", filter)
		}
	}
}

func TestSimpleFiltersDoNotAllocate(t *testing.T) {
	frame := textFrame(connection(), `{"type":"hello"}`)
	for _, filter := range []string{
		"websocket.opcode == 1", "tcp.port == 443 || ip.src == 10.0.0.0/8", `websocket.payload.text contains "hello"`,
		`websocket.opcode in {1, 2} && http.host == "example.test" && frame.len > 10`, `wstap.summary matches "^g"`,
	} {
		f, err := dfilter.Compile(filter, dfilter.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := &dfilter.Context{Packets: packets()}
		f.Require(x)
		if n := testing.AllocsPerRun(100, func() {
			x.Observe(frame)
			f.Match(x)
		}); n != 0 {
			t.Errorf("%s: %v allocations", filter, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	frame := textFrame(connection(), `{"type":"hello"}`)
	for _, filter := range []string{"websocket.opcode == 1", "tcp.port == 443", `websocket.payload.text contains "hello"`, `websocket.payload.text matches "hel+o"`} {
		b.Run(filter, func(b *testing.B) {
			f, err := dfilter.Compile(filter, dfilter.Options{})
			if err != nil {
				b.Fatal(err)
			}
			x := &dfilter.Context{}
			f.Require(x)
			for b.Loop() {
				x.Observe(frame)
				f.Match(x)
			}
		})
	}
}
