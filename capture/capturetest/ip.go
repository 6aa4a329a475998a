package capturetest

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoNone     = 59
)

// ipHeader is an IPv4 (RFC 791) or IPv6 (RFC 8200) header; the addresses say
// which.
type ipHeader struct {
	src, dst   netip.Addr
	proto      uint8
	id         uint16 // IPv4 identification
	options    bool   // IPv4: 4 bytes of options; IPv6: a hop-by-hop header
	zeroLength bool   // a length of 0, as segmentation offload leaves it
}

func (h *ipHeader) datagram(payload []byte) Datagram {
	if h.src.Is4() {
		return Datagram{EtherType: etherIPv4, Body: h.encode4(payload)}
	}
	return Datagram{EtherType: etherIPv6, Body: h.encode6(payload)}
}

func (h *ipHeader) encode4(payload []byte) []byte {
	n := 20
	if h.options {
		n = 24
	}
	b := make([]byte, n, n+len(payload))
	b[0] = 0x40 | byte(n/4)
	if !h.zeroLength {
		binary.BigEndian.PutUint16(b[2:], uint16(n+len(payload)))
	}
	binary.BigEndian.PutUint16(b[4:], h.id)
	b[6] = 0x40 // don't fragment
	b[8], b[9] = 64, h.proto
	copy(b[12:], h.src.AsSlice())
	copy(b[16:], h.dst.AsSlice())
	if h.options {
		copy(b[20:], []byte{148, 4, 0, 0}) // router alert (RFC 2113)
	}
	binary.BigEndian.PutUint16(b[10:], checksum(b))
	return append(b, payload...)
}

func (h *ipHeader) encode6(payload []byte) []byte {
	b := make([]byte, 40, 48+len(payload))
	b[0] = 0x60
	b[6], b[7] = h.proto, 64
	copy(b[8:], h.src.AsSlice())
	copy(b[24:], h.dst.AsSlice())
	if h.options {
		b[6] = protoHopByHop
		b = append(b, h.proto, 0, 1, 4, 0, 0, 0, 0) // PadN over 6 bytes
	}
	b = append(b, payload...)
	if !h.zeroLength {
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	}
	return b
}

// trimIP cuts what lies behind the datagram that b begins with (Ethernet
// padding); ok is false where b is not one whole IP datagram with a length.
func trimIP(b []byte) (_ []byte, ok bool) {
	n := 0
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		n = int(binary.BigEndian.Uint16(b[2:]))
	case len(b) >= 40 && b[0]>>4 == 6:
		n = 40 + int(binary.BigEndian.Uint16(b[4:]))
		if n == 40 {
			return b, false
		}
	}
	if n < 20 || n > len(b) {
		return b, false
	}
	return b[:n], true
}

// fragmentIP splits the datagram b into fragments of at most size bytes of
// payload each, size being rounded down to a multiple of 8 (RFC 791, 3.2;
// RFC 8200, 4.5). What is no whole datagram, or small enough, stays whole.
func fragmentIP(b []byte, size int) [][]byte {
	size = max(size&^7, 8)
	b, ok := trimIP(b)
	if !ok {
		return [][]byte{b}
	}
	header, next := 40, 6 // length of what each fragment repeats, and where it names the next header
	switch {
	case b[0]>>4 == 4:
		header = int(b[0]&15) * 4
	case b[6] == protoHopByHop && len(b) >= 48:
		header, next = 40+8*(int(b[41])+1), 40
	}
	if header > len(b) {
		return [][]byte{b}
	}
	body := b[header:]
	if len(body) <= size || b[0]>>4 == 4 && b[6]&0x3f|b[7] != 0 || b[0]>>4 == 6 && b[next] == protoFragment {
		return [][]byte{b}
	}
	id := crc32.ChecksumIEEE(b)
	var out [][]byte
	for at := 0; at < len(body); at += size {
		piece := body[at:min(at+size, len(body))]
		more := at+size < len(body)
		f := append([]byte(nil), b[:header]...)
		if b[0]>>4 == 4 {
			binary.BigEndian.PutUint16(f[2:], uint16(header+len(piece)))
			field := uint16(at / 8)
			if more {
				field |= 0x2000
			}
			binary.BigEndian.PutUint16(f[6:], field)
			f[10], f[11] = 0, 0
			binary.BigEndian.PutUint16(f[10:], checksum(f))
		} else {
			binary.BigEndian.PutUint16(f[4:], uint16(header-40+8+len(piece)))
			field := uint16(at)
			if more {
				field |= 1
			}
			f = append(f, f[next], 0, byte(field>>8), byte(field))
			f = binary.BigEndian.AppendUint32(f, id)
			f[next] = protoFragment
		}
		out = append(out, append(f, piece...))
	}
	return out
}
