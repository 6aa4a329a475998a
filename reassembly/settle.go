package reassembly

import "wstap/capture"

// settleIfNeeded is the usual way out: nothing waits, nothing is missing.
func (a *Assembler) settleIfNeeded(st *Stream) error {
	c, s := &st.half[FromClient], &st.half[FromServer]
	if c.wait == nil && s.wait == nil && st.rst == nil && c.gap() == noHole && s.gap() == noHole {
		a.tidy(st)
		st.plain = st.handler != nil && c.plain() && s.plain()
		return nil
	}
	st.plain = false
	return a.settle(st, false)
}

// settle hands on what has come into order, and gives up the holes for which
// waiting is over; all of them where force is set.
func (a *Assembler) settle(st *Stream, force bool) error {
	for !st.dead() {
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
	if st.dead() {
		return nil
	}
	if st.rst != nil && !st.waits() && (force || a.resets(st)) {
		return a.close(st, Reason{RST, st.rst.from}, st.rst.at)
	}
	a.arm(st)
	return nil
}

// waits reports whether bytes of the stream are missing or held back.
func (st *Stream) waits() bool {
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
func (a *Assembler) resets(st *Stream) bool {
	h := &st.half[st.rst.from]
	exact := !h.started || st.rst.off <= h.next || st.rst.off == h.end()
	return exact || a.now().Sub(st.rst.since) >= a.holeWait
}

// drain hands on what is in order, of both directions in turn, since the bytes
// of one may be what the other waits for.
func (a *Assembler) drain(st *Stream) (moved bool, err error) {
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
			if err := a.hand(st, d, c.data, c.missing, c.at); err != nil || st.dead() {
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
			if err := a.finish(st, d, w.finAt); err != nil || st.dead() {
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
func (a *Assembler) untie(st *Stream, force bool) bool {
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

// end closes a stream from outside: all that is held is handed on first.
func (a *Assembler) end(st *Stream, why Reason, at capture.Stamp) error {
	if err := a.settle(st, true); err != nil || st.dead() {
		return err
	}
	for d := FromClient; d <= FromServer; d++ {
		h := &st.half[d]
		if !h.started && h.known {
			h.next = 1 // never captured at all: the first ACK told where it stood
		}
		if n := h.acked - h.next; n > 1 && !h.done {
			if err := a.lose(st, d, Gap{Bytes: n, Cause: Acked}, at); err != nil || st.dead() {
				return err
			}
		}
	}
	// What waited for the stream to be opened.
	if err := a.settle(st, true); err != nil || st.dead() {
		return err
	}
	return a.close(st, why, at)
}
