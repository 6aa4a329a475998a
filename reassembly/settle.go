package reassembly

import (
	"time"

	"wstap/capture"
)

// settleIfNeeded is the hot path's way out: nothing waits, nothing is missing.
func (a *Assembler) settleIfNeeded(st *stream) error {
	c, s := &st.half[FromClient], &st.half[FromServer]
	if c.wait == nil && s.wait == nil && st.rst == nil && c.gap() == noHole && s.gap() == noHole {
		return nil
	}
	return a.settle(st, false)
}

// settle hands on what has come into order, and gives up the holes for which
// waiting is over; all of them where force is set.
func (a *Assembler) settle(st *stream, force bool) error {
	for !st.dead {
		moved, err := a.drain(st)
		if err != nil {
			return err
		}
		if moved {
			continue
		}
		if d, cause, due := a.overdue(st, force); due {
			if err := a.skip(st, d, cause); err != nil {
				return err
			}
			continue
		}
		if !st.untie() {
			break
		}
	}
	if st.dead {
		return nil
	}
	if st.rst != nil && !st.waits() && (force || a.resets(st)) {
		return a.close(st, Reason{RST, st.rst.from}, st.rst.at)
	}
	if st.waits() || st.rst != nil {
		a.arm(st)
	}
	return nil
}

// waits reports whether bytes of the stream are missing or held back.
func (st *stream) waits() bool {
	for d := range st.half {
		if h := &st.half[d]; h.wait != nil || h.gap() != noHole {
			return true
		}
	}
	return false
}

// resets reports whether the pending RST takes effect now: it stands exactly
// where its sender was, or nothing has refuted it for long enough.
func (a *Assembler) resets(st *stream) bool {
	h := &st.half[st.rst.from]
	exact := !h.started || st.rst.off <= h.next || st.rst.off == h.end
	return exact || a.now.Sub(st.rst.at.Time) >= a.holeWait
}

// drain hands on what is in order, of both directions in turn, since the bytes
// of one may be what the other waits for.
func (a *Assembler) drain(st *stream) (moved bool, err error) {
	for d := FromClient; d <= FromServer; d++ {
		h, p := &st.half[d], &st.half[d.Reverse()]
		for h.wait != nil && len(h.wait.queue.chunks) > 0 {
			if c := &h.wait.queue.chunks[0]; c.off > h.next || p.holds(c.need) {
				break
			}
			c := h.wait.queue.pop()
			a.queued -= len(c.data)
			c.cutHead(h.next)
			moved = true
			if err := a.hand(st, d, &c); err != nil || st.dead {
				return moved, err
			}
		}
		w := h.wait
		if w == nil {
			continue
		}
		if h.finKnown && len(w.queue.chunks) == 0 && h.next >= h.fin {
			if p.holds(w.finNeed) {
				continue
			}
			moved = true
			if err := a.finish(st, d, w.finAt); err != nil || st.dead {
				return moved, err
			}
			continue
		}
		if len(w.queue.chunks) == 0 && h.gap() == noHole {
			h.wait = nil
		}
	}
	return moved, nil
}

// untie frees the bytes of one direction that wait for the other although
// nothing of that is missing: each claims to answer the other, which only
// wrong acknowledgments can do. The earlier packet goes first.
func (st *stream) untie() bool {
	var tied *int64
	var number uint64
	for d := FromClient; d <= FromServer; d++ {
		h, p := &st.half[d], &st.half[d.Reverse()]
		if h.wait == nil || p.gap() == covered {
			continue
		}
		need, at := &h.wait.finNeed, h.wait.finAt.Packet
		if len(h.wait.queue.chunks) > 0 {
			c := &h.wait.queue.chunks[0]
			if c.off > h.next {
				continue
			}
			need, at = &c.need, c.at.Packet
		} else if !h.finKnown || h.next < h.fin {
			continue
		}
		if p.holds(*need) && (tied == nil || at < number) {
			tied, number = need, at
		}
	}
	if tied == nil {
		return false
	}
	*tied = 0
	return true
}

// overdue finds a hole for which waiting is over, and why.
func (a *Assembler) overdue(st *stream, force bool) (d Direction, why Cause, due bool) {
	full := a.full(st)
	for d := FromClient; d <= FromServer; d++ {
		h := &st.half[d]
		kind := h.gap()
		if kind == noHole {
			if h.wait != nil {
				h.wait.hole = noHole
			}
			continue
		}
		if h.wait == nil {
			h.wait = &wait{}
		}
		w := h.wait
		if w.hole != kind {
			w.hole, w.since, w.packets = kind, a.last, st.packets
		}
		waited := a.now.Sub(w.since.Time)
		switch {
		case kind == covered && (force || full || waited >= a.ackedWait ||
			st.packets-w.packets >= reorderPackets && waited >= reorderTime):
			return d, Acked, true
		case kind == early && force:
			return d, Closed, true
		case kind == early && (full || waited >= a.holeWait):
			return d, Limit, true
		}
	}
	return 0, 0, false
}

// full reports whether what the stream holds back has reached a bound.
func (a *Assembler) full(st *stream) bool {
	for d := range st.half {
		w := st.half[d].wait
		if w == nil || len(w.queue.chunks) == 0 {
			continue
		}
		if len(w.queue.chunks) > maxQueueChunks || w.queue.bytes > maxQueueBytes {
			a.stats.QueueLimit++
			return true
		}
		if a.queued > maxQueued {
			a.stats.QueuedLimit++
			return true
		}
	}
	return false
}

// skip gives up the hole at next.
func (a *Assembler) skip(st *stream, d Direction, why Cause) error {
	h := &st.half[d]
	w := h.wait
	at, queued := w.since, len(w.queue.chunks) > 0
	to := h.acked
	if h.finKnown {
		to = min(to, h.fin)
	}
	if w.hole == early {
		to = h.fin
		if queued {
			to = w.queue.chunks[0].off
		}
	} else if queued {
		to = min(to, w.queue.chunks[0].off)
	}
	w.hole = noHole
	if !queued && !h.finKnown {
		h.blind = true
		h.wait = nil
		if to == h.next+1 {
			// One sequence number, and nothing behind it: a FIN that was not
			// captured, not a byte.
			return nil
		}
	}
	return a.lose(st, d, Gap{to - h.next, why}, at)
}

// end closes a stream from outside: all that is held is handed on first.
func (a *Assembler) end(st *stream, why Reason, at capture.Stamp) error {
	if err := a.settle(st, true); err != nil || st.dead {
		return err
	}
	for d := FromClient; d <= FromServer; d++ {
		h := &st.half[d]
		if !h.started && h.known {
			h.next = 1 // never captured at all: the first ACK told where it stood
		}
		if n := h.acked - h.next; n > 1 && !h.done {
			if err := a.lose(st, d, Gap{n, Acked}, at); err != nil || st.dead {
				return err
			}
		}
	}
	return a.close(st, why, at)
}

// due is when the stream's next hole or RST is to be given up if nothing comes.
func (a *Assembler) due(st *stream) time.Time {
	var first time.Time
	sooner := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for d := range st.half {
		w := st.half[d].wait
		if w == nil {
			continue
		}
		switch w.hole {
		case covered:
			sooner(w.since.Time.Add(a.ackedWait))
		case early:
			sooner(w.since.Time.Add(a.holeWait))
		}
	}
	if st.rst != nil {
		sooner(st.rst.at.Time.Add(a.holeWait))
	}
	return first
}
