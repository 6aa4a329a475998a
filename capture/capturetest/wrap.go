package capturetest

import (
	"math/rand/v2"

	"wstap/capture"
)

// Wrap moves the sequence numbers of every flow so that the first one seen is
// 1 to 3000 below 2^32, and the acknowledgment numbers with them.
func Wrap(pkts []capture.Packet, seed uint64) []capture.Packet {
	r := random(seed)
	shift := make(map[capture.Flow]uint32)
	learn := func(f capture.Flow, first uint32, r *rand.Rand) {
		if _, ok := shift[f]; !ok {
			shift[f] = uint32(-between(r, 1, 3000)) - first
		}
	}
	var out []capture.Packet
	for _, p := range pkts {
		v, ok := look(p)
		if !ok {
			out = append(out, p)
			continue
		}
		learn(v.flow, v.seq, r)
		if v.flags.Has(capture.ACK) {
			learn(v.flow.Reverse(), v.ack, r)
			v.ack += shift[v.flow.Reverse()]
		}
		out = append(out, v.with(v.seq+shift[v.flow], v.ack, v.flags, v.payload))
	}
	return clone(out)
}
