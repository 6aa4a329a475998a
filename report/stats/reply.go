package stats

import (
	"time"

	"wstap/capture"
	"wstap/report/reply"
)

// replies are the answers that one side got to messages with an id.
type replies struct {
	latency distribution // ns from the end of the request to the first byte of its answer
	slowest exchange
}

// exchange is a request and its answer.
type exchange struct {
	name, id      string // of the request
	took          time.Duration
	asked, served uint64 // packets
}

func (r *replies) merge(other *replies) {
	r.latency.merge(&other.latency)
	if other.slowest.took > r.slowest.took {
		r.slowest = other.slowest
	}
}

// asked are the messages of one side whose id the other has not used since.
type asked struct{ reply.Requests[request] }

type request struct {
	name string
	at   capture.Stamp
}

// answer takes a message of the other side whose first packet is at, and
// reports whether it answers one.
func (a *asked) answer(id string, at capture.Stamp, r *replies) bool {
	q, ok := a.Answer(id)
	if !ok {
		return false
	}
	if q.at.Time.IsZero() || at.Time.IsZero() {
		return true
	}
	took := max(0, at.Time.Sub(q.at.Time))
	r.latency.add(uint64(took))
	if took > r.slowest.took || r.slowest.asked == 0 {
		r.slowest = exchange{q.name, id, took, q.at.Packet, at.Packet}
	}
	return true
}
