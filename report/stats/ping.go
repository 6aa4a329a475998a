package stats

import (
	"wstap/capture"
	"wstap/report/reply"
)

// pings counts the pings of one side and what came back.
type pings struct {
	sent, answered uint64
	// skipped are pings that another was sent after, and only that one answered,
	// as is allowed (RFC 6455, 5.5.3).
	skipped uint64
	// unsolicited are pongs of the other side that answer no ping.
	unsolicited uint64
	trip        distribution // ns from ping to pong
}

func (p *pings) merge(other *pings) {
	p.sent += other.sent
	p.answered += other.answered
	p.skipped += other.skipped
	p.unsolicited += other.unsolicited
	p.trip.merge(&other.trip)
}

// waiting are the pings of one side that were not answered yet.
type waiting struct{ reply.Pings[capture.Stamp] }

// send takes a ping.
func (w *waiting) send(body []byte, at capture.Stamp, p *pings) {
	p.sent++
	w.Send(body, at)
}

// answer takes a pong.
func (w *waiting) answer(body []byte, at capture.Stamp, p *pings) {
	sent, skipped, ok := w.Answer(body)
	if !ok {
		p.unsolicited++
		return
	}
	p.answered++
	p.skipped += uint64(skipped)
	addDuration(&p.trip, sent, at)
}

// addDuration adds the time from a to b, where both are known and in order.
func addDuration(d *distribution, a, b capture.Stamp) {
	if a.Time.IsZero() || b.Time.IsZero() {
		return
	}
	d.add(uint64(max(0, b.Time.Sub(a.Time))))
}
