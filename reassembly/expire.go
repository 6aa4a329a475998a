package reassembly

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Advance moves packet time on to now; times that go back are ignored. Call it
// for packets that are not TCP, and for a live source's idle time.
func (a *Assembler) Advance(now time.Time) error {
	m := momentOf(now)
	if !a.still(m) {
		return a.advance(m)
	}
	a.pass(m)
	return nil
}

// still reports whether there is nothing to do at m, and m is in the second at
// hand.
func (a *Assembler) still(m moment) bool {
	return m.second == a.present.second && m.nanosecond < a.rest
}

// pass is advance where all is still.
func (a *Assembler) pass(m moment) {
	a.seconds[0], a.seconds[1] = a.seconds[1], m.second
	a.present.nanosecond = max(a.present.nanosecond, m.nanosecond)
}

// advance is Advance for any moment.
func (a *Assembler) advance(m moment) error {
	a.seconds[0], a.seconds[1] = a.seconds[1], m.second
	if !a.present.before(m) {
		return nil
	}
	if m.second != a.present.second {
		if a.present.isZero() {
			a.epoch = m.second
		}
		a.second = a.seconds32(m.second)
	}
	a.present = m
	if m.before(a.alarm) {
		a.wakeAt(a.alarm)
		return nil
	}
	if err := a.wake(m.time()); err != nil {
		return err
	}
	a.wakeAt(momentOf(a.nextDue()))
	return nil
}

// wakeAt has advance call wake at m.
func (a *Assembler) wakeAt(m moment) {
	a.alarm, a.rest = m, 0
	switch {
	case a.present.second < m.second:
		a.rest = int(time.Second)
	case a.present.second == m.second:
		a.rest = m.nanosecond
	}
}

// wake does what packet time asks for.
func (a *Assembler) wake(now time.Time) error {
	if err := a.fire(); err != nil {
		return err
	}
	// A sweep costs one look at each conversation; it has to be earned by as
	// many segments, so that no file can make it quadratic.
	if a.confirmed() >= a.sweep && int(a.stats.Segments-a.swept) >= (a.table.known+a.table.asleep.count())/16 {
		if err := a.expire(); err != nil {
			return err
		}
	}
	if now.Before(a.tick) {
		return nil
	}
	a.tick = now.Add(tickEvery)
	return a.handler.Advance(now)
}

// nextDue is when there is something to do next: so that a packet costs one
// comparison of times here, not four.
func (a *Assembler) nextDue() time.Time {
	due := a.tick
	if sweep := time.Unix(a.sweep, 0); sweep.Before(due) {
		due = sweep
	}
	if len(a.timers) > 0 && a.timers[0].at.Before(due) {
		due = a.timers[0].at
	}
	return due
}

// confirmed is the packet time that two packets in a row have reached, in Unix
// seconds: one broken timestamp must not expire all that is known.
func (a *Assembler) confirmed() int64 { return min(a.seconds[0], a.seconds[1]) }

// expire forgets conversations of which nothing was seen for their idle limit.
func (a *Assembler) expire() error {
	now := a.confirmed()
	a.sweep, a.swept = now+int64(sweepEvery/time.Second), a.stats.Segments
	var idle []*record
	for r := range a.table.all {
		if int64(a.seconds32(now))-int64(r.last) >= int64(r.idleLimit()/time.Second) {
			idle = append(idle, r)
		}
	}
	byIndex(idle)
	for _, r := range idle {
		if err := a.over(r, Timeout); err != nil {
			return err
		}
	}
	sleeping := a.table.asleep.since(int64(a.seconds32(now)) - int64(pinnedIdle/time.Second))
	for r := range a.inTurn(idle, sleeping) {
		if r.stream == nil {
			a.table.remove(r)
			continue
		}
		if err := a.end(r.stream, Reason{How: Timeout}, a.stamp()); err != nil {
			return err
		}
		a.table.remove(a.table.find(&r.key))
	}
	a.table.fit()
	a.table.asleep.fit()
	return nil
}

// seconds32 is a Unix second as records keep it: since the first packet, and
// at most 68 years off.
func (a *Assembler) seconds32(unix int64) int32 {
	return int32(max(min(unix-a.epoch, math.MaxInt32), math.MinInt32))
}

// idleLimit is how long r is kept without a segment.
func (r *record) idleLimit() time.Duration {
	switch {
	case r.stream != nil && r.stream.Pinned:
		return pinnedIdle
	case r.stream == nil && r.ended:
		return closedIdle
	case r.opening != nil:
		return openingIdle
	}
	return streamIdle // also where ignored: else its number would change
}

// Close ends the capture: every open stream is given what is held back for it
// and closed, in order of first packet.
func (a *Assembler) Close() error {
	open := make([]*record, 0, a.table.known) // to grow it would take as much again
	for r := range a.table.all {
		if r.stream != nil || r.opening != nil {
			open = append(open, r)
		}
	}
	byIndex(open)
	for _, r := range open {
		if err := a.over(r, End); err != nil {
			return err
		}
	}
	sleeping := make([]uint32, 0, a.table.asleep.count())
	for i := range a.table.asleep.all {
		sleeping = append(sleeping, i)
	}
	for r := range a.inTurn(open, sleeping) {
		if r.stream == nil {
			continue
		}
		if err := a.end(r.stream, Reason{How: End}, a.stamp()); err != nil {
			return err
		}
		a.table.remove(a.table.find(&r.key))
	}
	return nil
}

// byIndex sorts by first packet: the order of the table must never show.
func byIndex(records []*record) {
	slices.SortFunc(records, func(x, y *record) int { return cmp.Compare(x.Index, y.Index) })
}
