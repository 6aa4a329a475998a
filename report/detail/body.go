package detail

import (
	"bytes"
	"unicode/utf8"

	"wstap/wsframe"
)

// binaryShown is how many bytes of a binary payload a tree shows unless a
// payload limit says otherwise.
const binaryShown = 64

// most is how many bytes of a payload the tree shows.
func (p *page) most(text bool) int {
	if !text && !p.limit.IsSet() {
		return binaryShown
	}
	return p.limit.Cut(maxInt)
}

// wireShown is how many bytes of a payload on the wire a tree shows: the dump
// has them all.
const wireShown = 16

// payload writes the payload: masked, and unmasked as text or in hexadecimal.
func (p *page) payload(f *wsframe.Frame, deflated bool) {
	if f.Length == 0 {
		return
	}
	if f.Masked && len(f.Payload) > 0 {
		p.maskedPayload(f)
	}
	p.begin(1)
	p.own("Payload: ")
	p.bytes(f.Length)
	if f.Missing > 0 {
		p.own(", ")
		p.bytes(f.Missing)
		p.own(" never captured")
	}
	if deflated {
		p.own(", compressed")
	}
	p.end()
	switch {
	case f.Opcode == wsframe.OpClose && f.Code != 0:
		p.closeBody(f)
		return
	case deflated:
		p.begin(2)
		n := p.limit.Cut(min(wireShown, len(f.Payload)))
		p.hex(f.Payload[:n], uint64(n) < f.Length)
		p.end()
		return
	}
	text := f.Opcode == wsframe.OpText || f.Opcode != wsframe.OpBinary && readable(f.Payload)
	show := p.rows
	if text {
		show = func(_ uint64, b []byte) { p.lines(b) }
	}
	p.payloadParts(f, uint64(p.most(text)), show)
}

// maskedPayload writes how the payload begins on the wire, as far as captured.
func (p *page) maskedPayload(f *wsframe.Frame) {
	var start uint64
	var first []byte
	pieces(f, func(at uint64, b []byte, missing uint64) {
		if first == nil && missing == 0 {
			start, first = at, b
		}
	})
	n := min(wireShown, p.limit.Cut(len(first)))
	p.begin(1)
	p.own("Masked payload: ")
	p.hex(masked(nil, f, start, first[:n]), uint64(n) < f.Length)
	p.end()
}

// hex writes a few bytes in a row.
func (p *page) hex(b []byte, more bool) {
	for _, c := range b {
		p.hexByte(c)
	}
	if more {
		p.own(p.esc.Ellipsis())
	}
}

// lines writes text line by line.
func (p *page) lines(b []byte) {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		p.begin(2)
		p.foreign(bytes.TrimSuffix(line, []byte{'\r'}))
		p.end()
		b = rest
	}
}

// closeBody writes the code and the reason (RFC 6455, 5.5.1 and 7.4).
func (p *page) closeBody(f *wsframe.Frame) {
	p.begin(2)
	start := len(p.b) - len("    ") // one level deeper than header fields
	p.own("Status code: ")
	p.number(uint64(f.Code))
	if name := wsframe.CloseCodeName(f.Code); name != "" {
		p.own(" (")
		p.own(name)
		p.own(")")
	}
	p.section(start, "6455 7.4")
	if len(f.Reason) > 0 {
		p.begin(2)
		p.own("Reason: ")
		p.foreign(f.Reason[:p.limit.Cut(len(f.Reason))])
		p.end()
	}
}

// message writes the message that the frame completes, where it is more than
// the frame's payload.
func (p *page) message(m *wsframe.Message) {
	p.begin(1)
	p.own("Message: ")
	p.own(wsframe.OpcodeName(m.Opcode))
	p.own(", ")
	p.number(uint64(m.Frames))
	if m.Frames == 1 {
		p.own(" frame, ")
	} else {
		p.own(" frames, ")
	}
	p.bytes(m.WireLength)
	if m.Compressed && (m.Complete || m.Why == wsframe.OverLimit) {
		p.own(" inflate to ")
		p.number(m.Length)
	}
	if !m.Complete {
		p.own(", incomplete: ")
		p.own(m.Why.String())
	}
	p.end()
	if m.Why == wsframe.ContextLost || !m.Compressed && m.Frames == 1 {
		return
	}
	text := m.Opcode == wsframe.OpText || m.Opcode != wsframe.OpBinary && readable(m.Payload)
	n := min(len(m.Payload), p.most(text))
	b := m.Payload[:n]
	if text {
		p.lines(b)
	} else {
		p.rows(0, b)
	}
	p.more(m.Length - min(m.Length, uint64(n)))
}

// readable reports whether b looks like text. It only chooses between two ways
// of showing b.
func readable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}
