package capture

import "net/netip"

// Flow names one direction of a TCP conversation. It is comparable.
type Flow struct{ Src, Dst netip.AddrPort }

// Reverse is the flow of the other direction.
func (f Flow) Reverse() Flow { return Flow{Src: f.Dst, Dst: f.Src} }

// Flags are the control bits of a TCP header (RFC 9293, 3.1).
type Flags uint8

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all bits of g are set in f.
func (f Flags) Has(g Flags) bool { return f&g == g }

// String lists the set bits as tcpdump does: "[S.]", "[P.]", "[none]".
func (f Flags) String() string {
	if f == 0 {
		return "[none]"
	}
	b := []byte{'['}
	for i, c := range "FSRPUEW" {
		bit := [...]Flags{FIN, SYN, RST, PSH, URG, ECE, CWR}[i]
		if f&bit != 0 {
			b = append(b, byte(c))
		}
	}
	if f&ACK != 0 {
		b = append(b, '.')
	}
	return string(append(b, ']'))
}

// Segment is one TCP segment (RFC 9293, 3.1), found in one packet, however
// deep in tunnels, or in the packet that completed its IP fragments.
type Segment struct {
	Stamp
	Ends
	Seq, Ack uint32
	Flags    Flags
	// Window is the header's window field, unscaled, in units of the window
	// scale that the sender's SYN announced.
	Window uint16
	// Scale is the shift of the window scale option (RFC 7323, 2.2), 0 to 14,
	// read from SYN segments only; -1 where the option or the SYN is absent.
	Scale int8
	// MSS is the maximum segment size option of a SYN, in bytes; 0 if absent.
	MSS uint16
	// Payload is what was captured of the segment's data. Lent: valid until
	// the next call of Decode. Ethernet padding is not part of it.
	Payload []byte
	// Missing counts the bytes of data behind Payload that the sender sent
	// in this segment and the capture's snapshot length cut off.
	Missing int
}
