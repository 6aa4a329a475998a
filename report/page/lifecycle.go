package page

import (
	"bytes"
	"slices"

	"wstap/report"
	"wstap/wsframe"
)

func (e *Encoder) openedRow(o *wsframe.Opened) error {
	r := e.begin(KindOpened, &o.M)
	e.detail.text("text", e.clean(report.Remark(o)))
	return e.add(&r)
}

func (e *Encoder) gapRow(g *wsframe.Gap) error {
	r := e.begin(KindGap, &g.M)
	r.from(g.From)
	r.length = uint64(g.Bytes)
	e.detail.text("why", g.Cause.String())
	e.detail.text("text", report.Remark(g))
	e.index.change(e.conn(&g.M))
	return e.add(&r)
}

func (e *Encoder) violationRow(v *wsframe.Violation) error {
	r := e.begin(KindViolation, &v.M)
	r.from(v.From)
	e.detail.text("code", v.Rule.Code)
	e.detail.text("rfc", v.Rule.RFC)
	e.detail.text("expected", e.clean(v.Expected))
	e.detail.text("found", e.clean(v.Found))
	e.detail.text("text", e.clean(report.Remark(v)))
	if e.frame == v.M.Conn && e.frame != nil {
		e.detail.flag("frame", true)
	}
	if c := e.open[v.M.Conn]; c != nil {
		e.index.change(c)
	}
	return e.add(&r)
}

func (e *Encoder) closedRow(x *wsframe.Closed) error {
	r := e.begin(KindClosed, &x.M)
	if x.By == "server" {
		r.bits |= bitServer
	}
	reason := e.clean(x.Reason)
	e.detail.text("by", x.By)
	if x.Code != 0 {
		e.detail.number("code", uint64(x.Code))
		e.detail.text("reason", reason)
	}
	e.detail.text("how", x.How)
	e.detail.text("h2_error", x.H2Error)
	told := *x
	told.Reason = reason
	e.detail.text("text", e.clean(report.Remark(&told)))

	c := e.conn(&x.M)
	c.closed = &told
	e.frame = nil
	e.forget(c)
	return e.add(&r)
}

func (e *Encoder) encryptedRow(x *wsframe.Encrypted) error {
	r := e.begin(KindEncrypted, &x.M)
	e.object(x)
	return e.add(&r)
}

// finding takes a finding: into the index, and as a row where it is told early.
func (e *Encoder) finding(f *report.Finding) error {
	told := *f
	told.Text, told.Advice = e.clean(f.Text), e.clean(f.Advice)
	e.index.finding(&told)
	if !f.Early {
		return nil
	}
	r := e.begin(KindFinding, &f.M)
	e.object(&told)
	return e.add(&r)
}

// verdict takes the verdict into the index.
func (e *Encoder) verdict(v *report.Verdict) {
	told := *v
	told.Text = e.clean(v.Text)
	told.Servers = slices.Clone(v.Servers)
	for i := range told.Servers {
		told.Servers[i].Text = e.clean(told.Servers[i].Text)
	}
	told.Paths = slices.Clone(v.Paths)
	for i := range told.Paths {
		p := &told.Paths[i]
		p.URL = e.clean(p.URL)
		p.Steps = slices.Clone(p.Steps)
		for j := range p.Steps {
			p.Steps[j].Note = e.clean(p.Steps[j].Note)
		}
	}
	e.index.conclude(&told)
}

// object adds an event's object in the event stream to the row's.
func (e *Encoder) object(ev wsframe.Event) {
	members, _ := bytes.CutSuffix(e.index.line(ev), []byte("}\n"))
	if len(e.detail.b) > 1 {
		e.detail.b = append(e.detail.b, ',')
	}
	e.detail.b = append(e.detail.b, members[1:]...)
}
