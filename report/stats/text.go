package stats

import (
	"io"
	"strconv"
	"strings"
	"time"

	"wstap/report"
	"wstap/wsframe"
)

// The columns of the tables, after an indent of four.
const (
	labelWidth = 28
	cellWidth  = 13
	nameWidth  = 40
	urlWidth   = 200
)

// page collects the text.
type page struct {
	b           []byte
	esc         report.Escaper
	right, left string // arrows
}

// writeText writes the figures for people: a block for each connection, and one
// for all where there are several.
func writeText(w io.Writer, m *model, ascii bool) error {
	p := page{esc: report.Escaper{ASCII: ascii}, right: "→", left: "←"}
	if ascii {
		p.right, p.left = "->", "<-"
	}
	for i := range m.Connections {
		p.b = p.b[:0]
		if i > 0 {
			p.b = append(p.b, '\n')
		}
		p.connection(&m.Connections[i])
		if _, err := w.Write(p.b); err != nil {
			return err
		}
	}
	if m.All.Connections < 2 {
		return nil
	}
	p.b = append(p.b[:0], '\n')
	p.all(&m.All)
	_, err := w.Write(p.b)
	return err
}

func (p *page) own(s string) { p.b = append(p.b, s...) }

func (p *page) foreign(s string, cols int) { p.b, _ = p.esc.AppendCut(p.b, []byte(s), cols, false) }

func (p *page) connection(c *connModel) {
	p.own("#" + strconv.Itoa(c.Conn) + "  " + c.Client.endpoint.String() + " " + p.right + " " + c.Server.endpoint.String())
	if c.URL != "" {
		p.own("  ")
		p.foreign(string(c.URL), urlWidth)
	}
	if c.Subprotocol != "" {
		p.own("  subprotocol ")
		p.foreign(string(c.Subprotocol), urlWidth)
	}
	p.own("\n    ")
	p.own(strings.Join(c.words(), "; "))
	p.own("\n")
	if c.Close != nil {
		p.figures(&c.figuresModel, true)
	}
}

// words says how the connection came up, how long it was open and how it ended.
func (c *connModel) words() (all []string) {
	switch {
	case c.Close == nil && c.Status != 0:
		all = append(all, "refused with status "+strconv.Itoa(c.Status))
	case c.Close == nil:
		all = append(all, "not answered")
	case c.Via == "midstream":
		all = append(all, "joined mid-stream")
	}
	for _, h := range []struct {
		name string
		took *float64
	}{{"TCP handshake ", c.Handshake.TCP}, {"TLS hello ", c.Handshake.TLS}, {"upgrade ", c.Handshake.Upgrade}} {
		if h.took != nil {
			all = append(all, h.name+seconds(*h.took))
		}
	}
	if c.Open != nil {
		all = append(all, "open "+seconds(*c.Open))
	}
	if e := c.Close; e != nil {
		switch {
		case e.How == "close frame":
			all = append(all, "closed by "+e.By+" with "+strconv.Itoa(int(e.Code)))
		case e.How == "capture ended":
			all = append(all, "still open when the capture ended")
		case e.By == "none":
			all = append(all, e.How)
		default:
			all = append(all, "ended by "+e.By+" with "+strings.ToUpper(e.How))
		}
	}
	return all
}

func (p *page) all(a *allModel) {
	p.own("all " + report.Count(a.Connections, "connection"))
	if a.Refused > 0 {
		p.own(", " + string(report.AppendCount(nil, a.Refused)) + " of them refused or not answered")
	}
	p.own("; at most " + strconv.Itoa(a.MostOpen) + " open at once")
	if a.Capture > 0 {
		p.own("; " + seconds(a.Capture) + " of capture")
	}
	if told := uint64(a.Told); told < a.Connections {
		p.own("; " + string(report.AppendCount(nil, a.Connections-told)) + " of them only here")
	}
	p.own("\n")
	for _, h := range []struct {
		name string
		d    *durModel
	}{{"TCP handshake", a.Handshake.TCP}, {"TLS hello", a.Handshake.TLS}, {"upgrade", a.Handshake.Upgrade}, {"open", a.Open}} {
		if h.d != nil {
			p.label(h.name)
			p.own(h.d.words() + "\n")
		}
	}
	p.figures(&a.figuresModel, false)
}

// figures writes the tables and the lines below; one says that they are those
// of one connection.
func (p *page) figures(f *figuresModel, one bool) {
	p.table(f)
	for d, s := range f.sides() {
		from := wsframe.Direction(d).String()
		p.pings("pings of the "+from, s.Pings)
		p.pings("ping messages of the "+from, s.AppPings)
	}
	for d, s := range f.sides() {
		if r := s.Replies; r != nil {
			p.label("answers to the " + wsframe.Direction(d).String())
			p.own(report.Count(r.Latency.Count, "answer") + " by id: " + r.Latency.words() + "; the slowest to ")
			p.foreign(strings.TrimSpace(string(r.Slowest.Name)+" #"+string(r.Slowest.ID)), nameWidth)
			p.own(", packets " + number(r.Slowest.Asked) + " and " + number(r.Slowest.Served) + "\n")
		}
	}
	p.silences(f.Silences, one)
	for d, s := range f.sides() {
		if t := s.TCP; t.Retransmitted+t.OutOfOrder+t.Missing > 0 {
			p.label("TCP of the " + wsframe.Direction(d).String())
			p.own(report.Count(t.Segments, "segment") + ": " + number(t.Retransmitted) + " brought nothing new, " +
				number(t.OutOfOrder) + " out of order, " + report.Count(t.Missing, "byte") + " never captured\n")
		}
	}
	if f.Gaps+f.Violations > 0 {
		p.label("trouble")
		p.own(report.Count(f.Gaps, "gap") + ", " + report.Count(f.Violations, "violation") + "\n")
	}
	p.names(f.Names)
}

func (p *page) label(s string) {
	p.own("    " + s)
	for n := len(s); n < labelWidth; n++ {
		p.b = append(p.b, ' ')
	}
	p.own("  ")
}

// row writes a label and right-aligned cells.
func (p *page) row(label string, cells ...string) {
	p.label(label)
	for _, c := range cells {
		for n := report.Columns(c); n < cellWidth; n++ {
			p.b = append(p.b, ' ')
		}
		p.own(c)
	}
	for p.b[len(p.b)-1] == ' ' {
		p.b = p.b[:len(p.b)-1]
	}
	p.own("\n")
}

func (p *page) pings(label string, m *pingModel) {
	if m == nil {
		return
	}
	p.label(label)
	p.own(count(m.Sent))
	switch {
	case m.Sent == 0:
	case m.Answered == 0:
		p.own(", none answered")
	case m.Answered == m.Sent:
		p.own(", answered")
	default:
		p.own(", " + count(m.Answered) + " answered")
	}
	if m.Trip != nil {
		p.own(": " + m.Trip.words())
	}
	if m.Skipped > 0 {
		p.own("; " + number(m.Skipped) + " left to the pong of a later one")
	}
	if m.Unanswered > 0 && m.Answered > 0 {
		p.own("; " + number(m.Unanswered) + " unanswered")
	}
	if m.Unsolicited > 0 {
		p.own("; " + report.Count(m.Unsolicited, "pong") + " unasked")
	}
	p.own("\n")
}

func (p *page) silences(all []silenceModel, one bool) {
	if len(all) == 0 {
		return
	}
	p.label("longest silences")
	for i, s := range all {
		if i > 0 {
			p.own(", ")
		}
		p.own(seconds(s.Seconds) + " after packet " + number(s.After))
		if !one {
			p.own(" (#" + strconv.Itoa(s.Conn) + ")")
		}
	}
	p.own("\n")
}

// words tells a distribution of times.
func (d *durModel) words() string {
	if d.Count == 1 {
		return seconds(d.Max)
	}
	return "median " + seconds(d.Median) + ", 95 % up to " + seconds(d.P95) + ", longest " + seconds(d.Max)
}

func seconds(s float64) string {
	return string(report.AppendDuration(nil, time.Duration(s*float64(time.Second)+0.5)))
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
func count(n uint64) string  { return string(report.AppendCount(nil, n)) }
func size(n uint64) string   { return string(report.AppendBytes(nil, n)) }

func rate(r float64) string { return strconv.FormatFloat(r, 'f', 1, 64) }
