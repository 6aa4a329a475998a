package stats

import "wstap/capture"

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

// maxWaiting is how many pings wait for their pongs, and maxBody how many bytes
// of each are compared: all that a control frame may have (RFC 6455, 5.5).
const (
	maxWaiting = 64
	maxBody    = 125
)

// waiting are the pings of one side that were not answered yet, the latest last.
type waiting []ping

type ping struct {
	body string
	at   capture.Stamp
}

// send takes a ping.
func (w *waiting) send(body []byte, at capture.Stamp, p *pings) {
	p.sent++
	if len(*w) == maxWaiting {
		*w = append((*w)[:0], (*w)[1:]...)
	}
	*w = append(*w, ping{string(body[:min(len(body), maxBody)]), at})
}

// answer takes a pong: it answers the latest ping with the same body, and those
// before will not be answered any more.
func (w *waiting) answer(body []byte, at capture.Stamp, p *pings) {
	for i := len(*w) - 1; i >= 0; i-- {
		sent := (*w)[i]
		if sent.body != string(body[:min(len(body), maxBody)]) {
			continue
		}
		p.answered++
		p.skipped += uint64(i)
		addDuration(&p.trip, sent.at, at)
		*w = append((*w)[:0], (*w)[i+1:]...)
		return
	}
	p.unsolicited++
}

// addDuration adds the time from a to b, where both are known and in order.
func addDuration(d *distribution, a, b capture.Stamp) {
	if a.Time.IsZero() || b.Time.IsZero() {
		return
	}
	d.add(uint64(max(0, b.Time.Sub(a.Time))))
}
