package wsframe

import (
	"github.com/gobwas/ws"

	"wstap/capture"
)

// maxHoles bounds the holes that a frame lists; the last takes up the rest.
const maxHoles = 256

// side parses the frames of one direction (RFC 6455, 5.2).
type side struct {
	c    *socket
	from Direction

	// The header at hand: have bytes of it are in header.
	header [14]byte
	have   int
	first  capture.Stamp

	frame    *Frame // whose payload is being read; nil between frames
	off      uint64 // payload bytes passed, missing ones too
	start    int    // where its payload begins in the message's buffer
	whole    []byte // its payload, where it came in one piece
	faults   []fault
	overlong bool // payload was not kept for want of room
	crowded  bool // and other connections had taken it
	riddled  bool // it has more holes than are listed

	message   message
	window    *window // nil without permessage-deflate
	certainty Certainty
	// unsure: frames may have been lost, so that a message may have begun, or
	// ended, unseen.
	unsure bool
	closed bool // a Close frame was seen

	seek *seeker // while the boundaries are lost
}

// feed takes the next bytes of the direction.
func (s *side) feed(b []byte, at capture.Stamp) error {
	for len(b) > 0 {
		if s.seek != nil {
			return s.search(b, at)
		}
		if s.frame == nil {
			n := s.collect(b, at)
			b = b[n:]
			if s.have < headerLength(s.header[:s.have]) {
				return nil
			}
			if s.certainty != Exact && !s.sound(s.header[:s.have]) {
				// Found again behind a gap, and wrong: lost again.
				if err := s.relocate(at); err != nil {
					return err
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
				return err
			}
		}
	}
	return nil
}

// headerLength is the length of the frame header that begins with b, as far as
// b tells: 2 until its second byte is there.
func headerLength(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n = 4
	case 127:
		n = 10
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	return n
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

// parseHeader reads a complete header. The payload length is as declared, its
// top bit too.
func parseHeader(b []byte) (h ws.Header, length uint64) {
	h.Fin, h.Rsv, h.OpCode = b[0]&0x80 != 0, b[0]>>4&7, Opcode(b[0]&15)
	h.Masked = b[1]&0x80 != 0
	length = uint64(b[1] & 0x7f)
	rest := b[2:]
	switch length {
	case 126:
		length, rest = uint64(rest[0])<<8|uint64(rest[1]), rest[2:]
	case 127:
		length = 0
		for _, c := range rest[:8] {
			length = length<<8 | uint64(c)
		}
		rest = rest[8:]
	}
	if h.Masked {
		copy(h.Mask[:], rest)
	}
	return h, length
}

// begin takes the header at hand and checks it.
func (s *side) begin() {
	h, length := parseHeader(s.header[:s.have])
	f := s.c.a.takeFrame()
	f.Header = append(f.Header, s.header[:s.have]...)
	f.From, f.First, f.Certainty = s.from, s.first, s.certainty
	f.Fin, f.Rsv, f.Opcode, f.Masked, f.Key = h.Fin, h.Rsv, h.OpCode, h.Masked, h.Mask
	f.Length = length
	s.faults = s.check(f, s.faults[:0])
	s.frame, s.have, s.off, s.whole, s.start = f, 0, 0, nil, len(s.message.buf)
	s.overlong, s.crowded, s.riddled = false, false, false
}

// payload takes the next captured bytes of the payload.
func (s *side) payload(b []byte) {
	f := s.frame
	if f.Length == uint64(len(b)) && len(b) <= s.c.a.opts.MessageLimit { // in one piece, as most are
		s.whole = b
		if f.Masked {
			s.c.a.unmasked = append(s.c.a.unmasked[:0], b...)
			s.whole = s.c.a.unmasked
			ws.Cipher(s.whole, f.Key, 0)
		}
		s.off = f.Length
		return
	}
	s.keep(b)
	s.off += uint64(len(b))
}

// keep appends payload bytes to the message's buffer, unmasked, as far as the
// limits allow. Control frames use its end, and give it back.
func (s *side) keep(b []byte) {
	a := s.c.a
	limit := a.opts.MessageLimit
	if s.frame.Opcode.IsControl() {
		limit = s.start + a.opts.FrameLimit
	}
	if s.message.buf == nil {
		s.message.buf = a.takeBuffer()
	}
	room := min(limit-len(s.message.buf), a.room(s.message.buf))
	if s.overlong {
		room = 0 // bytes before these were left out
	}
	if room < len(b) {
		if !s.overlong && room < limit-len(s.message.buf) {
			s.crowded = true
			a.stats.BufferLimit++
		}
		s.overlong = true
		b = b[:max(0, room)]
	}
	if len(b) == 0 {
		return
	}
	n := len(s.message.buf)
	s.message.buf = a.extend(s.message.buf, b)
	if s.frame.Masked {
		ws.Cipher(s.message.buf[n:], s.frame.Key, int(s.off%4))
	}
}

// gap takes the loss of n bytes.
func (s *side) gap(n uint64, at capture.Stamp) error {
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

// miss notes that the next n payload bytes were never captured.
func (s *side) miss(n uint64) {
	f := s.frame
	if n == 0 {
		return
	}
	f.Missing += n
	switch k := len(f.Holes); {
	case k > 0 && f.Holes[k-1].At+f.Holes[k-1].Bytes == s.off:
		f.Holes[k-1].Bytes += n
	case k == maxHoles:
		if !s.riddled {
			s.riddled = true
			s.c.a.stats.HoleLimit++
		}
		f.Holes[k-1].Bytes += n
	default:
		f.Holes = append(f.Holes, Hole{At: s.off, Bytes: n})
	}
	s.off += n
}

// lose gives up the boundaries: they are searched for.
func (s *side) lose(at capture.Stamp) error {
	s.unsure = true
	if s.window != nil {
		s.window.lose()
	}
	s.certainty = max(s.certainty, Resynced)
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
	for _, ft := range s.faults {
		f.Violations = append(f.Violations, Violation{M: f.M, From: s.from, Rule: ft.Rule, Expected: ft.Expected, Found: ft.Found})
	}
	if err := a.sink.Emit(f); err != nil {
		return err
	}
	for _, ft := range s.faults {
		if err := a.violate(s.c.info, s.from, f.M.Stamp, ft); err != nil {
			return err
		}
	}
	s.faults = s.faults[:0]
	if m == nil {
		return nil
	}
	a.stats.Messages++
	return a.sink.Emit(m)
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

// dropTail gives back what a control frame between fragments has put at the
// end of the message's buffer.
func (s *side) dropTail() {
	s.message.buf = s.message.buf[:s.start]
	if !s.message.active {
		s.message.end(s.c.a)
	}
}

// end takes the end of the direction: what was under way is told as it stands,
// incomplete for the reason why.
func (s *side) end(why Incomplete, at capture.Stamp) error {
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
		s.c.a.inflater.release(s.window)
	}
	return nil
}
