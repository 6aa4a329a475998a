package capturetest

import "wstap/capture"

// Recut cuts the payload of every segment into pieces of least to most bytes
// each (1, 1 for single bytes). SYNs with data stay whole.
func Recut(pkts []capture.Packet, seed uint64, least, most int) []capture.Packet {
	r := random(seed)
	return recut(pkts, func(rest int) (back, n int) { return 0, between(r, max(least, 1), most) })
}

// Overlap cuts as Recut does, into pieces of up to 97 bytes, and lets each
// begin up to 20 bytes before the end of the piece before, with the same
// bytes. One packet in eight is sent once more, whole.
func Overlap(pkts []capture.Packet, seed uint64) []capture.Packet {
	r := random(seed)
	cut := recut(pkts, func(rest int) (back, n int) { return r.IntN(21), between(r, 1, 97) })
	var out []capture.Packet
	for _, p := range cut {
		out = append(out, p)
		if v, ok := look(p); ok && len(v.payload) > 0 && v.flags&control == 0 && r.IntN(8) == 0 {
			out = append(out, p)
		}
	}
	return clone(out)
}

// recut cuts by next, which tells for each piece how far it reaches back and
// how many new bytes it holds.
func recut(pkts []capture.Packet, next func(rest int) (back, n int)) []capture.Packet {
	var out []capture.Packet
	for _, p := range pkts {
		v, ok := look(p)
		if !ok || len(v.payload) < 2 || v.flags.Has(capture.SYN) || v.flags.Has(capture.URG) {
			out = append(out, p)
			continue
		}
		for at := 0; at < len(v.payload); {
			back, n := next(len(v.payload) - at)
			begin, end := max(at-back, 0), min(at+n, len(v.payload))
			flags := v.flags
			if end < len(v.payload) {
				flags &^= capture.FIN | capture.PSH
			}
			out = append(out, v.with(v.seq+uint32(begin), v.ack, flags, v.payload[begin:end]))
			at = end
		}
	}
	return clone(out)
}

// Coalesce joins neighboring segments of one flow into segments of up to most
// bytes (65000 at the utmost), as receive offload hands them to a capture.
// Pure acknowledgments between them do not hinder it.
func Coalesce(pkts []capture.Packet, most int) []capture.Packet {
	most = min(most, maxPayload)
	var out []capture.Packet
	open := make(map[capture.Flow]int) // the flow's segment in out that may grow
	for _, p := range pkts {
		v, ok := look(p)
		if ok && len(v.payload) > 0 {
			i, grown := open[v.flow]
			if grown {
				old, _ := look(out[i])
				whole := append(old.payload[:len(old.payload):len(old.payload)], v.payload...)
				if v.seq == old.seq+uint32(len(old.payload)) && len(whole) <= most && (old.flags|v.flags)&(control&^capture.FIN|capture.URG) == 0 && !old.flags.Has(capture.FIN) {
					out[i] = old.with(old.seq, v.ack, old.flags|v.flags, whole)
					continue
				}
			}
			open[v.flow] = len(out)
		}
		if ok && (v.flags&control != 0 || len(v.payload) > 0) {
			delete(open, v.flow.Reverse()) // the other end has something to say
		}
		out = append(out, p)
	}
	return clone(out)
}
