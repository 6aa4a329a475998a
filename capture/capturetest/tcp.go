package capturetest

import (
	"encoding/binary"
	"net/netip"

	"wstap/capture"
)

// tcpHeader is a TCP header (RFC 9293, 3.1).
type tcpHeader struct {
	src, dst       netip.AddrPort
	seq, ack       uint32
	flags          capture.Flags
	window, urgent uint16
	options        []byte // padded to 4 bytes by encode
	badSum         bool
}

// TCP option kinds (RFC 9293, 3.2; RFC 7323, 2.2).
const (
	optMSS    = 2
	optScale  = 3
	optSACKOK = 4
	optNOP    = 1
)

// synOptions are those of a SYN: MSS, SACK permitted, window scale unless
// scale is negative.
func synOptions(mss int, scale int8) []byte {
	b := []byte{optMSS, 4, byte(mss >> 8), byte(mss), optNOP, optNOP, optSACKOK, 2}
	if scale >= 0 {
		b = append(b, optNOP, optScale, 3, byte(scale))
	}
	return b
}

// badOptions ends in an option whose length byte points behind the header.
func badOptions() []byte { return []byte{optNOP, optNOP, 8, 40} }

// encode returns header and payload with a correct checksum (or, if asked, a
// wrong one: what a capture on a host with checksum offload holds).
func (h *tcpHeader) encode(payload []byte) []byte {
	opts := h.options
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	b := make([]byte, 20, 20+len(opts)+len(payload))
	binary.BigEndian.PutUint16(b, h.src.Port())
	binary.BigEndian.PutUint16(b[2:], h.dst.Port())
	binary.BigEndian.PutUint32(b[4:], h.seq)
	binary.BigEndian.PutUint32(b[8:], h.ack)
	b[12] = byte((20+len(opts))/4) << 4
	b[13] = byte(h.flags)
	binary.BigEndian.PutUint16(b[14:], h.window)
	binary.BigEndian.PutUint16(b[18:], h.urgent)
	b = append(append(b, opts...), payload...)
	sum := checksum(pseudoHeader(h.src.Addr(), h.dst.Addr(), protoTCP, len(b)), b)
	if h.badSum {
		sum ^= 0x5555
	}
	binary.BigEndian.PutUint16(b[16:], sum)
	return b
}

// encodeUDP returns a UDP datagram (RFC 768).
func encodeUDP(src, dst netip.AddrPort, payload []byte) []byte {
	b := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(b, src.Port())
	binary.BigEndian.PutUint16(b[2:], dst.Port())
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(payload)))
	b = append(b, payload...)
	sum := checksum(pseudoHeader(src.Addr(), dst.Addr(), protoUDP, len(b)), b)
	if sum == 0 {
		sum = 0xffff // 0 means "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(b[6:], sum)
	return b
}
