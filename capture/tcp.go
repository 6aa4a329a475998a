package capture

import "net/netip"

// tcp is a TCP header (RFC 9293, 3.1), and fills the Segment. Its first 14
// bytes, up to the flags, are needed; what else is cut off shows in Missing.
func (w *walk) tcp(v view) Kind {
	b := v.b
	if len(b) < 14 {
		return v.short(tcpHeader)
	}
	offset := int(b[12]>>4) * 4
	if offset < tcpHeader || offset > v.wire {
		return KindMalformed
	}
	s := w.s
	*s = Segment{
		Stamp: w.at,
		Ends:  EndsOf(Flow{Src: netip.AddrPortFrom(w.src, be16(b)), Dst: netip.AddrPortFrom(w.dst, be16(b[2:]))}),
		Seq:   be32(b[4:]),
		Ack:   be32(b[8:]),
		Flags: Flags(b[13]),
		Scale: -1,
	}
	if len(b) >= 16 {
		s.Window = be16(b[14:])
	}
	if s.Flags.Has(SYN) && len(b) > tcpHeader {
		s.options(b[tcpHeader:min(offset, len(b))])
	}
	if offset < len(b) {
		s.Payload = b[offset:]
	}
	s.Missing = v.wire - offset - len(s.Payload)
	return KindTCP
}

// options reads the options of a SYN. A bad one ends the list, as it does for
// most receivers, and the segment counts all the same.
func (s *Segment) options(b []byte) {
	const (
		end, nop, mss, scale = 0, 1, 2, 3
		maxScale             = 14 // RFC 7323, 2.3: more is taken for 14
	)
	for len(b) > 0 && b[0] != end {
		if b[0] == nop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		switch {
		case b[0] == mss && b[1] == 4:
			s.MSS = be16(b[2:])
		case b[0] == scale && b[1] == 3:
			s.Scale = int8(min(b[2], maxScale))
		}
		b = b[b[1]:]
	}
}
