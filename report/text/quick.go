package text

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"wstap/report"
	"wstap/wsframe"
)

// quick is what those rows need that nearly all are: the rows of text and binary
// messages in one frame, with nothing to warn of, without colors, and with
// times in the usual format. What stands before the content of such a row is
// copied from the one before, and a few words are stored over it in places that
// are known beforehand; a text in which nothing has to be escaped is copied behind
// it. Besides the summary that takes 230 instructions, where the way of all other
// rows, which makes the same bytes, takes 1400.
type quick struct {
	on       bool // false for rows with colors, or in ASCII, and where frames have none
	numerals report.Numerals
	// heads are what stands between the connection and the length, by direction
	// and opcode, and spaces.
	heads [8][quickHead]byte

	// left is what rows begin with in second, counted from the first packet, for the
	// thousand packets from packet on: up to the number of the connection, which
	// begins at byte number. The decimals of the time, from byte fraction on, and the
	// last three digits of the packet's number, from byte last on, are to be filled
	// in; zeros makes those of a Numeral.
	left                   [32]byte
	packet, second         uint64
	last, fraction, number uint
	zeros                  report.Numeral
}

// The places of a quick row, in columns. The arrow is arrowBytes longer in bytes.
const (
	arrowPlace   = packetWidth + 1 + len("123.123456") + 2 + connWidth + 1
	lengthPlace  = arrowPlace + 1 + 1 + wordWidth + 1
	contentPlace = lengthPlace + lengthWidth + 2
	arrowBytes   = len("→") - 1

	// arrowMost is how far numbers before the arrow that take more than their
	// places may move it, so that the length stays in its own.
	arrowMost = uint(arrowPlace + wordWidth - len("binary"))
	// quickHead is enough for what stands between the arrow and the length, and
	// quickSpace for all before the content, in bytes.
	quickHead  = 24
	quickSpace = 64
)

// noPacket is the number of none, and so are the thousand behind it.
const noPacket = math.MaxUint64 / 2

func newQuick(o Options) (q quick) {
	q.on = !o.Color && !o.ASCII
	q.packet = noPacket
	q.numerals = *report.NewNumerals()
	for i := range q.heads {
		var l line
		l.arrow(wsframe.Direction(i >> 2))
		l.own(" ")
		l.own(wsframe.OpcodeName(wsframe.Opcode(i & 3)))
		l.to(quickHead)
		copy(q.heads[i][:], l.b)
	}
	return q
}

// begin makes left for the row of a packet in a second. It returns false where
// such rows are not quick.
func (q *quick) begin(packet, second uint64, times *report.Timestamps) bool {
	if !q.on || packet >= 1e8 || !times.Usual(second) {
		return false
	}
	q.packet, q.second, q.zeros = packet-packet%1000, second, 0
	if q.packet > 0 {
		q.zeros = report.NumeralZeros
	}
	b := report.AppendRight(q.left[:0], q.packet, packetWidth)
	q.last = uint(len(b) - len("123"))
	b = report.AppendRight(append(b, ' '), second, 3)
	q.fraction = uint(len(b))
	b = append(b, ".123456  #"...)
	q.number = uint(len(b))
	if q.number+uint(len("123 ")) > arrowMost {
		q.packet = noPacket
		return false
	}
	return true
}

// Append implements report.Formatter.
func (r *Rows) Append(dst []byte, e wsframe.Event) []byte {
	f, ok := e.(*wsframe.Frame)
	if !ok {
		return r.other(dst, e)
	}
	if !f.Simple && !usual(f) {
		return r.frame(dst, f)
	}
	q := &r.quick
	second, nanos := r.times.Since(f.M.Time)
	packet := f.M.Packet - q.packet
	if packet >= 1000 || second != q.second {
		if !q.begin(f.M.Packet, second, r.times) {
			return r.frame(dst, f)
		}
		packet = f.M.Packet - q.packet
	}
	if len(dst)+quickSpace > cap(dst) {
		return r.Append(grown(dst), f)
	}
	b := (*[quickSpace]byte)(dst[len(dst) : len(dst)+quickSpace])

	// What is an index is masked so that the compiler sees that it is in range.
	*(*[len(q.left)]byte)(b[:]) = q.left
	binary.LittleEndian.PutUint32(b[q.last&7:], uint32(q.numerals[packet]|q.zeros))
	micros := nanos / 1000
	millis := micros / 1000
	const point = '.' | uint64(report.NumeralZeros)<<8 | uint64(report.NumeralZeros)<<32
	binary.LittleEndian.PutUint64(b[q.fraction&31:], uint64(q.numerals[millis])<<8|uint64(q.numerals[micros-millis*1000])<<32|point)

	var number uint64
	var digits uint
	if n := uint(f.M.Conn.Number); n < 1000 {
		number, digits = q.numerals[n].Left()
	} else if number, digits = long(n); q.number+digits+1 > arrowMost {
		return r.frame(dst, f)
	}
	binary.LittleEndian.PutUint64(b[q.number&31:], number)
	at := max(q.number+digits+1, uint(arrowPlace))
	*(*[quickHead]byte)(b[at&31:]) = q.heads[f.From&1<<2|wsframe.Direction(f.Opcode)&3]

	const end = contentPlace + arrowBytes
	if n := f.Length; n < 1000 {
		binary.LittleEndian.PutUint64(b[end-8:], uint64(q.numerals[n])<<24|' '|' '<<8|' '<<16|' '<<56)
	} else {
		if n >= 1e7 {
			return r.frame(dst, f)
		}
		d := report.DigitsOf(uint32(n))
		binary.LittleEndian.PutUint64(b[end-2-8:], d.Right(d.Zeros()))
		binary.LittleEndian.PutUint16(b[end-2:], ' '|' '<<8)
	}
	row := dst[:len(dst)+end]
	if m := f.Message; f.Simple && (m.Plain || m.Latin) && !r.limit.IsSet() {
		return r.quickText(row, m)
	}
	return r.quickContent(row, f.Message)
}

// usual reports whether a row says no more of f, but for its content, than of a
// frame that is Simple. It is no part of Append, which is shorter by it: few ask.
//
//go:noinline
func usual(f *wsframe.Frame) bool {
	m := f.Message
	if m == nil || f.M.Conn == nil || f.Opcode != wsframe.OpText && f.Opcode != wsframe.OpBinary {
		return false
	}
	return f.Fin && (f.Rsv == 0 || f.Rsv == 4 && m.Compressed) && f.Missing == 0 && f.Certainty == wsframe.Exact && m.Complete && !m.InvalidUTF8
}

// grown is b with room for quickSpace bytes more. It is no part of Append either.
//
//go:noinline
func grown(b []byte) []byte { return slices.Grow(b, quickSpace) }

// long is Numeral.Left of the number of a connection from 1000 on.
func long(n uint) (text uint64, digits uint) {
	if n >= 1e7 {
		return 0, arrowMost
	}
	d := report.DigitsOf(uint32(n))
	short := d.Zeros()
	return d.Left(short), 8 - short
}

// quickContent ends a row with what any message says.
func (r *Rows) quickContent(row []byte, m *wsframe.Message) []byte {
	r.l.b, r.l.start, r.l.col = row, 0, contentPlace
	r.content(m)
	r.end()
	return r.l.b
}

// quickText ends a row with what a message says that is whole, and Plain or Latin.
func (r *Rows) quickText(row []byte, m *wsframe.Message) []byte {
	start := len(row)
	b := m.AppendSummary(row)
	p := m.Payload
	s := b[start:]
	// What has no more bytes than there are columns does fit.
	if !report.Differ(p, s) || len(s)+2+len(p) > r.width-contentPlace || p[len(p)-1] == ' ' {
		return r.quickCut(b, start, m)
	}
	return append(append(append(b, ' ', ' '), p...), '\n')
}

// quickCut ends a row as quickText does where the payload may have to be cut. The
// summary, from byte start on, is there already.
func (r *Rows) quickCut(b []byte, start int, m *wsframe.Message) []byte {
	if report.Excerpts(m.Payload, b[start:]) {
		b = b[:start]
	} else {
		b = append(b, ' ', ' ')
	}
	col := contentPlace + utf8.RuneCount(b[start:])
	if col > r.width+len("  ") {
		return r.quickContent(b[:start], m) // the summary has to be cut
	}
	r.l.b, r.l.start, r.l.col = b, 0, col
	if m.Plain {
		r.l.plain(m.Payload, r.width-col, false)
	} else {
		r.l.foreign(m.Payload, r.width-col, false)
	}
	r.end()
	return r.l.b
}
