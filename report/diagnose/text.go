package diagnose

import (
	"io"
	"strings"
	"time"

	"wstap/report"
	"wstap/report/text"
	"wstap/wsframe"
)

// Text is a Sink that writes a diagnosis for people: the verdict, the findings
// by weight, the steps of single connections. Findings that are told early
// are written at once, in a line.
type Text struct {
	w        io.Writer
	o        text.Options
	esc      report.Escaper
	times    *report.Timestamps
	findings []report.Finding
	told     bool // lines of early findings were written
	b        []byte
}

var _ wsframe.Sink = (*Text)(nil)

// NewText returns a Sink that writes to w. Of the options, those on payload
// mean nothing here.
func NewText(w io.Writer, o text.Options) *Text {
	local := o.Local
	if local == nil {
		local = time.UTC
	}
	return &Text{w: w, o: o, esc: report.Escaper{ASCII: o.ASCII}, times: report.NewTimestamps(o.Time, local)}
}

// Emit implements wsframe.Sink.
func (t *Text) Emit(e wsframe.Event) error {
	t.b = t.b[:0]
	switch e := e.(type) {
	case *report.Started:
		t.times.Start(e.M.Time)
		return nil
	case *report.Finding:
		if !e.Early {
			t.findings = append(t.findings, *e)
			return nil
		}
		t.early(e)
		t.told = true
	case *report.Verdict:
		t.verdict(e)
	default:
		return nil
	}
	_, err := t.w.Write(t.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (t *Text) Close() error { return nil }

// early is a finding in a line.
func (t *Text) early(f *report.Finding) {
	t.b = t.times.Append(t.b, f.M.Time)
	t.own("  ")
	t.colored(severityColor(f.Severity), f.Severity.String()+" "+f.Code)
	t.own("  ")
	t.b, _, _ = t.esc.Append(t.b, []byte(f.Text), report.Unbounded)
	t.own("\n")
}

func (t *Text) verdict(v *report.Verdict) {
	if t.told {
		t.own("\n")
	}
	t.paint(bold)
	t.b, _, _ = t.esc.Append(t.b, []byte(v.Text), report.Unbounded) // whole, on the first line
	t.paint(reset)
	t.own("\n")
	if len(v.Servers) > 1 {
		for _, s := range v.Servers {
			t.own("  ")
			t.wrapped(s.Text, 2, 4)
		}
	}
	for i := range t.findings {
		t.finding(&t.findings[i])
	}
	if v.Untold > 0 {
		t.own("\nand " + report.Count(v.Untold, "more occurrence") + " that are not told one by one\n")
	}
	if len(v.Paths) > 0 {
		t.own("\n")
		t.colored(bold, "Steps")
		t.own("\n")
	}
	const shown = 8
	for i := range v.Paths {
		if i == shown {
			t.own("  and those of ")
			t.own(report.Count(uint64(len(v.Paths)-shown), "more connection"))
			t.own("\n")
			break
		}
		t.path(&v.Paths[i])
	}
}

func (t *Text) finding(f *report.Finding) {
	t.own("\n")
	t.colored(severityColor(f.Severity), f.Severity.String())
	t.own(" ")
	t.colored(bold, f.Code)
	if f.Server.IsValid() {
		t.own("  ")
		t.own(f.Server.String())
	}
	if !f.First.Time.IsZero() {
		t.own("  at ")
		t.b = t.times.Append(t.b, f.First.Time)
		if f.Count > 1 && f.M.Time.After(f.First.Time) {
			t.own(" to ")
			t.b = t.times.Append(t.b, f.M.Time)
		}
	}
	t.own("\n")
	t.labeled("  ", f.Text)
	t.labeled("  Next: ", f.Advice)
	if len(f.Packets) > 0 {
		t.labeled("  Packets: ", joined(f.Packets)+"; in Wireshark: "+Filter(f))
	}
}

func (t *Text) path(p *report.Path) {
	start := len(t.b)
	t.own("  ")
	if p.Conn > 0 {
		t.b = append(t.b, '#')
		t.b = report.AppendCount(t.b, uint64(p.Conn))
		t.own(" ")
	}
	arrow := " → "
	if t.o.ASCII {
		arrow = " -> "
	}
	if p.Client.IsValid() {
		t.own(p.Client.String() + arrow)
	}
	if p.Server.IsValid() {
		t.own(p.Server.String())
	}
	if p.URL != "" {
		t.own("  ")
		t.b, _ = t.esc.AppendCut(t.b, []byte(p.URL), max(20, t.width()-report.Columns(string(t.b[start:]))), false)
	}
	t.own("\n")
	for _, s := range p.Steps {
		word := [...]string{report.Reached: "ok", report.Slow: "slow", report.Failed: "FAILED", report.Unknown: "unknown"}[s.State]
		start := len(t.b)
		t.own("    ")
		t.colored([...]string{report.Reached: green, report.Slow: yellow, report.Failed: red, report.Unknown: dim}[s.State], word)
		t.own(strings.Repeat(" ", 9-len(word)) + s.Name + strings.Repeat(" ", max(1, 17-len(s.Name))))
		if !s.At.Time.IsZero() {
			t.b = t.times.Append(t.b, s.At.Time)
			t.own("  ")
		}
		if s.Note == "" {
			t.own("\n")
			continue
		}
		col := len(t.b) - start
		if t.o.Color {
			col -= len(red + reset)
		}
		t.wrapped(s.Note, col, 30)
	}
}

// labeled writes a text behind a label, wrapped and indented like it.
func (t *Text) labeled(label, s string) {
	t.own(label)
	t.wrapped(s, len(label), 4)
}

// wrapped writes s, escaped, in lines that fit. col is where it begins, indent
// where its next lines do. A word that is too long for a line is cut over lines.
func (t *Text) wrapped(s string, col, indent int) {
	width := t.width()
	first := true
	for word := range strings.FieldsSeq(s) {
		e, used, _ := t.esc.Append(nil, []byte(word), report.Unbounded)
		switch {
		case first:
		case col+1+used > width:
			t.own("\n" + strings.Repeat(" ", indent))
			col = indent
		default:
			t.own(" ")
			col++
		}
		first = false
		t.b = append(t.b, e...)
		col += used
	}
	t.own("\n")
}

func (t *Text) width() int {
	if t.o.Width == 0 {
		return 100
	}
	return max(t.o.Width, 60)
}

// own appends a text of ours.
func (t *Text) own(s string) { t.b = append(t.b, s...) }

// The colors (ECMA-48, 8.3.117). They only repeat what words say.
const (
	dim    = "\x1b[2m"
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

func severityColor(s report.Severity) string {
	return [...]string{report.Note: dim, report.Warning: yellow, report.Error: red}[s]
}

func (t *Text) paint(c string) {
	if t.o.Color {
		t.own(c)
	}
}

func (t *Text) colored(c, s string) {
	t.paint(c)
	t.own(s)
	t.paint(reset)
}
