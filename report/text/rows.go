// Package text writes what people read: the timeline of frames, the list of
// messages, the table of connections, and one connection as a conversation.
//
// Whatever a peer sent passes through report.Escaper on its way: no byte of a
// capture can steer the terminal.
package text

import (
	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Rows is a report.Formatter: it makes a line per frame, or per message, and a
// line per step in the life of a connection. It allocates nothing for a frame
// once its buffers have grown: 1 M frames are a million lines.
type Rows struct {
	l        line
	times    *report.Timestamps
	width    int
	limit    report.Limit
	messages bool
	scratch  []byte

	// The columns at which the direction, the word and the length of a row begin.
	arrowAt, wordAt, lengthAt int
	// heads are what stands between arrowAt and lengthAt in the rows of frames,
	// by direction and opcode.
	heads [2][16]string
	quick quick
}

var _ report.Formatter = (*Rows)(nil)

// The least widths of cells, in columns.
const (
	packetWidth = 6
	connWidth   = 3
	wordWidth   = len("continuation")
	lengthWidth = 7
)

// NewRows returns the rows of frames.
func NewRows(o Options) *Rows {
	r := &Rows{l: o.line(), times: o.timestamps(), width: o.width(), limit: o.Payload, quick: newQuick(o)}
	r.arrowAt = packetWidth + 1 + r.times.Width() + 2 + connWidth + 1
	r.wordAt = r.arrowAt + o.arrowWidth() + 1
	r.lengthAt = r.wordAt + wordWidth + 1
	for d := range r.heads {
		for op := range r.heads[d] {
			r.l.begin(nil)
			r.l.col = r.arrowAt
			r.head(wsframe.Direction(d), wsframe.Opcode(op))
			r.heads[d][op] = string(r.l.b)
		}
	}
	return r
}

// NewMessageRows returns the rows of messages in place of the frames. Of the
// rest it has those that say who is connected to whom.
func NewMessageRows(o Options) *Rows {
	r := NewRows(o)
	r.messages, r.quick.on = true, false
	return r
}

// other appends the rows of what is not a frame.
func (r *Rows) other(dst []byte, e wsframe.Event) []byte {
	if _, ok := e.(*wsframe.Message); ok && !r.messages {
		return dst // its last frame has shown it
	}
	r.l.begin(dst)
	switch e := e.(type) {
	case *wsframe.Message:
		r.message(e)
	case *report.Started:
		r.times.Start(e.M.Time)
		r.quick.packet = noPacket
	case *wsframe.Opened:
		r.opened(e)
	default:
		if !r.messages {
			r.step(e)
		}
	}
	return r.l.b
}

// step adds the row of what befell a connection.
func (r *Rows) step(e wsframe.Event) {
	switch e := e.(type) {
	case *wsframe.Gap:
		r.gap(e)
	case *wsframe.Violation:
		r.violation(e)
	case *wsframe.Closed:
		r.closed(e)
	}
}

// frame appends the row of f to dst.
func (r *Rows) frame(dst []byte, f *wsframe.Frame) []byte {
	if r.messages {
		return dst
	}
	r.l.begin(dst)
	r.begin(f.M.Stamp, f.M.Conn)
	r.head(f.From, f.Opcode)
	r.length(f.Length)
	r.l.frameWarnings(f)
	cut := uint64(len(f.Payload)) < f.Length-f.Missing
	switch m := f.Message; {
	case f.Opcode == wsframe.OpClose:
		r.l.closeBody(f.Code, f.Reason)
	case f.Opcode.IsControl():
		r.payload(f.Payload, cut, readable(f.Payload), r.width)
	case m != nil && len(f.Holes) > 0 && m.Frames == 1 && !m.Compressed:
		r.holed(f, cut)
	case m != nil:
		r.content(m)
	case deflates(f) && (f.Rsv != 0 || !readable(f.Payload)):
		// A part of a DEFLATE stream says nothing to the eye.
	default:
		r.payload(f.Payload, cut, f.Opcode == wsframe.OpText || readable(f.Payload), r.width)
	}
	r.end()
	return r.l.b
}

func (r *Rows) message(m *wsframe.Message) {
	r.begin(m.M.Stamp, m.M.Conn)
	r.head(m.From, m.Opcode)
	r.length(m.Length)
	r.l.certainty(m.Certainty)
	r.l.messageWarnings(m)
	r.content(m)
	r.end()
}

// begin starts a row with its packet, time and connection.
func (r *Rows) begin(at capture.Stamp, c *wsframe.Conn) {
	l := &r.l
	l.begin(l.b)
	l.paint(dim)
	before := len(l.b)
	b := report.AppendRight(l.b, at.Packet, packetWidth)
	b = append(b, ' ')
	b = r.times.AppendRight(b, at.Time)
	l.b, l.col = b, len(b)-before
	l.paint(reset)
	before = len(l.b)
	if b = append(l.b, "  "...); c != nil {
		b = append(b, '#')
		b = report.AppendRight(b, uint64(c.Number), 0)
	}
	b = append(b, ' ')
	l.b, l.col = b, l.col+len(b)-before
	l.to(r.arrowAt)
}

// head adds the direction and the name of a frame or message.
func (r *Rows) head(d wsframe.Direction, op wsframe.Opcode) {
	if h := r.heads[d&1][op&15]; h != "" && r.l.col == r.arrowAt { // no number before took more than its place
		r.l.b = append(r.l.b, h...)
		r.l.col = r.lengthAt
		return
	}
	r.arrow(d)
	r.word(wsframe.OpcodeName(op), side(d))
}

// arrow adds the direction to a row that has one.
func (r *Rows) arrow(d wsframe.Direction) {
	r.l.paint(side(d))
	r.l.arrow(d)
	r.l.paint(reset)
	r.l.own(" ")
}

// word adds the row's name.
func (r *Rows) word(name string, c color) {
	r.l.to(r.wordAt)
	r.l.paint(c)
	r.l.own(name)
	r.l.paint(reset)
	r.l.own(" ")
	r.l.to(r.lengthAt)
}

func (r *Rows) length(n uint64) {
	r.l.right(n, lengthWidth)
	r.l.own("  ")
}

// noLength leaves the place of the length empty: lifecycle rows go on where
// frames have their payload.
func (r *Rows) noLength() { r.l.to(r.lengthAt + lengthWidth + 2) }

func (r *Rows) end() { r.l.end() }
