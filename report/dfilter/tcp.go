package dfilter

import (
	"wstap/capture"
)

// ofTCP is an integer of the connection's TCP header.
func ofTCP(get func(f *capture.Facts) uint64) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		f := x.segment()
		if f == nil {
			return 0, false
		}
		return get(f), true
	}
}

// relative is a sequence number counted from the connection's beginning.
func relative(get func(f *capture.Facts) (seq uint32, of capture.Flow)) func(*Context) (uint64, bool) {
	return func(x *Context) (uint64, bool) {
		f := x.segment()
		if f == nil {
			return 0, false
		}
		seq, flow := get(f)
		base, ok := x.Packets.Base(flow)
		return uint64(seq - base), ok
	}
}

// ports is a field of the connection's ends, source first.
func ports(name, text string, source, destination bool) Field {
	return Field{Name: name, Type: Uint16, Text: text, all: func(x *Context, dst []Value) []Value {
		src, to := x.ends()
		if source && src.IsValid() {
			dst = append(dst, Value{Type: Uint16, Num: uint64(src.Port())})
		}
		if destination && to.IsValid() {
			dst = append(dst, Value{Type: Uint16, Num: uint64(to.Port())})
		}
		return dst
	}}
}

// tcpFields are those of the TCP segment that completed the frame.
func tcpFields() []Field {
	number := func(name string, t Type, hex bool, text string, get func(f *capture.Facts) uint64) Field {
		return Field{Name: name, Type: t, Hex: hex, need: needPackets, Text: text, num: ofTCP(get)}
	}
	set := func(name, text string, bit uint16) Field {
		return Field{Name: name, Type: Boolean, Names: setNames, need: needPackets, Text: text,
			num: ofTCP(func(f *capture.Facts) uint64 { return truth(f.TCP.Flags&bit != 0) })}
	}
	return []Field{
		{Name: "tcp", Type: Protocol, Text: "always there", has: func(x *Context) bool { return x.meta.Conn != nil }},
		ports("tcp.srcport", "port of the sender", true, false),
		ports("tcp.dstport", "port of the receiver", false, true),
		ports("tcp.port", "both ports", true, true),
		{Name: "tcp.stream", Type: Uint32, Text: "number of the TCP connection, from 0",
			num: func(x *Context) (uint64, bool) {
				c := x.meta.Conn
				if c == nil || c.Stream == nil {
					return 0, false
				}
				return c.Stream.Index, true
			}},
		number("tcp.len", Uint32, false, "length of the segment's data, in bytes", func(f *capture.Facts) uint64 { return uint64(f.TCP.Length) }),
		{Name: "tcp.seq", Type: Uint32, need: needPackets | needSequences, Text: "sequence number, relative to the first",
			num: relative(func(f *capture.Facts) (uint32, capture.Flow) { return f.TCP.Seq, f.Flow })},
		{Name: "tcp.nxtseq", Type: Uint32, need: needPackets | needSequences, Text: "the next sequence number, relative",
			num: relative(func(f *capture.Facts) (uint32, capture.Flow) { return f.TCP.Seq + uint32(f.TCP.Length), f.Flow })},
		{Name: "tcp.ack", Type: Uint32, need: needPackets | needSequences, Text: "acknowledgment number, relative to the first",
			num: relative(func(f *capture.Facts) (uint32, capture.Flow) { return f.TCP.Ack, f.Flow.Reverse() })},
		number("tcp.seq_raw", Uint32, false, "sequence number as in the header", func(f *capture.Facts) uint64 { return uint64(f.TCP.Seq) }),
		number("tcp.ack_raw", Uint32, false, "acknowledgment number as in the header", func(f *capture.Facts) uint64 { return uint64(f.TCP.Ack) }),
		number("tcp.hdr_len", Uint8, false, "length of the TCP header, in bytes", func(f *capture.Facts) uint64 { return uint64(f.TCP.HeaderLength) }),
		number("tcp.flags", Uint16, true, "the control bits, FIN = 1 to CWR = 0x80", func(f *capture.Facts) uint64 { return uint64(f.TCP.Flags) }),
		set("tcp.flags.fin", "FIN", 1),
		set("tcp.flags.syn", "SYN", 2),
		set("tcp.flags.reset", "RST", 4),
		set("tcp.flags.push", "PSH", 8),
		set("tcp.flags.ack", "ACK", 0x10),
		set("tcp.flags.urg", "URG", 0x20),
		set("tcp.flags.ece", "ECE", 0x40),
		set("tcp.flags.cwr", "CWR", 0x80),
		set("tcp.flags.ae", "accurate ECN", 0x100),
		set("tcp.flags.res", "reserved bits", 0xe00),
		number("tcp.window_size_value", Uint16, false, "window as in the header, not scaled", func(f *capture.Facts) uint64 { return uint64(f.TCP.Window) }),
		number("tcp.checksum", Uint16, true, "checksum", func(f *capture.Facts) uint64 { return uint64(f.TCP.Checksum) }),
		number("tcp.urgent_pointer", Uint16, false, "urgent pointer", func(f *capture.Facts) uint64 { return uint64(f.TCP.Urgent) }),
	}
}
