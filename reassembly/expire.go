package reassembly

import (
	"cmp"
	"slices"
	"time"
)

// Advance moves packet time on to now; times that go back are ignored. Call it
// for packets that are not TCP, and for a live source's idle time.
func (a *Assembler) Advance(now time.Time) error {
	a.seconds = [2]int64{a.seconds[1], now.Unix()}
	if !now.After(a.now) {
		return nil
	}
	a.now = now
	if now.Before(a.alarm) {
		return nil
	}
	if err := a.wake(now); err != nil {
		return err
	}
	a.alarm = a.nextDue()
	return nil
}

// wake does what packet time asks for.
func (a *Assembler) wake(now time.Time) error {
	if err := a.fire(); err != nil {
		return err
	}
	// A sweep costs one look at each conversation; it has to be earned by as
	// many segments, so that no file can make it quadratic.
	if a.confirmed() >= a.sweep && a.unswept >= a.table.known/16 {
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
	a.sweep, a.unswept = now+int64(sweepEvery/time.Second), 0
	var idle []*stream
	var openings []*record
	keep := func(r *record) bool {
		if r.gone {
			return false
		}
		if now-r.last < int64(r.idleLimit()/time.Second) {
			return true
		}
		if r.stream != nil {
			idle = append(idle, r.stream)
		}
		if r.opening != nil && a.attempts != nil {
			openings = append(openings, r) // to be told of first
		} else {
			a.table.remove(r)
		}
		return false
	}
	a.table.order.sift(keep)
	a.table.pinned.sift(keep)
	if err := a.allOver(openings, Timeout); err != nil {
		return err
	}
	for _, r := range openings {
		a.table.remove(r)
	}
	a.table.openings.sift((*record).isOpening)
	byIndex(idle)
	for _, st := range idle {
		if err := a.end(st, Reason{How: Timeout}, a.stamp()); err != nil {
			return err
		}
	}
	return nil
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

// evict makes room for one more conversation: the oldest goes, but those that
// the handler has pinned last.
func (a *Assembler) evict() error {
	r := a.table.order.pop()
	for ; r != nil; r = a.table.order.pop() {
		if r.gone {
			continue
		}
		if r.stream == nil || !r.stream.Pinned {
			break
		}
		a.table.pinned.push(r)
	}
	for r == nil || r.gone {
		if r = a.table.pinned.pop(); r == nil {
			return nil
		}
	}
	a.stats.StreamsEvicted++
	if err := a.over(r, Evicted); err != nil {
		return err
	}
	a.table.remove(r)
	if r.stream == nil {
		return nil
	}
	return a.end(r.stream, Reason{How: Evicted}, a.stamp())
}

// Close ends the capture: every open stream is given what is held back for it
// and closed, in order of first packet.
func (a *Assembler) Close() error {
	var open []*stream
	var openings []*record
	for r := range a.table.all {
		if r.stream != nil {
			open = append(open, r.stream)
		}
		if r.opening != nil {
			openings = append(openings, r)
		}
	}
	if err := a.allOver(openings, End); err != nil {
		return err
	}
	byIndex(open)
	for _, st := range open {
		if err := a.end(st, Reason{How: End}, a.stamp()); err != nil {
			return err
		}
	}
	return nil
}

// byIndex sorts by first packet: a map's order must never show.
func byIndex(s []*stream) {
	slices.SortFunc(s, func(x, y *stream) int { return cmp.Compare(x.Index, y.Index) })
}
