package wsframe

import "github.com/gobwas/ws"

// headerLength is the length of the frame header that begins with b, as far as
// b tells: 2 until its second byte is there.
func headerLength(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n = 4
	case 127:
		n = 10
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	return n
}

// parseHeader reads a complete header. The payload length is as declared, its
// top bit too.
func parseHeader(b []byte) (h ws.Header, length uint64) {
	h.Fin, h.Rsv, h.OpCode = b[0]&0x80 != 0, b[0]>>4&7, Opcode(b[0]&15)
	h.Masked = b[1]&0x80 != 0
	length = uint64(b[1] & 0x7f)
	rest := b[2:]
	switch length {
	case 126:
		length, rest = uint64(rest[0])<<8|uint64(rest[1]), rest[2:]
	case 127:
		length = 0
		for _, c := range rest[:8] {
			length = length<<8 | uint64(c)
		}
		rest = rest[8:]
	}
	if h.Masked {
		copy(h.Mask[:], rest)
	}
	return h, length
}
