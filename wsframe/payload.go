package wsframe

import (
	"github.com/gobwas/ws"

	"wstap/wsframe/subproto"
)

// maxHoles bounds the holes that a frame lists; the last takes up the rest.
const maxHoles = 256

// excerptBytes is the least that is kept of a payload of which an excerpt is
// enough (see Options.Excerpts): more than a line shows, and mostly the packet
// that it begins in.
const excerptBytes = 1 << 10

// payload takes the next captured bytes of the payload.
func (s *side) payload(b []byte) {
	if s.enough {
		s.off += uint64(len(b))
		return
	}
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
	begun := s.off
	s.off += uint64(len(b))
	s.enough = s.c.a.opts.Excerpts && begun < excerptBytes && s.off >= excerptBytes && s.suffices()
}

// suffices reports whether what is kept of the payload under way is all that
// a line shows: it is a binary message of its own, has no holes and breaks no
// limit.
func (s *side) suffices() bool {
	f, k := s.frame, s.c
	return f.Fin && f.Opcode == OpBinary && f.Rsv == 0 && f.Missing == 0 && !s.message.active && !s.overlong &&
		f.Length <= uint64(k.a.quick.limit) && subproto.Opaque(s.message.buf[s.start:], k.info.Subprotocol)
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
	if s.enough { // a line shows what is behind a hole too
		s.enough = false
		s.keep(make([]byte, s.off-uint64(len(s.message.buf)-s.start)))
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
