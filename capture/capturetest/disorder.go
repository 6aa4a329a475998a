package capturetest

import (
	"sort"

	"wstap/capture"
)

// Disorder says what Reorder may do.
type Disorder struct {
	// Window is the number of packets by which one may fall behind, 0 to 64.
	Window int
	// Control lets SYN, FIN and RST segments move as well. Without it they keep
	// their place among the packets of their connection.
	Control bool
	// ByIndex keeps the times in ascending order, as on a path that disorders
	// before the capture. Without it each packet keeps its own time, as in a
	// capture merged from several queues.
	ByIndex bool
}

// Reorder lets packets fall behind others at random, acknowledgments and
// what is no TCP included, so that an ACK may also precede its data.
func Reorder(pkts []capture.Packet, seed uint64, d Disorder) []capture.Packet {
	r := random(seed)
	n := len(pkts)
	key, order := make([]int, n), make([]int, n)
	barrier := make(map[capture.Flow]int) // next control packet of the connection
	for i := n - 1; i >= 0; i-- {
		order[i] = i
		key[i] = i + between(r, 0, min(d.Window, 64))
		v, ok := look(pkts[i])
		if !ok || d.Control {
			continue
		}
		if v.flags&control != 0 {
			key[i] = i
			barrier[v.flow], barrier[v.flow.Reverse()] = i, i
		} else if b, ok := barrier[v.flow]; ok {
			key[i] = min(key[i], b) // the tie goes to the lower index
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return key[order[a]] < key[order[b]] })
	out := make([]capture.Packet, n)
	for place, i := range order {
		out[place] = pkts[i]
		if d.ByIndex {
			out[place].Time = pkts[place].Time
		}
	}
	return clone(out)
}

// Double repeats that fraction of the packets, up to delay packets later with
// the time of that place. Fraction 1 and delay 0 is what `-i any` and mirror
// ports deliver: every packet twice. Copies of SYNs are never delayed, since
// one that comes after the end of its connection would open a new one.
func Double(pkts []capture.Packet, seed uint64, fraction float64, delay int) []capture.Packet {
	r := random(seed)
	copies := make([][]capture.Packet, len(pkts))
	for i, p := range pkts {
		if r.Float64() >= fraction {
			continue
		}
		at := min(i+between(r, 0, delay), len(pkts)-1)
		if v, ok := look(p); !ok || v.flags.Has(capture.SYN) {
			at = i
		}
		p.Time = pkts[at].Time
		copies[at] = append(copies[at], p)
	}
	var out []capture.Packet
	for i, p := range pkts {
		out = append(append(out, p), copies[i]...)
	}
	return clone(out)
}
