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

// longBytes is the length from which looking for an excerpt is worth it where a
// payload has come in one piece: in a packet that was put together from many.
const longBytes = 4 << 10

// payload takes the next captured bytes of the payload.
func (s *side) payload(b []byte) {
	if s.enough {
		s.off += uint64(len(b))
		return
	}
	f := s.frame
	a := s.c.a
	if f.Length == uint64(len(b)) && len(b) <= a.opts.MessageLimit { // in one piece, as most are
		s.off = f.Length
		if a.opts.Excerpts && len(b) > longBytes {
			if s.whole = s.plain(b[:excerptBytes]); s.suffices(s.whole) {
				return
			}
		}
		s.whole = s.plain(b)
		return
	}
	s.keep(b)
	begun := s.off
	s.off += uint64(len(b))
	s.enough = a.opts.Excerpts && begun < excerptBytes && s.off >= excerptBytes && s.suffices(s.message.buf[s.start:])
}

// plain is the beginning of a payload, unmasked.
func (s *side) plain(b []byte) []byte {
	if !s.frame.Masked {
		return b
	}
	a := s.c.a
	a.unmasked = append(a.unmasked[:0], b...)
	ws.Cipher(a.unmasked, s.frame.Key, 0)
	return a.unmasked
}

// suffices reports whether head, the beginning of the payload under way, is all
// that a line shows: it is a binary message of its own, has no holes and breaks
// no limit.
func (s *side) suffices(head []byte) bool {
	f, o := s.frame, &s.c.a.opts
	return f.Fin && f.Opcode == OpBinary && f.Rsv == 0 && f.Missing == 0 && !s.message.active && !s.overlong &&
		f.Length <= uint64(min(o.FrameLimit, o.MessageLimit)) && subproto.Opaque(head, s.c.info.Subprotocol)
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
