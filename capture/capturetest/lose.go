package capturetest

import (
	"bytes"

	"wstap/capture"
)

// Loss is a segment that Lose took out.
type Loss struct {
	Packet uint64 // its 1-based place in the input
	Flow   capture.Flow
	Seq    uint32 // of its first byte
	Bytes  []byte // its payload
}

// Lose takes out each packet that carries TCP payload with probability p, but
// for those that begin an HTTP head, and tells which.
func Lose(pkts []capture.Packet, seed uint64, p float64) (kept []capture.Packet, lost []Loss) {
	r := random(seed)
	for i, pkt := range pkts {
		v, ok := look(pkt)
		if ok && len(v.payload) > 0 && !beginsHead(v.payload) && r.Float64() < p {
			lost = append(lost, Loss{uint64(i + 1), v.flow, v.seq, bytes.Clone(v.payload)})
			continue
		}
		kept = append(kept, pkt)
	}
	return clone(kept), lost
}

func beginsHead(b []byte) bool {
	for _, s := range []string{"GET ", "HTTP", "CONN"} {
		if bytes.HasPrefix(b, []byte(s)) {
			return true
		}
	}
	return false
}

// Strip takes out the first n packets: the capture began too late.
func Strip(pkts []capture.Packet, n int) []capture.Packet {
	return clone(pkts[min(n, len(pkts)):])
}

// OneDirection keeps of every TCP connection what one side sent: with
// FromClient the sender of the first SYN without ACK, or of the first packet
// where there is none. What is no TCP stays.
func OneDirection(pkts []capture.Packet, d Direction) []capture.Packet {
	client := make(map[capture.Flow]bool)
	for _, pass := range []capture.Flags{capture.SYN, 0} {
		for _, p := range pkts {
			v, ok := look(p)
			if _, known := client[v.flow]; !ok || known || pass != 0 && v.flags&(capture.SYN|capture.ACK) != pass {
				continue
			}
			client[v.flow], client[v.flow.Reverse()] = true, false
		}
	}
	var out []capture.Packet
	for _, p := range pkts {
		if v, ok := look(p); !ok || client[v.flow] == (d == FromClient) {
			out = append(out, p)
		}
	}
	return clone(out)
}
