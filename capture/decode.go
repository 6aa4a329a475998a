package capture

import "encoding/binary"

// Kind says what a Decoder found in a packet.
type Kind uint8

// The kinds of packets.
const (
	// KindTCP is a TCP segment; the Segment is filled.
	KindTCP Kind = iota
	// KindOther was understood and carries no TCP: ARP, ICMP, UDP, ...
	KindOther
	// KindFragment is an IP fragment: held until the others of its datagram
	// have come, or one more than was needed.
	KindFragment
	// KindUnknown has a link type or protocol that is not understood, or
	// tunnels deeper than MaxTunnels: TCP inside it would be missed.
	KindUnknown
	// KindMalformed contradicts itself: a header or a length that cannot be.
	KindMalformed
	// KindTruncated was cut by the snapshot length before the TCP header, or
	// before it was known whether there is one.
	KindTruncated

	kinds
)

// String names k in lower case.
func (k Kind) String() string {
	if k >= kinds {
		return "invalid"
	}
	return [kinds]string{"tcp", "other", "fragment", "unknown", "malformed", "truncated"}[k]
}

// MaxTunnels is how many tunnels inside each other are followed.
const MaxTunnels = 4

// Decoder finds the TCP segments in the packets of one Source: through link
// layers, tags, IP and its fragments, and tunnels. The zero value is ready.
// It must not be copied after its first use, nor shared by goroutines.
//
// Tunnels in UDP are known by their port numbers, as in Wireshark. Checksums
// are not looked at: offloading leaves them wrong in most captures made on the
// sending host.
type Decoder struct {
	kinds  [kinds]uint64
	stats  DecodeStats // all but the kinds
	defrag defragmenter
	pieces []uint64  // packets whose fragments the latest datagram was joined of
	icmp   ICMPError // of the packet decoded last; Version 0 for none
}

// DecodeStats counts what a Decoder met. The first six are packets by Kind,
// and add up to all that were decoded.
type DecodeStats struct {
	TCP, Other, Fragment, Unknown, Malformed, Truncated uint64

	UnknownLink   uint64 // of Unknown, packets whose link type is not understood
	TooDeep       uint64 // of Unknown, packets with more than MaxTunnels tunnels
	TruncatedData uint64 // of TCP, segments with data cut off by the snapshot length

	Fragments        uint64 // IP fragments met, tunnels' own included
	Reassembled      uint64 // datagrams completed from fragments
	Incomplete       uint64 // datagrams that still wait for fragments
	FragmentTimeouts uint64 // datagrams given up after 30 s of packet time
	FragmentEvicted  uint64 // datagrams given up because a bound on memory was reached
	FragmentOverlaps uint64 // fragments that repeat part of another; the first copy won
	FragmentDups     uint64 // fragments that came twice
}

// Stats returns the counts so far.
func (d *Decoder) Stats() DecodeStats {
	s := d.stats
	s.TCP, s.Other, s.Fragment = d.kinds[KindTCP], d.kinds[KindOther], d.kinds[KindFragment]
	s.Unknown, s.Malformed, s.Truncated = d.kinds[KindUnknown], d.kinds[KindMalformed], d.kinds[KindTruncated]
	s.Incomplete = d.defrag.waiting
	return s
}

// Fragments are the numbers of the packets, other than its own, whose IP
// fragments made the segment that Decode returned last; none where it came
// whole. Lent until the next call of Decode.
func (d *Decoder) Fragments() []uint64 { return d.pieces }

// Decode looks for a TCP segment in p. Where it returns KindTCP it has set
// every field of s; otherwise it has left s alone. A segment that came in IP
// fragments is returned with the packet that completed it, and has its Stamp.
//
// s.Payload is part of p.Data, or of the Decoder's own buffer where IP
// fragments were joined; it is valid until the next call, or until p.Data is
// not. Decode does not allocate, except to hold fragments.
func (d *Decoder) Decode(p *Packet, s *Segment) Kind {
	d.pieces = d.pieces[:0]
	k := KindTCP
	if !d.fast(p, s) {
		d.icmp.Version = 0
		w := walk{d: d, s: s, at: p.Stamp}
		k = w.link(p.Link, view{b: p.Data, wire: max(p.Length, len(p.Data))})
	}
	if k == KindTCP && s.Missing > 0 {
		d.stats.TruncatedData++
	}
	d.kinds[k]++
	return k
}

const (
	ip4Header = 20 // bytes of an IPv4 header without options
	ip6Header = 40 // bytes of an IPv6 header
	tcpHeader = 20 // bytes of a TCP header without options
)

// fast decodes the packets that nearly all traffic consists of: Ethernet with
// at most one tag, or Linux cooked capture; IPv4 without options, or IPv6
// without extension headers, unfragmented; TCP other than SYN, its header
// captured whole. It reports false for any other, without having judged it.
// Where lengths are known, arrays are read: one test is for all their bytes.
func (d *Decoder) fast(p *Packet, s *Segment) bool {
	b := p.Data
	var n int       // where the network header begins
	var etherAt int // where its protocol stands
	switch p.Link {
	case LinkEthernet:
		n, etherAt = 14, 12
	case LinkLinuxSLL2:
		n, etherAt = 20, 0
	case LinkLinuxSLL:
		n, etherAt = 16, 14
	default:
		return false
	}
	if len(b) < n+4 { // 4: a VLAN tag
		return false
	}
	etherType := binary.BigEndian.Uint16(b[etherAt:])
	if etherType == etherVLAN {
		etherType = binary.BigEndian.Uint16(b[n+2:])
		n += 4
	}

	ip := b[n:]
	var end, at int // where in ip the datagram ends, and its TCP header begins
	switch etherType {
	case etherIPv4:
		if len(ip) < ip4Header+tcpHeader {
			return false
		}
		h := (*[ip4Header]byte)(ip)
		first := binary.BigEndian.Uint32(h[:]) // version, length of the header, DSCP, length
		// Flags and offset of a fragment, TTL, protocol.
		if first>>24 != 0x45 || binary.BigEndian.Uint32(h[6:])&0x3fff00ff != protoTCP {
			return false
		}
		end, at = int(first&0xffff), ip4Header
	case etherIPv6:
		if len(ip) < ip6Header+tcpHeader || ip[0]>>4 != 6 || ip[6] != protoTCP {
			return false
		}
		end, at = int(binary.BigEndian.Uint16(ip[4:])), ip6Header
		if end == 0 {
			return false
		}
		end += ip6Header
	default:
		return false
	}
	t := (*[tcpHeader]byte)(ip[at:])
	missing := max(0, end-len(ip))
	end -= missing
	offset := int(t[12]>>4) * 4
	data := at + offset // where the data begins, in ip
	if offset < tcpHeader || data > end || t[13]&byte(SYN) != 0 {
		return false
	}

	sport, dport := binary.BigEndian.Uint16(t[:]), binary.BigEndian.Uint16(t[2:])
	if at == ip4Header {
		a := (*[8]byte)(ip[12:])
		s.Src, s.Dst = end4(binary.BigEndian.Uint32(a[:]), sport), end4(binary.BigEndian.Uint32(a[4:]), dport)
	} else {
		a := (*[32]byte)(ip[8:])
		s.Src, s.Dst = end6((*[16]byte)(a[:]), sport), end6((*[16]byte)(a[16:]), dport)
	}
	s.Stamp = p.Stamp
	s.Seq = binary.BigEndian.Uint32(t[4:])
	s.Ack = binary.BigEndian.Uint32(t[8:])
	s.Flags = Flags(t[13])
	s.Window = binary.BigEndian.Uint16(t[14:])
	s.Scale, s.MSS = -1, 0
	s.Payload, s.Missing = ip[data:end], missing
	return true
}
