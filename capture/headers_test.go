package capture

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// The headers of a packet, written by hand for the tests of Decode.

// frame is a payload and the EtherType that announces it.
type frame struct {
	etherType uint16
	b         []byte
}

// wrap puts a frame into one more header, or a tunnel's stack of headers.
type wrap func(frame) frame

func be16s(vs ...uint16) (b []byte) {
	for _, v := range vs {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func be32s(vs ...uint32) (b []byte) {
	for _, v := range vs {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// encodeTCP writes s with the given options, padded.
func encodeTCP(s *Segment, options []byte) []byte {
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	offset := byte(5+len(options)/4) << 4
	return join(be16s(s.Src.Port(), s.Dst.Port()), be32s(s.Seq, s.Ack), []byte{offset, byte(s.Flags)},
		be16s(s.Window, 0xbad0, 0), options, s.Payload)
}

// encodeIP4 writes an IPv4 packet; field is flags and fragment offset.
func encodeIP4(src, dst netip.Addr, proto uint8, id, field uint16, options, payload []byte) []byte {
	header := 20 + len(options)
	return join([]byte{0x40 | byte(header/4), 0}, be16s(uint16(header+len(payload)), id, field), []byte{64, proto, 0, 0},
		src.AsSlice(), dst.AsSlice(), options, payload)
}

func encodeIP6(src, dst netip.Addr, next uint8, payload []byte) []byte {
	return join(be32s(0x60012345), be16s(uint16(len(payload))), []byte{next, 64}, src.AsSlice(), dst.AsSlice(), payload)
}

// encodeIP writes an IP packet of the version of src.
func encodeIP(src, dst netip.Addr, proto uint8, payload []byte) frame {
	if src.Is4() {
		return frame{etherIPv4, encodeIP4(src, dst, proto, 7, 0x4000, nil, payload)}
	}
	return frame{etherIPv6, encodeIP6(src, dst, proto, payload)}
}

func encodeSegment(s *Segment) frame {
	return encodeIP(s.Src.Addr(), s.Dst.Addr(), protoTCP, encodeTCP(s, nil))
}

func encodeUDP(src, dst uint16, payload []byte) []byte {
	return join(be16s(src, dst, uint16(8+len(payload)), 0), payload)
}

var macs = []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}

func encodeEthernet(f frame) []byte { return join(macs, be16s(f.etherType), f.b) }

// The ends of the tunnels.
var (
	outer4 = [2]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	outer6 = [2]netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")}
)

func in4(proto uint8, payload []byte) frame { return encodeIP(outer4[0], outer4[1], proto, payload) }
func in6(proto uint8, payload []byte) frame { return encodeIP(outer6[0], outer6[1], proto, payload) }

func inUDP(port uint16, payload []byte) frame {
	return in4(protoUDP, encodeUDP(40000, port, payload))
}

func isIP(f frame) bool { return f.etherType == etherIPv4 || f.etherType == etherIPv6 }

// asEthernet is f as the payload of a tunnel for Ethernet frames.
func asEthernet(f frame) []byte { return encodeEthernet(f) }

// tags are the headers between a link's and IP's that make no tunnel.
var tags = map[string]wrap{
	"802.1Q":  func(f frame) frame { return frame{etherVLAN, join(be16s(100, f.etherType), f.b)} },
	"802.1ad": func(f frame) frame { return frame{etherQinQ, join(be16s(200, f.etherType), f.b)} },
	"0x9100":  func(f frame) frame { return frame{etherQinQOld, join(be16s(200, f.etherType), f.b)} },
	"0x9200":  func(f frame) frame { return frame{etherQinQOlder, join(be16s(200, f.etherType), f.b)} },
}

// overIP are the tags that can hold nothing but IP.
var overIP = map[string]wrap{
	"MPLS":         func(f frame) frame { return frame{etherMPLS, join(be32s(0x00064140), f.b)} },
	"MPLS stacked": func(f frame) frame { return frame{etherMPLSUp, join(be32s(0x00064040, 0x00065040, 0x00066140), f.b)} },
	"PPPoE": func(f frame) frame {
		return frame{etherPPPoE, join([]byte{0x11, 0}, be16s(1, uint16(len(f.b)+2), pppProto(f)), f.b)}
	},
	"SNAP": func(f frame) frame {
		return frame{uint16(len(f.b) + 8), join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, be16s(f.etherType), f.b)}
	},
	"LLC": func(f frame) frame { return frame{uint16(len(f.b) + 3), join([]byte{6, 6, 3}, f.b)} },
}

func pppProto(f frame) uint16 {
	if f.etherType == etherIPv6 {
		return 0x57
	}
	return 0x21
}

// tunnels take any frame (as Ethernet, if it is not IP) into a new IP packet.
var tunnels = map[string]wrap{
	"GRE":         func(f frame) frame { return in4(protoGRE, join(be16s(0, f.etherType), f.b)) },
	"GRE over v6": func(f frame) frame { return in6(protoGRE, join(be16s(0, f.etherType), f.b)) },
	"GRE options": func(f frame) frame {
		return in4(protoGRE, join(be16s(0xb000, f.etherType), be32s(0xabcd0000, 7, 8), f.b))
	},
	"GRE routing": func(f frame) frame {
		return in4(protoGRE, join(be16s(0x4000, f.etherType), be32s(0), be32s(0x08000404, 5, 0), f.b))
	},
	"GRE bridging": func(f frame) frame { return in4(protoGRE, join(be16s(0x2000, etherTEB), be32s(9), asEthernet(f))) },
	"ERSPAN I":     func(f frame) frame { return in4(protoGRE, join(be16s(0, etherERSPAN), asEthernet(f))) },
	"ERSPAN II": func(f frame) frame {
		return in4(protoGRE, join(be16s(0x1000, etherERSPAN), be32s(1), be32s(0x10640001, 2), asEthernet(f)))
	},
	"ERSPAN III": func(f frame) frame {
		return in4(protoGRE, join(be16s(0x1000, etherERSPAN3), be32s(1), be32s(0x20640001, 2, 0), asEthernet(f)))
	},
	"ERSPAN III subheader": func(f frame) frame {
		return in4(protoGRE, join(be16s(0x1000, etherERSPAN3), be32s(1), be32s(0x20640001, 2, 1, 0, 0), asEthernet(f)))
	},
	"VXLAN":      func(f frame) frame { return inUDP(portVXLAN, join(be32s(0x08000000, 42<<8), asEthernet(f))) },
	"VXLAN 8472": func(f frame) frame { return inUDP(portVXLANOld, join(be32s(0x08000000, 42<<8), asEthernet(f))) },
	"VXLAN-GPE":  func(f frame) frame { return inUDP(portVXLANGPE, join(be32s(0x0c000003, 42<<8), asEthernet(f))) },
	"Geneve":     func(f frame) frame { return inUDP(portGeneve, join(be16s(0, etherTEB), be32s(42<<8), asEthernet(f))) },
	"Geneve options": func(f frame) frame {
		return inUDP(portGeneve, join(be16s(0x0200, f.etherType), be32s(42<<8, 1, 2), f.b))
	},
	"TZSP": func(f frame) frame {
		return inUDP(portTZSP, join([]byte{1, 0, 0, 1, 0, 40, 2, 9, 9, 1}, asEthernet(f)))
	},
	"EtherIP":          func(f frame) frame { return in4(protoEtherIP, join(be16s(0x3000), asEthernet(f))) },
	"PBB":              func(f frame) frame { return frame{etherPBB, join(be32s(1), asEthernet(f))} },
	"pseudowire":       func(f frame) frame { return frame{etherMPLS, join(be32s(0x00064140), asEthernet(f))} },
	"pseudowire CW":    func(f frame) frame { return frame{etherMPLS, join(be32s(0x00064140, 0), asEthernet(f))} },
	"pseudowire in 4x": func(f frame) frame { return frame{etherMPLS, join(be32s(0x00064140), []byte{0x44}, asEthernet(f)[1:])} },
}

// ipTunnels take IP only.
var ipTunnels = map[string]wrap{
	"IP in IP": func(f frame) frame { return in4(ipProto(f), f.b) },
	"IP in v6": func(f frame) frame { return in6(ipProto(f), f.b) },
	"PPTP": func(f frame) frame {
		return in4(protoGRE, join(be16s(0x3081, etherPPP, uint16(len(f.b)+4), 1), be32s(1, 1), be16s(0xff03, pppProto(f)), f.b))
	},
	"GTP-U": func(f frame) frame {
		return inUDP(portGTPU, join([]byte{0x30, 255}, be16s(uint16(len(f.b))), be32s(9), f.b))
	},
	"GTP-U sequence": func(f frame) frame {
		return inUDP(portGTPU, join([]byte{0x32, 255}, be16s(uint16(len(f.b)+4)), be32s(9, 0x00010000), f.b))
	},
	"GTP-U extension": func(f frame) frame {
		return inUDP(portGTPU, join([]byte{0x34, 255}, be16s(uint16(len(f.b)+16)), be32s(9, 0x85), []byte{1, 0x10, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0}, f.b))
	},
	"VXLAN-GPE IP": func(f frame) frame {
		next := uint32(1)
		if f.etherType == etherIPv6 {
			next = 2
		}
		return inUDP(portVXLANGPE, join(be32s(0x0c000000|next, 42<<8), f.b))
	},
	"MPLS in IP":  func(f frame) frame { return in4(protoMPLS, join(be32s(0x00064140), f.b)) },
	"MPLS in UDP": func(f frame) frame { return inUDP(portMPLS, join(be32s(0x00064140), f.b)) },
}

func ipProto(f frame) uint8 {
	if f.etherType == etherIPv6 {
		return protoIPv6
	}
	return protoIPv4
}

// links put a frame on a wire of each link type. Those in ipLinks take IP only.
var links = map[string]func(frame) Packet{
	"ethernet": func(f frame) Packet { return onWire(LinkEthernet, encodeEthernet(f)) },
	"linux_sll": func(f frame) Packet {
		return onWire(LinkLinuxSLL, join(be16s(0, 1, 6), make([]byte, 8), be16s(sllType(f)), f.b))
	},
	"linux_sll2": func(f frame) Packet {
		return onWire(LinkLinuxSLL2, join(be16s(sllType(f), 0), be32s(2), be16s(1, 0x0406), make([]byte, 8), f.b))
	},
}

// sllType is f's protocol in a Linux cooked header, where there are no lengths.
func sllType(f frame) uint16 {
	if f.etherType <= maxLLC {
		return 0x0004
	}
	return f.etherType
}

var ipLinks = map[string]func(frame) Packet{
	"raw":            func(f frame) Packet { return onWire(LinkRaw, f.b) },
	"raw BSD":        func(f frame) Packet { return onWire(LinkRawBSD, f.b) },
	"raw OpenBSD":    func(f frame) Packet { return onWire(LinkRawOpen, f.b) },
	"null Linux BE":  func(f frame) Packet { return onWire(LinkNull, join(be32s(family(f, 10)), f.b)) },
	"null macOS":     func(f frame) Packet { return onWire(LinkNull, join([]byte{byte(family(f, 30)), 0, 0, 0}, f.b)) },
	"null FreeBSD":   func(f frame) Packet { return onWire(LinkNull, join([]byte{byte(family(f, 28)), 0, 0, 0}, f.b)) },
	"loop OpenBSD":   func(f frame) Packet { return onWire(LinkLoop, join(be32s(family(f, 24)), f.b)) },
	"ppp":            func(f frame) Packet { return onWire(LinkPPP, join(be16s(pppProto(f)), f.b)) },
	"ppp HDLC":       func(f frame) Packet { return onWire(LinkPPP, join(be16s(0xff03, pppProto(f)), f.b)) },
	"ppp compressed": func(f frame) Packet { return onWire(LinkPPP, join([]byte{byte(pppProto(f))}, f.b)) },
	"ppp_hdlc":       func(f frame) Packet { return onWire(LinkPPPHDLC, join(be16s(0xff03, pppProto(f)), f.b)) },
	"ppp_hdlc Cisco": func(f frame) Packet { return onWire(LinkPPPHDLC, join(be16s(0x0f00, f.etherType), f.b)) },
	"c_hdlc":         func(f frame) Packet { return onWire(LinkCHDLC, join(be16s(0x8f00, f.etherType), f.b)) },
	"ppp_ether":      func(f frame) Packet { return onWire(LinkPPPoE, overIP["PPPoE"](f).b) },
	"ipv4 or ipv6": func(f frame) Packet {
		if f.etherType == etherIPv6 {
			return onWire(LinkIPv6, f.b)
		}
		return onWire(LinkIPv4, f.b)
	},
}

func family(f frame, inet6 uint32) uint32 {
	if f.etherType == etherIPv6 {
		return inet6
	}
	return 2
}

var testTime = time.Date(2024, 2, 29, 12, 0, 0, 123456789, time.UTC)

func onWire(l LinkType, b []byte) Packet {
	return Packet{Stamp: Stamp{Time: testTime, Packet: 1}, Data: b, Link: l, Length: len(b)}
}

// randomSegment is a segment as Decode returns it, without SYN.
func randomSegment(r *rand.Rand, six bool) Segment {
	addr := func() netip.Addr {
		var b [16]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if six {
			return netip.AddrFrom16(b)
		}
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	s := Segment{
		Ends:  EndsOf(Flow{netip.AddrPortFrom(addr(), uint16(r.Uint32())), netip.AddrPortFrom(addr(), uint16(r.Uint32()))}),
		Seq:   r.Uint32(),
		Ack:   r.Uint32(),
		Flags: Flags(r.Uint32()) &^ SYN, Window: uint16(r.Uint32()), Scale: -1,
		Payload: make([]byte, r.IntN(1300)),
	}
	for i := range s.Payload {
		s.Payload[i] = byte(r.Uint32())
	}
	return s
}

// testSegment is a segment of each IP version.
func testSegment(six bool) Segment {
	s := Segment{
		Ends:  EndsOf(Flow{netip.MustParseAddrPort("10.0.0.1:50123"), netip.MustParseAddrPort("10.0.0.2:8080")}),
		Stamp: Stamp{Time: testTime, Packet: 1},
		Seq:   0xfffffff0, Ack: 77, Flags: PSH | ACK, Window: 501, Scale: -1, Payload: []byte("\x81\x05hello"),
	}
	if six {
		s.Ends = EndsOf(Flow{netip.MustParseAddrPort("[2001:db8:1::1]:50123"), netip.MustParseAddrPort("[2001:db8:2::2]:8080")})
	}
	return s
}

// same compares two segments, the bytes of their payloads too.
func same(a, b *Segment) bool {
	x, y := *a, *b
	x.Payload, y.Payload = nil, nil
	return bytes.Equal(a.Payload, b.Payload) && equalFields(x, y)
}

func equalFields(a, b Segment) bool {
	return a.Stamp == b.Stamp && a.Ends == b.Ends && a.Seq == b.Seq && a.Ack == b.Ack && a.Flags == b.Flags &&
		a.Window == b.Window && a.Scale == b.Scale && a.MSS == b.MSS && a.Missing == b.Missing
}

// decodeOne expects p to hold the segment want.
func decodeOne(t *testing.T, p Packet, want Segment) {
	t.Helper()
	var d Decoder
	got := Segment{Seq: 1, Missing: 99, MSS: 98, Scale: 97, Window: 96, Payload: []byte("stale")}
	if k := d.Decode(&p, &got); k != KindTCP {
		t.Errorf("kind %v, want tcp\n% x", k, p.Data)
	} else if !same(&got, &want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
