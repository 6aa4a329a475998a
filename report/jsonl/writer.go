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

// Encoder is a report.Formatter: it makes a line per event. It allocates
// nothing for frames and messages once its buffers have grown.
type Encoder struct {
	b       []byte
	limit   report.Limit
	scratch []byte

	second int64  // Unix time of the second that stamp holds
	nanos  uint32 // and the nanoseconds
	stamp  []byte // "2006-01-02T15:04:05.000000000Z" in quotes, empty before the first
}

var _ report.Formatter = (*Encoder)(nil)

// NewEncoder returns an Encoder.
func NewEncoder(o Options) *Encoder { return &Encoder{limit: o.Payload} }

// New returns a Sink that writes the lines to w, as report.NewLines does.
func New(w io.Writer, o Options) *report.Lines { return report.NewLines(w, NewEncoder(o)) }

// Append implements report.Formatter.
func (w *Encoder) Append(dst []byte, e wsframe.Event) []byte {
	w.b = dst
	switch e := e.(type) {
	case *wsframe.Frame:
		w.frame(e)
	case *wsframe.Message:
		w.message(e)
	case *wsframe.Opened:
		w.connection(e)
	case *wsframe.Gap:
		w.begin("gap", &e.M)
		w.from(e.From)
		w.integer(`,"bytes":`, e.Bytes)
		w.own(`,"why":"`)
		w.own(e.Cause.String())
		w.own(`"`)
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
		return dst // ticks, and what this stream has no line for
	}
	return append(w.b, '}', '\n')
}

// begin starts an object with the keys that all events share.
func (w *Encoder) begin(kind string, m *wsframe.Meta) {
	w.own(`{"type":"`)
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
// kept, since most events share it with the one before, and the whole, since a
// message has the time of its frame.
func (w *Encoder) time(at time.Time) {
	sec, ns := at.Unix(), uint32(at.Nanosecond())
	if sec != w.second || len(w.stamp) == 0 {
		w.second, w.nanos = sec, ns
		w.stamp = at.UTC().AppendFormat(w.stamp[:0], `"2006-01-02T15:04:05.000000000Z"`)
	}
	if ns != w.nanos {
		w.nanos = ns
		digits := w.stamp[len(w.stamp)-len(`000000000Z"`):]
		for i := 8; i >= 0; i-- {
			digits[i] = byte('0' + ns%10)
			ns /= 10
		}
	}
	w.b = append(w.b, w.stamp...)
}

func (w *Encoder) from(d wsframe.Direction) {
	w.own(`,"from":"`)
	w.own(d.String())
	w.own(`"`)
}

// own appends what needs no escaping.
func (w *Encoder) own(s string) { w.b = append(w.b, s...) }

func (w *Encoder) integer(key string, n int64) {
	w.own(key)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *Encoder) unsigned(key string, n uint64) {
	w.own(key)
	w.b = report.AppendRight(w.b, n, 0)
}

func (w *Encoder) boolean(key string, v bool) {
	w.own(key)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *Encoder) text(key, s string) {
	w.own(key)
	w.b = report.AppendJSON(w.b, []byte(s))
}
