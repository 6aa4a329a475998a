package text

import (
	"io"

	"wstap/report"
)

// NewTimeline returns a Sink that writes the rows of frames to w, as
// report.NewLines does.
func NewTimeline(w io.Writer, o Options) *report.Lines { return report.NewLines(w, NewRows(o)) }

// NewMessages returns a Sink that writes the rows of messages to w, as
// report.NewLines does.
func NewMessages(w io.Writer, o Options) *report.Lines {
	return report.NewLines(w, NewMessageRows(o))
}
