// Package har writes connections as an HTTP Archive (HAR 1.2) with the
// _webSocketMessages that Chromium's developer tools write and read, so that a
// passive capture can be looked at there.
//
// A connection is one entry, written when the connection ends: entries stand in
// the order in which connections ended. A refused upgrade is an entry with its
// status. The file is whole, and JSON, once the Writer was closed.
//
// What a row shows is decided by what developer tools do with it. Messages,
// fragments joined and inflated, are rows of type "send" or "receive". So are
// pings and pongs, with their opcodes. Close frames, gaps, violations, resets
// and messages of which something is missing are rows of type "error", whose
// text the tools show as it is.
package har

import (
	"cmp"
	"io"
	"slices"

	"wstap/report"
	"wstap/report/redact"
	"wstap/wsframe"
)

// Options shape the archive.
type Options struct {
	// Version is that of the program, for the log's creator.
	Version string
	// Rows bounds the rows of each connection; those beyond are counted in its
	// comment. 0 means 2000: developer tools become slow beyond 10 000 in all.
	Rows int
	// Payload bounds the bytes of each message; the zero Limit writes all.
	Payload report.Limit
	// Secrets leaves in what is redacted otherwise, see package redact.
	Secrets bool
}

// maxKept bounds the bytes that the rows of all open connections take. Rows
// beyond are counted as those beyond Options.Rows are.
const maxKept = 256 << 20

// Writer is a Sink that writes an archive. It keeps the rows of a connection
// until the connection has ended.
type Writer struct {
	w        io.Writer
	opts     Options
	limit    int // on kept
	kept     int // bytes of the rows of all open connections
	open     map[*wsframe.Conn]*entry
	refused  *entry // the latest event was of it; violations of its upgrade may follow
	begun    bool
	entries  int
	redacted int
	left     uint64 // rows that were not written
	b        []byte
}

var _ wsframe.Sink = (*Writer)(nil)

// New returns a Writer on w.
func New(w io.Writer, o Options) *Writer {
	if o.Rows <= 0 {
		o.Rows = 2000
	}
	return &Writer{w: w, opts: o, limit: maxKept, open: make(map[*wsframe.Conn]*entry)}
}

// Emit implements wsframe.Sink.
func (w *Writer) Emit(e wsframe.Event) error {
	if n := w.refused; n != nil && e.Meta().Conn != n.conn {
		w.refused = nil
		if err := w.finish(n); err != nil {
			return err
		}
	}
	switch e := e.(type) {
	case *wsframe.Opened:
		n := w.entry(&e.M)
		if e.M.Conn.Upgraded {
			if text := report.Remark(e); text != "" {
				w.remark(n, &e.M, text)
			}
			return nil
		}
		n.note = report.Remark(e)
		n.end = e.M.Time
		w.refused = n
	case *wsframe.Message:
		w.message(w.entry(&e.M), e)
	case *wsframe.Frame:
		if e.Opcode.IsControl() {
			w.control(w.entry(&e.M), e)
		}
	case *wsframe.Gap, *wsframe.Violation:
		m := e.Meta()
		w.remark(w.entry(m), m, report.Remark(e))
	case *wsframe.Closed:
		if n := w.open[e.M.Conn]; n != nil {
			w.closed(n, e)
			return w.finish(n)
		}
	}
	return nil
}

// entry is that of the event's connection, begun if it has none.
func (w *Writer) entry(m *wsframe.Meta) *entry {
	n := w.open[m.Conn]
	if n == nil {
		n = &entry{conn: m.Conn, seen: m.Time}
		if s := m.Conn.Stream; s != nil {
			n.handshake = s.Handshake()
		}
		w.open[m.Conn] = n
	}
	if m.Time.After(n.end) {
		n.end = m.Time
	}
	return n
}

// finish writes an entry.
func (w *Writer) finish(n *entry) error {
	delete(w.open, n.conn)
	w.kept -= len(n.rows)
	w.left += n.left
	w.begin()
	if w.entries++; w.entries > 1 {
		w.own(",")
	}
	w.own("\n")
	return w.writeEntry(n)
}

// Close implements wsframe.Sink. It writes the connections that have not ended,
// and the end of the archive; it does not close the writer.
func (w *Writer) Close() error {
	var rest []*entry
	for _, n := range w.open {
		rest = append(rest, n)
	}
	slices.SortFunc(rest, func(x, y *entry) int { return cmp.Compare(x.conn.Number, y.conn.Number) })
	for _, n := range rest {
		if err := w.finish(n); err != nil {
			return err
		}
	}
	w.begin()
	w.own("\n]")
	w.key("comment")
	w.ownString(w.summary())
	w.own("}}\n")
	return w.flush()
}

// begin appends the beginning of the archive, once.
func (w *Writer) begin() {
	if w.begun {
		return
	}
	w.begun = true
	w.own(`{"log":{"version":"1.2","creator":{"name":"wstap","version":`)
	w.ownString(w.opts.Version)
	w.own(`,"comment":"made of captured packets"},"pages":[],"entries":[`)
}

func (w *Writer) flush() error {
	_, err := w.w.Write(w.b)
	w.b = w.b[:0]
	return err
}

// summary says what became of secrets, and what is not in the archive.
func (w *Writer) summary() string {
	s := "secrets are not redacted"
	if !w.opts.Secrets {
		s = "secrets (passwords, tokens, cookies, credentials) are replaced by " + redact.Mark + " where their names or their form tell them: " +
			report.Count(uint64(w.redacted), "value") + ", none of them in binary messages"
	}
	if w.left > 0 {
		s += "; " + report.Count(w.left, "row") + " left out, see the comments of the entries"
	}
	return s
}
