package detail

import "wstap/wsframe"

// dumpRow is the number of bytes in a row of a dump.
const dumpRow = 16

// dumps writes the frame as a hex dump: the header, field by field, the
// payload as it was on the wire, unmasked, and inflated. Each counts its
// offsets from 0.
func (p *page) dumps(f *wsframe.Frame) {
	p.headerDump(f)
	limit := uint64(p.limit.Cut(maxInt))
	if f.Masked && f.Length > 0 {
		p.title("Masked payload", f.Length)
		p.payloadParts(f, limit, func(at uint64, b []byte) { p.rows(at, masked(nil, f, at, b)) })
	}
	if f.Length > 0 {
		name := "Payload"
		if f.Masked {
			name = "Unmasked payload"
		}
		p.title(name, f.Length)
		p.payloadParts(f, limit, p.rows)
	}
	if m := f.Message; m != nil && m.Compressed && m.Why != wsframe.ContextLost && len(m.Payload) > 0 {
		p.title("Inflated message", m.Length)
		n := p.limit.Cut(len(m.Payload))
		p.rows(0, m.Payload[:n])
		p.more(m.Length - min(m.Length, uint64(n)))
	}
}

const maxInt = int(^uint(0) >> 1)

func (p *page) title(name string, n uint64) {
	p.begin(1)
	p.own(name)
	p.own(": ")
	p.bytes(n)
	p.end()
}

// headerDump writes the header's bytes with a bar between its fields: the first
// two bytes, the extended payload length, the masking key (RFC 6455, 5.2).
func (p *page) headerDump(f *wsframe.Frame) {
	h := f.Header
	p.title("Header", uint64(len(h)))
	if len(h) == 0 {
		return
	}
	p.begin(2)
	p.offset(0)
	bars := fieldEnds(f)
	for i, c := range h {
		if i > 0 && (i == bars[0] || i == bars[1]) {
			p.own(" |")
		}
		p.own(" ")
		p.hexByte(c)
	}
	p.end()
}

// fieldEnds are where the extended payload length begins and where it ends.
func fieldEnds(f *wsframe.Frame) [2]int {
	n := 2
	if len(f.Header) >= 2 {
		switch f.Header[1] & 0x7f {
		case 126:
			n += 2
		case 127:
			n += 8
		}
	}
	return [2]int{2, n}
}

// payloadParts writes the payload as show does, up to limit bytes, with its
// holes in their places.
func (p *page) payloadParts(f *wsframe.Frame, limit uint64, show func(at uint64, b []byte)) {
	left := uint64(0) // bytes that the limit leaves out
	cut := pieces(f, func(at uint64, b []byte, missing uint64) {
		if missing > 0 {
			p.begin(2)
			p.missing(at, missing)
			p.end()
			return
		}
		n := min(limit, uint64(len(b)))
		limit -= n
		left += uint64(len(b)) - n
		show(at, b[:n])
	})
	p.more(cut + left)
}

func (p *page) missing(at, n uint64) {
	p.own("[")
	p.bytes(n)
	p.own(" from offset ")
	p.number(at)
	p.own(" never captured]")
}

// more says how many bytes are not shown.
func (p *page) more(n uint64) {
	if n == 0 {
		return
	}
	p.begin(2)
	p.own("... ")
	p.bytes(n)
	p.own(" more")
	p.end()
}

// rows writes b, which stands at offset at, in rows of 16: offset, two groups
// of eight, characters.
func (p *page) rows(at uint64, b []byte) {
	for len(b) > 0 {
		row := b[:min(dumpRow, len(b))]
		p.begin(2)
		p.offset(at)
		for i := range dumpRow {
			if i == dumpRow/2 {
				p.own(" ")
			}
			p.own(" ")
			if i < len(row) {
				p.hexByte(row[i])
			} else {
				p.own("  ")
			}
		}
		p.own("  |")
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			p.b = append(p.b, c)
		}
		p.own("|")
		p.end()
		at += uint64(len(row))
		b = b[len(row):]
	}
}

// offset writes eight hex digits, and more where an offset has them.
func (p *page) offset(at uint64) {
	p.paint(dim)
	digits := 8
	for at>>(4*digits) != 0 && digits < 16 {
		digits++
	}
	for i := digits - 1; i >= 0; i-- {
		p.b = append(p.b, hexDigits[at>>(4*i)&15])
	}
	p.paint(reset)
	p.own(" ")
}
