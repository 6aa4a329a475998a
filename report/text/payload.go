package text

import (
	"unicode/utf8"

	"wstap/report"
	"wstap/wsframe"
)

// hexShown is how many bytes of a binary payload a row shows unless a payload
// limit says otherwise: enough for a magic number, and media stay compact.
const hexShown = 16

// content adds what a message says, its summary first, and then of what it was
// made.
func (r *Rows) content(m *wsframe.Message) {
	room := r.width - makeupWidth(m)
	start := r.l.col
	r.summary(m, room)
	more := uint64(len(m.Payload)) < m.Length
	switch {
	case m.Why == wsframe.ContextLost: // what inflates with a wrong window is a guess
	case m.Opcode != wsframe.OpText:
		r.payload(m.Payload, more, m.Opcode != wsframe.OpBinary && readable(m.Payload), room)
	case m.Plain && !r.limit.IsSet():
		r.l.plain(m.Payload, room-r.l.col, more)
	default:
		r.payload(m.Payload, more, true, room)
	}
	if r.l.col > start && r.l.b[len(r.l.b)-1] != ' ' {
		r.l.own(" ")
	}
	r.l.messageMakeup(m)
}

// summary adds the summary of m, unless the payload says the same, up to column
// room. It is made where it is to stand, and taken away again if something in
// it has to be escaped, which is rare.
func (r *Rows) summary(m *wsframe.Message, room int) {
	l := &r.l
	b := m.AppendSummary(l.b)
	s := b[len(l.b):]
	l.b = b[:len(l.b)] // with the room that it was given
	if report.Excerpts(m.Payload, s) {
		return
	}
	if cols, clean := l.esc.Columns(s); clean && cols <= room-l.col && !l.colored {
		l.b = append(b, "  "...)
		l.col += cols + 2
		return
	}
	r.scratch = append(r.scratch[:0], s...)
	l.paint(bold)
	l.foreign(r.scratch, room-l.col, false)
	l.paint(reset)
	l.own("  ")
}

// payload adds b as text or in hexadecimal, cut at column room or by the
// payload limit; more says that b itself is only a beginning.
func (r *Rows) payload(b []byte, more, text bool, room int) {
	cols := room - r.l.col
	if r.limit.IsSet() {
		cols = report.Unbounded
		n := r.limit.Cut(len(b))
		more = more || n < len(b)
		b = b[:n]
		if n == 0 {
			return
		}
	}
	if text {
		r.l.foreign(b, cols, more)
		return
	}
	n := len(b)
	if !r.limit.IsSet() {
		// Three columns a byte, a space after each four, and the bars.
		n = min(n, hexShown, max(0, (cols-6)*4/13))
	}
	if n > 0 {
		r.l.hex(b[:n], n)
	}
	if more || n < len(b) {
		dots := r.l.esc.Ellipsis()
		r.l.b = append(r.l.b, dots...)
		r.l.col += report.Columns(dots)
	}
}

// holed adds the payload of a frame of which parts were never captured, each
// marked in its place.
func (r *Rows) holed(f *wsframe.Frame, cut bool) {
	const least = 32 // columns that a mark and something behind it want
	text := f.Opcode == wsframe.OpText
	at, taken := uint64(0), 0 // offset in the payload, bytes of f.Payload shown
	for _, h := range f.Holes {
		n := int(min(h.At-at, uint64(len(f.Payload)-taken)))
		r.payload(f.Payload[taken:taken+n], false, text, r.width)
		taken += n
		at = h.At + h.Bytes
		if r.width-r.l.col < least && !r.limit.IsSet() {
			return
		}
		r.l.own(" ")
		r.l.missing(h.Bytes)
	}
	if taken < len(f.Payload) {
		r.payload(f.Payload[taken:], cut, text, r.width)
	}
}

const hexDigits = "0123456789abcdef"

// hex adds "00010203 0405  |......|", with the characters where they stand
// behind width bytes.
func (l *line) hex(b []byte, width int) {
	start := l.col
	for i, c := range b {
		if i > 0 && i%4 == 0 {
			l.own(" ")
		}
		l.b = append(l.b, hexDigits[c>>4], hexDigits[c&15])
		l.col += 2
	}
	l.to(start + 2*width + (width-1)/4)
	l.own("  |")
	for _, c := range b {
		if c < ' ' || c > '~' {
			c = '.'
		}
		l.b = append(l.b, c)
		l.col++
	}
	l.own("|")
}

// readable reports whether b looks like text, by its first bytes. It only
// chooses between two ways of showing b.
func readable(b []byte) bool {
	const enough = 64
	b = b[:min(enough, len(b))]
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			return !utf8.FullRune(b) // cut within a sequence
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return false
		}
		b = b[n:]
	}
	return true
}
