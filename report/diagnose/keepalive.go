package diagnose

import (
	"fmt"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
)

// pings follows one kind of ping of one end.
type pings struct {
	count, answers uint64
	waiting        uint64        // since the last answer
	first          capture.Stamp // of those
	last           capture.Stamp
	packets        []uint64
	least, most    time.Duration // round trips
	total          time.Duration
}

func (p *pings) sent(at capture.Stamp) {
	p.count++
	if p.waiting == 0 {
		p.first, p.packets = at, p.packets[:0]
	}
	p.waiting++
	p.last = at
	if len(p.packets) < maxEvidence {
		p.packets = append(p.packets, at.Packet)
	}
}

// answered takes a pong, which may answer the most recent ping only (RFC 6455,
// 5.5.3). A pong that nobody asked for says nothing.
func (p *pings) answered(at capture.Stamp) {
	if p.waiting == 0 {
		return
	}
	trip := between(p.last.Time, at.Time)
	if p.answers == 0 || trip < p.least {
		p.least = trip
	}
	p.most = max(p.most, trip)
	p.total += trip
	p.answers++
	p.waiting = 0
}

// missed finds pings that were not answered by the time that the connection,
// or the capture, ended. ended tells the former.
func (x *session) missed(end time.Time, ended bool) (i incident, ok bool) {
	for asker := wsframe.FromClient; asker <= wsframe.FromServer; asker++ {
		if p := &x.ping[asker]; x.overdue(p, end, ended, asker) {
			return x.pongIncident(p, asker, "Ping frames"), true
		}
		// Who never answers by name, but goes on talking, may not be meant to.
		p, asked := &x.appPing[asker], asker.Reverse()
		expected := x.pongs[asked] || p.waiting > 1 && x.spoke[asked].Packet < p.first.Packet
		if expected && x.overdue(p, end, ended, asker) {
			return x.pongIncident(p, asker, "application pings"), true
		}
	}
	return i, false
}

// overdue reports whether the pings that wait have waited for too long.
func (x *session) overdue(p *pings, end time.Time, ended bool, asker wsframe.Direction) bool {
	if p.waiting == 0 {
		return false
	}
	if s := x.s; s != nil {
		h := &s.half[asker.Reverse()]
		if h.lostAt.Packet > p.first.Packet || h.cutAt.Packet > p.first.Packet {
			return false // the pong may be among what is missing
		}
	}
	waited := between(p.first.Time, end)
	return waited >= pongWait || ended && p.waiting > 1 && waited >= time.Second
}

func (x *session) pongIncident(p *pings, asker wsframe.Direction, what string) incident {
	text := fmt.Sprintf("%s of the %v stayed without an answer: the last %d of %d.", capitalized(what), asker, p.waiting, p.count)
	if p.answers > 0 {
		text += fmt.Sprintf(" Before, answers took %s to %s.", duration(p.least), duration(p.most))
	}
	i := x.incident(PongMissing, append([]uint64(nil), p.packets...), text)
	i.at, i.detail = p.last, what+asker.String()
	return i
}

// overdue tells early of pings that wait for very long.
func (d *Diagnosis) overdue(x *session, asker wsframe.Direction, p *pings, ended bool) {
	if d.opts.Live && p.waiting > 2 && x.overdue(p, d.now, ended, asker) && between(p.first.Time, d.now) >= patience && !x.oneWay() {
		i := x.pongIncident(p, asker, "Ping frames")
		d.early(&i)
	}
}

// quietUntil reports whether nothing at all was sent from the upgrade to now,
// and that for long.
func (x *session) quietUntil(now time.Time) bool {
	if x.first.Packet != 0 || x.c.Via == "midstream" {
		return false
	}
	until := now
	if x.closing.Packet != 0 {
		until = x.closing.Time
	}
	if between(x.at.Time, until) < silence {
		return false
	}
	if x.s == nil || x.oneWay() || x.unsure() {
		return x.s == nil
	}
	// Bytes of a frame that is not complete are no silence; those of a Close
	// frame, with TLS around them, are.
	const farewell = 512
	return x.c.Stream.Half(0).Bytes+x.c.Stream.Half(1).Bytes-x.bytes < farewell
}

func (x *session) silence(at capture.Stamp) incident {
	waited := between(x.at.Time, at.Time)
	i := x.incident(Silent, evidence(x.c.Requested, x.c.Responded), fmt.Sprintf("The upgrade was granted, and then neither end sent a frame for %s.", duration(waited)))
	i.at, i.detail = x.at, "silent"
	return i
}

// tick looks at what only time can tell.
func (d *Diagnosis) tick() {
	n := 0
	for _, x := range d.quiet {
		if x.closed || x.first.Packet != 0 {
			continue
		}
		if d.opts.Live && !x.silent && x.quietUntil(d.now) {
			x.silent = true
			i := x.silence(capture.Stamp{Time: d.now})
			d.early(&i)
		}
		d.quiet[n] = x
		n++
	}
	clear(d.quiet[n:])
	d.quiet = d.quiet[:n]
}

// cut is an end without a Close frame after a time of idleness.
type cut struct {
	incident *incident
	by       string
	idle     time.Duration
}

// cutCandidate notes how long a connection was idle before it was ended.
func (d *Diagnosis) cutCandidate(x *session, e *wsframe.Closed, i *incident) {
	last := x.last
	if last.Packet == 0 {
		last = x.at
	}
	if x.s != nil {
		for _, dir := range [2]reassembly.Direction{reassembly.FromClient, reassembly.FromServer} {
			if h := &x.s.half[dir]; h.last.Time.After(last.Time) {
				last = h.last
			}
		}
	}
	idle := between(last.Time, e.M.Time)
	if s := x.s; s != nil { // the first FIN counts
		for dir := range s.half {
			if f := s.half[dir].fin; f.Packet != 0 {
				if t := between(last.Time, f.Time); t < idle {
					idle = t
				}
			}
		}
	}
	if idle >= shortestCut && len(d.cuts) < maxPending {
		d.cuts = append(d.cuts, cut{i, e.By, idle})
		d.recurring(true)
	}
}

// recurring finds connections that were ended after the same time of idleness,
// within 5 %: what a proxy's timeout does. The first that is alike counts. While
// the capture goes on only the latest is looked at.
func (d *Diagnosis) recurring(early bool) {
	alike := func(a, b *cut) bool {
		lo, hi := min(a.idle, b.idle), max(a.idle, b.idle)
		return a.incident.server == b.incident.server && a.by == b.by && hi-lo <= hi/20
	}
	if early {
		latest := &d.cuts[len(d.cuts)-1]
		for k := range d.cuts[:len(d.cuts)-1] {
			if d.opts.Live && alike(&d.cuts[k], latest) {
				i := *latest.incident
				i.code, i.severity = IdleCut, facts[IdleCut].severity
				i.detail, i.text = "early", idleText(latest, 2)
				d.early(&i)
				return
			}
		}
		return
	}
	taken := make([]bool, len(d.cuts))
	for a := range d.cuts {
		if taken[a] || d.cuts[a].incident.void {
			continue
		}
		members := []int{a}
		for b := a + 1; b < len(d.cuts) && len(members) < maxGroups; b++ {
			if !taken[b] && !d.cuts[b].incident.void && alike(&d.cuts[a], &d.cuts[b]) {
				members = append(members, b)
			}
		}
		if len(members) < 2 {
			continue
		}
		text := idleText(&d.cuts[a], len(members))
		for _, m := range members {
			taken[m] = true
			i := d.cuts[m].incident
			i.code, i.severity = IdleCut, facts[IdleCut].severity
			i.detail, i.text = "idle"+d.cuts[a].idle.String(), text
			i.brief = "after " + duration(d.cuts[a].idle)
		}
	}
}

func idleText(c *cut, times int) string {
	return fmt.Sprintf("The %s ended %d connections with %v after the same time without data, about %s, and without a Close frame: a timeout.",
		c.by, times, c.incident.server, duration(c.idle))
}
