package main

import (
	"io"
	"unicode/utf8"
)

// console is standard error: lines that stay, and below them at most one that is
// written over, the status. It is for one goroutine.
type console struct {
	w     io.Writer
	width func() int // of the terminal in columns; 0 or a nil function: not known
	shown bool       // a status is
}

// escape sequences of a terminal (ECMA-48, 8.3.41).
const (
	lineStart = "\r"
	eraseLine = "\x1b[K" // to its end
)

// line writes a line, which ends in a newline, in place of the status.
func (c *console) line(b []byte) {
	if c.shown {
		c.shown = false
		b = append([]byte(lineStart+eraseLine), b...) // one write: nothing comes between
	}
	c.w.Write(b)
}

// status shows s in place of the status before. It is cut to the terminal's
// width: what has wrapped could not be taken away again.
func (c *console) status(s string) {
	if c.width != nil {
		if width := c.width(); width > 1 && utf8.RuneCountInString(s) >= width {
			s = string([]rune(s)[:width-1])
		}
	}
	c.shown = true
	io.WriteString(c.w, lineStart+s+eraseLine)
}

// clear takes the status away.
func (c *console) clear() {
	if c.shown {
		c.shown = false
		io.WriteString(c.w, lineStart+eraseLine)
	}
}
