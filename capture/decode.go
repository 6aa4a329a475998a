package capture

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
	k := d.fast(p.Link, p.Data, s)
	switch k {
	case KindTCP:
		s.Stamp = p.Stamp
	case undecided:
		k = d.general(p, s)
	default:
		d.icmp.Version = 0
	}
	return k
}

// general is Decode of any packet.
func (d *Decoder) general(p *Packet, s *Segment) Kind {
	d.icmp.Version = 0
	w := walk{d: d, s: s, at: p.Stamp}
	k := w.link(p.Link, view{b: p.Data, wire: max(p.Length, len(p.Data))})
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

// undecided is what fast says of a packet that it leaves alone.
const undecided = kinds

// fast decodes and counts the packets that nearly all traffic consists of:
// Ethernet with at most one tag, or Linux cooked capture; IPv4 without options,
// or IPv6 without extension headers, unfragmented; TCP other than SYN, its header
// captured whole, or UDP to no port of a tunnel. Of a segment it sets all but
// the Stamp. Any other packet is undecided: it has not been judged.
//
// Slices begin at constants behind a test for length, which stands for all that
// is read: the compiler then adds none of its own.
func (d *Decoder) fast(link LinkType, b []byte, s *Segment) Kind {
	if len(b) < 14+ip4Header+tcpHeader { // less than any of these
		return undecided
	}
	var etherType uint16
	var ip []byte // from the network header on
	switch link {
	case LinkEthernet:
		etherType, ip = be16(b[12:]), b[14:]
	case LinkLinuxSLL2:
		etherType, ip = be16(b), b[20:]
	case LinkLinuxSLL:
		etherType, ip = be16(b[14:]), b[16:]
	default:
		return undecided
	}
	if etherType == etherVLAN {
		etherType, ip = be16(ip[2:]), ip[4:]
	}
	var proto byte
	var at, end int        // where in ip the transport header begins, and the datagram ends
	var t *[tcpHeader]byte // the transport header
	switch etherType {
	case etherIPv4:
		if len(ip) < ip4Header+tcpHeader {
			return undecided
		}
		first := be32(ip)    // version, length of the header, DSCP, length
		rest := be32(ip[6:]) // flags and offset of a fragment, TTL, protocol
		if first>>24 != 0x45 || rest&0x3fff0000 != 0 {
			return undecided
		}
		proto, at, end = byte(rest), ip4Header, int(first&0xffff)
		t = (*[tcpHeader]byte)(ip[ip4Header:])
	case etherIPv6:
		if len(ip) < ip6Header+tcpHeader || ip[0]>>4 != 6 {
			return undecided
		}
		length := int(be16(ip[4:]))
		if length == 0 {
			return undecided
		}
		proto, at, end = ip[6], ip6Header, ip6Header+length
		t = (*[tcpHeader]byte)(ip[ip6Header:])
	default:
		return undecided
	}
	ports := be32(t[:])
	if proto != protoTCP {
		if proto != protoUDP || end < at+udpHeader || tunnelPort(uint16(ports>>16), uint16(ports)) != 0 {
			return undecided
		}
		d.kinds[KindOther]++
		return KindOther
	}
	missing := max(0, end-len(ip))
	end -= missing
	last := be32(t[12:])         // length of the header, flags, window
	data := at + int(last>>28)*4 // where the data begins, in ip
	if last>>28 < tcpHeader/4 || data > end || last&(uint32(SYN)<<16) != 0 {
		return undecided
	}

	if at == ip4Header {
		a := be64(ip[12:])
		s.Src, s.Dst = end4(uint32(a>>32), uint16(ports>>16)), end4(uint32(a), uint16(ports))
	} else {
		a := (*[32]byte)(ip[8:])
		s.Src, s.Dst = end6((*[16]byte)(a[:]), uint16(ports>>16)), end6((*[16]byte)(a[16:]), uint16(ports))
	}
	s.Seq, s.Ack = be32(t[4:]), be32(t[8:])
	s.Flags, s.Window = Flags(last>>16), uint16(last)
	s.Scale, s.MSS = -1, 0
	s.Payload, s.Missing = ip[data:end:end], missing
	if missing > 0 {
		d.stats.TruncatedData++
	}
	d.kinds[KindTCP]++
	return KindTCP
}
