package dfilter

import (
	"net/netip"

	"wstap/capture"
)

var protocolNames = []ValueName{{1, "ICMP"}, {6, "TCP"}, {17, "UDP"}, {47, "GRE"}, {58, "IPv6-ICMP"}}

// setNames are those of the bits in IP and TCP headers.
var setNames = []ValueName{{1, "Set"}, {0, "Not set"}, {1, "True"}, {0, "False"}}

// ofIP is an integer of the IP header of that version, where that is the
// connection's.
func ofIP(version uint8, get func(f *capture.Facts) uint64) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		f := x.headers()
		if f == nil || f.Version != version {
			return 0, false
		}
		return get(f), true
	}
}

// addresses is a field of the connection's ends, source first.
func addresses(name string, t Type, text string, source, destination bool) Field {
	return Field{Name: name, Type: t, Text: text, all: func(x *Context, dst []Value) []Value {
		src, to := x.ends()
		if source {
			dst = x.address(dst, t, src.Addr())
		}
		if destination {
			dst = x.address(dst, t, to.Addr())
		}
		return dst
	}}
}

// hosts is the same as text: names are not resolved.
func hosts(name string, t Type, text string, source, destination bool) Field {
	plain := addresses(name, t, text, source, destination)
	f := plain
	f.Type = String
	f.all = func(x *Context, dst []Value) []Value {
		n := len(dst)
		dst = plain.all(x, dst)
		for i := range dst[n:] {
			start := len(x.arena)
			x.arena = dst[n+i].append(x.arena, false)
			dst[n+i] = Value{Type: String, Octets: x.arena[start:]}
		}
		return dst
	}
	return f
}

// address appends a where it is one of type t.
func (x *Context) address(dst []Value, t Type, a netip.Addr) []Value {
	if !a.IsValid() || a.Is4() != (t == IPv4) {
		return dst
	}
	if t == IPv4 {
		return append(dst, addressValue(a))
	}
	start := len(x.arena)
	b := a.As16()
	x.arena = append(x.arena, b[:]...)
	return append(dst, Value{Type: IPv6, Octets: x.arena[start:]})
}

// over is whether the connection runs over that version of IP.
func over(version uint64) func(*Context) bool {
	return func(x *Context) bool {
		src, _ := x.ends()
		return src.IsValid() && src.Addr().Is4() == (version == 4)
	}
}

// ipFields are those of the IP header that carries the connection's TCP.
func ipFields() []Field {
	set := func(name, text string, bit uint8) Field {
		return Field{Name: name, Type: Boolean, Names: setNames, need: needPackets, Text: text,
			num: ofIP(4, func(f *capture.Facts) uint64 { return truth(f.IP.Flags&bit != 0) })}
	}
	number := func(version uint8, name string, t Type, hex bool, text string, get func(f *capture.Facts) uint64) Field {
		return Field{Name: name, Type: t, Hex: hex, need: needPackets, Text: text, num: ofIP(version, get)}
	}
	proto := number(4, "ip.proto", Uint8, false, "protocol in the packet", func(f *capture.Facts) uint64 { return uint64(f.IP.Protocol) })
	next := number(6, "ipv6.nxt", Uint8, false, "next header", func(f *capture.Facts) uint64 { return uint64(f.IP.Protocol) })
	proto.Names, next.Names = protocolNames, protocolNames
	ip4, ip6 := over(4), over(6)
	return []Field{
		{Name: "ip", Type: Protocol, Text: "the connection runs over IPv4", has: ip4},
		addresses("ip.src", IPv4, "sender of the frame", true, false),
		addresses("ip.dst", IPv4, "receiver of the frame", false, true),
		addresses("ip.addr", IPv4, "sender and receiver", true, true),
		hosts("ip.src_host", IPv4, "sender as text", true, false),
		hosts("ip.dst_host", IPv4, "receiver as text", false, true),
		hosts("ip.host", IPv4, "sender and receiver as text", true, true),
		{Name: "ip.version", Type: Uint8, Text: "4 or 6", num: func(x *Context) (uint64, bool) {
			if ip4(x) {
				return 4, true
			}
			return 6, ip6(x)
		}},
		number(4, "ip.hdr_len", Uint8, false, "length of the IP header, in bytes", func(f *capture.Facts) uint64 { return uint64(f.IP.HeaderLength) }),
		number(4, "ip.dsfield", Uint8, true, "differentiated services field", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass) }),
		number(4, "ip.dsfield.dscp", Uint8, false, "its codepoint", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass >> 2) }),
		number(4, "ip.dsfield.ecn", Uint8, false, "explicit congestion notification", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass & 3) }),
		number(4, "ip.len", Uint16, false, "total length, in bytes", func(f *capture.Facts) uint64 { return uint64(f.IP.Length) }),
		number(4, "ip.id", Uint16, true, "identification", func(f *capture.Facts) uint64 { return uint64(f.IP.ID) }),
		number(4, "ip.flags", Uint8, true, "reserved = 4, don't fragment = 2, more fragments = 1", func(f *capture.Facts) uint64 { return uint64(f.IP.Flags) }),
		set("ip.flags.rb", "reserved bit", 4),
		set("ip.flags.df", "don't fragment", 2),
		set("ip.flags.mf", "more fragments", 1),
		number(4, "ip.frag_offset", Uint16, false, "fragment offset, in bytes", func(f *capture.Facts) uint64 { return uint64(f.IP.Offset) }),
		number(4, "ip.ttl", Uint8, false, "time to live", func(f *capture.Facts) uint64 { return uint64(f.IP.HopLimit) }),
		proto,
		number(4, "ip.checksum", Uint16, true, "header checksum", func(f *capture.Facts) uint64 { return uint64(f.IP.HeaderChecksum) }),

		{Name: "ipv6", Type: Protocol, Text: "the connection runs over IPv6", has: ip6},
		addresses("ipv6.src", IPv6, "sender of the frame", true, false),
		addresses("ipv6.dst", IPv6, "receiver of the frame", false, true),
		addresses("ipv6.addr", IPv6, "sender and receiver", true, true),
		hosts("ipv6.src_host", IPv6, "sender as text", true, false),
		hosts("ipv6.dst_host", IPv6, "receiver as text", false, true),
		hosts("ipv6.host", IPv6, "sender and receiver as text", true, true),
		{Name: "ipv6.version", Type: Uint8, Text: "6", num: func(x *Context) (uint64, bool) { return 6, ip6(x) }},
		number(6, "ipv6.tclass", Uint32, true, "traffic class", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass) }),
		number(6, "ipv6.tclass.dscp", Uint32, false, "its codepoint", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass >> 2) }),
		number(6, "ipv6.tclass.ecn", Uint32, false, "explicit congestion notification", func(f *capture.Facts) uint64 { return uint64(f.IP.TrafficClass & 3) }),
		number(6, "ipv6.flow", Uint24, true, "flow label", func(f *capture.Facts) uint64 { return uint64(f.IP.FlowLabel) }),
		number(6, "ipv6.plen", Uint16, false, "payload length, in bytes", func(f *capture.Facts) uint64 { return uint64(f.IP.Length) }),
		next,
		number(6, "ipv6.hlim", Uint8, false, "hop limit", func(f *capture.Facts) uint64 { return uint64(f.IP.HopLimit) }),
	}
}
