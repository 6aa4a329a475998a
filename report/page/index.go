package page

import (
	"bytes"
	"time"

	"wstap/capture"
	"wstap/report"
	"wstap/report/jsonl"
	"wstap/wsframe"
)

// index is what a page knows beside its rows.
type index struct {
	opts           Options
	started, ended time.Time
	conns          []*conn // in order of their first event
	byNumber       map[int]*conn
	headBytes      int
	findings       [][]byte // JSON objects
	early          bool     // they were told while the capture went on
	verdict        []byte   // a JSON object
	summary        []byte   // a JSON object
	strings        []string
	redacted       uint64 // values taken out of payloads
	limits         struct{ strings, connections, findings uint64 }

	dirty      []*conn // since the last AppendChanges
	news, ends bool    // findings; verdict or summary

	buf   bytes.Buffer
	lines *report.Lines
}

func newIndex(o Options) *index {
	x := &index{opts: o, byNumber: map[int]*conn{}}
	x.lines = jsonl.New(&x.buf, jsonl.Options{})
	return x
}

// see moves the clock on.
func (x *index) see(at capture.Stamp) {
	if at.Time.IsZero() {
		return
	}
	if x.started.IsZero() {
		x.started = at.Time
	}
	if at.Time.After(x.ended) {
		x.ended = at.Time
	}
}

// nanoseconds is a row's time; a row without one stands at the latest.
func (x *index) nanoseconds(at time.Time) int64 {
	switch {
	case !at.IsZero():
		return at.UnixNano()
	case x.ended.IsZero():
		return 0
	}
	return x.ended.UnixNano()
}

// line is an event's object in the event stream, with a line feed, valid until
// the next call.
func (x *index) line(e wsframe.Event) []byte {
	x.buf.Reset()
	x.lines.Emit(e) // a bytes.Buffer takes all
	return x.buf.Bytes()
}

// connection takes up a new connection, if there is room for it.
func (x *index) connection(c *conn) {
	size := 0
	for _, h := range []*wsframe.Head{c.conn.Request, c.conn.Response} {
		if h == nil {
			continue
		}
		for _, f := range h.Fields {
			size += len(f.Name) + len(f.Value)
		}
	}
	if len(x.conns) >= maxConnections || x.headBytes+size > maxHeadBytes {
		x.limits.connections++
		return
	}
	x.headBytes += size
	x.conns = append(x.conns, c)
	x.byNumber[c.conn.Number] = c
	c.kept = true
}

// change notes that a connection has something to tell.
func (x *index) change(c *conn) {
	if !c.dirty && c.kept {
		c.dirty = true
		x.dirty = append(x.dirty, c)
	}
}

// finding takes a finding. Those told early go when the first of the others
// comes, since that has all its occurrences.
func (x *index) finding(f *report.Finding) {
	x.news = true
	if x.early && !f.Early {
		x.findings = nil
	}
	x.early = f.Early
	if len(x.findings) >= maxFindings {
		x.limits.findings++
		return
	}
	o := object{b: x.open(f)}
	o.time("time", f.M.Time)
	o.time("first_time", f.First.Time)
	x.findings = append(x.findings, o.end())
}

// conclude takes the verdict.
func (x *index) conclude(v *report.Verdict) {
	x.ends = true
	o := object{b: x.open(v)}
	x.verdict = o.end()
	if x.early { // and none was left
		x.findings, x.early, x.news = nil, false, true
	}
}

func (x *index) sum(s *report.Summary) {
	x.ends = true
	o := object{b: x.open(s)}
	o.time("time", s.M.Time)
	x.summary = o.end()
}

// open is a copy of an event's object without its time, left open.
func (x *index) open(e wsframe.Event) []byte {
	m := e.Meta()
	at := m.Time
	m.Time = time.Time{}
	line := x.line(e)
	m.Time = at
	return append([]byte(nil), bytes.TrimSuffix(line, []byte("}\n"))...)
}

// AppendIndex appends the whole index, a JSON object.
func (e *Encoder) AppendIndex(dst []byte) []byte {
	x := e.index
	o := object{b: append(dst, '{')}
	o.number("version", 1)
	o.text("wstap", x.opts.Version)
	o.key("source")
	source := object{b: append(o.b, '{')}
	source.text("name", valid(x.opts.Name))
	source.text("kind", x.opts.Kind)
	o.b = source.end()
	o.time("started", x.started)
	e.progress(&o)
	o.list("connections", len(x.conns), func(b []byte, i int) []byte { return e.appendConnection(b, x.conns[i]) })
	o.list("strings", len(x.strings), func(b []byte, i int) []byte { return report.AppendJSON(b, []byte(x.strings[i])) })
	e.appendFindings(&o)
	e.appendEnd(&o)
	return o.end()
}

// AppendChanges appends what has changed since the last call: an object with
// some of the keys of the index, where connections replace those of the same
// number. It appends nothing where nothing has changed. The strings are not
// told: batches bring them.
func (e *Encoder) AppendChanges(dst []byte) []byte {
	x := e.index
	if len(x.dirty) == 0 && !x.news && !x.ends {
		return dst
	}
	o := object{b: append(dst, '{')}
	o.time("started", x.started)
	e.progress(&o)
	if len(x.dirty) > 0 {
		o.list("connections", len(x.dirty), func(b []byte, i int) []byte { return e.appendConnection(b, x.dirty[i]) })
	}
	if x.news {
		e.appendFindings(&o)
	}
	if x.ends {
		e.appendEnd(&o)
	}
	for _, c := range x.dirty {
		c.dirty = false
	}
	x.dirty, x.news, x.ends = x.dirty[:0], false, false
	return o.end()
}

// progress are the keys that change all the time.
func (e *Encoder) progress(o *object) {
	x := e.index
	o.time("ended", x.ended)
	o.number("rows", e.Rows())
	o.flag("redacted", !x.opts.Secrets)
	o.number("redactions", x.redacted)
	o.key("limits")
	l := object{b: append(o.b, '{')}
	l.number("strings", x.limits.strings)
	l.number("connections", x.limits.connections)
	l.number("findings", x.limits.findings)
	o.b = l.end()
}

func (e *Encoder) appendFindings(o *object) {
	all := e.index.findings
	o.list("findings", len(all), func(b []byte, i int) []byte { return append(b, all[i]...) })
}

func (e *Encoder) appendEnd(o *object) {
	if e.index.verdict != nil {
		o.raw("verdict", e.index.verdict)
	}
	if e.index.summary != nil {
		o.raw("summary", e.index.summary)
	}
}
