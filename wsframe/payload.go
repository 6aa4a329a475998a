package wsframe

import "github.com/gobwas/ws"

// maxHoles bounds the holes that a frame lists; the last takes up the rest.
const maxHoles = 256

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

// dropTail gives back what a control frame between fragments has put at the
// end of the message's buffer.
func (s *side) dropTail() {
	s.message.buf = s.message.buf[:s.start]
	if !s.message.active {
		s.message.end(s.c.a)
	}
}
