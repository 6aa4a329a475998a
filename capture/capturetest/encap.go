package capturetest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/netip"
)

// Encap wraps a datagram into another layer. It returns more than one
// datagram only where it fragments. Several are applied innermost first.
type Encap func(Datagram) []Datagram

// Bounds of wrapAll: fragments of fragments multiply.
const (
	maxLayers    = 8
	maxDatagrams = 1 << 16
)

// wrapAll applies encaps in order, each to everything the one before returned.
func wrapAll(d Datagram, encaps []Encap) ([]Datagram, error) {
	if len(encaps) > maxLayers {
		return nil, fmt.Errorf("more than %d layers around a packet", maxLayers)
	}
	all := []Datagram{d}
	for _, e := range encaps {
		var next []Datagram
		for _, d := range all {
			if next = append(next, e(d)...); len(next) > maxDatagrams {
				return nil, fmt.Errorf("more than %d fragments of a packet", maxDatagrams)
			}
		}
		all = next
	}
	return all, nil
}

// Ends of every tunnel.
var (
	tunnelSrc4 = netip.MustParseAddr("192.0.2.1")
	tunnelDst4 = netip.MustParseAddr("192.0.2.2")
	tunnelSrc6 = netip.MustParseAddr("2001:db8::1")
	tunnelDst6 = netip.MustParseAddr("2001:db8::2")
	innerSrc   = mac{2, 0, 0, 0, 1, 1}
	innerDst   = mac{2, 0, 0, 0, 1, 2}
)

// outer puts payload into an IPv4 datagram between the tunnel's ends. Its
// identification depends on the payload, so that fragments of different
// datagrams do not mix.
func outer(proto uint8, payload []byte) []Datagram {
	h := ipHeader{src: tunnelSrc4, dst: tunnelDst4, proto: proto, id: uint16(crc32.ChecksumIEEE(payload))}
	return []Datagram{h.datagram(payload)}
}

func outerUDP(port uint16, payload []byte) []Datagram {
	src := netip.AddrPortFrom(tunnelSrc4, 49152)
	return outer(protoUDP, encodeUDP(src, netip.AddrPortFrom(tunnelDst4, port), payload))
}

// VLAN adds 802.1Q tags, outermost first; where there are two or more, all but
// the innermost are 802.1ad service tags.
func VLAN(ids ...uint16) Encap {
	return func(d Datagram) []Datagram {
		for i := len(ids) - 1; i >= 0; i-- {
			b := binary.BigEndian.AppendUint16(nil, ids[i]&0xfff)
			b = binary.BigEndian.AppendUint16(b, d.EtherType)
			d = Datagram{EtherType: etherVLAN, Body: append(b, d.Body...)}
			if i < len(ids)-1 {
				d.EtherType = etherQinQ
			}
		}
		return []Datagram{d}
	}
}

// MPLS puts a label stack (RFC 3032) before an IP datagram, outermost first.
func MPLS(labels ...uint32) Encap {
	return func(d Datagram) []Datagram {
		var b []byte
		for i, l := range labels {
			entry := l<<12 | 64
			if i == len(labels)-1 {
				entry |= 1 << 8 // bottom of stack
			}
			b = binary.BigEndian.AppendUint32(b, entry)
		}
		return []Datagram{{EtherType: etherMPLS, Body: append(b, d.Body...)}}
	}
}

func pppoeHeader(session uint16, length int) []byte {
	return []byte{0x11, 0, byte(session >> 8), byte(session), byte(length >> 8), byte(length)}
}

// PPPoE wraps an IP datagram into a PPPoE session (RFC 2516).
func PPPoE(session uint16) Encap {
	return func(d Datagram) []Datagram {
		proto, _ := pppProtocol(d.EtherType)
		b := binary.BigEndian.AppendUint16(pppoeHeader(session, 2+len(d.Body)), proto)
		return []Datagram{{EtherType: etherPPPoE, Body: append(b, d.Body...)}}
	}
}

// LLC replaces the EtherType by an 802.3 length and a SNAP header (RFC 1042).
// It must be the outermost layer of an Ethernet frame.
func LLC() Encap {
	return func(d Datagram) []Datagram {
		b := append([]byte{0xaa, 0xaa, 3, 0, 0, 0}, byte(d.EtherType>>8), byte(d.EtherType))
		b = append(b, d.Body...)
		return []Datagram{{EtherType: uint16(len(b)), Body: b}}
	}
}

// IPIP wraps an IP datagram into IPv4: protocol 4 (RFC 2003), or 41 where the
// inner one is IPv6 (6in4, RFC 4213).
func IPIP() Encap {
	return func(d Datagram) []Datagram {
		if d.EtherType == etherIPv6 {
			return outer(protoIPv6, d.Body)
		}
		return outer(protoIPv4, d.Body)
	}
}

// InIPv6 wraps an IP datagram into IPv6 (RFC 2473).
func InIPv6() Encap {
	return func(d Datagram) []Datagram {
		h := ipHeader{src: tunnelSrc6, dst: tunnelDst6, proto: protoIPv4}
		if d.EtherType == etherIPv6 {
			h.proto = protoIPv6
		}
		return []Datagram{h.datagram(d.Body)}
	}
}

// AH puts an Authentication Header (RFC 4302) behind an IPv4 header without
// options; other datagrams stay as they are.
func AH() Encap {
	return func(d Datagram) []Datagram {
		if d.EtherType != etherIPv4 || len(d.Body) < 20 || d.Body[0] != 0x45 {
			return []Datagram{d}
		}
		b := append([]byte(nil), d.Body[:20]...)
		b = append(b, b[9], 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1)
		b = append(b, make([]byte, 12)...) // integrity check value
		b = append(b, d.Body[20:]...)
		b[9] = protoAH
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		b[10], b[11] = 0, 0
		binary.BigEndian.PutUint16(b[10:], checksum(b[:20]))
		return []Datagram{{EtherType: etherIPv4, Body: b}}
	}
}

// GRE wraps a datagram into GRE (RFC 2784) with a key field (RFC 2890) unless
// key is 0.
func GRE(key uint32) Encap {
	return func(d Datagram) []Datagram {
		b := []byte{0, 0, byte(d.EtherType >> 8), byte(d.EtherType)}
		if key != 0 {
			b[0] = 0x20
			b = binary.BigEndian.AppendUint32(b, key)
		}
		return outer(protoGRE, append(b, d.Body...))
	}
}

// GRETAP wraps a whole Ethernet frame into GRE.
func GRETAP() Encap {
	return func(d Datagram) []Datagram {
		b := binary.BigEndian.AppendUint16([]byte{0, 0}, etherTEB)
		return outer(protoGRE, append(b, ethernet(innerSrc, innerDst, d)...))
	}
}

// ERSPAN wraps an Ethernet frame as ERSPAN type II mirror ports do.
func ERSPAN(session uint16) Encap {
	return func(d Datagram) []Datagram {
		b := binary.BigEndian.AppendUint16([]byte{0x10, 0}, etherERSPN)
		b = append(b, 0, 0, 0, 1)                                             // GRE sequence number
		b = append(b, 0x10, 0, byte(session>>8)&3, byte(session), 0, 0, 0, 0) // version 1
		return outer(protoGRE, append(b, ethernet(innerSrc, innerDst, d)...))
	}
}

// VXLAN wraps an Ethernet frame (RFC 7348).
func VXLAN(vni uint32) Encap {
	return func(d Datagram) []Datagram {
		b := binary.BigEndian.AppendUint32([]byte{8, 0, 0, 0}, vni<<8)
		return outerUDP(4789, append(b, ethernet(innerSrc, innerDst, d)...))
	}
}

// Geneve wraps an Ethernet frame, with one option of 8 bytes (RFC 8926).
func Geneve(vni uint32) Encap {
	return func(d Datagram) []Datagram {
		b := binary.BigEndian.AppendUint16([]byte{2, 0}, etherTEB)
		b = binary.BigEndian.AppendUint32(b, vni<<8)
		b = append(b, 0xff, 0xff, 1, 1, 0, 0, 0, 7) // experimental class, 4 bytes of data
		return outerUDP(6081, append(b, ethernet(innerSrc, innerDst, d)...))
	}
}

// GTPU wraps an IP datagram as mobile networks do (3GPP TS 29.281).
func GTPU(teid uint32) Encap {
	return func(d Datagram) []Datagram {
		b := []byte{0x30, 0xff, byte(len(d.Body) >> 8), byte(len(d.Body))}
		b = binary.BigEndian.AppendUint32(b, teid)
		return outerUDP(2152, append(b, d.Body...))
	}
}

// Fragment splits an IP datagram into fragments of at most size bytes of
// payload, a multiple of 8.
func Fragment(size int) Encap {
	return func(d Datagram) []Datagram {
		if d.EtherType != etherIPv4 && d.EtherType != etherIPv6 {
			return []Datagram{d}
		}
		var out []Datagram
		for _, b := range fragmentIP(d.Body, size) {
			out = append(out, Datagram{EtherType: d.EtherType, Body: b})
		}
		return out
	}
}
