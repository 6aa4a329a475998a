package wsframe

import "wstap/capture"

// queued is an event that waits. Most are what plain says, and kept in less
// than half the memory that a Frame and a Message take: thousands wait at once.
type queued struct {
	side  *side  // whose frame it is, and what is told with it; nil for an event alone
	apart *apart // nil for a plain message
	job   job    // inflates the message, if there is a window

	// Of a plain message:
	at, first capture.Stamp
	header    [14]byte
	size      uint8 // of header
}

// plain reports whether f is whole, the only frame of a message that waits, and
// nothing is wrong with it.
func plain(s *side, f *Frame) bool {
	return len(s.faults) == 0 && f.Missing == 0 && f.Length == uint64(len(f.Payload)) && f.Certainty == Exact
}

// pack keeps f, which is plain.
func (e *queued) pack(f *Frame) {
	e.at, e.first = f.M.Stamp, f.First
	e.size = uint8(copy(e.header[:], f.Header))
}

// unpack makes f and m of what pack has kept.
func (e *queued) unpack(f *Frame, m *Message) {
	h, length := parseHeader(e.header[:e.size])
	*f = Frame{
		M: Meta{e.at, e.job.conn}, From: e.side.from, First: e.first, Header: e.header[:e.size],
		Fin: true, Rsv: h.Rsv, Opcode: h.OpCode, Masked: h.Masked, Key: h.Mask,
		Length: length, Payload: e.job.packed, Violations: f.Violations[:0],
	}
	*m = Message{
		M: f.M, From: f.From, First: f.First, Opcode: f.Opcode,
		Frames: 1, Compressed: true, WireLength: length,
	}
}

// apart is an event as it came: a frame with all that is told with it, or any
// other.
type apart struct {
	other   Event // nil for a frame
	frame   Frame
	whole   bool // the frame completes message
	message Message
	faults  []fault
}

// aparts lends them.
type aparts struct {
	all  []*apart // reused
	used int
}

func (l *aparts) next() *apart {
	if l.used == len(l.all) {
		l.all = append(l.all, &apart{})
	}
	l.used++
	return l.all[l.used-1]
}

// other keeps any event, which is not lent.
func (l *aparts) other(e Event) *apart {
	p := l.next()
	p.other = e
	return p
}

// frame keeps f and m, but for their payloads.
func (l *aparts) frame(s *side, f *Frame, m *Message) *apart {
	p := l.next()
	header, holes, faults := p.frame.Header[:0], p.frame.Holes[:0], p.faults[:0]
	p.frame = *f
	p.frame.Header = append(header, f.Header...)
	p.frame.Holes = append(holes, f.Holes...)
	p.frame.Violations = nil
	if p.faults = faults; s != nil {
		p.faults = append(faults, s.faults...)
	}
	if p.whole = m != nil; p.whole {
		p.message = *m
	}
	return p
}
