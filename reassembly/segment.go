package reassembly

import "wstap/capture"

// segment takes a segment of a stream that carries data.
func (a *Assembler) segment(st *Stream, d Direction, s *capture.Segment) error {
	h, p := &st.half[d], &st.half[d.Reverse()]
	if !h.known {
		h.base, h.known = origin(s), true
		st.know(d, h.base)
	}
	if s.Flags.Has(capture.SYN) {
		if !h.started {
			h.started, h.next = true, 1
		}
		if s.Flags.Has(capture.ACK) {
			st.Begun = true
			if st.handshake != nil && st.handshake.SYNACK.Packet == 0 {
				st.handshake.SYNACK = s.Stamp
			}
		}
	}
	var need int64
	if s.Flags.Has(capture.ACK) {
		if !p.known {
			p.base, p.known = s.Ack-1, true
			st.know(d.Reverse(), p.base)
		}
		need = p.acknowledge(s, h)
	}
	if s.Flags.Has(capture.RST) {
		a.reset(st, d, s)
		return a.settleIfNeeded(st)
	}
	if st.rst != nil && st.rst.from == d && a.now().Sub(st.rst.since) > reorderTime {
		st.rst = nil // its sender goes on: the RST was not its own
	}
	if err := a.data(st, d, s, need); err != nil || st.dead() {
		return err
	}
	return a.settleIfNeeded(st)
}

// data takes a segment's payload and FIN.
func (a *Assembler) data(st *Stream, d Direction, s *capture.Segment, need int64) error {
	h, p := &st.half[d], &st.half[d.Reverse()]
	seq := s.Seq
	if s.Flags.Has(capture.SYN) {
		seq++
	}
	size := len(s.Payload) + s.Missing
	fin := s.Flags.Has(capture.FIN)
	if size == 0 && !fin {
		return nil
	}
	off := h.offset(seq)
	if !h.started {
		// What lies below 1 was acknowledged before the capture began.
		h.started, h.next = true, max(off, 1)
		if h.told {
			h.next = 1
		}
		if h.next > 1 {
			st.count(d).skipped += h.next - 1
		}
	}
	end := off + int64(size)
	if !h.near(off) && !h.follow(off, end) {
		a.stats.Stale++
		return nil
	}
	if end <= h.next && !(fin && !h.done && end == h.next) {
		if size > 0 {
			st.count(d).Retransmitted++
		}
		return nil
	}
	if h.finKnown && end > h.fin {
		a.stats.Stale++ // bytes behind the FIN
		return nil
	}
	if fin && !h.finKnown && end < h.end() {
		a.stats.Stale++ // bytes behind it were seen already
		if fin = false; size == 0 {
			return nil
		}
	}
	if st.rst != nil && st.rst.from == d && end > st.rst.off {
		st.rst = nil
	}
	if size > 0 && h.blind {
		h.blind = false
	}
	if h.wait == nil && off <= h.next && !p.holds(need) && (!fin || p.wait == nil) {
		// In order: nothing is copied.
		data, missing := s.Payload, s.Missing
		if off < h.next {
			c := chunk{off: off, data: data, missing: missing}
			c.cutHead(h.next)
			data, missing = c.data, c.missing
		}
		if err := a.hand(st, d, data, missing, s.Stamp); err != nil || st.dead() {
			return err
		}
		if !fin {
			return nil
		}
		if st.handler != nil {
			h.own().fin, h.finKnown = end, true
			return a.finish(st, d, s.Stamp)
		}
		need = 0
	}
	if h.wait == nil {
		h.own().wait = &wait{}
	}
	h.seen = max(h.seen, end)
	if end > h.next {
		if off > h.next {
			st.count(d).OutOfOrder++
		}
		c := chunk{off: off, data: s.Payload, missing: s.Missing, need: need, at: s.Stamp, since: a.now()}
		c.cutHead(h.next)
		before := h.wait.queue.bytes
		conflict := h.wait.queue.insert(c)
		a.queued += h.wait.queue.bytes - before
		if conflict > 0 {
			a.stats.Conflicts++
			st.count(d).Conflicts++
			if err := a.conflict(st, d, conflict, s.Stamp); err != nil || st.dead() {
				return err
			}
		}
	}
	if fin && !h.finKnown {
		h.own().fin, h.finKnown = end, true
		h.wait.finNeed, h.wait.finAt = need, s.Stamp
	} else if fin {
		h.wait.finNeed = min(h.wait.finNeed, need)
	}
	return nil
}

// reset takes an RST. Only one at the next sequence number takes effect at
// once; one elsewhere in the window does when nothing follows that refutes it
// (RFC 5961, 3.2); any other is forged or old.
func (a *Assembler) reset(st *Stream, d Direction, s *capture.Segment) {
	h := &st.half[d]
	off := h.offset(s.Seq)
	if h.started && (off < min(h.next, max(h.acked, 1)) || !h.near(off)) {
		a.stats.Stale++
		return
	}
	if st.rst == nil {
		st.keep().rst = &reset{from: d, off: off, at: s.Stamp, since: a.now()}
	}
}
