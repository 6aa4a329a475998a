package page

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"wstap/report"
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
		d.list("holes", min(len(f.Holes), maxHoles), func(b []byte, i int) []byte {
			b = strconv.AppendUint(append(b, '['), f.Holes[i].At, 10)
			b = strconv.AppendUint(append(b, ','), f.Holes[i].Bytes, 10)
			return append(b, ']')
		})
	}
	if f.Certainty != wsframe.Exact {
		d.text("certainty", f.Certainty.String())
	}
	if len(f.Violations) > 0 {
		d.list("violations", len(f.Violations), func(b []byte, i int) []byte {
			return report.AppendJSON(b, []byte(f.Violations[i].Rule.Code))
		})
	}
	d.header(f)
}

// header adds the bytes of a frame's header where they are not those that its
// columns make: a length in a longer form, or a header that is not whole.
func (d *detail) header(f *wsframe.Frame) {
	var minimal [14]byte
	if bytes.Equal(f.Header, appendHeader(minimal[:0], f)) {
		return
	}
	d.key("header")
	d.b = append(d.b, '"')
	d.b = hex.AppendEncode(d.b, f.Header)
	d.b = append(d.b, '"')
}

// appendHeader appends the header of f in its shortest form (RFC 6455, 5.2).
func appendHeader(b []byte, f *wsframe.Frame) []byte {
	first, mask := opByte(f.Opcode, f.Rsv), byte(0)
	if f.Fin {
		first |= 0x80
	}
	if f.Masked {
		mask = 0x80
	}
	switch n := f.Length; {
	case n < 126:
		b = append(b, first, mask|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, first, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, mask|127), n)
	}
	if f.Masked {
		b = append(b, f.Key[:]...)
	}
	return b
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
		if r.kind == KindFrame {
			d.number("opcode", uint64(m.Opcode))
			d.number("message_first_packet", m.First.Packet)
		}
	}
	if m.WireLength != r.length {
		d.number("wire_length", m.WireLength)
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
