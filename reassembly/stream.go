package reassembly

import (
	"time"

	"wstap/capture"
)

// stream is the state of a connection that has carried data.
type stream struct {
	Stream
	rec     *record
	handler StreamHandler
	half    [2]half
	packets uint32 // segments of both directions since the first data
	first   Direction
	halfway bool   // one direction has ended; first says which
	plain   bool   // inOrder may take the next segment
	dead    bool   // closed or ignored: the pointer is stale
	rst     *reset // an RST that can't take effect yet
	timer   *timer // among the Assembler's timers
}

// reset is an RST that waits for the bytes before it.
type reset struct {
	from  Direction
	off   int64
	at    capture.Stamp
	since time.Time // packet time, which at may be behind
}

// half is one direction of a stream. Offsets count from 0 = SYN, so that the
// first data byte is at 1 where the SYN was seen.
type half struct {
	next  int64 // the next byte to hand on
	end   int64 // one behind the last byte seen
	acked int64 // one behind the last byte that the receiver acknowledged
	edge  int64 // right edge of the window that the receiver offered
	fin   int64 // offset of the FIN, where finKnown

	base     uint32
	known    bool // base is known
	told     bool // base is the initial sequence number though the SYN was not seen
	started  bool // next is fixed: the SYN or data was seen
	finKnown bool
	done     bool // the FIN was handed on
	// blind: a gap was declared and nothing was captured since, so that there
	// is nothing to wait for: a capture of one direction only is all blind.
	blind bool
	scale int8 // window scale of what this end sends; -1 unknown

	wait *wait // nil while all is in order
	far  *far
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
	packets uint32        // stream.packets then
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
	edge := h.edge
	if edge == 0 { // nothing was ever acknowledged: one direction only
		edge = h.end + unknownWindow
	}
	return off <= max(edge, h.end)+windowSlack
}

// follow takes a segment outside the window, and reports whether by now enough
// of them continue each other to be believed.
func (h *half) follow(off, end int64) bool {
	f := h.far
	if f == nil || off < f.off || off > f.end+windowSlack {
		h.far = &far{off: off, end: end, score: 1}
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
	if h.started && ack > max(h.end, h.next, h.acked)+1 && !h.near(ack) {
		// Acknowledges what lies outside the window: a forgery, unless data
		// was seen there.
		if h.far == nil || ack < h.far.off || ack > h.far.end {
			return 0
		}
		h.far.score += 2
	}
	h.acked = max(h.acked, ack)
	h.edge = max(h.edge, ack+p.window(s))
	return ack
}

// window is what a segment of this half offers, in bytes.
func (h *half) window(s *capture.Segment) int64 {
	switch {
	case s.Flags.Has(capture.SYN): // never scaled (RFC 7323, 2.2)
		return int64(s.Window)
	case h.scale >= 0:
		return int64(s.Window) << h.scale
	}
	return max(int64(s.Window)<<8, unknownWindow)
}
