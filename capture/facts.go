package capture

import "net/netip"

// Facts are what the headers of one packet say, from its link layer to the
// first TCP header that is found without entering a tunnel. They are for
// filters and columns that ask for them: Decode reads the same headers, faster,
// for what reassembly needs.
type Facts struct {
	Stamp
	// Length is the packet's length on the wire, Captured what of it was
	// captured, in bytes.
	Length, Captured int
	Interface        int
	Link             LinkType

	// Ethernet is true where the packet has an Ethernet header.
	Ethernet bool
	// Source and Destination are its MAC addresses.
	Source, Destination [6]byte
	// EtherType is that of the Ethernet header, a tag's where it has one.
	EtherType uint16
	// Tags are the tag control fields of the first VLANs tags (IEEE 802.1Q,
	// 9.6), outermost first: priority, drop eligibility, VLAN identifier.
	Tags  [4]uint16
	VLANs int

	// Version is 4 or 6, 0 without an IP header.
	Version uint8
	// Src and Dst are the addresses of the IP header.
	Src, Dst netip.Addr
	// IP holds its fields.
	IP IPFacts

	// Flow, with ports, and TCP are set where TCPFound is true.
	TCPFound bool
	Flow     Flow
	TCP      TCPFacts
}

// IPFacts are fields of an IPv4 (RFC 791, 3.1) or IPv6 header (RFC 8200, 3).
type IPFacts struct {
	HeaderLength   int    // in bytes; IPv4
	TrafficClass   uint8  // of IPv4: type of service (RFC 2474, 3)
	FlowLabel      uint32 // IPv6
	Length         uint16 // IPv4: total length, IPv6: payload length, in bytes
	ID             uint16 // IPv4
	Flags          uint8  // IPv4: reserved = 4, don't fragment = 2, more fragments = 1
	Offset         uint16 // IPv4: fragment offset in bytes
	HopLimit       uint8  // IPv4: time to live
	Protocol       uint8  // IPv6: next header
	HeaderChecksum uint16 // IPv4: header checksum
}

// TCPFacts are the fields of a TCP header (RFC 9293, 3.1).
type TCPFacts struct {
	Seq, Ack     uint32
	HeaderLength int    // in bytes
	Flags        uint16 // the nine of them and three reserved bits
	Window       uint16 // unscaled
	Checksum     uint16
	Urgent       uint16
	Length       int // of the data, in bytes
}

// ParseFacts reads the headers of p. What is cut off, malformed or unknown is
// left zero.
func ParseFacts(p Packet) Facts {
	f := Facts{Stamp: p.Stamp, Length: max(p.Length, len(p.Data)), Captured: len(p.Data), Interface: p.Interface, Link: p.Link}
	v := view{p.Data, f.Length}
	switch p.Link {
	case LinkEthernet:
		if len(v.b) < 14 {
			break
		}
		f.Ethernet = true
		f.Destination, f.Source = [6]byte(v.b), [6]byte(v.b[6:])
		f.EtherType = be16(v.b[12:])
		f.etherType(f.EtherType, v.skip(14))
	case LinkLinuxSLL:
		if len(v.b) >= 16 {
			f.etherType(be16(v.b[14:]), v.skip(16))
		}
	case LinkLinuxSLL2:
		if len(v.b) >= 20 {
			f.etherType(be16(v.b), v.skip(20))
		}
	case LinkNull, LinkLoop:
		if len(v.b) >= 4 {
			f.ip(v.skip(4))
		}
	case LinkRaw, LinkRawBSD, LinkRawOpen, LinkIPv4, LinkIPv6:
		f.ip(v)
	}
	return f
}

func (f *Facts) etherType(t uint16, v view) {
	for {
		switch t {
		case etherVLAN, etherQinQ, etherQinQOld, etherQinQOlder:
			if len(v.b) < 4 || f.VLANs == len(f.Tags) {
				return
			}
			f.Tags[f.VLANs] = be16(v.b)
			f.VLANs++
			t, v = be16(v.b[2:]), v.skip(4)
			continue
		case etherIPv4, etherIPv6:
			f.ip(v)
		}
		return
	}
}

func (f *Facts) ip(v view) {
	b := v.b
	switch {
	case len(b) >= ip4Header && b[0]>>4 == 4:
		header := int(b[0]&15) * 4
		f.Version = 4
		f.Src, f.Dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		f.IP = IPFacts{
			HeaderLength: header, TrafficClass: b[1], Length: be16(b[2:]), ID: be16(b[4:]), Flags: b[6] >> 5,
			Offset: (be16(b[6:]) & 0x1fff) * 8, HopLimit: b[8], Protocol: b[9], HeaderChecksum: be16(b[10:]),
		}
		if total := int(f.IP.Length); total >= header {
			v = v.trim(total)
		}
		if f.IP.Protocol == protoTCP && f.IP.Offset == 0 && header >= ip4Header && len(v.b) >= header {
			f.tcp(v.skip(header))
		}
	case len(b) >= ip6Header && b[0]>>4 == 6:
		f.Version = 6
		f.Src, f.Dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		f.IP = IPFacts{
			TrafficClass: uint8(be16(b) >> 4), FlowLabel: be32(b) & 0xfffff, Length: be16(b[4:]), HopLimit: b[7], Protocol: b[6],
		}
		if f.IP.Length > 0 {
			v = v.trim(ip6Header + int(f.IP.Length))
		}
		if f.IP.Protocol == protoTCP && len(v.b) >= ip6Header {
			f.tcp(v.skip(ip6Header))
		}
	}
}

func (f *Facts) tcp(v view) {
	b := v.b
	if len(b) < tcpHeader {
		return
	}
	f.TCPFound = true
	f.Flow = Flow{netip.AddrPortFrom(f.Src, be16(b)), netip.AddrPortFrom(f.Dst, be16(b[2:]))}
	header := int(b[12]>>4) * 4
	f.TCP = TCPFacts{
		Seq: be32(b[4:]), Ack: be32(b[8:]), HeaderLength: header, Flags: be16(b[12:]) & 0xfff,
		Window: be16(b[14:]), Checksum: be16(b[16:]), Urgent: be16(b[18:]), Length: max(0, v.wire-header),
	}
}
