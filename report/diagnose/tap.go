package diagnose

import (
	"bytes"
	"errors"
	"net/netip"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// tap is the Handler around the Handler that does the work.
type tap struct {
	d     *Diagnosis
	inner reassembly.Handler
}

var (
	_ reassembly.Handler         = (*tap)(nil)
	_ reassembly.AttemptHandler  = (*tap)(nil)
	_ reassembly.StreamHandler   = (*stream)(nil)
	_ reassembly.FINHandler      = (*stream)(nil)
	_ reassembly.ConflictHandler = (*stream)(nil)
)

// Handler is a Handler around inner that listens to what TCP tells. It stands
// next to the Assembler, below decryption.
func (d *Diagnosis) Handler(inner reassembly.Handler) reassembly.Handler {
	return &tap{d, inner}
}

// Open implements reassembly.Handler.
func (t *tap) Open(st *reassembly.Stream) reassembly.StreamHandler {
	d := t.d
	delete(d.attempts, st.Index)
	s := &stream{d: d, st: st, handshake: st.Handshake(), handler: t.inner.Open(st)}
	d.streams[st.Index] = s
	d.touch(st.Client())
	d.touch(st.Server())
	return s
}

// Advance implements reassembly.Handler.
func (t *tap) Advance(now time.Time) error {
	t.d.see(capture.Stamp{Time: now})
	if err := t.inner.Advance(now); err != nil {
		return err
	}
	return t.d.flush()
}

// Attempt implements reassembly.AttemptHandler.
func (t *tap) Attempt(a *reassembly.Attempt) error {
	t.d.attempted(a)
	return t.d.flush()
}

// touch notes that a packet to or from an address was seen.
func (d *Diagnosis) touch(end netip.AddrPort) {
	if !d.touched && d.wanted(end) {
		d.touched = true
	}
}

// maxBegin is how much is kept of what each direction begins with: a request
// line, a status line, the header of a TLS record.
const maxBegin = 256

// stream is what is kept of one TCP connection that carries data.
type stream struct {
	d         *Diagnosis
	st        *reassembly.Stream
	handshake *reassembly.Handshake
	handler   reassembly.StreamHandler // nil once it wants no more

	half     [2]half
	sessions []*session
	refused  []*incident // logins refused on this connection
	upgraded bool
	tunneled bool // in the CONNECT tunnel that a proxy has granted
	tls      bool
	over     bool
}

// half is one direction of a stream.
type half struct {
	begin       []byte
	first, last capture.Stamp // data
	early       bool          // bytes were lost before the first
	lost, cut   int64         // bytes never captured; cut by the snapshot length
	lostAt      capture.Stamp
	cutAt       capture.Stamp
	fin         capture.Stamp
	records     records
}

// headCut reports whether the snapshot length cut the head of a message.
func (h *half) headCut() bool { return h.cut > 0 && !bytes.Contains(h.begin, []byte("\r\n\r\n")) }

// Data implements reassembly.StreamHandler.
func (s *stream) Data(dir reassembly.Direction, b []byte, at capture.Stamp) error {
	s.d.see(at)
	s.enterTunnel()
	h := &s.half[dir]
	if h.first.Packet == 0 {
		h.first = at
	}
	h.last = at
	if n := maxBegin - len(h.begin); n > 0 && !h.early {
		h.begin = append(h.begin, b[:min(n, len(b))]...)
		s.tls = s.tls || isTLS(h.begin)
	}
	h.records.feed(b, at)
	return s.pass(func(inner reassembly.StreamHandler) error { return inner.Data(dir, b, at) })
}

// Gap implements reassembly.StreamHandler.
func (s *stream) Gap(dir reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	s.d.see(at)
	h := &s.half[dir]
	if h.first.Packet == 0 {
		h.early = true
	}
	h.records.lost = true
	switch g.Cause {
	case reassembly.Truncated:
		h.cut += g.Bytes
		h.cutAt = firstOf(h.cutAt, at)
	case reassembly.Acked, reassembly.Limit:
		h.lost += g.Bytes
		h.lostAt = firstOf(h.lostAt, at)
	}
	return s.pass(func(inner reassembly.StreamHandler) error { return inner.Gap(dir, g, at) })
}

func firstOf(a, b capture.Stamp) capture.Stamp {
	if a.Packet == 0 {
		return b
	}
	return a
}

// FIN implements reassembly.FINHandler.
func (s *stream) FIN(dir reassembly.Direction, at capture.Stamp) error {
	s.d.see(at)
	s.half[dir].fin = at
	return s.pass(func(inner reassembly.StreamHandler) error {
		if f, ok := inner.(reassembly.FINHandler); ok {
			return f.FIN(dir, at)
		}
		return nil
	})
}

// Conflict implements reassembly.ConflictHandler.
func (s *stream) Conflict(dir reassembly.Direction, n int64, at capture.Stamp) error {
	return s.pass(func(inner reassembly.StreamHandler) error {
		if c, ok := inner.(reassembly.ConflictHandler); ok {
			return c.Conflict(dir, n, at)
		}
		return nil
	})
}

// Close implements reassembly.StreamHandler.
func (s *stream) Close(why reassembly.Reason, at capture.Stamp) error {
	s.d.see(at)
	var err error
	if s.handler != nil {
		if err = s.handler.Close(why, at); errors.Is(err, reassembly.ErrIgnore) {
			err = nil
		}
	}
	s.settle(why, at)
	if err != nil {
		return err
	}
	return s.d.flush()
}

// pass hands on to the handler within. The stream is given up when that wants
// no more and nothing is left to see here either.
func (s *stream) pass(call func(reassembly.StreamHandler) error) error {
	if s.handler != nil {
		err := call(s.handler)
		if errors.Is(err, reassembly.ErrIgnore) {
			s.handler, err = nil, nil
		}
		if err != nil {
			return err
		}
	}
	if err := s.d.flush(); err != nil {
		return err
	}
	if s.handler == nil && s.known() {
		s.settle(reassembly.Reason{How: reassembly.End}, s.d.last)
		return reassembly.ErrIgnore
	}
	return nil
}

// known reports whether nothing more is to be learned from a stream that is no
// WebSocket.
func (s *stream) known() bool {
	switch c, v := s.kind(reassembly.FromClient), s.kind(reassembly.FromServer); {
	case s.tls:
		return s.half[reassembly.FromClient].records.carried && s.established() || s.half[0].records.lost || s.half[1].records.lost
	case c == unknownBytes || c == nothing && s.half[0].early:
		return true // a protocol that is of no interest
	default:
		return c != nothing && v != nothing
	}
}
