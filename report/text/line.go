package text

import (
	"wstap/report"
	"wstap/wsframe"
)

// color is an SGR sequence (ECMA-48, 8.3.117).
type color string

// The colors. They only repeat what words and arrows say.
const (
	dim    color = "\x1b[2m"
	bold   color = "\x1b[1m"
	red    color = "\x1b[31m"
	green  color = "\x1b[32m"
	yellow color = "\x1b[33m"
	cyan   color = "\x1b[36m"
	reset  color = "\x1b[0m"
)

// line is an output line under construction, in one reused buffer. It counts
// the terminal columns used, which bytes do not tell.
type line struct {
	b       []byte // lines before it, and the line
	start   int    // where in b it begins
	col     int
	esc     report.Escaper
	colored bool
}

// begin begins a line behind what b holds.
func (l *line) begin(b []byte) { l.b, l.start, l.col = b, len(b), 0 }

// own appends a text of ours, which is printable ASCII.
func (l *line) own(s string) {
	l.b = append(l.b, s...)
	l.col += len(s)
}

func (l *line) number(n uint64) {
	before := len(l.b)
	l.b = report.AppendRight(l.b, n, 0)
	l.col += len(l.b) - before
}

// foreign appends what a peer sent, escaped, cut to cols columns.
func (l *line) foreign(s []byte, cols int, more bool) {
	var used int
	l.b, used = l.esc.AppendCut(l.b, s, cols, more)
	l.col += used
}

// plain is foreign for what is printable ASCII.
func (l *line) plain(s []byte, cols int, more bool) {
	var used int
	l.b, used = l.esc.AppendPlain(l.b, s, cols, more)
	l.col += used
}

// maxForeign bounds the foreign strings of lifecycle rows (URLs, reasons), in
// columns. They are evidence, so that they may be longer than a line.
const maxForeign = 1000

func (l *line) foreignString(s string) { l.foreign([]byte(s), maxForeign, false) }

// right appends n so that it ends width columns further, or as soon after as it can.
func (l *line) right(n uint64, width int) {
	before := len(l.b)
	l.b = report.AppendRight(l.b, n, width)
	l.col += len(l.b) - before
}

// to pads with spaces up to a column.
func (l *line) to(col int) {
	const spaces = "                                "
	for l.col < col {
		n := min(col-l.col, len(spaces))
		l.b = append(l.b, spaces[:n]...)
		l.col += n
	}
}

func (l *line) paint(c color) {
	if l.colored {
		l.b = append(l.b, c...)
	}
}

// arrow appends the direction: client to server points right.
func (l *line) arrow(d wsframe.Direction) {
	switch {
	case l.esc.ASCII && d == wsframe.FromClient:
		l.own("->")
	case l.esc.ASCII:
		l.own("<-")
	default:
		if d == wsframe.FromClient {
			l.b = append(l.b, "→"...)
		} else {
			l.b = append(l.b, "←"...)
		}
		l.col++
	}
}

func side(d wsframe.Direction) color {
	if d == wsframe.FromClient {
		return green
	}
	return cyan
}

func (l *line) endpoint(e wsframe.Endpoint) {
	before := len(l.b)
	l.b = e.AppendTo(l.b)
	l.col += len(l.b) - before
}

// end appends the newline, without spaces before it.
func (l *line) end() {
	for len(l.b) > l.start && l.b[len(l.b)-1] == ' ' {
		l.b = l.b[:len(l.b)-1]
	}
	l.b = append(l.b, '\n')
}
