package text

import (
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"wstap/report"
	"wstap/wsframe"
)

// yaml writes a message as tshark does, with its opcode and state besides.
func (s *Shaped) yaml(m *wsframe.Message, b []byte) {
	const width = 76 // of a line of base64
	s.b = fmt.Appendf(s.b, "  - packet: %d\n    peer: %d\n", m.M.Packet, m.From)
	if at := m.M.Time; !at.IsZero() {
		s.b = fmt.Appendf(s.b, "    timestamp: %d.%09d\n", at.Unix(), at.Nanosecond())
	}
	s.b = fmt.Appendf(s.b, "    opcode: %s\n", wsframe.OpcodeName(m.Opcode))
	if !m.Complete {
		s.b = fmt.Appendf(s.b, "    complete: false\n    reason: %s\n", m.Why)
	}
	if len(b) == 0 {
		s.b = append(s.b, "    data: !!binary \"\"\n"...)
		return
	}
	s.b = append(s.b, "    data: !!binary |\n"...)
	for len(b) > 0 {
		n := min(width/4*3, len(b))
		s.b = append(s.b, "      "...)
		s.b = base64.StdEncoding.AppendEncode(s.b, b[:n])
		s.b = append(s.b, '\n')
		b = b[n:]
	}
}

// json writes a message as an object on a line of its own.
func (s *Shaped) json(m *wsframe.Message, b []byte) {
	if s.many {
		s.b = append(s.b, ',')
	}
	s.many = true
	s.b = fmt.Appendf(s.b, "\n"+`{"packet":%d,"peer":%d`, m.M.Packet, m.From)
	if at := m.M.Time; !at.IsZero() {
		s.b = fmt.Appendf(s.b, `,"timestamp":%d.%09d`, at.Unix(), at.Nanosecond())
	}
	s.b = fmt.Appendf(s.b, `,"opcode":"%s","length":%d`, wsframe.OpcodeName(m.Opcode), m.Length)
	if !m.Complete {
		s.b = fmt.Appendf(s.b, `,"complete":false,"reason":"%s"`, m.Why)
	}
	if m.Opcode != wsframe.OpBinary && utf8.Valid(b) {
		s.b = append(s.b, `,"text":`...)
		s.b = report.AppendJSON(s.b, b)
	} else {
		s.b = append(s.b, `,"base64":"`...)
		s.b = base64.StdEncoding.AppendEncode(s.b, b)
		s.b = append(s.b, '"')
	}
	s.b = append(s.b, '}')
}
