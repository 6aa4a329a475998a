package diagnose

import (
	"io"
	"strings"

	"wstap/report"
	"wstap/wsframe"
)

// Markdown is a Sink that writes a diagnosis to paste into a ticket.
type Markdown struct {
	w        io.Writer
	esc      report.Escaper
	findings []report.Finding
	b        []byte
}

var _ wsframe.Sink = (*Markdown)(nil)

// NewMarkdown returns a Sink that writes to w.
func NewMarkdown(w io.Writer) *Markdown { return &Markdown{w: w} }

// Emit implements wsframe.Sink.
func (m *Markdown) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *report.Finding:
		if !e.Early {
			m.findings = append(m.findings, *e)
		}
	case *report.Verdict:
		m.b = m.b[:0]
		m.verdict(e)
		_, err := m.w.Write(m.b)
		return err
	}
	return nil
}

// Close implements wsframe.Sink. It does not close the writer.
func (m *Markdown) Close() error { return nil }

func (m *Markdown) verdict(v *report.Verdict) {
	m.own("**")
	m.foreign(v.Text)
	m.own("**\n")
	if len(v.Servers) > 1 {
		m.own("\n")
		for _, s := range v.Servers {
			m.own("- ")
			m.foreign(s.Text)
			m.own("\n")
		}
	}
	for i := range m.findings {
		f := &m.findings[i]
		m.own("\n### " + f.Severity.String() + ": " + f.Code)
		if f.Server.IsValid() {
			m.own(" (" + f.Server.String() + ")")
		}
		m.own("\n\n")
		m.foreign(f.Text)
		m.own("\n\n")
		if !f.First.Time.IsZero() {
			m.own("- When: " + f.First.Time.UTC().Format("2006-01-02 15:04:05.000 UTC") + "\n")
		}
		if len(f.Packets) > 0 {
			m.own("- Packets: " + joined(f.Packets) + ", in Wireshark `" + Filter(f) + "`\n")
		}
		m.own("- Next: ")
		m.foreign(f.Advice)
		m.own("\n")
	}
	if v.Untold > 0 {
		m.own("\nand " + report.Count(v.Untold, "more occurrence") + " that are not told one by one\n")
	}
	for i := range v.Paths {
		m.path(&v.Paths[i])
	}
}

func (m *Markdown) path(p *report.Path) {
	m.own("\n#### " + p.Client.String() + " to " + p.Server.String())
	if p.URL != "" {
		m.own(" ")
		m.foreign(p.URL)
	}
	m.own("\n\n| step | state | what |\n| --- | --- | --- |\n")
	for _, s := range p.Steps {
		m.own("| " + s.Name + " | " + s.State.String() + " | ")
		m.foreign(s.Note)
		m.own(" |\n")
	}
}

func (m *Markdown) own(s string) { m.b = append(m.b, s...) }

// foreign appends a text that may quote what a peer sent: on one line, without
// anything that Markdown or HTML would take for its own.
func (m *Markdown) foreign(s string) {
	plain, _, _ := m.esc.Append(nil, []byte(s), report.Unbounded)
	for _, c := range string(plain) {
		switch {
		case c == '<':
			m.own("&lt;")
		case c == '&':
			m.own("&amp;")
		case strings.ContainsRune("\\`*_[]|#~>!@", c):
			m.own("\\" + string(c))
		default:
			m.own(string(c))
		}
	}
}
