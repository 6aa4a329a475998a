package capture

import "time"

// historySize is how many packets a History remembers: more than a reassembler
// commonly holds back, in 2 MiB.
const historySize = 8192

// historyHeaders is how much of a packet is kept: an Ethernet header with four
// tags, and IP and TCP headers with all options.
const historyHeaders = 152

// historyFlows bounds the directions whose first sequence numbers are kept.
const historyFlows = 1 << 16

// History remembers the headers of the last 8192 packets, by number. The zero
// value is ready.
//
// Events are told when their bytes are in order, which may be packets after
// the one that they name; that one is asked for here.
type History struct {
	// Sequences makes Add look for the sequence number at which each direction
	// of a TCP conversation begins, for Base.
	Sequences bool

	ring  []remembered
	bases map[Flow]uint32
}

// remembered is a packet's beginning, without pointers: the collector need not
// look into 2 MiB of them.
type remembered struct {
	number           uint64
	second           int64 // since 1970
	nanosecond       int32
	timed            bool
	length, captured int
	iface            int
	link             LinkType
	headers          [historyHeaders]byte
}

// Add remembers a packet.
func (h *History) Add(p Packet) {
	if h.ring == nil {
		h.ring = make([]remembered, historySize)
	}
	r := &h.ring[p.Stamp.Packet%historySize]
	r.number, r.timed = p.Stamp.Packet, !p.Time.IsZero()
	r.second, r.nanosecond = p.Time.Unix(), int32(p.Time.Nanosecond())
	r.length, r.captured = max(p.Length, len(p.Data)), len(p.Data)
	r.iface, r.link = p.Interface, p.Link
	copy(r.headers[:], p.Data)
	if h.Sequences {
		h.follow(p)
	}
}

// Facts are those of packet n; ok is false where it is not remembered.
func (h *History) Facts(n uint64) (f Facts, ok bool) {
	if h.ring == nil || n == 0 {
		return Facts{}, false
	}
	r := &h.ring[n%historySize]
	if r.number != n {
		return Facts{}, false
	}
	p := Packet{Stamp: Stamp{Packet: n}, Data: r.headers[:min(r.captured, historyHeaders)], Link: r.link, Length: r.length, Interface: r.iface}
	if r.timed {
		p.Time = time.Unix(r.second, int64(r.nanosecond)).UTC()
	}
	f = ParseFacts(p)
	f.Captured = r.captured
	return f, true
}

// follow notes where a direction begins.
func (h *History) follow(p Packet) {
	f := ParseFacts(p)
	if !f.TCPFound {
		return
	}
	if flags := Flags(f.TCP.Flags); flags.Has(SYN) {
		h.begin(f.Flow, f.TCP.Seq)
	} else {
		// Wireshark counts from 1 at what it sees first.
		h.join(f.Flow, f.TCP.Seq)
		if flags.Has(ACK) {
			h.join(f.Flow.Reverse(), f.TCP.Ack)
		}
	}
}

func (h *History) begin(f Flow, base uint32) {
	if h.bases == nil {
		h.bases = make(map[Flow]uint32)
	}
	if len(h.bases) >= historyFlows {
		clear(h.bases) // a flood: what is still open begins anew
	}
	h.bases[f] = base
}

func (h *History) join(f Flow, next uint32) {
	if _, ok := h.bases[f]; !ok {
		h.begin(f, next-1)
	}
}

// Base is the initial sequence number of one direction (RFC 9293, 3.4.1), or
// one less than what was seen first, as Wireshark has it; ok is false where
// nothing is known.
func (h *History) Base(f Flow) (seq uint32, ok bool) {
	seq, ok = h.bases[f]
	return seq, ok
}
