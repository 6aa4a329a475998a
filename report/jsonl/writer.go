// Package jsonl writes the event stream: one JSON object a line, for programs.
//
// Every line is valid JSON in valid UTF-8, whatever was captured. Keys come in
// a fixed order; readers ignore the types and keys that they do not know.
package jsonl

import (
	"io"
	"strconv"
	"time"

	"wstap/report"
	"wstap/wsframe"
)

// Options shape the stream.
type Options struct {
	// Payload bounds the bytes printed of each payload; the zero Limit prints
	// all. Text is cut between characters. A payload that was cut has
	// "payload_cut":true.
	Payload report.Limit
}

// Writer is a Sink that writes a line per event. It makes one Write call a
// line, and allocates nothing for frames and messages once its buffer has grown.
type Writer struct {
	w     io.Writer
	b     []byte
	limit report.Limit

	second int64  // Unix time of the second that stamp holds
	stamp  []byte // "2006-01-02T15:04:05", empty before the first
}

var _ wsframe.Sink = (*Writer)(nil)

// New returns a Writer on w, unbuffered.
func New(w io.Writer, o Options) *Writer { return &Writer{w: w, limit: o.Payload} }

// Emit implements wsframe.Sink.
func (w *Writer) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		w.connection(e)
	case *wsframe.Frame:
		w.frame(e)
	case *wsframe.Message:
		w.message(e)
	case *wsframe.Gap:
		w.begin("gap", &e.M)
		w.from(e.From)
		w.integer(`,"bytes":`, e.Bytes)
		w.own(`,"why":"` + e.Cause.String() + `"`)
	case *wsframe.Violation:
		w.begin("violation", &e.M)
		w.from(e.From)
		w.text(`,"code":`, e.Rule.Code)
		w.text(`,"rfc":`, e.Rule.RFC)
		w.text(`,"expected":`, e.Expected)
		w.text(`,"found":`, e.Found)
	case *wsframe.Closed:
		w.closed(e)
	case *wsframe.Encrypted:
		w.encrypted(e)
	case *report.Finding:
		w.finding(e)
	case *report.Verdict:
		w.verdict(e)
	case *report.Summary:
		w.summary(e)
	default:
		return nil // ticks, and what this stream has no line for
	}
	w.b = append(w.b, '}', '\n')
	_, err := w.w.Write(w.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (w *Writer) Close() error { return nil }

// begin starts an object with the keys that all events share.
func (w *Writer) begin(kind string, m *wsframe.Meta) {
	w.b = append(w.b[:0], `{"type":"`...)
	w.own(kind)
	w.own(`"`)
	if m.Conn != nil {
		w.integer(`,"conn":`, int64(m.Conn.Number))
	}
	if !m.Time.IsZero() {
		w.own(`,"time":`)
		w.time(m.Time)
	}
	if m.Packet != 0 {
		w.unsigned(`,"packet":`, m.Packet)
	}
}

// time appends RFC 3339 in UTC with nanoseconds. The text up to the second is
// kept, since most events share it with the one before.
func (w *Writer) time(at time.Time) {
	if sec := at.Unix(); sec != w.second || len(w.stamp) == 0 {
		w.second = sec
		w.stamp = at.UTC().AppendFormat(w.stamp[:0], "2006-01-02T15:04:05")
	}
	w.own(`"`)
	w.b = append(append(w.b, w.stamp...), '.')
	ns := at.Nanosecond()
	for div := 100_000_000; div > 0; div /= 10 {
		w.b = append(w.b, byte('0'+ns/div%10))
	}
	w.own(`Z"`)
}

func (w *Writer) from(d wsframe.Direction) {
	w.own(`,"from":"`)
	w.own(d.String())
	w.own(`"`)
}

// own appends what needs no escaping.
func (w *Writer) own(s string) { w.b = append(w.b, s...) }

func (w *Writer) integer(key string, n int64) {
	w.own(key)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *Writer) unsigned(key string, n uint64) {
	w.own(key)
	w.b = strconv.AppendUint(w.b, n, 10)
}

func (w *Writer) boolean(key string, v bool) {
	w.own(key)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *Writer) text(key, s string) {
	w.own(key)
	w.b = report.AppendJSON(w.b, []byte(s))
}
