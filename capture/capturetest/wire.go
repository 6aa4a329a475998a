package capturetest

import (
	"net/netip"

	"wstap/capture"
)

// Tag puts 802.1Q tags around every packet, outermost first; on links that
// have none, the packets stay as they are.
func Tag(pkts []capture.Packet, ids ...uint16) []capture.Packet {
	return Tunnel(pkts, VLAN(ids...))
}

// FragmentIP splits every IP datagram into fragments of at most size bytes of
// payload.
func FragmentIP(pkts []capture.Packet, size int) []capture.Packet {
	return Tunnel(pkts, Fragment(size))
}

// Tunnel wraps what the link-layer frames carry, innermost layer first, which
// may also part it. Ethernet padding is dropped. Packets that are truncated,
// or whose link type cannot name the outermost layer, stay as they are.
func Tunnel(pkts []capture.Packet, layers ...Encap) []capture.Packet {
	var out []capture.Packet
	for _, p := range pkts {
		out = append(out, tunnel(p, layers)...)
	}
	return clone(out)
}

func tunnel(p capture.Packet, layers []Encap) []capture.Packet {
	same := []capture.Packet{p}
	header, d, ok := splitLink(p)
	if !ok || len(p.Data) < p.Length {
		return same
	}
	if d.EtherType == etherIPv4 || d.EtherType == etherIPv6 {
		d.Body, _ = trimIP(d.Body)
	}
	all, err := wrapAll(d, layers)
	if err != nil {
		return same
	}
	var out []capture.Packet
	for _, d := range all {
		if p.Data, ok = joinLink(p.Link, header, d); !ok {
			return same
		}
		p.Length = len(p.Data)
		out = append(out, p)
	}
	return out
}

// Noise puts up to two packets that have nothing to do with the traffic
// before each packet: DNS, ARP, another TCP connection, random IPv4, and, on
// Ethernet, bytes of no known type.
func Noise(pkts []capture.Packet, seed uint64) []capture.Packet {
	r := random(seed)
	dns := netip.MustParseAddrPort("198.51.100.53:53")
	host := netip.MustParseAddrPort("198.51.100.7:3333")
	other := NewTrace().Conn(Config{Client: host, Server: netip.MustParseAddrPort("198.51.100.9:9999")})
	var out []capture.Packet
	for _, p := range pkts {
		for range r.IntN(3) {
			t := NewTrace()
			t.Link, t.Interface, t.Clock = p.Link, p.Interface, p.Time
			body := noise(r.Uint64(), between(r, 20, 90))
			ip := ipHeader{src: dns.Addr(), dst: host.Addr(), proto: protoUDP, id: uint16(r.Uint32())}
			switch r.IntN(5) {
			case 0:
				t.Datagram(ip.datagram(encodeUDP(dns, host, body)), nil, Arrival{})
			case 1:
				ip.proto = byte(200 + r.IntN(50)) // unassigned
				t.Datagram(ip.datagram(body), nil, Arrival{})
			case 2:
				other.trace = t
				other.Segment(Direction(r.IntN(2)), Segment{Flags: capture.ACK | capture.PSH, Payload: body})
			case 3:
				t.Datagram(Datagram{EtherType: etherARP, Body: body}, nil, Arrival{})
			default:
				if p.Link == capture.LinkEthernet {
					t.Raw(body, Arrival{})
				}
			}
			out = append(out, t.Packets()...) // none where the link has no ARP
		}
		out = append(out, p)
	}
	return clone(out)
}

// Snap keeps the first n bytes of each packet; Length stays.
func Snap(pkts []capture.Packet, n int) []capture.Packet {
	out := clone(pkts)
	for i := range out {
		out[i].Data = out[i].Data[:min(n, len(out[i].Data))]
	}
	return out
}
