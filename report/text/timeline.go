// Package text writes what people read: the timeline of frames, the list of
// messages, the table of connections, and one connection as a conversation.
//
// Whatever a peer sent passes through report.Escaper on its way: no byte of a
// capture can steer the terminal.
package text

import (
	"io"
	"strconv"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Timeline is a Sink that writes a line per frame, or per message, and a line
// per step in the life of a connection. It makes one Write call a line and
// allocates nothing for a frame once its buffers have grown.
type Timeline struct {
	w        io.Writer
	l        line
	times    *report.Timestamps
	width    int
	limit    report.Limit
	messages bool
	scratch  []byte

	// The columns at which the direction and the word of a row begin.
	arrowAt, wordAt int
}

var _ wsframe.Sink = (*Timeline)(nil)

// The least widths of cells, in columns.
const (
	packetWidth = 6
	connWidth   = 3
	wordWidth   = len("continuation")
	lengthWidth = 7
)

// NewTimeline returns the timeline of frames. It writes to w, unbuffered.
func NewTimeline(w io.Writer, o Options) *Timeline {
	t := &Timeline{w: w, l: o.line(), times: o.timestamps(), width: o.width(), limit: o.Payload}
	t.arrowAt = packetWidth + 1 + t.times.Width() + 2 + connWidth + 1
	t.wordAt = t.arrowAt + o.arrowWidth() + 1
	return t
}

// NewMessages returns a timeline with a line per message in place of the
// frames. Of the rest it has the rows that say who is connected to whom.
func NewMessages(w io.Writer, o Options) *Timeline {
	t := NewTimeline(w, o)
	t.messages = true
	return t
}

// Emit implements wsframe.Sink.
func (t *Timeline) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *report.Started:
		t.times.Start(e.M.Time)
		return nil
	case *wsframe.Opened:
		return t.opened(e)
	case *wsframe.Message:
		if t.messages {
			return t.message(e)
		}
		return nil // its last frame has shown it
	}
	if t.messages {
		return nil
	}
	switch e := e.(type) {
	case *wsframe.Frame:
		return t.frame(e)
	case *wsframe.Gap:
		return t.gap(e)
	case *wsframe.Violation:
		return t.violation(e)
	case *wsframe.Closed:
		return t.closed(e)
	}
	return nil
}

// Close implements wsframe.Sink. It does not close the writer.
func (t *Timeline) Close() error { return nil }

func (t *Timeline) frame(f *wsframe.Frame) error {
	t.begin(f.M.Stamp, f.M.Conn)
	t.arrow(f.From)
	t.word(wsframe.OpcodeName(f.Opcode), side(f.From))
	t.length(f.Length)
	t.l.frameWarnings(f)
	cut := uint64(len(f.Payload)) < f.Length-f.Missing
	switch m := f.Message; {
	case f.Opcode == wsframe.OpClose:
		t.l.closeBody(f.Code, f.Reason)
	case f.Opcode.IsControl():
		t.payload(f.Payload, cut, readable(f.Payload), t.width)
	case m != nil && len(f.Holes) > 0 && m.Frames == 1 && !m.Compressed:
		t.holed(f, cut)
	case m != nil:
		t.content(m)
	case deflates(f) && (f.Rsv != 0 || !readable(f.Payload)):
		// A part of a DEFLATE stream says nothing to the eye.
	default:
		t.payload(f.Payload, cut, f.Opcode == wsframe.OpText || readable(f.Payload), t.width)
	}
	return t.end()
}

func (t *Timeline) message(m *wsframe.Message) error {
	t.begin(m.M.Stamp, m.M.Conn)
	t.arrow(m.From)
	t.word(wsframe.OpcodeName(m.Opcode), side(m.From))
	t.length(m.Length)
	t.l.certainty(m.Certainty)
	t.l.messageWarnings(m)
	t.content(m)
	return t.end()
}

// begin starts a row with its packet, time and connection.
func (t *Timeline) begin(at capture.Stamp, c *wsframe.Conn) {
	l := &t.l
	l.clear()
	l.paint(dim)
	t.scratch = strconv.AppendUint(t.scratch[:0], at.Packet, 10)
	l.right(t.scratch, packetWidth)
	l.own(" ")
	t.scratch = t.times.Append(t.scratch[:0], at.Time)
	l.right(t.scratch, t.times.Width())
	l.paint(reset)
	l.own("  ")
	if c != nil {
		l.own("#")
		l.number(uint64(c.Number))
	}
	l.own(" ")
	l.to(t.arrowAt)
}

// arrow adds the direction to a row that has one.
func (t *Timeline) arrow(d wsframe.Direction) {
	t.l.paint(side(d))
	t.l.arrow(d)
	t.l.paint(reset)
	t.l.own(" ")
}

// word adds the row's name.
func (t *Timeline) word(name string, c color) {
	t.l.to(t.wordAt)
	t.l.paint(c)
	t.l.own(name)
	t.l.paint(reset)
	t.l.own(" ")
	t.l.to(t.wordAt + wordWidth + 1)
}

func (t *Timeline) length(n uint64) {
	t.scratch = strconv.AppendUint(t.scratch[:0], n, 10)
	t.l.right(t.scratch, lengthWidth)
	t.l.own("  ")
}

// noLength leaves the place of the length empty: lifecycle rows go on where
// frames have their payload.
func (t *Timeline) noLength() { t.l.to(t.wordAt + wordWidth + 1 + lengthWidth + 2) }

func (t *Timeline) end() error {
	t.l.end()
	_, err := t.w.Write(t.l.b)
	return err
}
