package capture

// ipTunnel is a packet directly in IP: RFC 2003, RFC 2473, RFC 4213 (6in4),
// RFC 3378 (EtherIP), RFC 4023 (MPLS).
func (w *walk) ipTunnel(proto uint8, v view) Kind {
	if !w.enter() {
		return KindUnknown
	}
	switch proto {
	case protoIPv4:
		return w.ip4(v)
	case protoIPv6:
		return w.ip6(v)
	case protoMPLS:
		return w.mpls(v)
	}
	if len(v.b) < 2 {
		return v.short(2)
	}
	return w.ethernet(v.skip(2))
}

// gre is a GRE header (RFC 2784, 2; RFC 2890, 2; the routing field of RFC 1701)
// or that of PPTP (RFC 2637, 4.1).
func (w *walk) gre(v view) Kind {
	if len(v.b) < 4 {
		return v.short(4)
	}
	if !w.enter() {
		return KindUnknown
	}
	const (
		checksum, routing, key, sequence, acknowledgment = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	)
	flags, proto := be16(v.b), be16(v.b[2:])
	version := flags & 7
	if version > 1 {
		return KindUnknown
	}
	size := 4
	if flags&(checksum|routing) != 0 {
		size += 4
	}
	if flags&key != 0 {
		size += 4
	}
	if flags&sequence != 0 {
		size += 4
	}
	if version == 1 {
		if flags&acknowledgment != 0 {
			size += 4
		}
		if proto != etherPPP {
			return KindUnknown
		}
		if flags&sequence == 0 {
			return KindOther // a bare acknowledgment
		}
	}
	if len(v.b) < size {
		return v.short(size)
	}
	v = v.skip(size)
	if version == 0 && flags&routing != 0 {
		for last := false; !last; {
			if len(v.b) < 4 {
				return v.short(4)
			}
			n := 4 + int(v.b[3])
			last = be16(v.b) == 0 && n == 4
			if len(v.b) < n {
				return v.short(n)
			}
			v = v.skip(n)
		}
	}
	switch proto {
	case etherPPP:
		return w.ppp(v)
	case etherTEB:
		return w.ethernet(v)
	case etherWCCP: // version 2 has a redirect header before the packet
		if len(v.b) >= 4 && v.b[0]>>4 != 4 {
			v = v.skip(4)
		}
		return w.ip(v)
	case etherERSPAN, etherERSPAN3:
		return w.erspan(flags&sequence != 0, v)
	}
	return w.etherType(proto, v)
}

// erspan is a mirrored Ethernet frame (draft-foschiano-erspan). Type I has no
// header; it is told from II by the absence of GRE's sequence number.
func (w *walk) erspan(header bool, v view) Kind {
	if !header {
		return w.ethernet(v)
	}
	if len(v.b) < 8 {
		return v.short(8)
	}
	switch v.b[0] >> 4 {
	case 1: // type II
		return w.ethernet(v.skip(8))
	case 2: // type III
		if len(v.b) < 12 {
			return v.short(12)
		}
		flags, size := be16(v.b[10:]), 12
		if flags&1 != 0 { // the platform's own subheader
			size += 8
		}
		if len(v.b) < size {
			return v.short(size)
		}
		switch flags >> 10 & 31 {
		case 0:
			return w.ethernet(v.skip(size))
		case 2:
			return w.ip(v.skip(size))
		}
	}
	return KindUnknown
}
