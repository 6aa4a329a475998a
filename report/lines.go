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

// Lines is a Sink that writes what a Formatter makes of events, with one Write
// call for each event that is printed.
type Lines struct {
	w io.Writer
	f Formatter
	b []byte
}

var _ wsframe.Sink = (*Lines)(nil)

// NewLines returns a Sink that writes to w, unbuffered.
func NewLines(w io.Writer, f Formatter) *Lines { return &Lines{w: w, f: f} }

// Emit implements wsframe.Sink.
func (l *Lines) Emit(e wsframe.Event) error {
	l.b = l.f.Append(l.b[:0], e)
	if len(l.b) == 0 {
		return nil
	}
	_, err := l.w.Write(l.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (l *Lines) Close() error { return nil }
