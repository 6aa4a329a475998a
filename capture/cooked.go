package capture

import "encoding/binary"

// sll is a Linux cooked capture header, version 1.
func (w *walk) sll(v view) Kind {
	if len(v.b) < 16 {
		return v.short(16)
	}
	return w.cooked(be16(v.b[2:]), be16(v.b[14:]), v.skip(16))
}

// sll2 is a Linux cooked capture header, version 2.
func (w *walk) sll2(v view) Kind {
	if len(v.b) < 20 {
		return v.short(20)
	}
	return w.cooked(be16(v.b[8:]), be16(v.b), v.skip(20))
}

// cooked is a Linux cooked packet of the given ARPHRD_ hardware type. Protocols
// below the EtherTypes are Linux's own (ETH_P_), or mean nothing.
func (w *walk) cooked(hardware, proto uint16, v view) Kind {
	const (
		frameRelay    = 770
		ieee80211     = 801
		ieee80211Last = 803 // with a radiotap header
		netlink       = 824
		ieee8022      = 0x0004
	)
	switch {
	case proto >= etherTypeMin:
		return w.etherType(proto, v)
	case hardware == frameRelay, hardware >= ieee80211 && hardware <= ieee80211Last:
		return KindUnknown
	case hardware != netlink && proto == ieee8022:
		return w.llc(min(v.wire, maxLLC), v)
	}
	return KindOther // netlink, CAN, IPX, LocalTalk, ...
}

// loopback has an address family in the capturing host's byte order (LOOP: in
// network order). Either order is taken, and every system's number of AF_INET6.
func (w *walk) loopback(v view) Kind {
	if len(v.b) < 4 {
		return v.short(4)
	}
	family := binary.BigEndian.Uint32(v.b)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(v.b)
	}
	switch family {
	case 2, // AF_INET, everywhere
		10, // AF_INET6 on Linux
		23, // Windows
		24, // NetBSD, OpenBSD
		28, // FreeBSD
		30: // macOS
		return w.ip(v.skip(4))
	}
	if family >= etherTypeMin && family <= 0xffff { // some tools write an EtherType
		return w.etherType(uint16(family), v.skip(4))
	}
	return KindUnknown
}

// nflog is a header of attributes, each with a length and a type in the
// capturing host's byte order; one of them is the IP packet.
func (w *walk) nflog(v view) Kind {
	const payload = 9 // NFULA_PAYLOAD
	if len(v.b) < 8 {
		return v.short(8)
	}
	if v.b[1] != 0 {
		return KindUnknown // a later version
	}
	v = v.skip(4)
	var order binary.ByteOrder = binary.LittleEndian
	if v.b[0] == 0 { // no attribute is as long as this would be
		order = binary.BigEndian
	}
	for len(v.b) >= 4 {
		size, kind := int(order.Uint16(v.b)), order.Uint16(v.b[2:])
		if size < 4 {
			return KindMalformed
		}
		if kind == payload {
			return w.ip(v.skip(4).trim(size - 4))
		}
		size = (size + 3) &^ 3
		if len(v.b) < size {
			return v.short(size)
		}
		v = v.skip(size)
	}
	return v.short(4)
}

// ipoib is IP over InfiniBand (RFC 4391, 6) behind a global routing header.
func (w *walk) ipoib(v view) Kind {
	if len(v.b) < 44 {
		return v.short(44)
	}
	return w.etherType(be16(v.b[40:]), v.skip(44))
}

// pktap is what macOS puts before a packet: the header's own length, and the
// link type of what follows.
func (w *walk) pktap(v view) Kind {
	if len(v.b) < 12 {
		return v.short(12)
	}
	size, l := binary.LittleEndian.Uint32(v.b), LinkType(binary.LittleEndian.Uint32(v.b[8:]))
	if size < 12 || size > 1<<16 || l == LinkPKTAP || l == LinkUser2 {
		return KindMalformed
	}
	if len(v.b) < int(size) {
		return v.short(int(size))
	}
	return w.link(l, v.skip(int(size)))
}
