package reassembly

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// timer is when a waiting stream is to be looked at again.
type timer struct {
	at     time.Time
	stream *stream
}

// timers is a heap; equal times go by stream number, so that the order of
// what is given up never depends on anything but the packets.
type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	if c := t[i].at.Compare(t[j].at); c != 0 {
		return c < 0
	}
	return t[i].stream.Index < t[j].stream.Index
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	(*t)[len(*t)-1] = timer{}
	*t = (*t)[:len(*t)-1]
	return last
}

// arm sees to it that the stream is looked at when its wait is over.
func (a *Assembler) arm(st *stream) {
	if st.timed {
		return
	}
	if at := a.due(st); !at.IsZero() {
		st.timed = true
		heap.Push(&a.timers, timer{at, st})
	}
}

// Advance moves packet time on to now; times that go back are ignored. Call it
// for packets that are not TCP, and for a live source's idle time.
func (a *Assembler) Advance(now time.Time) error {
	if !now.After(a.now) {
		return nil
	}
	a.now = now
	for len(a.timers) > 0 && !a.timers[0].at.After(now) {
		st := heap.Pop(&a.timers).(timer).stream
		st.timed = false
		if st.dead {
			continue
		}
		if err := a.settle(st, false); err != nil {
			return err
		}
	}
	if a.sweep.IsZero() {
		a.sweep = now.Add(sweepEvery)
	}
	// A sweep costs one look at each conversation; it has to be earned by as
	// many segments, so that no file can make it quadratic.
	if !now.Before(a.sweep) && a.unswept >= len(a.table.byKey)/16 {
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

// expire forgets conversations of which nothing was seen for their idle limit.
func (a *Assembler) expire() error {
	a.sweep, a.unswept = a.now.Add(sweepEvery), 0
	now := a.now.UnixNano()
	var idle []*stream
	keep := func(r *record) bool {
		if r.gone {
			return false
		}
		limit := closedIdle
		switch {
		case r.stream != nil && r.stream.Pinned:
			limit = pinnedIdle
		case r.stream != nil:
			limit = streamIdle
		case r.opening != nil && !r.ended:
			limit = openingIdle
		}
		if now-r.last < int64(limit) {
			return true
		}
		if r.stream != nil {
			idle = append(idle, r.stream)
		}
		r.opening = nil
		a.table.remove(r)
		return false
	}
	a.table.order.sift(keep)
	a.table.pinned.sift(keep)
	a.table.openings.sift(func(r *record) bool { return r.opening != nil && !r.gone })
	byIndex(idle)
	for _, st := range idle {
		if err := a.end(st, Reason{How: Timeout}, a.stamp()); err != nil {
			return err
		}
	}
	return nil
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
	r.opening = nil
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
	for _, r := range a.table.byKey {
		if r.stream != nil {
			open = append(open, r.stream)
		}
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
