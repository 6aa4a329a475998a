package capture

import "net/netip"

// ip is an IP packet of either version, told by its first nibble.
func (w *walk) ip(v view) Kind {
	if len(v.b) < 1 {
		return v.short(1)
	}
	switch v.b[0] >> 4 {
	case 4:
		return w.ip4(v)
	case 6:
		return w.ip6(v)
	}
	return KindMalformed
}

// ip4 is an IPv4 packet (RFC 791, 3.1).
func (w *walk) ip4(v view) Kind {
	if len(v.b) < ip4Header {
		return v.short(ip4Header)
	}
	b := v.b
	header := int(b[0]&15) * 4
	if b[0]>>4 != 4 || header < ip4Header {
		return KindMalformed
	}
	// A total length of 0 is left by segmentation offload for packets over
	// 64 KiB, and by some drivers for all: then the packet tells its length.
	if total := int(be16(b[2:])); total != 0 {
		if total < header {
			return KindMalformed
		}
		v = v.extend(total)
	}
	if len(v.b) < header {
		return v.short(header)
	}
	w.src, w.dst = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	proto := b[9]
	v = v.skip(header)
	if field := be16(b[6:]); field&0x3fff != 0 { // more fragments, or an offset
		key := datagram{src: w.src, dst: w.dst, id: uint32(be16(b[4:])), proto: proto, depth: w.depth}
		return w.fragment(key, fragment{
			view: v, offset: int(field&0x1fff) * 8, more: field&0x2000 != 0, proto: proto,
		})
	}
	return w.transport(proto, v)
}
