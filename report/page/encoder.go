package page

import (
	"unicode/utf8"

	"wstap/report"
	"wstap/report/redact"
	"wstap/wsframe"
	"wstap/wsframe/subproto"
)

// Batch is a number of rows.
type Batch struct {
	First uint64 // number of the first row, from 0
	Rows  int
	Data  []byte // in the format of docs/page.md
	// Strings are those that Data adds to the dictionary of summaries.
	Strings []string
}

// Encoder is a Sink that makes batches of rows, and the index. Not for
// concurrent use.
type Encoder struct {
	opts  Options
	batch func(Batch) error
	limit report.Limit
	cols  columns
	first uint64 // row in cols that is the first

	index   *index
	strings map[string]int   // 1 + index
	told    *wsframe.Message // completed by the latest frame, which told it
	frame   *wsframe.Conn    // of the latest frame row: violations that follow are its
	open    map[*wsframe.Conn]*conn
	latest  *conn // of the latest event
	refused *conn // the latest event was of it; violations of its upgrade may follow
	detail  detail
	close   []byte // a Close frame's payload, redacted
}

var _ wsframe.Sink = (*Encoder)(nil)

// NewEncoder returns an Encoder that hands each batch to f: it is lent, valid
// until f returns. Rows are held back until there are 32768 of them or about
// 1 MiB, or until Flush.
func NewEncoder(o Options, f func(Batch) error) *Encoder {
	e := &Encoder{opts: o, batch: f, limit: o.Payload, strings: map[string]int{}, open: map[*wsframe.Conn]*conn{}}
	if !e.limit.IsSet() {
		e.limit = report.LimitBytes(defaultPayload)
	}
	e.index = newIndex(o)
	return e
}

// Rows is the number of rows told so far, those not handed on included.
func (e *Encoder) Rows() uint64 { return e.first + uint64(e.cols.rows) }

// Flush hands on the rows that are held back, if there are some.
func (e *Encoder) Flush() error {
	if e.cols.rows == 0 {
		return nil
	}
	b := Batch{First: e.first, Rows: e.cols.rows, Data: e.cols.batch(e.first), Strings: e.cols.strings}
	err := e.batch(b)
	e.first += uint64(e.cols.rows)
	e.cols.reset()
	return err
}

// Close implements wsframe.Sink: it flushes.
func (e *Encoder) Close() error { return e.Flush() }

// Emit implements wsframe.Sink.
func (e *Encoder) Emit(ev wsframe.Event) error {
	m := ev.Meta()
	e.index.see(m.Stamp)
	if e.refused != nil && e.refused.conn != m.Conn {
		e.forget(e.refused)
		e.refused = nil
	}
	switch ev := ev.(type) {
	case *wsframe.Frame:
		return e.frameRow(ev)
	case *wsframe.Message:
		if ev == e.told {
			e.told = nil
			return nil
		}
		return e.messageRow(ev)
	case *wsframe.Opened:
		e.frame = nil
		c := e.conn(m)
		if err := e.openedRow(ev); err != nil {
			return err
		}
		if !m.Conn.Upgraded {
			e.refused = c
		}
	case *wsframe.Gap:
		return e.gapRow(ev)
	case *wsframe.Violation:
		return e.violationRow(ev)
	case *wsframe.Closed:
		return e.closedRow(ev)
	case *wsframe.Encrypted:
		return e.encryptedRow(ev)
	case *report.Finding:
		return e.finding(ev)
	case *report.Verdict:
		e.verdict(ev)
	case *report.Summary:
		e.index.sum(ev)
	}
	return nil
}

// begin is a row with what all have.
func (e *Encoder) begin(kind Kind, m *wsframe.Meta) row {
	r := row{kind: kind, packet: m.Packet, time: e.index.nanoseconds(m.Time)}
	if m.Conn != nil {
		r.conn = m.Conn.Number
	}
	e.detail.reset()
	if m.Time.IsZero() {
		e.detail.flag("no_time", true)
	}
	return r
}

// add adds a row, with the details that were collected since begin.
func (e *Encoder) add(r *row) error {
	if r.detail = e.detail.take(); len(r.detail) > 0 {
		r.bits |= bitDetail
	}
	e.cols.add(r)
	if e.cols.full() {
		return e.Flush()
	}
	return nil
}

func (r *row) from(d wsframe.Direction) {
	if d == wsframe.FromServer {
		r.bits |= bitServer
	}
}

func (e *Encoder) frameRow(f *wsframe.Frame) error {
	r := e.begin(KindFrame, &f.M)
	r.from(f.From)
	r.op = opByte(f.Opcode, f.Rsv)
	r.length = f.Length
	if f.Fin {
		r.bits |= bitFin
	}
	if f.Masked {
		r.bits |= bitMasked
		r.key = f.Key
	}
	e.detail.frame(f)
	c := e.conn(&f.M)
	e.frame, e.told = f.M.Conn, f.Message
	switch {
	case f.Message != nil:
		r.bits |= bitCompletes
		e.message(&r, c, f.Message)
	case f.Opcode == wsframe.OpClose:
		e.closeFrame(&r, f)
	case f.Opcode.IsControl():
		e.control(&r, c, f)
	case f.Opcode > wsframe.OpBinary: // reserved
		e.payload(&r, f.Payload, true)
	}
	return e.add(&r)
}

// messageRow is for a message that no frame completed.
func (e *Encoder) messageRow(m *wsframe.Message) error {
	r := e.begin(KindMessage, &m.M)
	r.from(m.From)
	r.op = opByte(m.Opcode, 0)
	r.length = m.Length
	e.message(&r, e.conn(&m.M), m)
	return e.add(&r)
}

// message puts a message into the row of the frame that completes it, or its own.
func (e *Encoder) message(r *row, c *conn, m *wsframe.Message) {
	if m.Compressed {
		r.bits |= bitCompressed
	}
	if !m.Complete {
		r.bits |= bitIncomplete
	}
	guess := m.Why == wsframe.ContextLost // what inflates with a wrong window is a guess
	if !guess {
		e.payload(r, m.Payload, m.Opcode != wsframe.OpBinary)
	}
	e.detail.message(m, r)
	if guess || !m.Complete && len(m.Payload) == 0 {
		return
	}
	kind := subproto.Text
	if m.Opcode == wsframe.OpBinary {
		kind = subproto.Binary
	}
	info := subproto.Parse(kind, m.Payload, m.M.Conn.Subprotocol)
	if !info.Excerpt {
		if r.summary = e.summary(info.Name); r.summary != 0 {
			r.ident = e.clean(info.ID)
		}
	}
	r.reply = c.answers(e.Rows(), m, info)
}

// summary is 1 + the index of a name among the strings; 0 where it is empty or
// there are too many of them.
func (e *Encoder) summary(name string) int {
	if name == "" {
		return 0
	}
	if n, ok := e.strings[name]; ok {
		return n
	}
	if len(e.strings) >= maxStrings {
		e.index.limits.strings++
		return 0
	}
	text := e.clean(name)
	n := len(e.strings) + 1
	e.strings[name] = n
	e.index.strings = append(e.index.strings, text)
	e.cols.strings = append(e.cols.strings, text)
	return n
}

// control is for pings and pongs, and for reserved control frames.
func (e *Encoder) control(r *row, c *conn, f *wsframe.Frame) {
	e.payload(r, f.Payload, utf8.Valid(f.Payload))
	if f.Missing == 0 {
		r.reply = c.pongs(e.Rows(), f)
	}
}

// closeFrame redacts the reason behind a Close frame's code.
func (e *Encoder) closeFrame(r *row, f *wsframe.Frame) {
	b := f.Payload
	if f.Code != 0 {
		reason := e.clean(string(f.Reason))
		e.detail.number("code", uint64(f.Code))
		e.detail.text("close_reason", reason)
		if !e.opts.Secrets && len(b) >= 2 && reason != string(f.Reason) {
			e.close = append(append(e.close[:0], b[:2]...), reason...)
			b = e.close
		}
	}
	e.payload(r, b, false)
}

// payload keeps b, redacted if it is text, as far as the limit allows.
func (e *Encoder) payload(r *row, b []byte, text bool) {
	if text && !e.opts.Secrets {
		out, n := redact.Text(b) // first, so that the cut leaves no half of a secret
		b = out
		if n > 0 {
			e.detail.number("redacted", uint64(n))
			e.index.redacted += uint64(n)
		}
	}
	if n := e.limit.Cut(len(b)); n < len(b) {
		for text && n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
		b = b[:n]
		r.bits |= bitCut
	}
	r.payload = b
}

// clean takes the secrets out of s, unless they are wanted, and makes it UTF-8.
func (e *Encoder) clean(s string) string {
	if !e.opts.Secrets && s != "" {
		out, n := redact.Text([]byte(s))
		if n > 0 {
			s = string(out)
		}
	}
	return valid(s)
}
