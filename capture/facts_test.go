package capture_test

import (
	"bytes"
	"testing"

	"wstap/capture"
)

// FuzzFacts holds ParseFacts against Decode: where both find a TCP header
// outside of a tunnel, they say the same about it.
func FuzzFacts(f *testing.F) {
	tcp := []byte{0x90, 0x32, 0x20, 0xfb, 0, 0, 4, 0, 0, 0, 8, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0, 'x', 'y'}
	ip4 := append([]byte{0x45, 0, 0, 42, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 9, 0, 2, 10, 9, 0, 1}, tcp...)
	ip6 := append(append([]byte{0x60, 1, 2, 3, 0, 22, 6, 64}, bytes.Repeat([]byte{0xfd}, 32)...), tcp...)
	eth := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	f.Add(uint32(capture.LinkEthernet), append(append(eth, 8, 0), ip4...), 0)
	f.Add(uint32(capture.LinkEthernet), append(append(eth, 0x88, 0xa8, 0, 7, 0x81, 0, 0x20, 8, 0x86, 0xdd), ip6...), 3)
	f.Add(uint32(capture.LinkRaw), ip6, 1)
	f.Add(uint32(capture.LinkNull), append([]byte{2, 0, 0, 0}, ip4...), 0)
	f.Add(uint32(capture.LinkLinuxSLL), append(append(make([]byte, 14), 8, 0), ip4...), 0)
	f.Add(uint32(capture.LinkLinuxSLL2), append(append([]byte{8, 0}, make([]byte, 18)...), ip4...), 0)
	f.Fuzz(func(t *testing.T, link uint32, data []byte, cut int) {
		p := capture.Packet{Stamp: capture.Stamp{Packet: 1}, Data: data, Link: capture.LinkType(link), Length: len(data) + max(0, cut&0xffff)}
		facts := capture.ParseFacts(p)
		if facts.Captured != len(data) || facts.Length != p.Length {
			t.Fatalf("%d of %d bytes", facts.Captured, facts.Length)
		}
		// What is remembered is enough to say the same.
		var h capture.History
		if h.Add(p); len(data) < 152 {
			if again, ok := h.Facts(1); !ok || again != facts {
				t.Fatalf("%+v\nremembered as %+v", facts, again)
			}
		}
		var d capture.Decoder
		var s capture.Segment
		if d.Decode(&p, &s) != capture.KindTCP || !facts.TCPFound || facts.Flow != s.Flow() {
			return // no TCP, or that of a tunnel
		}
		if facts.TCP.Seq != s.Seq || facts.TCP.Ack != s.Ack || uint8(facts.TCP.Flags) != uint8(s.Flags) || facts.TCP.Window != s.Window {
			t.Errorf("%+v\ndecoded %+v", facts.TCP, s)
		}
	})
}

func TestHistoryForgets(t *testing.T) {
	var h capture.History
	if _, ok := h.Facts(1); ok {
		t.Error("knows packets before the first")
	}
	const n = 20000
	for i := uint64(1); i <= n; i++ {
		h.Add(capture.Packet{Stamp: capture.Stamp{Packet: i}, Data: []byte{1, 2}, Length: int(i)})
	}
	for _, i := range []uint64{n, n - 8191} {
		if f, ok := h.Facts(i); !ok || f.Length != int(i) {
			t.Errorf("packet %d is forgotten", i)
		}
	}
	for _, i := range []uint64{0, 1, n - 8192, n + 1} {
		if _, ok := h.Facts(i); ok {
			t.Errorf("packet %d is remembered", i)
		}
	}
}

func TestHistoryCountsFromTheFirst(t *testing.T) {
	segment := func(port byte, seq, ack byte, flags byte) capture.Packet {
		return capture.Packet{Stamp: capture.Stamp{Packet: 1}, Link: capture.LinkRaw, Data: []byte{
			0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, port, 10, 0, 0, 3 - port,
			0, port, 0, 3 - port, 0, 0, 0, seq, 0, 0, 0, ack, 0x50, flags, 0, 0, 0, 0, 0, 0,
		}}
	}
	h := capture.History{Sequences: true}
	base := func(p capture.Packet, want uint32) {
		t.Helper()
		h.Add(p)
		if got, ok := h.Base(capture.ParseFacts(p).Flow); !ok || got != want {
			t.Errorf("base %d, %t, want %d", got, ok, want)
		}
	}
	base(segment(1, 50, 80, 0x10), 49) // joined: the first seen is 1
	base(segment(2, 90, 50, 0x10), 79) // so is what was acknowledged
	base(segment(1, 60, 0, 0x02), 60)  // a SYN is 0
	base(segment(1, 61, 80, 0x10), 60)
	// A flood of conversations keeps the memory bounded.
	for i := range 1 << 17 {
		p := segment(1, 1, 0, 0x02)
		p.Data[12], p.Data[13], p.Data[14] = byte(i>>16), byte(i>>8), byte(i)
		h.Add(p)
	}
	if _, ok := h.Base(capture.ParseFacts(segment(1, 0, 0, 0)).Flow); ok {
		t.Error("still knows what came before the flood")
	}
}
