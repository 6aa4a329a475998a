package report

import (
	"io"

	"wstap/wsframe"
)

// Formatter makes text of events. It knows nothing of where the text goes, so
// that it may run apart from whoever writes.
type Formatter interface {
	// Append appends what is to be printed of e, whole lines or nothing, and
	// returns the extended buffer. It keeps nothing of the event.
	Append(dst []byte, e wsframe.Event) []byte
}

// Lines is a Sink that writes what a Formatter makes of events.
type Lines struct {
	out *Buffer
	f   Formatter
}

var _ wsframe.Sink = (*Lines)(nil)

// NewLines returns a Sink that writes to w: into a Buffer in place, which is
// the caller's to flush; to any other writer unbuffered, with one Write call
// for each event that is printed.
func NewLines(w io.Writer, f Formatter) *Lines {
	out, ok := w.(*Buffer)
	if !ok {
		out = unbuffered(w)
	}
	return &Lines{out: out, f: f}
}

// Emit implements wsframe.Sink.
func (l *Lines) Emit(e wsframe.Event) error {
	out := l.out
	out.b = l.f.Append(out.b, e)
	if len(out.b) < out.max {
		return nil
	}
	return out.full()
}

// Close implements wsframe.Sink. It neither flushes a Buffer nor closes the
// writer.
func (l *Lines) Close() error { return nil }
