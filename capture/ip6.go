package capture

import "net/netip"

// ip6 is an IPv6 packet (RFC 8200, 3).
func (w *walk) ip6(v view) Kind {
	if len(v.b) < ip6Header {
		return v.short(ip6Header)
	}
	b := v.b
	if b[0]>>4 != 6 {
		return KindMalformed
	}
	// A payload length of 0 is that of a jumbogram (RFC 2675, 3), which tells
	// its length in an option, or of an offloaded packet over 64 KiB, which
	// may not: then the packet tells.
	n, next := int(be16(b[4:])), b[6]
	if n == 0 && next == protoHopByHop {
		n = jumboLength(b[ip6Header:])
		if n > v.wire-ip6Header {
			n = 0
		}
	}
	if n != 0 {
		v = v.extend(ip6Header + n)
	}
	w.src, w.dst = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	return w.transport(next, v.skip(ip6Header))
}

// jumboLength is the length in the jumbo payload option of the hop-by-hop
// header b (RFC 2675, 2), or 0 if it has none.
func jumboLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	b = b[:min(len(b), (int(b[1])+1)*8)]
	for i := 2; i < len(b); {
		if b[i] == 0 { // Pad1
			i++
			continue
		}
		if i+2 > len(b) {
			return 0
		}
		if b[i] == 0xc2 && b[i+1] == 4 && i+6 <= len(b) {
			return int(be32(b[i+2:]))
		}
		i += 2 + int(b[i+1])
	}
	return 0
}

// route takes the final destination from a routing header with hops left: it
// is the TCP endpoint (RFC 8200, 8.1), the header's destination the next hop.
func (w *walk) route(b []byte) {
	kind, left := b[2], int(b[3])
	if left == 0 {
		return
	}
	at := 8
	switch kind {
	case 0: // RFC 2460, 4.4: the last address
		at = len(b) - 16
	case 2, 4: // RFC 6275, 6.4: the home address. RFC 8754, 2: the list is reversed
	default:
		return
	}
	if at >= 8 && at+16 <= len(b) && w.dst.Is6() {
		w.dst = netip.AddrFrom16([16]byte(b[at : at+16]))
	}
}

// fragment6 is an IPv6 fragment header (RFC 8200, 4.5).
func (w *walk) fragment6(v view) Kind {
	if len(v.b) < 8 {
		return v.short(8)
	}
	proto, field := v.b[0], be16(v.b[2:])
	key := datagram{src: w.src, dst: w.dst, id: be32(v.b[4:]), depth: w.depth}
	v = v.skip(8)
	if field&^6 == 0 { // atomic: a whole datagram all the same (RFC 6946)
		return w.transport(proto, v)
	}
	return w.fragment(key, fragment{view: v, offset: int(field &^ 7), more: field&1 != 0, proto: proto})
}
