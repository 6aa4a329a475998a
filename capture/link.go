package capture

import "encoding/binary"

// The EtherTypes that are followed or known to carry no TCP (IEEE 802 numbers,
// IANA).
const (
	etherIPv4      = 0x0800
	etherARP       = 0x0806
	etherTEB       = 0x6558 // transparent Ethernet bridging, in GRE and Geneve
	etherRARP      = 0x8035
	etherVLAN      = 0x8100 // IEEE 802.1Q customer tag
	etherWCCP      = 0x883e // web cache redirection, in GRE
	etherSlow      = 0x8809 // LACP and its like
	etherIPv6      = 0x86dd
	etherPPP       = 0x880b // in GRE (RFC 2637)
	etherMPLS      = 0x8847
	etherMPLSUp    = 0x8848 // upstream-assigned label
	etherPPPoEDisc = 0x8863
	etherPPPoE     = 0x8864
	etherEAPOL     = 0x888e
	etherQinQ      = 0x88a8 // IEEE 802.1ad service tag
	etherERSPAN    = 0x88be // types I and II, in GRE
	etherLLDP      = 0x88cc
	etherPBB       = 0x88e7 // IEEE 802.1ah
	etherLoop      = 0x9000
	etherQinQOld   = 0x9100 // service tags before 802.1ad
	etherQinQOlder = 0x9200
	etherERSPAN3   = 0x22eb // type III, in GRE

	// Below this a type field is the length of an IEEE 802.3 frame.
	etherTypeMin = 0x0600
	maxLLC       = 1500
)

// link enters a packet by its link type.
func (w *walk) link(l LinkType, v view) Kind {
	switch l {
	case LinkEthernet:
		return w.ethernet(v)
	case LinkLinuxSLL:
		return w.sll(v)
	case LinkLinuxSLL2:
		return w.sll2(v)
	case LinkRaw, LinkRawBSD, LinkRawOpen:
		return w.ip(v)
	case LinkIPv4:
		return w.ip4(v)
	case LinkIPv6:
		return w.ip6(v)
	case LinkNull, LinkLoop:
		return w.loopback(v)
	case LinkPPP:
		return w.ppp(v)
	case LinkPPPHDLC:
		return w.pppHDLC(v)
	case LinkCHDLC:
		return w.ciscoHDLC(v)
	case LinkPPPoE:
		return w.pppoe(v)
	case LinkNFLOG:
		return w.nflog(v)
	case LinkIPoIB:
		return w.ipoib(v)
	case LinkPKTAP, LinkUser2:
		return w.pktap(v)
	}
	w.d.stats.UnknownLink++
	return KindUnknown
}

// ethernet is a frame from its destination address on, without preamble. A
// frame check sequence that was captured is cut off by the IP length.
func (w *walk) ethernet(v view) Kind {
	if len(v.b) < 14 {
		return v.short(14)
	}
	return w.etherType(be16(v.b[12:]), v.skip(14))
}

// etherType follows the type t, whose payload v is.
func (w *walk) etherType(t uint16, v view) Kind {
	for {
		switch t {
		case etherIPv4, etherIPv6:
			// The version in the header decides.
			return w.ip(v)
		case etherVLAN, etherQinQ, etherQinQOld, etherQinQOlder:
			if len(v.b) < 4 {
				return v.short(4)
			}
			t, v = be16(v.b[2:]), v.skip(4)
			continue
		case etherMPLS, etherMPLSUp:
			return w.mpls(v)
		case etherPPPoE:
			return w.pppoe(v)
		case etherPBB:
			if len(v.b) < 4 {
				return v.short(4)
			}
			if !w.enter() {
				return KindUnknown
			}
			return w.ethernet(v.skip(4))
		case etherARP, etherRARP, etherSlow, etherPPPoEDisc, etherEAPOL, etherLLDP, etherLoop:
			return KindOther
		}
		if t < etherTypeMin {
			return w.llc(int(t), v)
		}
		return KindUnknown
	}
}

// llc is the payload of an IEEE 802.3 frame of n bytes (IEEE 802.2). IP is in
// a SNAP header (RFC 1042), or rarely behind its own service access point.
func (w *walk) llc(n int, v view) Kind {
	if n > maxLLC {
		return KindMalformed
	}
	v = v.trim(n)
	if len(v.b) < 3 {
		return v.short(3)
	}
	switch {
	case v.b[0] == 0xaa && v.b[1] == 0xaa && v.b[2] == 0x03:
		if len(v.b) < 8 {
			return v.short(8)
		}
		oui := uint32(v.b[3])<<16 | uint32(be16(v.b[4:]))
		t := be16(v.b[6:])
		if (oui == 0 || oui == 0x0000f8) && t >= etherTypeMin {
			return w.etherType(t, v.skip(8))
		}
		return KindOther // vendors' protocols: CDP, VTP, PVST+
	case v.b[0] == 0x06 && v.b[1] == 0x06 && v.b[2] == 0x03:
		return w.ip(v.skip(3))
	}
	return KindOther // spanning tree, IS-IS, IPX, ...
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
