package text

import (
	"wstap/report"
	"wstap/wsframe"
)

// flag adds a remark in brackets.
func (l *line) flag(c color, words ...string) {
	l.paint(c)
	l.own("[")
	for _, w := range words {
		l.own(w)
	}
	l.own("]")
	l.paint(reset)
	l.own(" ")
}

// frameWarnings adds what one has to know of a frame before its payload.
func (l *line) frameWarnings(f *wsframe.Frame) {
	if !f.Fin {
		l.flag(dim, "fin=0")
	}
	if rsv := f.Rsv; rsv != 0 {
		compressed := f.Message != nil && f.Message.Compressed
		if rsv == 4 && (compressed || deflates(f)) {
			if !compressed {
				l.flag(dim, "deflate")
			}
		} else {
			l.flag(yellow, rsvFlags[rsv&7])
		}
	}
	if f.Missing > 0 {
		l.missing(f.Missing)
	}
	l.certainty(f.Certainty)
	if m := f.Message; m != nil && (f.Missing == 0 || m.Why != wsframe.BytesMissing) {
		l.messageWarnings(m)
	}
}

// rsvFlags name the reserved bits as Wireshark shows them (RSV1 = 4).
var rsvFlags = [8]string{"", "rsv=1", "rsv=2", "rsv=3", "rsv=4", "rsv=5", "rsv=6", "rsv=7"}

// deflates reports whether f belongs to a connection with permessage-deflate
// and may be part of a compressed message.
func deflates(f *wsframe.Frame) bool {
	return f.M.Conn != nil && f.M.Conn.Deflate != nil && !f.Opcode.IsControl()
}

// messageWarnings adds what one has to know of a message before its payload.
func (l *line) messageWarnings(m *wsframe.Message) {
	if m.InvalidUTF8 {
		l.flag(red, "invalid UTF-8")
	}
	if !m.Complete {
		l.flag(yellow, "incomplete: ", m.Why.String())
	}
}

// messageMakeup tells of what a message was made; it stands behind the payload.
func (l *line) messageMakeup(m *wsframe.Message) {
	if m.Frames > 1 {
		l.paint(dim)
		l.own("[")
		l.number(uint64(m.Frames))
		l.own(" fragments]")
		l.paint(reset)
		l.own(" ")
	}
	if m.Compressed {
		l.paint(dim)
		l.own("[deflate ")
		if m.Inferred {
			l.own("inferred ")
		}
		l.number(m.WireLength)
		if m.Complete || m.Why == wsframe.OverLimit {
			l.own("->")
			l.number(m.Length)
		}
		l.own("]")
		l.paint(reset)
	}
}

// makeupWidth is the number of columns that messageMakeup takes, with a space
// before.
func makeupWidth(m *wsframe.Message) int {
	n := 0
	if m.Frames > 1 {
		n += len(" [ fragments]") + digits(uint64(m.Frames))
	}
	if m.Compressed {
		n += len(" [deflate ->]") + digits(m.WireLength) + digits(m.Length)
		if m.Inferred {
			n += len("inferred ")
		}
	}
	return n
}

func digits(n uint64) int {
	var b [20]byte
	return len(report.AppendRight(b[:0], n, 0))
}

func (l *line) missing(n uint64) {
	l.paint(yellow)
	l.own("[")
	l.number(n)
	l.own(" bytes missing]")
	l.paint(reset)
	l.own(" ")
}

// certainty adds how sure the boundaries are, unless they are.
func (l *line) certainty(c wsframe.Certainty) {
	switch c {
	case wsframe.Resynced:
		l.flag(yellow, "resynced")
	case wsframe.Midstream:
		l.flag(yellow, "mid-stream")
	}
}

// closeBody adds a Close frame's code, its name and the reason.
func (l *line) closeBody(code uint16, reason []byte) {
	if code == 0 {
		l.own("no code")
		return
	}
	l.number(uint64(code))
	if name := wsframe.CloseCodeName(code); name != "" {
		l.own(" ")
		l.own(name)
	}
	if len(reason) > 0 {
		l.own(` "`)
		l.foreign(reason, maxForeign, false)
		l.own(`"`)
	}
}
