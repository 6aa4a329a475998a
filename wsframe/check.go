package wsframe

import (
	"encoding/hex"
	"strconv"
)

// check holds a frame's header against RFC 6455, 5.1 to 5.5, and what was seen
// before it, and appends what is wrong to faults.
func (s *side) check(f *Frame, faults []fault) []fault {
	add := func(rule Rule, expected, found string) { faults = append(faults, fault{rule, expected, found}) }
	switch {
	case s.from == FromClient && !f.Masked:
		add(RuleMaskMissing, "masked", "not masked")
	case s.from == FromServer && f.Masked:
		add(RuleMaskPresent, "not masked", "masked with "+hex.EncodeToString(f.Key[:]))
	}
	faults = s.checkRSV(f, faults)
	if !f.Opcode.IsControl() && f.Opcode > OpBinary || f.Opcode > OpPong {
		add(RuleOpcodeReserved, "0, 1, 2, 8, 9 or 10", strconv.Itoa(int(f.Opcode)))
	}
	switch form := f.Header[1] & 0x7f; {
	case form == 126 && f.Length < 126:
		add(RuleLengthNonMinimal, "7 bits for "+strconv.FormatUint(f.Length, 10), "16 bits")
	case form == 127 && f.Length <= 0xffff:
		add(RuleLengthNonMinimal, "16 bits or less for "+strconv.FormatUint(f.Length, 10), "64 bits")
	case f.Length > 1<<63-1:
		add(RuleLengthTopBit, "a length below 2^63", strconv.FormatUint(f.Length, 10))
	}
	if f.Opcode.IsControl() {
		if f.Length > 125 {
			add(RuleControlTooLong, "125 bytes at most", strconv.FormatUint(f.Length, 10))
		}
		if !f.Fin {
			add(RuleControlFragmented, "fin = 1", "fin = 0")
		}
	}
	if s.has(closeSeen) {
		add(RuleDataAfterClose, "nothing after Close", OpcodeName(f.Opcode))
	}
	return faults
}

// checkRSV checks the reserved bits (RFC 6455, 5.2; RFC 7692, 6).
func (s *side) checkRSV(f *Frame, faults []fault) []fault {
	const rsv1 = 4
	rsv := f.Rsv
	deflate := s.c.info.Deflate != nil
	if rsv == 0 || !deflate && s.c.info.Extensions != "" {
		return faults // the agreed extension is not known: it may mean anything
	}
	switch {
	case rsv&rsv1 == 0:
	case deflate && f.Opcode.IsControl():
		faults = append(faults, fault{RuleRSV1Control, "RSV1 = 0 on a control frame", "RSV1 = 1"})
	case deflate && f.Opcode == OpContinuation:
		faults = append(faults, fault{RuleRSV1Continuation, "RSV1 = 0 on a continuation", "RSV1 = 1"})
	case deflate || s.c.info.unseen() && !f.Opcode.IsControl() && f.Opcode != OpContinuation:
	default:
		faults = append(faults, fault{RuleRSV, "RSV1 = 0 without an extension", "RSV1 = 1"})
	}
	if rsv&3 != 0 {
		faults = append(faults, fault{RuleRSV, "RSV2 = RSV3 = 0", "RSV2 = " + bit(rsv&2) + ", RSV3 = " + bit(rsv&1)})
	}
	return faults
}

func bit(v uint8) string {
	if v == 0 {
		return "0"
	}
	return "1"
}

// maxReason bounds the bytes of a reason that are remembered until the
// connection ends. No more than 123 may be sent (RFC 6455, 5.5).
const maxReason = 1 << 10

// control takes a complete control frame (RFC 6455, 5.5).
func (s *side) control(f *Frame) {
	if f.Opcode != OpClose {
		return
	}
	// A second Close in the same direction is a fault already; the first counts.
	first := !s.has(closeSeen)
	s.standing |= closeSeen
	whole := f.Missing == 0
	if len(f.Payload) >= 2 && (len(f.Holes) == 0 || f.Holes[0].At >= 2) {
		f.Code = uint16(f.Payload[0])<<8 | uint16(f.Payload[1])
		f.Reason = f.Payload[2:]
		if !closeCodeValid(f.Code) {
			s.fault(RuleCloseCode, "a code that may be sent", strconv.Itoa(int(f.Code)))
		}
		var u utf8Checker
		if ok := u.feed(f.Reason); whole && !(ok && u.end()) {
			s.fault(RuleCloseReasonUTF8, "UTF-8", "other bytes")
		}
	} else if f.Length == 1 {
		s.fault(RuleCloseBodyShort, "no body, or 2 bytes and more", "1 byte")
	}
	// Events come in the order of cause and effect, but behind a gap: there a
	// frame is told late, and the number of its packet decides.
	if c := s.c; first && (c.closing == nil || f.Certainty != Exact && f.First.Packet < c.closing.at.Packet) {
		c.closing = &closing{s.from, f.First, f.Code, string(f.Reason[:min(len(f.Reason), maxReason)])}
		if f.Length == 0 {
			c.closing.code = 1005 // RFC 6455, 7.1.5
		}
	}
}

func (s *side) fault(rule Rule, expected, found string) {
	s.faults = append(s.faults, fault{rule, expected, found})
}
