package capturetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"wstap/capture"
)

// TestManglersKeepTheStreams: every transformation, and all of them together,
// leaves the bytes of every flow as they are, depends on its seed alone and
// does not write to its input.
func TestManglersKeepTheStreams(t *testing.T) {
	for name, mangle := range map[string]func(p []capture.Packet, seed uint64) []capture.Packet{
		"recut":      func(p []capture.Packet, s uint64) []capture.Packet { return Recut(p, s, 1, 97) },
		"bytes":      func(p []capture.Packet, s uint64) []capture.Packet { return Recut(p, s, 1, 1) },
		"coalesce":   func(p []capture.Packet, s uint64) []capture.Packet { return Coalesce(Recut(p, s, 1, 97), 3000) },
		"overlap":    Overlap,
		"wrap":       Wrap,
		"noise":      Noise,
		"tag":        func(p []capture.Packet, s uint64) []capture.Packet { return Tag(p, 100, uint16(s)) },
		"double":     func(p []capture.Packet, s uint64) []capture.Packet { return Double(p, s, 1, 0) },
		"late copy":  func(p []capture.Packet, s uint64) []capture.Packet { return Double(p, s, 0.1, 20) },
		"reorder":    func(p []capture.Packet, s uint64) []capture.Packet { return Reorder(p, s, Disorder{Window: 64}) },
		"all moving": func(p []capture.Packet, s uint64) []capture.Packet { return Reorder(p, s, Disorder{64, true, true}) },
		"together": func(p []capture.Packet, s uint64) []capture.Packet {
			p = Wrap(Double(Overlap(Recut(p, s, 20, 200), s), s, 0.2, 5), s)
			return Reorder(Noise(Tag(p, 5), s), s, Disorder{Window: 16, ByIndex: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			pkts, conns := sessions()
			before := clone(pkts)
			for seed := range uint64(3) {
				got := mangle(pkts, seed)
				check(t, fmt.Sprint("seed ", seed), got, conns)
				if !same(got, mangle(pkts, seed)) {
					t.Errorf("seed %d: two runs differ", seed)
				}
				for i, p := range got {
					if p.Packet != uint64(i+1) || p.Length != len(p.Data) {
						t.Fatalf("packet %d: number %d, %d of %d bytes", i+1, p.Packet, len(p.Data), p.Length)
					}
				}
				verifyChecksums(t, got)
			}
			if !same(pkts, before) {
				t.Error("the input was changed")
			}
			if same(mangle(pkts, 1), pkts) {
				t.Error("nothing was mangled")
			}
		})
	}
}

func verifyChecksums(t *testing.T, pkts []capture.Packet) {
	t.Helper()
	for _, p := range pkts {
		v, ok := look(p)
		if !ok {
			continue
		}
		ip, _ := trimIP(p.Data[v.ip:])
		segment := ip[v.tcp-v.ip:]
		if p.Data[v.ip]>>4 == 4 && checksum(ip[:v.tcp-v.ip]) != 0 {
			t.Fatalf("packet %d: IP checksum", p.Packet)
		}
		if checksum(pseudoHeader(v.flow.Src.Addr(), v.flow.Dst.Addr(), protoTCP, len(segment)), segment) != 0 {
			t.Fatalf("packet %d: TCP checksum", p.Packet)
		}
	}
}

func TestReorderBounds(t *testing.T) {
	pkts, _ := sessions()
	for seed := range uint64(20) {
		for _, d := range []Disorder{{Window: 8}, {Window: 64, ByIndex: true}, {Window: 64, Control: true}} {
			place := make(map[string]int) // by content; duplicates do not occur
			for i, p := range pkts {
				place[string(p.Data)] = i
			}
			got := Reorder(pkts, seed, d)
			open := make(map[capture.Flow]int) // control packets seen, by connection
			for i, p := range got {
				from := place[string(p.Data)]
				if i-from > d.Window {
					t.Fatalf("seed %d, %+v: packet %d fell behind %d places", seed, d, from, i-from)
				}
				if d.ByIndex != p.Time.Equal(pkts[i].Time) && from != i {
					t.Fatalf("seed %d, %+v: packet %d has time %v", seed, d, from, p.Time)
				}
				v, _ := look(p)
				if v.flags&control == 0 || d.Control {
					continue
				}
				f := v.flow
				if f.Src.Port() != 40000 {
					f = f.Reverse()
				}
				if open[f]++; open[f] == 1 != (v.flags == capture.SYN) {
					t.Fatalf("seed %d, %+v: packet %d: %v out of its turn", seed, d, from, v.flags)
				}
			}
		}
	}
}

// TestTunnelIsTheBuilders: wrapping a capture gives the packets that the
// builder writes for a connection in that tunnel.
func TestTunnelIsTheBuilders(t *testing.T) {
	const text = "link %s\nconn A 10.0.0.2:40000 > 10.0.0.1:8080 %s\nA open\nA upgrade /x\nA < binary bytes 700\nA close\n"
	for _, c := range []struct {
		layers string
		encap  []Encap
	}{
		{"vlan=5", []Encap{VLAN(5)}},
		{"qinq=5,6", []Encap{VLAN(5, 6)}},
		{"vxlan=42 fragment=200", []Encap{VXLAN(42), Fragment(200)}},
		{"gre ipip", []Encap{GRE(0), IPIP()}},
		{"fragment=64 inipv6", []Encap{Fragment(64), InIPv6()}},
	} {
		for _, link := range []string{"ethernet", "sll", "sll2"} {
			plain, err := Parse("plain", fmt.Sprintf(text, link, ""))
			if err != nil {
				t.Fatal(err)
			}
			wrapped, err := Parse("wrapped", fmt.Sprintf(text, link, c.layers))
			if err != nil {
				t.Fatal(err)
			}
			got, want := Tunnel(plain.Packets(), c.encap...), wrapped.Packets()
			if len(got) != len(want) {
				t.Fatalf("%s, %s: %d packets, want %d", link, c.layers, len(got), len(want))
			}
			for i := range got {
				if !bytes.Equal(got[i].Data, want[i].Data) {
					t.Fatalf("%s, %s: packet %d\n%x, want\n%x", link, c.layers, i+1, got[i].Data, want[i].Data)
				}
			}
		}
	}
}

func TestFragmentsJoin(t *testing.T) {
	pkts, _ := sessions()
	for _, size := range []int{8, 64, 100, 1480} {
		for _, p := range pkts {
			v, _ := look(p)
			whole := p.Data[v.ip:]
			var joined []byte
			for _, f := range fragmentIP(whole, size) {
				header := v.tcp - v.ip
				more := binary.BigEndian.Uint16(f[6:])&0x2000 != 0
				at := int(binary.BigEndian.Uint16(f[6:])&0x1fff) * 8
				if f[0]>>4 == 6 {
					if f[6] != protoFragment {
						break
					}
					header += 8
					at, more = int(binary.BigEndian.Uint16(f[42:])&^7), f[43]&1 != 0
				}
				if len(f) > header+size || at != len(joined) || more && (len(f)-header)%8 != 0 {
					t.Fatalf("size %d, packet %d: fragment at %d of %d bytes", size, p.Packet, at, len(f)-header)
				}
				joined = append(joined, f[header:]...)
			}
			if joined != nil && !bytes.Equal(joined, whole[v.tcp-v.ip:]) {
				t.Fatalf("size %d, packet %d differs", size, p.Packet)
			}
		}
	}
}

func TestLoseTellsWhat(t *testing.T) {
	pkts, conns := sessions()
	for seed := range uint64(5) {
		kept, lost := Lose(pkts, seed, 0.2)
		if len(lost) == 0 || len(kept)+len(lost) != len(pkts) {
			t.Fatalf("%d kept, %d lost of %d", len(kept), len(lost), len(pkts))
		}
		m := reassemble(t, kept)
		for _, l := range lost {
			v, _ := look(pkts[l.Packet-1])
			if v.flow != l.Flow || v.seq != l.Seq || !bytes.Equal(v.payload, l.Bytes) {
				t.Fatalf("packet %d is not what was reported", l.Packet)
			}
			for i, c := range l.Bytes {
				at := int(l.Seq-m.isn[l.Flow]) - 1 + i
				if m.put(l.Flow, at, c) != -1 {
					t.Fatalf("packet %d: byte %d is still there", l.Packet, at)
				}
			}
		}
		m.check(t, "kept and lost", conns)
	}
}

func TestSnapStripOneDirection(t *testing.T) {
	pkts, _ := sessions()
	for i, p := range Snap(pkts, 60) {
		if len(p.Data) != min(60, len(pkts[i].Data)) || p.Length != pkts[i].Length {
			t.Fatalf("packet %d: %d of %d bytes", i+1, len(p.Data), p.Length)
		}
	}
	if got := Strip(pkts, 5); len(got) != len(pkts)-5 || !bytes.Equal(got[0].Data, pkts[5].Data) || got[0].Packet != 1 {
		t.Error("Strip(5)")
	}
	n := 0
	for d := range Direction(2) {
		for _, p := range OneDirection(pkts, d) {
			v, _ := look(p)
			if (v.flow.Src.Port() == 40000) != (d == FromClient) {
				t.Fatalf("direction %d has a packet of %v", d, v.flow)
			}
			n++
		}
	}
	if n != len(pkts) {
		t.Errorf("%d packets in both directions, want %d", n, len(pkts))
	}
}
