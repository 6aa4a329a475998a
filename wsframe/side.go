package wsframe

import (
	"wstap/capture"
)

// side parses the frames of one direction (RFC 6455, 5.2). Of a direction
// between two messages nothing is kept but this: connections are mostly idle,
// and a million of them have two million sides.
type side struct {
	*reading // nil while nothing is under way
	from     Direction
	standing
	c      *socket
	window *window // nil without permessage-deflate
}

// standing is what a direction is known by while nothing is under way: its
// Certainty, and bits beside that. It is 0 for most.
type standing uint8

const (
	certainties standing = 3
	// unsure: frames may have been lost, so that a message may have begun, or
	// ended, unseen.
	unsure    standing = 4
	closeSeen standing = 8 // a Close frame
)

func (s standing) certainty() Certainty { return Certainty(s & certainties) }

func (s standing) has(bit standing) bool { return s&bit != 0 }

// reading is what a side keeps of what is under way: a header, a frame, a
// message, or the search for the next frame.
type reading struct {
	// The header at hand: have bytes of it are in header.
	header [14]byte
	have   int
	first  capture.Stamp

	frame    *Frame // whose payload is being read; nil between frames
	off      uint64 // payload bytes passed, missing ones too
	start    int    // where its payload begins in the message's buffer
	whole    []byte // its payload, where it came in one piece
	faults   []fault
	enough   bool // of its payload is kept, the rest is counted
	overlong bool // payload was not kept for want of room
	crowded  bool // and other connections had taken it
	riddled  bool // it has more holes than are listed

	message message

	seek *seeker // while the boundaries are lost
}

// slow takes b up to where nothing is under way any more, whatever it holds, and
// returns the rest.
func (s *side) slow(b []byte, at capture.Stamp) (rest []byte, err error) {
	if r := s.reading; r != nil && r.frame != nil && r.seek == nil && uint64(len(b)) < r.frame.Length-r.off {
		s.payload(b) // of a large frame, as most packets are that come here
		return nil, nil
	}
	s.wake()
	if rest, err = s.read(b, at); err == nil {
		s.rest()
	}
	return rest, err
}

// gap takes the loss of n bytes.
func (s *side) gap(n uint64, at capture.Stamp) error {
	s.wake()
	err := s.pass(n, at)
	s.rest()
	return err
}

// wake makes ready for what is under way.
func (s *side) wake() {
	if s.reading == nil {
		s.reading = s.c.a.spare.readings.take()
	}
}

// rest lets go of what is kept where nothing is under way.
func (s *side) rest() {
	r, a := s.reading, s.c.a
	if r.busy() {
		return
	}
	r.message.end(a)
	s.reading = nil
	a.spare.readings.give(r, reading{faults: r.faults[:0]})
}

// busy reports whether something is under way.
func (r *reading) busy() bool {
	return r.frame != nil || r.have > 0 || r.seek != nil || r.message.active
}

// read is feed for a side that is awake. It returns what is left of b once
// nothing is under way.
func (s *side) read(b []byte, at capture.Stamp) ([]byte, error) {
	for len(b) > 0 {
		if s.seek != nil {
			return nil, s.search(b, at)
		}
		if s.frame == nil {
			n := s.collect(b, at)
			b = b[n:]
			if s.have < headerLength(s.header[:s.have]) {
				return nil, nil
			}
			if s.certainty() != Exact && !s.sound(s.header[:s.have]) {
				// Found again behind a gap, and wrong: lost again.
				if err := s.relocate(at); err != nil {
					return nil, err
				}
				continue
			}
			s.begin()
		}
		n := int(min(uint64(len(b)), s.frame.Length-s.off))
		s.payload(b[:n])
		b = b[n:]
		if s.off == s.frame.Length {
			if err := s.finish(at); err != nil {
				return nil, err
			}
			if !s.busy() {
				return b, nil
			}
		}
	}
	return nil, nil
}

// collect takes header bytes from b and returns how many.
func (s *side) collect(b []byte, at capture.Stamp) (n int) {
	if s.have == 0 {
		s.first = at
	}
	for s.have < headerLength(s.header[:s.have]) && n < len(b) {
		k := copy(s.header[s.have:headerLength(s.header[:s.have])], b[n:])
		s.have += k
		n += k
	}
	return n
}

// begin takes the header at hand and checks it.
func (s *side) begin() {
	h, length := parseHeader(s.header[:s.have])
	f := s.c.a.spare.frames.take()
	f.Header = append(f.Header, s.header[:s.have]...)
	f.From, f.First, f.Certainty = s.from, s.first, s.certainty()
	f.Fin, f.Rsv, f.Opcode, f.Masked, f.Key = h.Fin, h.Rsv, h.OpCode, h.Masked, h.Mask
	f.Length = length
	s.faults = s.check(f, s.faults[:0])
	s.frame, s.have, s.off, s.whole, s.start = f, 0, 0, nil, len(s.message.buf)
	s.enough, s.overlong, s.crowded, s.riddled = false, false, false, false
}

// pass is gap for a side that is awake.
func (s *side) pass(n uint64, at capture.Stamp) error {
	if s.seek != nil {
		return s.seekGap(n, at)
	}
	if f := s.frame; f != nil {
		k := min(n, f.Length-s.off)
		s.miss(k)
		n -= k
		if s.off == f.Length {
			if err := s.finish(at); err != nil {
				return err
			}
		}
		if n == 0 {
			return nil // the boundary is known: certain
		}
	}
	// A boundary was lost, and perhaps whole frames.
	s.have = 0
	return s.lose(at)
}

// lose gives up the boundaries: they are searched for.
func (s *side) lose(at capture.Stamp) error {
	s.standing |= unsure
	if s.window != nil {
		if err := s.settle(); err != nil {
			return err
		}
		s.window.lose()
	}
	s.standing = s.standing&^certainties | standing(max(s.certainty(), Resynced))
	s.seek = newSeeker(s.c.a, s.rules())
	s.message.why = max(s.message.why, BytesMissing)
	return s.breakMessage(at)
}

// finish emits the frame whose payload is complete.
func (s *side) finish(at capture.Stamp) error {
	f := s.frame
	s.frame = nil
	f.M = Meta{at, s.c.info}
	buf := s.whole
	if buf == nil && len(s.message.buf) > s.start {
		buf = s.message.buf[s.start:]
	}
	f.Payload = buf[:min(len(buf), s.c.a.opts.FrameLimit)]
	if len(f.Payload) < len(buf) || s.overlong {
		s.c.a.stats.FrameLimit++
	}
	s.count(f)
	control := f.Opcode.IsControl()
	var m *Message
	var err error
	if control {
		s.control(f)
	} else if m, err = s.join(f, buf); err != nil {
		return err
	}
	f.Message = m
	err = s.emit(f, m)
	if control {
		s.dropTail()
	} else if m != nil || !s.message.active {
		s.message.end(s.c.a)
	}
	s.c.a.giveFrame(f)
	return err
}

// emit hands out the frame, its violations, and the message it completes.
func (s *side) emit(f *Frame, m *Message) error {
	a := s.c.a
	var err error
	if q := a.queue; q != nil && (len(q.events) > 0 || m != nil && m.waiting) {
		err = q.frame(s, f, m)
	} else {
		err = a.tell(f, m, s.faults)
	}
	s.faults = s.faults[:0]
	return err
}

// count adds the frame to the totals.
func (s *side) count(f *Frame) {
	s.c.a.stats.Frames++
	t := &s.c.info.Totals[s.from]
	t.Frames++
	t.Payload += f.Length - f.Missing
	if f.Opcode.IsControl() {
		t.Control++
	}
}

// end takes the end of the direction: what was under way is told as it stands,
// incomplete for the reason why.
func (s *side) end(why Incomplete, at capture.Stamp) error {
	s.wake()
	if s.seek != nil {
		if err := s.resume(true); err != nil {
			return err
		}
	}
	if s.seek != nil {
		s.c.info.Totals[s.from].Skipped += s.seek.seen
		s.seek.release()
		s.seek = nil
	}
	if f := s.frame; f != nil {
		f.Missing += f.Length - s.off
		s.message.why = why
		if err := s.finish(at); err != nil {
			return err
		}
	}
	s.message.why = max(s.message.why, why)
	if err := s.breakMessage(at); err != nil {
		return err
	}
	s.message.end(s.c.a)
	if s.window != nil {
		if err := s.settle(); err != nil {
			return err
		}
		s.c.a.inflater.release(s.window)
	}
	s.rest()
	return nil
}
