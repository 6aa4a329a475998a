package dfilter

import (
	"wstap/capture"
)

// ofPacket is an integer of the packet that completed a frame.
func ofPacket(get func(f *capture.Facts) uint64) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		f := x.packet()
		if f == nil {
			return 0, false
		}
		return get(f), true
	}
}

// offset is a time offset in nanoseconds.
func offset(get func(x *Context) (int64, bool)) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		if x.meta.Time.IsZero() {
			return 0, false
		}
		n, ok := get(x)
		return uint64(n), ok
	}
}

// frameFields are those of Wireshark's frame: the packet that completed the
// WebSocket frame.
func frameFields() []Field {
	epoch := offset(func(x *Context) (int64, bool) { return nanoseconds(x.meta.Time) })
	return []Field{
		{Name: "frame", Type: Protocol, Text: "always there", has: func(*Context) bool { return true }},
		{Name: "frame.number", Type: Uint32, Text: "number of the packet that completed the frame, from 1",
			num: func(x *Context) (uint64, bool) { return x.meta.Packet, x.meta.Packet != 0 }},
		{Name: "frame.time", Type: AbsoluteTime, Text: "time of that packet", num: epoch},
		{Name: "frame.time_epoch", Type: RelativeTime, Text: "time of that packet, in seconds since 1970", num: epoch},
		{Name: "frame.time_relative", Type: RelativeTime, Text: "time since the capture's first packet, in seconds",
			num: offset(func(x *Context) (int64, bool) { return int64(x.meta.Time.Sub(x.start)), !x.start.IsZero() })},
		{Name: "frame.time_delta", Type: RelativeTime, need: needPackets, Text: "time since the packet before, in seconds",
			num: offset(func(x *Context) (int64, bool) {
				if x.Packets == nil || x.meta.Packet <= 1 {
					return 0, x.meta.Packet == 1
				}
				before, ok := x.Packets.Facts(x.meta.Packet - 1)
				if !ok || before.Time.IsZero() {
					return 0, false
				}
				return int64(x.meta.Time.Sub(before.Time)), true
			})},
		{Name: "frame.time_delta_displayed", Type: RelativeTime, Text: "time since the frame displayed before, in seconds",
			num: offset(func(x *Context) (int64, bool) {
				if x.shown.IsZero() {
					return 0, true
				}
				return int64(x.meta.Time.Sub(x.shown)), true
			})},
		{Name: "frame.len", Type: Uint32, need: needPackets, Text: "length of the packet on the wire, in bytes",
			num: ofPacket(func(f *capture.Facts) uint64 { return uint64(f.Length) })},
		{Name: "frame.cap_len", Type: Uint32, need: needPackets, Text: "bytes of the packet that were captured",
			num: ofPacket(func(f *capture.Facts) uint64 { return uint64(f.Captured) })},
		{Name: "frame.interface_id", Type: Uint32, need: needPackets, Text: "number of the interface, from 0",
			num: ofPacket(func(f *capture.Facts) uint64 { return uint64(f.Interface) })},
	}
}

var etherTypeNames = []ValueName{
	{0x0800, "IPv4"}, {0x86dd, "IPv6"}, {0x8100, "802.1Q Virtual LAN"}, {0x88a8, "802.1ad Provider Bridge (Q-in-Q)"},
	{0x8847, "MPLS label switched packet"}, {0x8864, "PPPoE Session"},
}

// linkFields are those of Ethernet and its tags.
func linkFields() []Field {
	address := func(name, text string, get ...func(f *capture.Facts) []byte) Field {
		return Field{Name: name, Type: Ether, need: needPackets, Text: text, all: func(x *Context, dst []Value) []Value {
			if f := x.packet(); f != nil && f.Ethernet {
				for _, g := range get {
					dst = append(dst, Value{Type: Ether, Octets: g(f)})
				}
			}
			return dst
		}}
	}
	src := func(f *capture.Facts) []byte { return f.Source[:] }
	dst := func(f *capture.Facts) []byte { return f.Destination[:] }
	tag := func(name string, t Type, text string, shift uint, mask uint16) Field {
		f := Field{Name: name, Type: t, need: needPackets, Text: text, all: func(x *Context, dst []Value) []Value {
			if f := x.packet(); f != nil {
				for _, control := range f.Tags[:f.VLANs] {
					dst = append(dst, Value{Type: t, Num: uint64(control >> shift & mask)})
				}
			}
			return dst
		}}
		if t == Boolean {
			f.Names = boolNames
		}
		return f
	}
	return []Field{
		{Name: "eth", Type: Protocol, need: needPackets, Text: "the packet has an Ethernet header",
			has: func(x *Context) bool { f := x.packet(); return f != nil && f.Ethernet }},
		address("eth.src", "source MAC address", src),
		address("eth.dst", "destination MAC address", dst),
		address("eth.addr", "both MAC addresses", dst, src),
		{Name: "eth.type", Type: Uint16, Hex: true, Names: etherTypeNames, need: needPackets, Text: "EtherType of the Ethernet header",
			num: func(x *Context) (uint64, bool) {
				f := x.packet()
				if f == nil || !f.Ethernet || f.EtherType < 0x600 {
					return 0, false
				}
				return uint64(f.EtherType), true
			}},
		{Name: "vlan", Type: Protocol, need: needPackets, Text: "the packet has a VLAN tag",
			has: func(x *Context) bool { f := x.packet(); return f != nil && f.VLANs > 0 }},
		tag("vlan.id", Uint16, "VLAN identifiers, outermost first", 0, 0xfff),
		tag("vlan.priority", Uint16, "priorities (PCP)", 13, 7),
		tag("vlan.dei", Boolean, "drop eligible", 12, 1),
	}
}
