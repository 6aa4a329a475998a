package capture

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
)

var onRaw = ipLinks["raw"]

// expectKind expects Decode to say want, and returns the segment.
func expectKind(t *testing.T, p Packet, want Kind) Segment {
	t.Helper()
	var d Decoder
	var s Segment
	if k := d.Decode(&p, &s); k != want {
		t.Errorf("kind %v, want %v", k, want)
	}
	return s
}

func TestIP4Options(t *testing.T) {
	want := testSegment(false)
	b := encodeIP4(want.Src.Addr(), want.Dst.Addr(), protoTCP, 1, 0, []byte{148, 4, 0, 0, 1, 1, 1, 0}, encodeTCP(&want, nil))
	decodeOne(t, onRaw(frame{etherIPv4, b}), want)
}

func TestEthernetPaddingIsNoData(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		f := encodeSegment(&want)
		f.b = append(f.b, "padding, and a frame check sequence"...)
		decodeOne(t, links["ethernet"](f), want)
		decodeOne(t, links["ethernet"](tunnels["GRE bridging"](f)), want)
		want.Payload = nil
		f = encodeSegment(&want)
		f.b = append(f.b, make([]byte, 6)...)
		decodeOne(t, links["ethernet"](f), want)
	}
}

// Segmentation offload leaves no length where there is no room for it.
func TestSegmentsOver64KiB(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		want.Payload = slices.Repeat([]byte("0123456789abcdef"), 10000)
		f := encodeSegment(&want)
		if six {
			f.b[4], f.b[5] = 0, 0
		} else {
			f.b[2], f.b[3] = 0, 0
		}
		decodeOne(t, links["ethernet"](f), want)
		cut := links["ethernet"](f)
		cut.Data = cut.Data[:4096]
		if s := expectKind(t, cut, KindTCP); len(s.Payload)+s.Missing != len(want.Payload) {
			t.Errorf("%d + %d bytes", len(s.Payload), s.Missing)
		}
	}
}

func TestJumboPayloadOption(t *testing.T) {
	want := testSegment(true)
	want.Payload = slices.Repeat([]byte("0123456789abcdef"), 10000)
	tcp := encodeTCP(&want, nil)
	b := encodeIP6(want.Src.Addr(), want.Dst.Addr(), protoHopByHop,
		join([]byte{protoTCP, 0, 0xc2, 4}, be32s(uint32(8+len(tcp))), tcp))
	b[4], b[5] = 0, 0
	decodeOne(t, links["ethernet"](frame{etherIPv6, append(b, "trailer"...)}), want)
	padded := join([]byte{protoTCP, 1, 0, 1, 2, 0, 0, 0, 0xc2, 4}, be32s(uint32(16+len(tcp))), []byte{0, 0}, tcp)
	padded = encodeIP6(want.Src.Addr(), want.Dst.Addr(), protoHopByHop, padded)
	padded[4], padded[5] = 0, 0
	decodeOne(t, onRaw(frame{etherIPv6, append(padded, "trailer"...)}), want)
	for at, huge := range []int{1 << 31, 1<<32 - 1} { // lies
		copy(b[ip6Header+4:], be32s(uint32(huge)))
		s := expectKind(t, onRaw(frame{etherIPv6, b}), KindTCP)
		if s.Missing != 0 || len(s.Payload) != len(want.Payload) {
			t.Errorf("%d: %d bytes, %d missing", at, len(s.Payload), s.Missing)
		}
	}
}

func TestIP6ExtensionHeaders(t *testing.T) {
	want := testSegment(true)
	via := netip.MustParseAddr("2001:db8:9::9")
	tcp := encodeTCP(&want, nil)
	for _, c := range []struct {
		name  string
		first uint8
		dst   netip.Addr
		b     []byte
	}{
		{"hop-by-hop", protoHopByHop, want.Dst.Addr(), join([]byte{protoTCP, 0, 5, 2, 0, 0, 0, 0}, tcp)},
		{"two", protoHopByHop, want.Dst.Addr(), join([]byte{protoDestination, 0, 1, 4, 0, 0, 0, 0}, []byte{protoTCP, 1}, make([]byte, 14), tcp)},
		{"authentication", protoAH, want.Dst.Addr(), join([]byte{protoTCP, 4, 0, 0}, be32s(1, 2, 3, 4, 5), tcp)},
		{"mobility", protoMobility, want.Dst.Addr(), join([]byte{protoTCP, 0, 0, 0, 0, 0, 0, 0}, tcp)},
		{"atomic fragment", protoFragment, want.Dst.Addr(), join([]byte{protoTCP, 0}, be16s(0), be32s(7), tcp)},
		{"routing, arrived", protoRouting, want.Dst.Addr(), join([]byte{protoTCP, 2, 0, 0}, be32s(0), via.AsSlice(), tcp)},
		{"routing, on its way", protoRouting, via, join([]byte{protoTCP, 4, 0, 1}, be32s(0), via.AsSlice(), want.Dst.Addr().AsSlice(), tcp)},
		{"segment routing", protoRouting, via, join([]byte{protoTCP, 4, 4, 1, 1, 0, 0, 0}, want.Dst.Addr().AsSlice(), via.AsSlice(), tcp)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := encodeIP6(want.Src.Addr(), c.dst, c.first, c.b)
			decodeOne(t, links["ethernet"](frame{etherIPv6, b}), want)
			for n := range len(b) - len(tcp) { // cut in any of the headers
				p := onRaw(frame{etherIPv6, b})
				p.Data = p.Data[:n]
				expectKind(t, p, KindTruncated)
			}
		})
	}
}

func TestAuthenticationHeaderInIP4(t *testing.T) {
	want := testSegment(false)
	b := join([]byte{protoTCP, 4, 0, 0}, be32s(1, 2, 3, 4, 5), encodeTCP(&want, nil))
	decodeOne(t, onRaw(encodeIP(want.Src.Addr(), want.Dst.Addr(), protoAH, b)), want)
}

// What the snapshot length cut off is counted, to the byte, in every tunnel.
func TestTruncatedPackets(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		want.Payload = []byte("0123456789abcdefghijklmnopqrstuvwxyz")
		plain := encodeSegment(&want)
		stacks := map[string]frame{"plain": plain, "PPPoE": overIP["PPPoE"](plain), "SNAP": overIP["SNAP"](plain)}
		for name, w := range tunnels {
			stacks[name] = w(plain)
		}
		for name, w := range ipTunnels {
			stacks[name] = w(plain)
		}
		for name, f := range stacks {
			whole := links["ethernet"](f)
			header := len(whole.Data) - len(want.Payload) - tcpHeader
			for n := range len(whole.Data) + 1 {
				p := whole
				p.Data = p.Data[:n:n]
				var d Decoder
				var s Segment
				k := d.Decode(&p, &s)
				switch {
				case n < header+14:
					if k == KindTCP || k == KindMalformed {
						t.Fatalf("%s six=%v cut at %d: %v", name, six, n, k)
					}
				case k != KindTCP || s.Seq != want.Seq || s.Ends != want.Ends || len(s.Payload)+s.Missing != len(want.Payload) ||
					len(s.Payload) != max(0, n-header-tcpHeader):
					t.Fatalf("%s six=%v cut at %d: %v %+v", name, six, n, k, s)
				}
			}
		}
	}
}

func TestTruncatedLinkHeaders(t *testing.T) {
	s := testSegment(true)
	f := encodeSegment(&s)
	all := maps.Clone(links)
	maps.Copy(all, ipLinks)
	for name, on := range all {
		whole := on(f)
		for n := range len(whole.Data) - len(s.Payload) - tcpHeader {
			p := whole
			p.Data = p.Data[:n:n]
			if s := new(Segment); new(Decoder).Decode(&p, s) != KindTruncated {
				t.Errorf("%s cut at %d", name, n)
			}
		}
	}
}

// A packet that was cut by a tool that did not say so: the IP header does.
func TestCutWithoutNotice(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		f := encodeSegment(&want)
		f.b = f.b[:len(f.b)-3]
		if s := expectKind(t, links["ethernet"](f), KindTCP); s.Missing != 3 {
			t.Errorf("six=%v: %d missing", six, s.Missing)
		}
	}
}

func TestMalformedPackets(t *testing.T) {
	s4, s6 := testSegment(false), testSegment(true)
	change := func(s Segment, at int, to byte) frame {
		f := encodeSegment(&s)
		f.b[at] = to
		return f
	}
	for _, c := range []struct {
		name string
		f    frame
	}{
		{"version 5", change(s4, 0, 0x55)},
		{"header of 16 bytes", change(s4, 0, 0x44)},
		{"total length within the header", change(s4, 3, 19)},
		{"total length within the TCP header", change(s4, 3, 39)},
		{"data offset of 16 bytes", change(s4, 32, 0x40)},
		{"data offset behind the end", change(s4, 32, 0xf0)},
		{"v6: payload length within the TCP header", change(s6, 5, 19)},
		{"v6: data offset of 0 bytes", change(s6, 52, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			expectKind(t, onRaw(c.f), KindMalformed)
			expectKind(t, links["ethernet"](c.f), KindMalformed)
			expectKind(t, links["ethernet"](tunnels["VXLAN"](c.f)), KindMalformed)
		})
	}
	expectKind(t, onWire(LinkEthernet, nil), KindMalformed)
	expectKind(t, onWire(LinkEthernet, macs), KindMalformed)
}

func TestPacketsWithoutTCP(t *testing.T) {
	s := testSegment(false)
	tcp := encodeSegment(&s)
	for _, c := range []struct {
		name string
		p    Packet
		want Kind
	}{
		{"ARP", links["ethernet"](frame{etherARP, make([]byte, 46)}), KindOther},
		{"spanning tree", links["ethernet"](frame{38, join([]byte{0x42, 0x42, 3}, make([]byte, 43))}), KindOther},
		{"CDP", links["ethernet"](frame{30, join([]byte{0xaa, 0xaa, 3, 0, 0, 12, 0x20, 0}, make([]byte, 38))}), KindOther},
		{"ICMP that quotes a segment", onRaw(in4(1, join(be32s(0x03010000, 0), tcp.b))), KindOther},
		{"UDP", onRaw(inUDP(53, tcp.b)), KindOther},
		{"UDP to VXLAN's port without its flag", onRaw(inUDP(portVXLAN, make([]byte, 80))), KindOther},
		{"GTP echo", onRaw(inUDP(portGTPU, join([]byte{0x32, 1, 0, 4}, be32s(0, 1)))), KindOther},
		{"PPTP acknowledgment", onRaw(in4(protoGRE, join(be16s(0x2081, etherPPP, 0, 1), be32s(1)))), KindOther},
		{"PPP LCP", onWire(LinkPPP, be16s(0xff03, 0xc021, 0, 0)), KindOther},
		{"PPPoE discovery", links["ethernet"](frame{etherPPPoEDisc, make([]byte, 46)}), KindOther},
		{"MPLS OAM", links["ethernet"](frame{etherMPLS, be32s(0x00064140, 0x10000000)}), KindOther},
		{"EtherType of no standard", links["ethernet"](frame{0x4242, tcp.b}), KindUnknown},
		{"802.11", onWire(105, tcp.b), KindUnknown},
		{"netlink", onWire(LinkLinuxSLL, join(be16s(0, 824, 0), make([]byte, 8), be16s(0), make([]byte, 40))), KindOther},
		{"GRE version 2", onRaw(in4(protoGRE, join(be16s(2, etherIPv4), tcp.b))), KindUnknown},
	} {
		t.Run(c.name, func(t *testing.T) { expectKind(t, c.p, c.want) })
	}
}

func TestOtherLinkTypes(t *testing.T) {
	want := testSegment(false)
	f := encodeSegment(&want)
	le := func(v int) []byte { return []byte{byte(v), byte(v >> 8)} }
	size := 4 + len(f.b)
	for _, p := range []Packet{
		onWire(LinkNFLOG, join([]byte{2, 0, 0, 0}, le(7), le(10), []byte("abc\x00"), le(size), le(9), f.b)),
		onWire(LinkNFLOG, join([]byte{2, 0, 0, 0}, be16s(7, 10), []byte("abc\x00"), be16s(uint16(size), 9), f.b)),
		onWire(LinkIPoIB, join(make([]byte, 40), be16s(etherIPv4, 0), f.b)),
		onWire(LinkPKTAP, join(le(12), le(0), le(0), le(0), le(1), le(0), encodeEthernet(f))),
		links["ethernet"](in4(protoGRE, join(be16s(0, etherWCCP), be32s(0x05590048), f.b))),
	} {
		decodeOne(t, p, want)
	}
	expectKind(t, onWire(LinkPKTAP, join(le(12), le(0), le(0), le(0), le(int(LinkPKTAP)), le(0), f.b)), KindMalformed)
}
