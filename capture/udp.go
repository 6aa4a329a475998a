package capture

// UDP ports of tunnels (IANA).
const (
	portGTPU      = 2152
	portVXLAN     = 4789
	portVXLANGPE  = 4790
	portGeneve    = 6081
	portMPLS      = 6635
	portVXLANOld  = 8472 // Linux before the IANA's number, and many overlays still
	portTZSP      = 37008
	udpHeader     = 8
	vxlanInstance = 0x08 // flag: the network identifier is valid
	vxlanNext     = 0x04 // flag: the header names the next protocol (VXLAN-GPE)
)

// tunnelPort is that of the two UDP ports that means a tunnel, or 0.
func tunnelPort(src, dst uint16) uint16 {
	switch {
	case isTunnel(dst):
		return dst
	case isTunnel(src):
		return src
	}
	return 0
}

func isTunnel(port uint16) bool {
	switch port {
	case portGTPU, portVXLAN, portVXLANGPE, portGeneve, portMPLS, portVXLANOld, portTZSP:
		return true
	}
	return false
}

// udp is a UDP datagram (RFC 768), of interest only as a tunnel. The port is
// no proof: a payload that does not fit its tunnel's header is just UDP.
func (w *walk) udp(v view) Kind {
	if len(v.b) < udpHeader {
		return v.short(udpHeader)
	}
	port := tunnelPort(be16(v.b), be16(v.b[2:]))
	if port == 0 {
		return KindOther
	}
	if n := int(be16(v.b[4:])); n >= udpHeader {
		v = v.trim(n)
	}
	v = v.skip(udpHeader)
	switch port {
	case portGTPU:
		return w.gtpU(v)
	case portGeneve:
		return w.geneve(v)
	case portMPLS: // RFC 7510
		if !w.enter() {
			return KindUnknown
		}
		return w.mpls(v)
	case portTZSP:
		return w.tzsp(v)
	}
	return w.vxlan(v)
}

// vxlan is a VXLAN header (RFC 7348, 5), or its generic protocol extension
// (draft-ietf-nvo3-vxlan-gpe, 3).
func (w *walk) vxlan(v view) Kind {
	if len(v.b) < 8 {
		return v.short(8)
	}
	flags, next := v.b[0], v.b[3]
	if flags&vxlanInstance == 0 {
		return KindOther
	}
	if !w.enter() {
		return KindUnknown
	}
	v = v.skip(8)
	if flags&vxlanNext == 0 {
		return w.ethernet(v)
	}
	switch next {
	case 1:
		return w.ip4(v)
	case 2:
		return w.ip6(v)
	case 3:
		return w.ethernet(v)
	case 5:
		return w.mpls(v)
	}
	return KindUnknown
}

// geneve is a Geneve header (RFC 8926, 3.4).
func (w *walk) geneve(v view) Kind {
	if len(v.b) < 8 {
		return v.short(8)
	}
	if v.b[0]>>6 != 0 {
		return KindOther
	}
	size, proto := 8+int(v.b[0]&0x3f)*4, be16(v.b[2:])
	if len(v.b) < size {
		return v.short(size)
	}
	if !w.enter() {
		return KindUnknown
	}
	v = v.skip(size)
	if proto == etherTEB {
		return w.ethernet(v)
	}
	return w.etherType(proto, v)
}

// gtpU is a GTP-U message (3GPP TS 29.281, 5.1); only G-PDUs carry packets.
func (w *walk) gtpU(v view) Kind {
	const (
		gPDU                      = 255
		extension, sequence, nPDU = 4, 2, 1
	)
	if len(v.b) < 8 {
		return v.short(8)
	}
	flags, message, length := v.b[0], v.b[1], int(be16(v.b[2:]))
	if flags>>5 != 1 || flags&0x10 == 0 || message != gPDU { // version 1, GTP not GTP'
		return KindOther
	}
	if !w.enter() {
		return KindUnknown
	}
	v = v.skip(8).trim(length)
	if flags&(extension|sequence|nPDU) != 0 {
		if len(v.b) < 4 {
			return v.short(4)
		}
		next := v.b[3]
		v = v.skip(4)
		for flags&extension != 0 && next != 0 {
			if len(v.b) < 1 {
				return v.short(4)
			}
			n := int(v.b[0]) * 4
			if n == 0 {
				return KindMalformed
			}
			if len(v.b) < n {
				return v.short(n)
			}
			next, v = v.b[n-1], v.skip(n)
		}
	}
	if len(v.b) > 0 && v.b[0]>>4 != 4 && v.b[0]>>4 != 6 {
		return KindUnknown // PPP, Ethernet or unstructured: the tunnel's set-up told
	}
	return w.ip(v)
}

// tzsp is a packet mirrored by an access point or router (TaZmen Sniffer
// Protocol): a header, tags, and an Ethernet frame.
func (w *walk) tzsp(v view) Kind {
	const padding, end = 0, 1 // tags without a length
	if len(v.b) < 4 {
		return v.short(4)
	}
	version, kind, encapsulated := v.b[0], v.b[1], be16(v.b[2:])
	if version != 1 || kind > 1 { // received, or to be transmitted
		return KindOther
	}
	if encapsulated != 1 {
		return KindUnknown
	}
	v = v.skip(4)
	for {
		if len(v.b) < 1 {
			return v.short(1)
		}
		n := 1
		switch tag := v.b[0]; {
		case tag == end:
			if !w.enter() {
				return KindUnknown
			}
			return w.ethernet(v.skip(1))
		case tag != padding:
			if len(v.b) < 2 {
				return v.short(2)
			}
			n = 2 + int(v.b[1])
		}
		if len(v.b) < n {
			return v.short(n)
		}
		v = v.skip(n)
	}
}
