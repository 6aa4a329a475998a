package capture

// mpls pops the label stack (RFC 3032, 2.1). Nothing in it says what follows:
// the first nibble has to (RFC 4928, 3).
func (w *walk) mpls(v view) Kind {
	for bottom := false; !bottom; v = v.skip(4) {
		if len(v.b) < 4 {
			return v.short(4)
		}
		bottom = v.b[2]&1 != 0
	}
	if len(v.b) == 0 {
		return v.short(1)
	}
	switch v.b[0] >> 4 {
	case 4, 6:
		if plausibleIP(v) {
			return w.ip(v)
		}
	case 1: // associated channel (RFC 5586): OAM, no data
		return KindOther
	}
	if !w.enter() {
		return KindUnknown
	}
	// A pseudowire for Ethernet (RFC 4448), with a control word or without. The
	// control word begins with a zero nibble, but so do many addresses: what
	// then looks more like an Ethernet header decides.
	bare := etherLikelihood(v)
	if v.b[0]>>4 == 0 && len(v.b) >= 4 {
		if word := etherLikelihood(v.skip(4)); word >= bare || be32(v.b) == 0 {
			v, bare = v.skip(4), word
		}
	}
	if bare == 0 {
		return KindUnknown
	}
	return w.ethernet(v)
}

// plausibleIP reports whether v may well be an IP packet, where its first
// nibble could as well be that of an Ethernet address.
func plausibleIP(v view) bool {
	switch {
	case v.b[0]>>4 == 4 && len(v.b) >= ip4Header:
		n := int(be16(v.b[2:]))
		return v.b[0]&15 >= 5 && (n == 0 || n >= ip4Header && n <= v.wire)
	case v.b[0]>>4 == 6 && len(v.b) >= ip6Header:
		return int(be16(v.b[4:])) <= v.wire-ip6Header
	}
	return true
}

// etherLikelihood is how much v looks like an Ethernet frame: 2 by a type that
// etherType knows, 1 by a length, 0 not at all.
func etherLikelihood(v view) int {
	if len(v.b) < 14 {
		return 1 // too short to tell
	}
	switch t := be16(v.b[12:]); t {
	case etherIPv4, etherARP, etherRARP, etherVLAN, etherSlow, etherIPv6, etherMPLS, etherMPLSUp, etherPPPoEDisc,
		etherPPPoE, etherEAPOL, etherQinQ, etherLLDP, etherPBB, etherLoop, etherQinQOld, etherQinQOlder:
		return 2
	default:
		if t >= 3 && int(t) <= v.wire-14 && t <= maxLLC {
			return 1
		}
	}
	return 0
}
