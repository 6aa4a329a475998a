package reassembly

import "time"

// overdue finds a hole for which waiting is over, and why.
func (a *Assembler) overdue(st *Stream, force bool) (d Direction, why Cause, due bool) {
	full := a.full(st)
	for d := FromClient; d <= FromServer; d++ {
		h := &st.half[d]
		kind := h.gap()
		if kind == noHole {
			if h.wait != nil && h.wait.hole != tied {
				h.wait.hole = noHole
			}
			continue
		}
		if h.wait == nil {
			h.own().wait = &wait{}
		}
		a.watch(st, h, kind)
		w := h.wait
		why, due := Limit, false
		switch {
		case kind == covered:
			why, due = Acked, a.overAcked(st, w)
		case force:
			why = Closed
		default:
			due = a.now().Sub(w.since) >= a.holeWait
		}
		if !due && !force && full != nil {
			*full++
			due = true
		}
		if due || force {
			return d, why, true
		}
	}
	return 0, 0, false
}

// watch sees when waiting for the hole at next began.
func (a *Assembler) watch(st *Stream, h *half, kind hole) {
	w := h.wait
	queued := w.bytes()
	switch {
	case w.hole != kind:
	case w.next == h.next:
		return
	case queued && kind == early:
		// The hole before was filled or given up; this one is as old as the
		// bytes behind it.
		c := &w.queue.chunks[0]
		w.next, w.since, w.at = h.next, c.since, c.at
		return
	case queued && kind == covered && h.holeEnd(kind) <= w.acked:
		// Acknowledged together with the hole before.
		w.next = h.next
		return
	}
	// With nothing queued behind it, a hole that moves is no hole: data go on
	// in order below an acknowledgment that was wrong.
	w.next, w.acked = h.next, h.acked
	a.await(st, w, kind)
}

// await starts a wait.
func (a *Assembler) await(st *Stream, w *wait, kind hole) {
	w.hole, w.at, w.since, w.packets = kind, a.segmentStamp(), a.now(), st.packets()
}

// overAcked reports whether waiting for bytes that were surely sent is over.
// Without timestamps it is the segments alone that count.
func (a *Assembler) overAcked(st *Stream, w *wait) bool {
	waited := a.now().Sub(w.since)
	return waited >= a.ackedWait ||
		st.packets()-w.packets >= reorderPackets && (waited >= reorderTime || a.present.isZero())
}

// full reports whether what the stream holds back has reached a bound, by the
// count of how often that one was.
func (a *Assembler) full(st *Stream) *uint64 {
	for d := range st.half {
		w := st.half[d].wait
		if !w.bytes() {
			continue
		}
		if len(w.queue.chunks) > maxQueueChunks || w.queue.bytes > maxQueueBytes {
			return &a.stats.QueueLimit
		}
		if a.queued > a.limits.queued {
			return &a.stats.QueuedLimit
		}
	}
	return nil
}

// skip gives up the hole at next.
func (a *Assembler) skip(st *Stream, d Direction, why Cause) error {
	h := &st.half[d]
	n, at := h.holeEnd(h.wait.hole)-h.next, h.wait.at
	if !h.wait.bytes() && !h.finKnown {
		h.own().blind, h.wait = true, nil
		if n == 1 {
			// One sequence number, and nothing behind it: a FIN that was not
			// captured, not a byte.
			return nil
		}
	}
	return a.lose(st, d, Gap{Bytes: n, Cause: why}, at)
}

// due is when the stream's next hole is to be given up or its RST believed if
// nothing comes; the zero time if there is none.
func (a *Assembler) due(st *Stream) time.Time {
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
		case covered, tied:
			sooner(w.since.Add(a.ackedWait))
		case early:
			sooner(w.since.Add(a.holeWait))
		}
	}
	if st.rst != nil {
		sooner(st.rst.since.Add(a.holeWait))
	}
	return first
}
