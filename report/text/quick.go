package text

import (
	"bytes"
	"encoding/binary"

	"wstap/report"
	"wstap/wsframe"
)

// quick is what those rows need that nearly all are: the rows of text and binary
// messages in one frame, with nothing to warn of, without colors, and with
// times in the usual format. What stands before the content of such a row is a
// few stores into places that are known beforehand, and a text that is plain is
// copied behind it. Besides the summary that takes 440 instructions, where the
// way of all other rows, which makes the same bytes, takes 1400.
type quick struct {
	on bool // false for rows with colors, or in ASCII
	// heads are what stands between the connection and the length, by direction
	// and opcode, and spaces.
	heads [2][wsframe.OpBinary + 1][quickHead]byte
}

// The places of a quick row, in columns. The arrow is arrowBytes longer in bytes.
const (
	quickArrow   = packetWidth + 1 + len("123.123456") + 2 + connWidth + 1
	quickLength  = quickArrow + 1 + 1 + wordWidth + 1
	quickContent = quickLength + lengthWidth + 2
	arrowBytes   = len("→") - 1

	// quickMost is how far numbers before the arrow that take more than their
	// places may move it, so that the length stays in its own.
	quickMost = quickArrow + wordWidth - len("binary")
	// quickHead is enough for what stands between the arrow and the length, and
	// quickSpace for all before the content, in bytes.
	quickHead  = 24
	quickSpace = 64
)

func newQuick(o Options) (q quick) {
	q.on = !o.Color && !o.ASCII
	for d := range q.heads {
		for op := range q.heads[d] {
			var l line
			l.arrow(wsframe.Direction(d))
			l.own(" ")
			l.own(wsframe.OpcodeName(wsframe.Opcode(op)))
			l.to(quickHead)
			copy(q.heads[d][op][:], l.b)
		}
	}
	return q
}

// quickRow appends the row of f to dst; one that is not quick is left to frame.
func (r *Rows) quickRow(dst []byte, f *wsframe.Frame) []byte {
	m, c := f.Message, f.M.Conn
	if m == nil || c == nil || f.Opcode != wsframe.OpText && f.Opcode != wsframe.OpBinary || !r.quick.on {
		return r.frame(dst, f)
	}
	if !f.Fin || f.Rsv != 0 && (f.Rsv != 4 || !m.Compressed) || f.Missing != 0 || f.Certainty != wsframe.Exact || !m.Complete || m.InvalidUTF8 {
		return r.frame(dst, f)
	}
	seconds, width, fraction, ok := r.times.Usual(f.M.Time)
	if !ok || f.M.Packet >= 1e8 || uint(c.Number) >= 1e7 || f.Length >= 1e7 {
		return r.frame(dst, f)
	}
	if cap(dst)-len(dst) < quickSpace {
		dst = grown(dst)
	}
	b := (*[quickSpace]byte)(dst[len(dst) : len(dst)+quickSpace])

	// A number that takes more than its place moves those behind it; at is masked
	// where it is an index so that the compiler sees that it is in range.
	n := report.DigitsOf(uint32(f.M.Packet))
	short := n.Zeros()
	skip := min(short, 8-packetWidth)
	binary.LittleEndian.PutUint64(b[:], n.Right(short)>>(skip*8&63))
	at := 8 - skip
	b[at&15] = ' '
	at++
	binary.LittleEndian.PutUint64(b[at&15:], seconds)
	at += width
	binary.LittleEndian.PutUint64(b[at&31:], fraction)
	at += uint(len(".123456"))
	binary.LittleEndian.PutUint32(b[at&31:], ' '|' '<<8|'#'<<16)
	n = report.DigitsOf(uint32(c.Number))
	short = n.Zeros()
	binary.LittleEndian.PutUint64(b[(at+3)&31:], n.Left(short))
	at = max(at+3+8-short+1, uint(quickArrow))
	if at > uint(quickMost) {
		return r.frame(dst, f)
	}
	*(*[quickHead]byte)(b[at&31:]) = r.quick.heads[f.From&1][f.Opcode&3]
	const end = quickContent + arrowBytes
	n = report.DigitsOf(uint32(f.Length))
	binary.LittleEndian.PutUint64(b[end-2-8:], n.Right(n.Zeros()))
	binary.LittleEndian.PutUint16(b[end-2:], ' '|' '<<8)

	row := dst[:len(dst)+end]
	if m.Plain && !m.Compressed && !r.limit.IsSet() {
		if row, ok := r.quickText(row, m); ok {
			return row
		}
	}
	r.l.b, r.l.start, r.l.col = row, len(dst), quickContent
	r.content(m)
	r.end()
	return r.l.b
}

// grown is b with room for quickSpace bytes more.
func grown(b []byte) []byte { return append(b, make([]byte, quickSpace)...)[:len(b)] }

// quickText ends a row with what a text message says that is Plain. ok is false
// where its summary does not fit.
func (r *Rows) quickText(row []byte, m *wsframe.Message) (_ []byte, ok bool) {
	room := r.width - quickContent
	cols := 0
	b, p := m.AppendSummary(row), m.Payload
	if s := b[len(row):]; report.Excerpts(p, s) {
		b = row
	} else {
		cols = len(s) + 2
		b = append(b, ' ', ' ')
	}
	if uint64(len(p)) == m.Length && cols+len(p) <= room {
		b = append(b, p...)
	} else {
		cols -= bytes.Count(b[len(row):], []byte("…")) * (len("…") - 1)
		if cols-2 > room {
			return row, false
		}
		b, _ = r.l.esc.AppendPlain(b, p, room-cols, uint64(len(p)) < m.Length)
	}
	for b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return append(b, '\n'), true
}
