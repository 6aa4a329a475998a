package reassembly

import (
	"time"

	"wstap/capture"
)

// half is one direction of a stream. Offsets count from 0 = SYN, so that the
// first data byte is at 1 where the SYN was seen. What only some streams need,
// and those not for long, is in odd.
type half struct {
	next  int64 // the next byte to hand on
	acked int64 // one behind the last byte that the receiver acknowledged
	*odd
	base    uint32
	room    uint32 // from acked to the right edge of the window that the receiver offered, 0 where unknown
	packets uint32 // segments, of any kind; see Stream.packet
	scale   int8   // window scale of what this end sends; -1 unknown
	known   bool   // base is known
	started bool   // next is fixed: the SYN or data was seen
	offered bool   // room is known
}

// odd is what a half has to know besides while it is not in order. All that
// are share one that is zero: reading needs no question, writing goes by own.
type odd struct {
	shared   bool
	finKnown bool
	done     bool // the FIN was handed on
	told     bool // base is the initial sequence number though the SYN was not seen
	// blind: a gap was declared and nothing was captured since, so that there
	// is nothing to wait for: a capture of one direction only is all blind.
	blind bool
	fin   int64 // offset of the FIN, where finKnown
	seen  int64 // one behind the last byte seen, where that lies behind next
	wait  *wait // nil while all is in order
	far   *far
}

// own makes h.odd writable.
func (h *half) own() *odd {
	if h.odd.shared {
		h.odd = &odd{}
	}
	return h.odd
}

// tidy gives odd back where there is nothing left in it.
func (h *half) tidy(shared *odd) {
	if o := h.odd; !o.shared && o.wait == nil && o.far == nil && o.seen <= h.next &&
		!o.finKnown && !o.done && !o.blind && (!o.told || h.started) {
		h.odd = shared
	}
}

// plain reports whether nothing is odd about a half with nothing missing.
func (h *half) plain() bool {
	return h.known && h.started && !h.finKnown && !h.blind && !h.done
}

// end is one behind the last byte seen.
func (h *half) end() int64 { return max(h.next, h.seen) }

// edge is the right edge of the window that the receiver offered, 0 for none.
func (h *half) edge() int64 {
	if !h.offered {
		return 0
	}
	return h.acked + int64(h.room)
}

// wait is what a half holds while its next byte is missing.
type wait struct {
	queue   queue
	finNeed int64 // as chunk.need, for the FIN
	finAt   capture.Stamp
	hole    hole
	next    int64         // where the hole begins
	acked   int64         // half.acked when waiting for it began
	at      capture.Stamp // the packet that proved it
	since   time.Time     // packet time then
	packets uint32        // Stream.packets then
}

// bytes reports whether bytes are held back, not only a FIN.
func (w *wait) bytes() bool { return w != nil && len(w.queue.chunks) > 0 }

// hole says why the next byte is known to be missing.
type hole uint8

const (
	noHole  hole = iota
	early        // later bytes came first; a retransmission may still fill it
	covered      // the receiver has acknowledged it: it was sent and not captured
	tied         // not missing, but waits for the other direction, which waits for it
)

// far follows segments that lie outside the window. One alone is forged or
// stale; a run of them that continue each other means that the capture has
// missed a long stretch.
type far struct {
	off, end int64
	score    int
}

// offset of seq in this half, near where it stands.
func (h *half) offset(seq uint32) int64 {
	return offset(seq, h.base, max(h.next, h.acked))
}

// holds reports whether bytes of the other direction, sent when their sender
// had received this one up to need, must wait for it. This keeps cause before
// effect (request before response, ping before pong) when packets were
// captured in another order.
func (h *half) holds(need int64) bool {
	if !h.started || h.blind || h.done {
		return false
	}
	if h.finKnown {
		need = min(need, h.fin)
	}
	return need > h.next
}

// gap says what is missing at next.
func (h *half) gap() hole {
	if !h.started || h.done {
		return noHole
	}
	queued := h.wait.bytes()
	ack := h.acked
	if h.finKnown {
		ack = min(ack, h.fin)
	}
	switch {
	case h.blind && !queued && !h.finKnown:
		return noHole
	case ack > h.next && !(queued && h.wait.queue.chunks[0].off <= h.next):
		return covered
	case queued && h.wait.queue.chunks[0].off > h.next, h.finKnown && !queued && h.fin > h.next:
		return early
	}
	return noHole
}

// holeEnd is where the hole at next ends, kind being what gap has said.
func (h *half) holeEnd(kind hole) int64 {
	end := h.acked
	if h.finKnown && (kind == early || h.fin < end) {
		end = h.fin
	}
	if h.wait.bytes() && (kind == early || h.wait.queue.chunks[0].off < end) {
		end = h.wait.queue.chunks[0].off
	}
	return end
}

// near reports whether data at off may belong to this half: not too far
// behind the offered window. Data before next is old, never far.
func (h *half) near(off int64) bool {
	edge := h.edge()
	if edge == 0 { // nothing was ever acknowledged: one direction only
		edge = h.end() + unknownWindow
	}
	return off <= max(edge, h.end())+windowSlack
}

// follow takes a segment outside the window, and reports whether by now enough
// of them continue each other to be believed.
func (h *half) follow(off, end int64) bool {
	f := h.far
	if f == nil || off < f.off || off > f.end+windowSlack {
		h.own().far = &far{off: off, end: end, score: 1}
		return false
	}
	if end > f.end { // the same one again proves nothing
		f.end = end
		f.score++
	}
	if f.score < farScore {
		return false
	}
	h.far = nil
	return true
}

// acknowledge takes the acknowledgment number of a segment that the other end
// sent, p. It returns the offset it stands for, 0 where it can't be true.
func (h *half) acknowledge(s *capture.Segment, p *half) int64 {
	ack := h.offset(s.Ack)
	if h.started && ack > max(h.end(), h.acked)+1 && !h.near(ack) {
		// Acknowledges what lies outside the window: a forgery, unless data
		// was seen there.
		if h.far == nil || ack < h.far.off || ack > h.far.end {
			return 0
		}
		h.far.score += 2
	}
	h.offer(ack, p.window(s))
	return ack
}

// offer takes an acknowledgment and the window behind it.
func (h *half) offer(ack, window int64) {
	edge := max(h.acked+int64(h.room), ack+window)
	h.acked = max(h.acked, ack)
	h.room = uint32(edge - h.acked) // 0 to 2^30
	if !h.offered {
		h.offered = ack+window > 0
	}
}

// window is what a segment of this half offers, in bytes.
func (h *half) window(s *capture.Segment) int64 {
	if s.Flags.Has(capture.SYN) {
		return int64(s.Window) // never scaled (RFC 7323, 2.2)
	}
	return h.scaled(s.Window)
}

// scaled is what a segment other than a SYN offers.
func (h *half) scaled(window uint16) int64 {
	if h.scale >= 0 {
		return int64(window) << (h.scale & 15) // at most 14
	}
	return max(int64(window)<<8, unknownWindow)
}
