package diagnose

import (
	"bytes"
	"io"

	"wstap/report/jsonl"
	"wstap/wsframe"
)

// JSON is a Sink that writes a diagnosis as one JSON array: of the objects that
// the event stream has.
type JSON struct {
	w     io.Writer
	lines *jsonl.Encoder
	line  []byte
	begun bool
}

var _ wsframe.Sink = (*JSON)(nil)

// NewJSON returns a Sink that writes to w.
func NewJSON(w io.Writer) *JSON {
	return &JSON{w: w, lines: jsonl.NewEncoder(jsonl.Options{})}
}

// Emit implements wsframe.Sink.
func (j *JSON) Emit(e wsframe.Event) error {
	j.line = j.lines.Append(j.line[:0], e)
	if len(j.line) == 0 {
		return nil
	}
	before := ",\n"
	if !j.begun {
		before, j.begun = "[\n", true
	}
	if _, err := io.WriteString(j.w, before); err != nil {
		return err
	}
	_, err := j.w.Write(bytes.TrimSuffix(j.line, []byte("\n")))
	return err
}

// Close implements wsframe.Sink: it ends the array. It does not close the writer.
func (j *JSON) Close() error {
	end := "\n]\n"
	if !j.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}
