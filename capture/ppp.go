package capture

// pppoe is a PPPoE session packet (RFC 2516, 4).
func (w *walk) pppoe(v view) Kind {
	if len(v.b) < 6 {
		return v.short(6)
	}
	if v.b[0] != 0x11 {
		return KindMalformed
	}
	if v.b[1] != 0 {
		return KindOther // discovery
	}
	n := int(be16(v.b[4:]))
	return w.ppp(v.skip(6).trim(n))
}

// ppp is a PPP frame (RFC 1661, 2; RFC 1662, 3.1), with address and control
// field or without, its protocol field compressed or not (RFC 1661, 6.5).
func (w *walk) ppp(v view) Kind {
	if len(v.b) >= 2 && v.b[0] == 0xff && v.b[1] == 0x03 {
		v = v.skip(2)
	}
	if len(v.b) < 2 {
		return v.short(2)
	}
	var proto uint16
	if v.b[0]&1 != 0 {
		proto, v = uint16(v.b[0]), v.skip(1)
	} else {
		proto, v = be16(v.b), v.skip(2)
	}
	switch {
	case proto == 0x0021, proto == 0x0057:
		return w.ip(v)
	case proto == 0x0281, proto == 0x0283:
		return w.mpls(v)
	case proto >= 0x8000: // network and link control protocols
		return KindOther
	}
	return KindUnknown // compressed, encrypted, multilink, bridged
}

// pppHDLC is PPP in HDLC framing, or Cisco's framing on the same link.
func (w *walk) pppHDLC(v view) Kind {
	if len(v.b) < 2 {
		return v.short(2)
	}
	if v.b[0] == 0x0f || v.b[0] == 0x8f {
		return w.ciscoHDLC(v)
	}
	return w.ppp(v)
}

// ciscoHDLC has an address, a control byte and an EtherType (RFC 1547, 4.3.1).
func (w *walk) ciscoHDLC(v view) Kind {
	if len(v.b) < 4 {
		return v.short(4)
	}
	switch t := be16(v.b[2:]); t {
	case etherRARP, 0x2000, 0xfefe: // SLARP keep-alive, CDP, OSI
		return KindOther
	default:
		return w.etherType(t, v.skip(4))
	}
}
