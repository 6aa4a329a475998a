package detail

import (
	"strconv"

	"wstap/wsframe"
)

// rfcColumn is where the RFC sections stand.
const rfcColumn = 66

// node is a place in the tree. What breaks a rule is told there.
type node uint8

const (
	atFin node = iota
	atRSV
	atOpcode
	atMask
	atLength
	atPayload
	atMessage
	atEnd // what belongs nowhere else
)

// place is where a violation of the rule is told.
func place(rule wsframe.Rule) node {
	switch rule.Code {
	case wsframe.RuleControlFragmented.Code:
		return atFin
	case wsframe.RuleRSV.Code, wsframe.RuleRSV1Control.Code, wsframe.RuleRSV1Continuation.Code:
		return atRSV
	case wsframe.RuleOpcodeReserved.Code, wsframe.RuleLoneContinuation.Code,
		wsframe.RuleMessageInterleaved.Code, wsframe.RuleDataAfterClose.Code:
		return atOpcode
	case wsframe.RuleMaskMissing.Code, wsframe.RuleMaskPresent.Code:
		return atMask
	case wsframe.RuleLengthNonMinimal.Code, wsframe.RuleLengthTopBit.Code, wsframe.RuleControlTooLong.Code:
		return atLength
	case wsframe.RuleCloseBodyShort.Code, wsframe.RuleCloseCode.Code, wsframe.RuleCloseReasonUTF8.Code:
		return atPayload
	case wsframe.RuleInvalidUTF8.Code, wsframe.RuleDeflateCorrupt.Code:
		return atMessage
	}
	return atEnd
}

// tree writes the frame field by field (RFC 6455, 5.2), in Wireshark's words.
// deflated says that its payload is part of a DEFLATE stream.
func (p *page) tree(f *wsframe.Frame, deflated bool) {
	p.header(f)
	p.payload(f, deflated)
	p.violations(f, atPayload)
	if m := f.Message; m != nil && (m.Compressed || m.Frames > 1 || !m.Complete) {
		p.message(m)
	}
	p.violations(f, atMessage)
	p.violations(f, atEnd)
}

func (p *page) header(f *wsframe.Frame) {
	first := byte(f.Opcode) & 15
	if f.Fin {
		first |= 0x80
	}
	first |= f.Rsv & 7 << 4

	final := "the message goes on"
	switch {
	case f.Fin && f.Opcode.IsControl():
		final = "a control frame is one frame"
	case f.Fin && f.Index > 0:
		final = "last fragment of the message, number " + strconv.Itoa(f.Index+1)
	case f.Fin:
		final = "the message is this frame"
		if f.Opcode == wsframe.OpContinuation {
			final = "last fragment of the message"
		}
	case f.Index > 0:
		final = "fragment number " + strconv.Itoa(f.Index+1) + ", the message goes on"
	}
	rules := "6455 5.2, 5.4"
	if f.Opcode.IsControl() {
		rules = "6455 5.2, 5.5"
	}
	p.bits(first, 0x80, "Fin: "+boolean(f.Fin)+" ("+final+")", rules)
	p.violations(f, atFin)
	p.bits(first, 0x40, "RSV1: "+bit(f.Rsv&4)+rsv1(f), "7692 6")
	p.bits(first, 0x20, "RSV2: "+bit(f.Rsv&2), "6455 5.2")
	p.bits(first, 0x10, "RSV3: "+bit(f.Rsv&1), "6455 5.2")
	p.violations(f, atRSV)
	section := "6455 5.6"
	switch {
	case f.Opcode == wsframe.OpContinuation:
		section = "6455 5.4"
	case f.Opcode >= wsframe.OpClose && f.Opcode <= wsframe.OpPong:
		section = [...]string{"6455 5.5.1", "6455 5.5.2", "6455 5.5.3"}[f.Opcode-wsframe.OpClose]
	case f.Opcode > wsframe.OpBinary:
		section = "6455 5.2"
	}
	p.bits(first, 0x0f, "Opcode: "+wsframe.OpcodeName(f.Opcode)+" ("+strconv.Itoa(int(f.Opcode))+")", section)
	p.violations(f, atOpcode)

	second := byte(0)
	if f.Masked {
		second = 0x80
	}
	form := formOf(f)
	second |= form
	p.bits(second, 0x80, "Mask: "+boolean(f.Masked), "6455 5.1")
	p.violations(f, atMask)
	switch form {
	case 126:
		p.bits(second, 0x7f, "Payload length: 126 (extended, 16 bits)", "6455 5.2")
	case 127:
		p.bits(second, 0x7f, "Payload length: 127 (extended, 64 bits)", "6455 5.2")
	default:
		p.bits(second, 0x7f, "Payload length: "+strconv.Itoa(int(form)), "6455 5.2")
	}
	if form >= 126 {
		bits := map[byte]string{126: "16", 127: "64"}[form]
		p.field("Extended payload length ("+bits+" bits): "+strconv.FormatUint(f.Length, 10), "6455 5.2")
	}
	p.violations(f, atLength)
	if f.Masked {
		p.begin(1)
		start := len(p.b)
		p.own("Masking-Key: ")
		for _, c := range f.Key {
			p.hexByte(c)
		}
		p.section(start, "6455 5.3")
	}
}

// formOf is the 7-bit payload length: that of the header where it was
// captured, otherwise the one that the length asks for.
func formOf(f *wsframe.Frame) byte {
	switch {
	case len(f.Header) >= 2:
		return f.Header[1] & 0x7f
	case f.Length < 126:
		return byte(f.Length)
	case f.Length <= 0xffff:
		return 126
	}
	return 127
}

// rsv1 says what RSV1 means on this connection.
func rsv1(f *wsframe.Frame) string {
	m := f.Message
	switch {
	case f.Rsv&4 == 0 || f.Opcode.IsControl():
		return ""
	case m != nil && m.Inferred:
		return " (compressed: permessage-deflate, inferred)"
	case f.M.Conn != nil && f.M.Conn.Deflate != nil || m != nil && m.Compressed:
		return " (compressed: permessage-deflate)"
	}
	return ""
}

func boolean(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

func bit(v uint8) string {
	if v == 0 {
		return "0"
	}
	return "1"
}

// bits writes a field that is part of a byte, drawn as "1... ....".
func (p *page) bits(value, mask byte, text, rfc string) {
	p.begin(1)
	start := len(p.b)
	for i := 7; i >= 0; i-- {
		switch {
		case mask>>i&1 == 0:
			p.b = append(p.b, '.')
		case value>>i&1 == 0:
			p.b = append(p.b, '0')
		default:
			p.b = append(p.b, '1')
		}
		if i == 4 {
			p.b = append(p.b, ' ')
		}
	}
	p.own(" = ")
	p.own(text)
	p.section(start, rfc)
}

// field writes a field of whole bytes.
func (p *page) field(text, rfc string) {
	p.begin(1)
	start := len(p.b)
	p.own(text)
	p.section(start, rfc)
}

// section ends the line that began at start, which is ASCII, with its section.
func (p *page) section(start int, rfc string) {
	for p.b = append(p.b, ' '); len(p.b)-start < rfcColumn; {
		p.b = append(p.b, ' ')
	}
	p.paint(dim)
	p.own("RFC ")
	p.own(rfc)
	p.paint(reset)
	p.end()
}

// violations writes what breaks a rule at this place.
func (p *page) violations(f *wsframe.Frame, at node) {
	for i := range f.Violations {
		v := &f.Violations[i]
		if place(v.Rule) != at {
			continue
		}
		p.begin(2)
		p.paint(red)
		p.own("[Violation: ")
		p.own(v.Rule.Text)
		p.own(" (")
		p.own(v.Rule.Code)
		p.own(", RFC ")
		p.own(v.Rule.RFC)
		p.own("); expected ")
		p.foreign([]byte(v.Expected))
		p.own("; found ")
		p.foreign([]byte(v.Found))
		p.own("]")
		p.paint(reset)
		p.end()
	}
}
