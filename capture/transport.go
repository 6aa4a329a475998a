package capture

// IP protocol numbers and IPv6 extension headers (IANA).
const (
	protoHopByHop    = 0
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoAH          = 51
	protoDestination = 60
	protoEtherIP     = 97
	protoMobility    = 135
	protoMPLS        = 137
	protoHIP         = 139
	protoShim6       = 140
)

// transport is what an IP header's protocol or next header field announces:
// IPv6 extension headers (RFC 8200, 4), AH in either version, then a transport
// protocol or a tunnel.
func (w *walk) transport(proto uint8, v view) Kind {
	for {
		var size int
		switch proto {
		case protoTCP:
			return w.tcp(v)
		case protoUDP:
			return w.udp(v)
		case protoICMP:
			return w.icmp4(v)
		case protoICMPv6:
			return w.icmp6(v)
		case protoGRE:
			return w.gre(v)
		case protoIPv4, protoIPv6, protoEtherIP, protoMPLS:
			return w.ipTunnel(proto, v)
		case protoFragment:
			return w.fragment6(v)
		case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
			if len(v.b) < 8 {
				return v.short(8)
			}
			size = (int(v.b[1]) + 1) * 8
			if proto == protoRouting {
				w.route(v.b[:min(size, len(v.b))])
			}
		case protoAH: // RFC 4302, 2.2: its length counts 4-byte words less two
			if len(v.b) < 8 {
				return v.short(8)
			}
			size = (int(v.b[1]) + 2) * 4
		default:
			return KindOther
		}
		if len(v.b) < size {
			return v.short(size)
		}
		proto, v = v.b[0], v.skip(size)
	}
}
