package detail

import (
	"strconv"

	"wstap/report"
)

// page collects what stands below a frame's row.
type page struct {
	b       []byte
	esc     report.Escaper
	colored bool
	limit   report.Limit
}

// The SGR sequences (ECMA-48, 8.3.117). They only repeat what words say.
const (
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

func (p *page) paint(sgr string) {
	if p.colored {
		p.b = append(p.b, sgr...)
	}
}

func (p *page) number(n uint64) { p.b = strconv.AppendUint(p.b, n, 10) }

// own appends words of ours.
func (p *page) own(s string) { p.b = append(p.b, s...) }

// foreign appends what a peer sent, escaped.
func (p *page) foreign(b []byte) { p.b, _, _ = p.esc.Append(p.b, b, report.Unbounded) }

// begin begins a line at a depth of the tree, from 1.
func (p *page) begin(depth int) {
	for range depth {
		p.own("    ")
	}
}

func (p *page) end() {
	for len(p.b) > 0 && p.b[len(p.b)-1] == ' ' {
		p.b = p.b[:len(p.b)-1]
	}
	p.b = append(p.b, '\n')
}

// bytes appends "1 byte" or "12 bytes".
func (p *page) bytes(n uint64) {
	p.number(n)
	if n == 1 {
		p.own(" byte")
	} else {
		p.own(" bytes")
	}
}

const hexDigits = "0123456789abcdef"

func (p *page) hexByte(c byte) { p.b = append(p.b, hexDigits[c>>4], hexDigits[c&15]) }
