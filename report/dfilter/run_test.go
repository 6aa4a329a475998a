package dfilter_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/dfilter"
	"wstap/report/text"
	"wstap/wsframe"
)

// session is one connection of n small frames from the client, one a packet.
func session(n int) []capture.Packet {
	var all []capture.Packet
	next := [2]uint32{1000, 2000}
	send := func(from int, flags byte, data string) {
		tcp := []byte{0x90, 0x32, 0x1f, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0}
		ip := []byte{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1}
		if from == 1 {
			tcp[0], tcp[1], tcp[2], tcp[3] = 0x1f, 0x90, 0x90, 0x32
			ip[15], ip[19] = 1, 2
		}
		binary.BigEndian.PutUint16(ip[2:], uint16(40+len(data)))
		binary.BigEndian.PutUint32(tcp[4:], next[from])
		binary.BigEndian.PutUint32(tcp[8:], next[1-from])
		next[from] += uint32(len(data)) + uint32(flags>>1&1)
		b := append(append(append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, ip...), tcp...), data...)
		number := uint64(len(all) + 1)
		at := capture.Stamp{Time: start.Add(time.Duration(number) * time.Millisecond), Packet: number}
		all = append(all, capture.Packet{Stamp: at, Data: b, Link: capture.LinkEthernet, Length: len(b)})
	}
	send(0, 2, "")
	send(1, 0x12, "")
	send(0, 0x10, "")
	send(0, 0x18, "GET /chat HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	send(1, 0x18, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLBMTxaQ9kYGzzhZRbK+xOo8=\r\n\r\n")
	const text = `{"message":"notifyStreamStatusEvent","data":[1,2,3]}`
	for range n {
		send(0, 0x18, string([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0})+text)
	}
	return all
}

// BenchmarkRun shows what filters cost of a whole run from packets to lines,
// per packet, each of which holds a frame. All filters pass all frames.
func BenchmarkRun(b *testing.B) {
	all := session(20000)
	for _, filter := range []string{"", "websocket", "websocket.opcode < 11", "tcp.port == 8080 || tcp.port > 1", "frame.len > 10", "tcp.seq > 0"} {
		b.Run(filter, func(b *testing.B) {
			for b.Loop() {
				var sink wsframe.Sink = text.NewTimeline(io.Discard, text.Options{})
				x := &dfilter.Context{}
				if filter != "" {
					f, err := dfilter.Compile(filter, dfilter.Options{})
					if err != nil {
						b.Fatal(err)
					}
					sink = dfilter.NewSink(f, x, sink)
				}
				var history *capture.History
				if x.NeedsPackets() {
					history = &capture.History{Sequences: x.NeedsSequences()}
					x.Packets = history
				}
				var err error
				assembler := reassembly.New(wsframe.NewAnalyzer(sink, wsframe.Options{}), reassembly.Options{})
				var dec capture.Decoder
				var seg capture.Segment
				for _, p := range all {
					if history != nil {
						history.Add(p)
					}
					if dec.Decode(&p, &seg) == capture.KindTCP {
						err = assembler.Segment(&seg)
					} else {
						err = assembler.Advance(p.Time)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := assembler.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/packet")
		})
	}
}
