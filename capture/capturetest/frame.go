package capturetest

import "encoding/binary"

// Opcodes (RFC 6455, 11.8).
const (
	OpContinuation = 0
	OpText         = 1
	OpBinary       = 2
	OpClose        = 8
	OpPing         = 9
	OpPong         = 10
)

// Frame is a WebSocket frame to be written (RFC 6455, 5.2), right or wrong.
// The zero value is an empty, final, unmasked continuation frame.
type Frame struct {
	Opcode byte
	More   bool // FIN is 0: further fragments follow
	Rsv    byte // RSV1 = 4, RSV2 = 2, RSV3 = 1
	Masked bool
	Key    [4]byte // masking key, where Masked
	// Form forces the 16-bit or the 64-bit length field (16, 64); 0 is the
	// shortest that fits.
	Form int
	// Declared is the length that the header declares, if it is to differ
	// from len(Payload); nil otherwise.
	Declared *uint64
	Payload  []byte // unmasked
}

// Append adds the frame's bytes to dst.
func (f Frame) Append(dst []byte) []byte {
	b0 := f.Opcode&15 | f.Rsv&7<<4
	if !f.More {
		b0 |= 0x80
	}
	var mask byte
	if f.Masked {
		mask = 0x80
	}
	n := uint64(len(f.Payload))
	if f.Declared != nil {
		n = *f.Declared
	}
	switch {
	case f.Form == 64 || n > 0xffff:
		dst = binary.BigEndian.AppendUint64(append(dst, b0, mask|127), n)
	case f.Form == 16 || n > 125:
		dst = binary.BigEndian.AppendUint16(append(dst, b0, mask|126), uint16(n))
	default:
		dst = append(dst, b0, mask|byte(n))
	}
	if !f.Masked {
		return append(dst, f.Payload...)
	}
	dst = append(dst, f.Key[:]...)
	for i, c := range f.Payload {
		dst = append(dst, c^f.Key[i%4])
	}
	return dst
}
