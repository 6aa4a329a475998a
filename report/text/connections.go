package text

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"wstap/report"
	"wstap/wsframe"
)

// Connections is a Sink that writes a table with a row per connection when it
// is closed: only then is the width of each column known.
type Connections struct {
	w         io.Writer
	l         line
	rows      []row
	encrypted encrypted
}

var _ wsframe.Sink = (*Connections)(nil)

// row is one connection's cells: strings, so that the connection itself with
// its heads can go.
type row struct {
	number int
	cells  [columns]string
	ok     bool // upgraded
}

// The columns of the table.
const (
	colConn = iota
	colClient
	colServer
	colStatus
	colClientFrames
	colClientBytes
	colServerFrames
	colServerBytes
	colDuration
	colClosed
	colTrouble
	colTLS
	colSubprotocol
	colURL
	columns
)

// headings names them; the arrows stand for the two directions.
func headings(ascii bool) [columns]string {
	toServer, toClient := "→ ", "← "
	if ascii {
		toServer, toClient = "-> ", "<- "
	}
	return [columns]string{
		colConn: "conn", colClient: "client", colServer: "server", colStatus: "status",
		colClientFrames: toServer + "frames", colClientBytes: toServer + "bytes",
		colServerFrames: toClient + "frames", colServerBytes: toClient + "bytes",
		colDuration: "open", colClosed: "closed by", colTrouble: "trouble", colTLS: "tls", colSubprotocol: "subprotocol", colURL: "url",
	}
}

// rightAligned are the columns that hold numbers.
var rightAligned = [columns]bool{
	colStatus: true, colClientFrames: true, colClientBytes: true,
	colServerFrames: true, colServerBytes: true, colDuration: true,
}

// NewConnections returns the table of connections. It writes to w on Close.
func NewConnections(w io.Writer, o Options) *Connections {
	return &Connections{w: w, l: o.line()}
}

// Emit implements wsframe.Sink.
func (t *Connections) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		if c := e.M.Conn; !c.Upgraded { // nothing follows
			r := t.row(c)
			r.cells[colClosed] = "refused"
			if c.Status == 0 {
				r.cells[colClosed] = "no reply"
			}
			t.rows = append(t.rows, r)
		}
	case *wsframe.Closed:
		t.rows = append(t.rows, t.closed(e))
	case *wsframe.Encrypted:
		t.encrypted.add(t, e.Stream)
	}
	return nil
}

// row has the cells that are known from the beginning.
func (t *Connections) row(c *wsframe.Conn) row {
	r := row{number: c.Number, ok: c.Upgraded}
	r.cells[colConn] = "#" + strconv.Itoa(c.Number)
	r.cells[colClient] = c.Client.String()
	r.cells[colServer] = c.Server.String()
	r.cells[colStatus] = "-"
	if c.Status != 0 {
		r.cells[colStatus] = strconv.Itoa(c.Status)
	}
	r.cells[colSubprotocol] = t.escaped(c.Subprotocol)
	r.cells[colURL] = t.escaped(c.URL)
	if c.URL == "" && c.Upgraded {
		r.cells[colURL] = "(joined mid-stream)"
	}
	var trouble []string
	if c.Gaps > 0 {
		trouble = append(trouble, report.Count(c.Gaps, "gap"))
	}
	if c.Violations > 0 {
		trouble = append(trouble, report.Count(c.Violations, "violation"))
	}
	r.cells[colTrouble] = strings.Join(trouble, ", ")
	if c.Stream != nil && c.Stream.TLS != nil {
		r.cells[colTLS] = c.Stream.TLS.Version
		if state := c.Stream.TLS.State; state != "decrypted" {
			r.cells[colTLS] += ", " + state
		}
	}
	return r
}

// closed has all cells of a connection that has ended.
func (t *Connections) closed(e *wsframe.Closed) row {
	c := e.M.Conn
	r := t.row(c)
	for d, at := range [...]int{wsframe.FromClient: colClientFrames, wsframe.FromServer: colServerFrames} {
		r.cells[at] = string(report.AppendCount(nil, c.Totals[d].Frames))
		r.cells[at+1] = string(report.AppendBytes(nil, c.Totals[d].Payload))
	}
	if d := c.Duration(e.M.Time); d > 0 {
		r.cells[colDuration] = string(report.AppendDuration(nil, d))
	}
	r.cells[colClosed] = ending(e)
	return r
}

// ending says in a few words how a connection ended.
func ending(e *wsframe.Closed) string {
	switch {
	case e.How == "close frame":
		return e.By + " " + strconv.Itoa(int(e.Code))
	case e.How == "fin", e.How == "rst", e.How == "rst_stream", e.How == "end_stream", e.How == "goaway":
		return e.By + " " + strings.ToUpper(e.How)
	case e.How == "capture ended":
		return "still open"
	}
	return e.How
}

func (t *Connections) escaped(s string) string {
	b, _ := t.l.esc.AppendCut(nil, []byte(s), maxForeign, false)
	return string(b)
}

// Close implements wsframe.Sink. It does not close the writer.
func (t *Connections) Close() error {
	if err := t.table(); err != nil {
		return err
	}
	return t.encrypted.write(t.w)
}

func (t *Connections) table() error {
	if len(t.rows) == 0 {
		return nil
	}
	slices.SortFunc(t.rows, func(a, b row) int { return cmp.Compare(a.number, b.number) })
	heads := headings(t.l.esc.ASCII)
	var widths [columns]int
	for i, h := range heads {
		widths[i] = report.Columns(h)
		used := false
		for _, r := range t.rows {
			used = used || r.cells[i] != ""
			widths[i] = max(widths[i], report.Columns(r.cells[i]))
		}
		if !used {
			widths[i] = 0 // nobody has anything to say here
		}
	}
	if err := t.write(heads, &widths, bold); err != nil {
		return err
	}
	for _, r := range t.rows {
		c := reset
		if !r.ok {
			c = red
		}
		if err := t.write(r.cells, &widths, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *Connections) write(cells [columns]string, widths *[columns]int, c color) error {
	l := &t.l
	l.begin(l.b[:0])
	l.paint(c)
	at := 0
	for i, s := range cells {
		if widths[i] == 0 {
			continue
		}
		start := at
		if rightAligned[i] {
			start += widths[i] - report.Columns(s)
		}
		l.to(start)
		l.b = append(l.b, s...)
		l.col += report.Columns(s)
		at += widths[i] + 2
	}
	l.paint(reset)
	l.end()
	_, err := t.w.Write(l.b)
	return err
}
