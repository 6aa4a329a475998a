package capture

import (
	"fmt"
	"net/netip"
)

// IP protocol numbers of ICMP (IANA).
const (
	protoICMP   = 1
	protoICMPv6 = 58
)

// ICMPError is an ICMP (RFC 792) or ICMPv6 error message (RFC 4443, 3) about a
// TCP segment: destination unreachable, packet too big or time exceeded.
type ICMPError struct {
	Stamp
	// From sent the error: the addressed host, or a router on the way to it.
	From netip.Addr
	// Flow and Seq are those of the segment that the error quotes.
	Flow Flow
	Seq  uint32
	// Version is that of IP, 4 or 6; it tells how Type and Code are to be read.
	Version, Type, Code uint8
}

// Unreachable reports whether the error says that the segment cannot arrive.
// One that is too big for a link can, in smaller pieces (RFC 1191, RFC 8201).
func (e *ICMPError) Unreachable() bool {
	if e.Version == 4 {
		return e.Type == icmpUnreachable && e.Code != icmpTooBig || e.Type == icmpTimeExceeded
	}
	return e.Type == icmp6Unreachable || e.Type == icmp6TimeExceeded
}

// String is the error in words, in lower case.
func (e *ICMPError) String() string {
	names := icmpNames[:]
	switch {
	case e.Version == 4 && e.Type == icmpTimeExceeded, e.Version == 6 && e.Type == icmp6TimeExceeded:
		return "time to live exceeded in transit"
	case e.Version == 6 && e.Type == icmp6TooBig:
		return "packet too big"
	case e.Version == 6:
		names = icmp6Names[:]
	}
	if int(e.Code) < len(names) && names[e.Code] != "" {
		return names[e.Code]
	}
	return fmt.Sprintf("destination unreachable, code %d", e.Code)
}

// Types and codes of ICMP (RFC 792) and ICMPv6 (RFC 4443).
const (
	icmpUnreachable   = 3
	icmpTooBig        = 4 // code: fragmentation needed and DF set
	icmpTimeExceeded  = 11
	icmp6Unreachable  = 1
	icmp6TooBig       = 2
	icmp6TimeExceeded = 3
)

var (
	icmpNames = [...]string{ // RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1
		"network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed",
		"source route failed", "network unknown", "host unknown", "source host isolated",
		"network administratively prohibited", "host administratively prohibited",
		"network unreachable for the type of service", "host unreachable for the type of service",
		"communication administratively prohibited", "host precedence violation", "precedence cutoff in effect",
	}
	icmp6Names = [...]string{ // RFC 4443, 3.1
		"no route to destination", "communication administratively prohibited", "beyond scope of source address",
		"address unreachable", "port unreachable", "source address failed ingress policy", "reject route to destination",
	}
)

// ICMPError returns what the packet told that was decoded last, if it is an
// error about a TCP segment. It is to be asked after a Decode that returned
// KindOther, and has no meaning after any other.
func (d *Decoder) ICMPError() (e ICMPError, ok bool) { return d.icmp, d.icmp.Version != 0 }

// icmp4 is an ICMP message. It quotes the IP header and 8 bytes at the least
// (RFC 792), of a TCP header: ports and sequence number.
func (w *walk) icmp4(v view) Kind {
	b := v.b
	if len(b) < 8+ip4Header || b[0] != icmpUnreachable && b[0] != icmpTimeExceeded {
		return KindOther
	}
	kind, code := b[0], b[1]
	b = b[8:]
	header := int(b[0]&15) * 4
	if b[0]>>4 != 4 || header < ip4Header || len(b) < header+8 || b[9] != protoTCP || be16(b[6:])&0x1fff != 0 {
		return KindOther
	}
	w.quoted(4, kind, code, netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20])), b[header:])
	return KindOther
}

// icmp6 is an ICMPv6 message. It quotes as much as fits (RFC 4443, 2.4 c).
func (w *walk) icmp6(v view) Kind {
	b := v.b
	if len(b) < 8+ip6Header+8 || b[0] < icmp6Unreachable || b[0] > icmp6TimeExceeded {
		return KindOther
	}
	kind, code := b[0], b[1]
	b = b[8:]
	if b[0]>>4 != 6 || b[6] != protoTCP {
		return KindOther // also where extension headers come first: rare, and then not told
	}
	w.quoted(6, kind, code, netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40])), b[ip6Header:])
	return KindOther
}

// quoted keeps the error for Decoder.ICMPError. tcp holds 8 bytes at the least.
func (w *walk) quoted(version, kind, code uint8, src, dst netip.Addr, tcp []byte) {
	w.d.icmp = ICMPError{
		Stamp: w.at, From: w.src, Version: version, Type: kind, Code: code, Seq: be32(tcp[4:]),
		Flow: Flow{Src: netip.AddrPortFrom(src, be16(tcp)), Dst: netip.AddrPortFrom(dst, be16(tcp[2:]))},
	}
}
