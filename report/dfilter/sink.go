package dfilter

import (
	"wstap/wsframe"
)

// Sink hands on the frames that pass a filter, each with what belongs to it:
//
//   - before a connection's first frame, its Opened with the violations found
//     in the upgrade; its Closed if it was opened so;
//   - behind a frame, its violations, and the Message that it completed.
//
// A connection without frames, one whose upgrade was refused above all, is
// looked at as a whole: its Opened passes where the filter matches what is
// known of the connection. Gaps do not pass. Events that belong to no
// connection always do.
type Sink struct {
	filter *Filter
	x      *Context
	next   wsframe.Sink

	message bool          // the message that comes next belongs to a frame that passed
	last    *wsframe.Conn // whose frame or Opened passed last; its violations follow
	conns   map[*wsframe.Conn]*conn
	// key and value are the entry that was used last: most frames have the
	// connection of the one before.
	key   *wsframe.Conn
	value *conn
}

var _ wsframe.Sink = (*Sink)(nil)

// conn is what is kept of a connection until it is closed.
type conn struct {
	opened  wsframe.Opened
	upgrade []wsframe.Violation // of the upgrade, until the Opened is told
	told    bool                // its Opened was handed on
	frames  bool                // it has frames
}

// maxViolations bounds the violations of an upgrade that are kept.
const maxViolations = 32

// NewSink makes a Sink around next. It observes all events through x, which
// sinks behind it may use.
func NewSink(f *Filter, x *Context, next wsframe.Sink) *Sink {
	f.Require(x)
	return &Sink{filter: f, x: x, next: next, conns: make(map[*wsframe.Conn]*conn)}
}

// Emit implements wsframe.Sink.
func (s *Sink) Emit(e wsframe.Event) error {
	s.x.Observe(e)
	m := e.Meta()
	if _, encrypted := e.(*wsframe.Encrypted); encrypted {
		return nil // nothing is known that a filter could match
	}
	if m.Conn == nil {
		return s.next.Emit(e)
	}
	switch e := e.(type) {
	case *wsframe.Frame:
		return s.frame(e)
	case *wsframe.Message:
		if !s.message {
			return nil
		}
		s.message = false
		return s.next.Emit(e)
	case *wsframe.Opened:
		s.last = nil
		if !m.Conn.Upgraded {
			return s.refused(e)
		}
		s.conn(m).opened = *e
		return nil
	case *wsframe.Closed:
		return s.closed(e)
	case *wsframe.Violation:
		return s.violation(e)
	case *wsframe.Gap:
		return nil
	}
	if c := s.conns[m.Conn]; c == nil || !c.told {
		return nil
	}
	return s.next.Emit(e)
}

// Close implements wsframe.Sink.
func (s *Sink) Close() error { return s.next.Close() }

func (s *Sink) conn(m *wsframe.Meta) *conn {
	if s.key == m.Conn {
		return s.value
	}
	c := s.conns[m.Conn]
	if c == nil {
		c = &conn{opened: wsframe.Opened{M: *m}}
		s.conns[m.Conn] = c
	}
	s.key, s.value = m.Conn, c
	return c
}

func (s *Sink) frame(f *wsframe.Frame) error {
	c := s.conn(&f.M)
	c.frames = true
	s.message, s.last = false, nil
	if !s.filter.Match(s.x) {
		return nil
	}
	s.message, s.last = f.Message != nil, f.M.Conn
	if err := s.open(c); err != nil {
		return err
	}
	err := s.next.Emit(f)
	s.x.Shown()
	return err
}

// open hands on the Opened of c, unless that was done.
func (s *Sink) open(c *conn) error {
	if c.told {
		return nil
	}
	c.told = true
	if err := s.next.Emit(&c.opened); err != nil {
		return err
	}
	for i := range c.upgrade {
		if err := s.next.Emit(&c.upgrade[i]); err != nil {
			return err
		}
	}
	c.upgrade = nil
	return nil
}

func (s *Sink) violation(e *wsframe.Violation) error {
	if e.M.Conn == s.last {
		return s.next.Emit(e)
	}
	// Those of frames come behind their frame; one before any frame is the
	// upgrade's.
	if c := s.conns[e.M.Conn]; c != nil && !c.frames && len(c.upgrade) < maxViolations {
		c.upgrade = append(c.upgrade, *e)
	}
	return nil
}

// refused hands on the Opened of a connection without frames, where the filter
// matches it.
func (s *Sink) refused(e *wsframe.Opened) error {
	s.x.connection(&e.M)
	if !s.filter.Match(s.x) {
		return nil
	}
	s.last = e.M.Conn
	return s.next.Emit(e)
}

func (s *Sink) closed(e *wsframe.Closed) error {
	if !e.M.Conn.Upgraded { // its Opened was told, or was not, by the same test
		s.x.connection(&e.M)
		if !s.filter.Match(s.x) {
			return nil
		}
		return s.next.Emit(e)
	}
	c := s.conn(&e.M)
	delete(s.conns, e.M.Conn)
	s.key, s.value = nil, nil
	if !c.frames && !c.told {
		s.x.connection(&c.opened.M)
		if !s.filter.Match(s.x) {
			return nil
		}
		if err := s.open(c); err != nil {
			return err
		}
	}
	if !c.told {
		return nil
	}
	return s.next.Emit(e)
}
