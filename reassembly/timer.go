package reassembly

import (
	"container/heap"
	"time"
)

// timer is when a waiting stream is to be looked at again. A stream has at most
// one, and none once it is dead, so that timers cost no memory of their own.
type timer struct {
	at     time.Time
	stream *Stream
	slot   int // index in timers
}

// timers is a heap; equal times go by stream number, so that the order of
// what is given up never depends on anything but the packets.
type timers []*timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	if c := t[i].at.Compare(t[j].at); c != 0 {
		return c < 0
	}
	return t[i].stream.Index < t[j].stream.Index
}
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].slot, t[j].slot = i, j
}
func (t *timers) Push(x any) {
	x.(*timer).slot = len(*t)
	*t = append(*t, x.(*timer))
}
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	(*t)[len(*t)-1] = nil
	*t = (*t)[:len(*t)-1]
	return last
}

// arm sees to it that the stream is looked at when its wait is over.
func (a *Assembler) arm(st *Stream) {
	at := a.due(st)
	switch {
	case at.IsZero():
		a.disarm(st)
	case st.timer == nil:
		st.keep().timer = &timer{at: at, stream: st}
		heap.Push(&a.timers, st.timer)
	case !st.timer.at.Equal(at):
		st.timer.at = at
		heap.Fix(&a.timers, st.timer.slot)
	}
	if m := momentOf(at); !at.IsZero() && m.before(a.alarm) {
		a.wakeAt(m)
	}
}

func (a *Assembler) disarm(st *Stream) {
	if st.timer != nil {
		heap.Remove(&a.timers, st.timer.slot)
		st.timer = nil
	}
}

// fire settles the streams whose wait is over. None is looked at twice, even
// if its wait were not over after all.
func (a *Assembler) fire() error {
	for n := len(a.timers); n > 0 && len(a.timers) > 0 && !a.timers[0].at.After(a.now()); n-- {
		st := a.timers[0].stream
		a.disarm(st)
		if err := a.settle(st, false); err != nil {
			return err
		}
	}
	return nil
}
