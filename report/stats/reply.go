package stats

import (
	"time"

	"wstap/capture"
	"wstap/wsframe/subproto"
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

// maxAsked is how many requests of a side wait for their answers: the oldest
// is forgotten for a new one.
const maxAsked = 256

// asked are the messages of one side whose id the other has not used since.
type asked struct {
	byID  map[string]request
	order []string // ids in byID, the oldest first; some twice
}

type request struct {
	name string
	at   capture.Stamp
}

// ask takes a message that may be a request.
func (a *asked) ask(m subproto.Info, at capture.Stamp) {
	if a.byID == nil {
		a.byID = make(map[string]request)
	}
	if _, again := a.byID[m.ID]; !again {
		a.order = append(a.order, m.ID)
	}
	a.byID[m.ID] = request{m.Name, at}
	for len(a.byID) > maxAsked || len(a.order) > 2*maxAsked {
		delete(a.byID, a.order[0])
		a.order = append(a.order[:0], a.order[1:]...)
	}
}

// answer takes a message of the other side whose first packet is at, and
// reports whether it answers one.
func (a *asked) answer(id string, at capture.Stamp, r *replies) bool {
	q, ok := a.byID[id]
	if !ok {
		return false
	}
	delete(a.byID, id)
	if len(a.byID) == 0 {
		a.order = a.order[:0]
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
