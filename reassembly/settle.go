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
		if !a.untie(st, force) {
			break
		}
	}
	if st.dead {
		return nil
	}
	if st.rst != nil && !st.waits() && (force || a.resets(st)) {
		return a.close(st, Reason{RST, st.rst.from}, st.rst.at)
	}
	a.arm(st)
	return nil
}

// waits reports whether bytes of the stream are missing or held back.
func (st *stream) waits() bool {
	for d := range st.half {
		if h := &st.half[d]; h.wait.bytes() || h.gap() != noHole {
			return true
		}
	}
	return false
}

// answersFIN reports whether the FIN of h acknowledges that of p, which is yet
// to be handed on.
func (h *half) answersFIN(p *half) bool {
	return p.complete() && !p.done && h.wait != nil && h.wait.finNeed > p.fin
}

// complete reports whether all of the direction up to its FIN was handed on.
func (h *half) complete() bool {
	return h.done || h.finKnown && h.next >= h.fin && !h.wait.bytes()
}

// resets reports whether the pending RST takes effect now: it stands exactly
// where its sender was, or nothing has refuted it for long enough.
func (a *Assembler) resets(st *stream) bool {
	h := &st.half[st.rst.from]
	exact := !h.started || st.rst.off <= h.next || st.rst.off == h.end
	return exact || a.now.Sub(st.rst.since) >= a.holeWait
}

// drain hands on what is in order, of both directions in turn, since the bytes
// of one may be what the other waits for.
func (a *Assembler) drain(st *stream) (moved bool, err error) {
	for d := FromClient; d <= FromServer; d++ {
		h, p := &st.half[d], &st.half[d.Reverse()]
		for h.wait.bytes() {
			if c := &h.wait.queue.chunks[0]; c.off > h.next || p.holds(c.need) {
				break
			}
			before := h.wait.queue.bytes
			c := h.wait.queue.pop()
			a.queued -= before - h.wait.queue.bytes
			c.cutHead(h.next)
			moved = true
			if err := a.hand(st, d, c.data, c.missing, c.at); err != nil || st.dead {
				return moved, err
			}
		}
		w := h.wait
		if w == nil {
			continue
		}
		if h.finKnown && len(w.queue.chunks) == 0 && h.next >= h.fin {
			// It waits for what it answers, bytes and FIN, and for the stream to
			// be opened, so that it is told.
			if p.holds(w.finNeed) || h.answersFIN(p) && !p.answersFIN(h) || st.handler == nil && !p.complete() {
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
// nothing of that is missing: each claims to answer the other. A retransmission
// captured before its original does, so the original is waited for as for a
// hole; what remains are wrong acknowledgments. The earlier packet goes first.
func (a *Assembler) untie(st *stream, force bool) bool {
	var w *wait
	var need *int64
	var number uint64
	for d := FromClient; d <= FromServer; d++ {
		h, p := &st.half[d], &st.half[d.Reverse()]
		if h.wait == nil || p.gap() == covered {
			continue
		}
		n, at := &h.wait.finNeed, h.wait.finAt.Packet
		if h.wait.bytes() {
			c := &h.wait.queue.chunks[0]
			if c.off > h.next {
				continue
			}
			n, at = &c.need, c.at.Packet
		} else if !h.finKnown || h.next < h.fin {
			continue
		}
		if p.holds(*n) && (need == nil || at < number) {
			w, need, number = h.wait, n, at
		}
	}
	for d := range st.half {
		if o := st.half[d].wait; o != nil && o != w && o.hole == tied {
			o.hole = noHole
		}
	}
	if need == nil {
		return false
	}
	if w.hole != tied {
		a.await(st, w, tied)
	}
	if full := a.full(st); force || full != nil || a.overAcked(st, w) {
		*need, w.hole = 0, noHole
		return true
	}
	return false
}

// overdue finds a hole for which waiting is over, and why.
func (a *Assembler) overdue(st *stream, force bool) (d Direction, why Cause, due bool) {
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
			h.wait = &wait{}
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
			due = a.now.Sub(w.since) >= a.holeWait
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
func (a *Assembler) watch(st *stream, h *half, kind hole) {
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
func (a *Assembler) await(st *stream, w *wait, kind hole) {
	w.hole, w.at, w.since, w.packets = kind, a.last, a.now, st.packets
}

// overAcked reports whether waiting for bytes that were surely sent is over.
// Without timestamps it is the segments alone that count.
func (a *Assembler) overAcked(st *stream, w *wait) bool {
	waited := a.now.Sub(w.since)
	return waited >= a.ackedWait ||
		st.packets-w.packets >= reorderPackets && (waited >= reorderTime || a.now.IsZero())
}

// full reports whether what the stream holds back has reached a bound, by the
// count of how often that one was.
func (a *Assembler) full(st *stream) *uint64 {
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
func (a *Assembler) skip(st *stream, d Direction, why Cause) error {
	h := &st.half[d]
	n, at := h.holeEnd(h.wait.hole)-h.next, h.wait.at
	if !h.wait.bytes() && !h.finKnown {
		h.blind, h.wait = true, nil
		if n == 1 {
			// One sequence number, and nothing behind it: a FIN that was not
			// captured, not a byte.
			return nil
		}
	}
	return a.lose(st, d, Gap{n, why}, at)
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
	// What waited for the stream to be opened.
	if err := a.settle(st, true); err != nil || st.dead {
		return err
	}
	return a.close(st, why, at)
}

// due is when the stream's next hole is to be given up or its RST believed if
// nothing comes; the zero time if there is none.
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
