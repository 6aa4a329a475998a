package web

import (
	"encoding/json"
	"errors"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/page"
	"wstap/wsframe"
)

// errHeaders is the fault of a filter that asks for what is not kept.
var errHeaders = errors.New("headers of packets (frame.len, eth, vlan, and most of ip and tcp) are not kept for the page: " +
	"give this filter to wstap serve with -Y, or to wstap frames")

// matcher finds the rows that a display filter shows: it makes events of them
// again, and sends them through the same sink that -Y is. Not for concurrent use.
type matcher struct {
	hub     *Hub
	decoder *page.Decoder
	sink    *dfilter.Sink
	context dfilter.Context
	conns   map[int]*wsframe.Conn // ours: the sink knows them by their pointers
	current map[int]bool          // of conns, those that are as new as the batch

	started bool
	event   wsframe.Event  // that is in the sink
	row     uint64         // of event
	opened  map[int]*begun // by connection
	shown   matched        // of the batch at hand
}

// begun is a connection whose opened row may be shown yet.
type begun struct {
	row     uint64
	frames  bool     // it has some
	upgrade []uint64 // violations before them, which are shown with it
}

// maxUpgrade is how many violations of an upgrade are shown.
const maxUpgrade = 32

// matched are the rows of a batch that are shown.
type matched struct {
	First uint64 `json:"first"`
	Rows  int    `json:"rows"`
	// Bits has a bit for each row, from the lowest of the first byte on.
	Bits []byte `json:"bits"`
	// Late are rows before First that are shown by what came now: a connection is
	// with its first frame that matches.
	Late []uint64 `json:"late,omitempty"`
}

func (m *matched) add(row uint64) {
	if row < m.First {
		m.Late = append(m.Late, row)
		return
	}
	m.Bits[(row-m.First)/8] |= 1 << ((row - m.First) % 8)
}

// newMatcher compiles a filter. Faults of it are of type *dfilter.Error.
func newMatcher(h *Hub, filter string, o dfilter.Options) (*matcher, error) {
	f, err := dfilter.Compile(filter, o)
	if err != nil {
		return nil, err
	}
	m := &matcher{hub: h, conns: map[int]*wsframe.Conn{}, opened: map[int]*begun{}}
	m.sink = dfilter.NewSink(f, &m.context, shownRows{m})
	if m.context.NeedsPackets() {
		return nil, &dfilter.Error{Expr: filter, Len: len(filter), Message: errHeaders.Error()}
	}
	m.decoder = page.NewDecoder(m.conn)
	return m, nil
}

// conn is the matcher's copy of what the Hub knows of a connection, looked up
// once a batch.
func (m *matcher) conn(number int) *wsframe.Conn {
	c := m.conns[number]
	if c != nil && m.current[number] {
		return c
	}
	if c == nil {
		c = &wsframe.Conn{Number: number, Upgrade: &wsframe.Upgrade{}}
		m.conns[number] = c
	}
	if known := m.hub.conn(number); known != nil {
		*c = *known
	}
	m.current[number] = true
	return c
}

// match finds the rows of the next batch that are shown.
func (m *matcher) match(c *chunk) (*matched, error) {
	m.current = map[int]bool{}
	if !m.started {
		m.started = true
		if err := m.emit(&report.Started{M: wsframe.Meta{Stamp: m.hub.startedAt()}}); err != nil {
			return nil, err
		}
	}
	rows, err := m.decoder.Decode(c.Data)
	if err != nil {
		return nil, err
	}
	m.event = nil
	m.shown = matched{First: c.First, Rows: c.Rows, Bits: make([]byte, (c.Rows+7)/8)}
	left := c.originals.frames
	for i := range rows {
		r := &rows[i]
		m.row = r.Number
		switch e := r.Event.(type) {
		case *wsframe.Frame:
			left = restore(left, r.Number, e)
			err = m.frame(e)
		case *wsframe.Opened:
			if m.opened[e.M.Conn.Number] = (&begun{row: r.Number}); !e.M.Conn.Upgraded {
				m.forget(e.M.Conn.Number)
			}
			err = m.emit(e)
		case *wsframe.Closed:
			err = m.emit(e)
			m.forget(e.M.Conn.Number)
		case *wsframe.Violation:
			err = m.violation(e)
		case nil:
			err = m.other(r)
		default:
			err = m.emit(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return &m.shown, nil
}

// emit sends an event through the filter.
func (m *matcher) emit(e wsframe.Event) error {
	m.event = e
	return m.sink.Emit(e)
}

// frame sends a frame, and the message that it completes.
func (m *matcher) frame(f *wsframe.Frame) error {
	if b := m.opened[f.M.Conn.Number]; b != nil {
		b.frames = true
	}
	if err := m.emit(f); err != nil || f.Message == nil {
		return err
	}
	return m.emit(f.Message)
}

// violation notes a violation that may be of an upgrade: the sink holds those
// back until it shows the connection.
func (m *matcher) violation(e *wsframe.Violation) error {
	if b := m.opened[e.M.Conn.Number]; b != nil && !b.frames && len(b.upgrade) < maxUpgrade {
		b.upgrade = append(b.upgrade, m.row)
	}
	return m.emit(e)
}

// other sends a finding, which is shown with its connection, or always. Streams
// that could not be read are never shown.
func (m *matcher) other(r *page.Row) error {
	if r.Kind != page.KindFinding {
		return nil
	}
	var of struct {
		Conn int `json:"conn"`
	}
	if err := json.Unmarshal(r.Detail, &of); err != nil {
		return err
	}
	f := &report.Finding{}
	if of.Conn != 0 {
		f.M.Conn = m.conn(of.Conn)
	}
	return m.emit(f)
}

// forget ends a connection.
func (m *matcher) forget(number int) {
	delete(m.opened, number)
	delete(m.conns, number)
	delete(m.current, number)
}

// shownRows is the sink behind the filter. An event that is not the one that was
// sent had been held back: the opened row of its connection, or the next of the
// violations found in its upgrade.
type shownRows struct{ m *matcher }

// Emit implements wsframe.Sink.
func (s shownRows) Emit(e wsframe.Event) error {
	m := s.m
	if e == m.event {
		if _, started := e.(*report.Started); !started {
			m.shown.add(m.row)
		}
		return nil
	}
	b := m.opened[e.Meta().Conn.Number]
	if b == nil {
		return nil // its row is gone
	}
	switch e.(type) {
	case *wsframe.Opened:
		m.shown.add(b.row)
	case *wsframe.Violation:
		if len(b.upgrade) > 0 {
			m.shown.add(b.upgrade[0])
			b.upgrade = b.upgrade[1:]
		}
	}
	return nil
}

// Close implements wsframe.Sink.
func (shownRows) Close() error { return nil }
