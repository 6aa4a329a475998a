// Package detail shows frames to the bit: the timeline with a tree of each
// frame's header and payload below its row, a hex dump, or both.
//
// Whatever a peer sent passes through report.Escaper or is written as hex
// digits: no byte of a capture can steer the terminal.
package detail

import (
	"io"

	"wstap/report"
	"wstap/report/text"
	"wstap/wsframe"
)

// Options shape the output. One of Tree and Hex is to be set.
type Options struct {
	// Text shapes the rows of the timeline. Its payload limit bounds the bytes
	// that trees and dumps show of each payload, too; without one they show all,
	// but a tree only the beginning of what is binary.
	Text text.Options
	// Tree adds each header bit with its RFC section and what breaks it.
	Tree bool
	// Hex adds dumps: header, payload as on the wire, payload unmasked, and the
	// message where it was compressed.
	Hex bool
}

// Writer is a Sink: the timeline, with details below each frame's row.
type Writer struct {
	w    io.Writer
	o    Options
	rows *report.Lines
	p    page
	told int // violations still to come that a tree has told
	// fragmented are the connections with a message under way, and whether its
	// first frame has said, for each direction, that it is compressed.
	fragmented map[int]*[2]bool // by Conn.Number
}

var _ wsframe.Sink = (*Writer)(nil)

// New returns a Writer. It writes to w, unbuffered, with one call a frame
// besides that for its row.
func New(w io.Writer, o Options) *Writer {
	return &Writer{
		w: w, o: o, rows: text.NewTimeline(w, o.Text),
		p:          page{esc: report.Escaper{ASCII: o.Text.ASCII}, colored: o.Text.Color, limit: o.Text.Payload},
		fragmented: make(map[int]*[2]bool),
	}
}

// Emit implements wsframe.Sink.
func (d *Writer) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Frame:
		if err := d.rows.Emit(e); err != nil {
			return err
		}
		return d.frame(e)
	case *wsframe.Violation: // right behind its frame, if it has one
		if d.told > 0 {
			d.told--
			return nil
		}
	case *wsframe.Closed:
		delete(d.fragmented, e.M.Conn.Number)
	}
	d.told = 0
	return d.rows.Emit(e)
}

// Close implements wsframe.Sink. It does not close the writer.
func (d *Writer) Close() error { return d.rows.Close() }

func (d *Writer) frame(f *wsframe.Frame) error {
	d.p.b = d.p.b[:0]
	d.told = 0
	if d.o.Tree {
		d.p.tree(f, d.compressed(f))
		d.told = len(f.Violations)
	}
	if d.o.Hex {
		d.p.dumps(f)
	}
	d.p.b = append(d.p.b, '\n') // sets the next row apart
	_, err := d.w.Write(d.p.b)
	return err
}

// compressed reports whether the payload of f is part of a DEFLATE stream. Only
// a message's first frame says so (RFC 7692, 6.1).
func (d *Writer) compressed(f *wsframe.Frame) bool {
	switch c := f.M.Conn; {
	case f.Opcode.IsControl():
		return false
	case f.Message != nil:
		return f.Message.Compressed
	case c == nil || c.Deflate == nil && c.Via != "midstream":
		return false
	default:
		under := d.fragmented[c.Number]
		if under == nil {
			under = new([2]bool)
			d.fragmented[c.Number] = under
		}
		if f.Opcode != wsframe.OpContinuation {
			under[f.From] = f.Rsv&4 != 0
		}
		return under[f.From]
	}
}
