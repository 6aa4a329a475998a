package page

import (
	"strconv"
	"strings"

	"wstap/wsframe"
)

// detail collects the keys of a row's object: what is rare.
type detail struct{ object }

func (d *detail) reset() { d.b = append(d.b[:0], '{') }

// take is the object collected, lent; empty without keys.
func (d *detail) take() []byte {
	if len(d.b) == 1 {
		return nil
	}
	return d.end()
}

// maxHoles bounds the holes of a frame that are told.
const maxHoles = 64

// frame adds what a frame has beyond its columns.
func (d *detail) frame(f *wsframe.Frame) {
	if f.First.Packet != f.M.Packet && f.First.Packet != 0 {
		d.number("first_packet", f.First.Packet)
	}
	if f.Index > 0 {
		d.number("index", uint64(f.Index))
	}
	if f.Missing > 0 {
		d.number("missing", f.Missing)
	}
	if len(f.Holes) > 0 {
		d.key("holes")
		for i, h := range f.Holes[:min(len(f.Holes), maxHoles)] {
			d.b = append(d.b, "[,"[min(i, 1)], '[')
			d.b = strconv.AppendUint(d.b, h.At, 10)
			d.b = strconv.AppendUint(append(d.b, ','), h.Bytes, 10)
			d.b = append(d.b, ']')
		}
		d.b = append(d.b, ']')
	}
	if f.Certainty != wsframe.Exact {
		d.text("certainty", f.Certainty.String())
	}
}

// message adds what a message has beyond the columns of its row.
func (d *detail) message(m *wsframe.Message, r *row) {
	if r.kind == KindMessage {
		if m.First.Packet != m.M.Packet && m.First.Packet != 0 {
			d.number("first_packet", m.First.Packet)
		}
		if m.Certainty != wsframe.Exact {
			d.text("certainty", m.Certainty.String())
		}
	}
	if m.Frames != 1 {
		d.number("frames", uint64(m.Frames))
		d.number("wire_length", m.WireLength)
		if r.kind == KindFrame {
			d.number("opcode", uint64(m.Opcode))
			d.number("message_first_packet", m.First.Packet)
		}
	}
	if m.Length != uint64(len(r.payload)) {
		d.number("message_length", m.Length)
	}
	if m.InvalidUTF8 {
		d.flag("invalid_utf8", true)
	}
	if m.Inferred {
		d.flag("inferred", true)
	}
	d.text("reason", m.Why.String())
}

// valid is s with what is not UTF-8 replaced.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
