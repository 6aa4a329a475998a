package web

import (
	"bytes"
	"encoding/binary"

	"wstap/report"
	"wstap/wsframe"
)

// originals are what a filter asks of the frames of a batch and the batch does
// not hold: headers that are longer than they need be, the payloads of single
// fragments, payloads before they were inflated, and the rules that were broken.
// They stay here: no browser is told.
type originals struct {
	frames []original
	bytes  int64
}

// original belongs to the frame of one row.
type original struct {
	row        uint64
	header     []byte // nil where it is the shortest
	payload    []byte // nil where it is that of the row
	violations []wsframe.Violation
}

// originalCost is what an original costs beside its bytes.
const originalCost = 128

// add keeps what is to be kept of f, which is told in the given row.
func (o *originals) add(row uint64, f *wsframe.Frame, limit report.Limit) {
	keep := original{row: row}
	var shortest [maxHeader]byte
	if !bytes.Equal(f.Header, appendHeader(shortest[:0], f)) {
		keep.header = bytes.Clone(f.Header)
	}
	if f.Opcode <= wsframe.OpBinary && (f.Message == nil || !bytes.Equal(f.Payload, f.Message.Payload)) {
		keep.payload = bytes.Clone(f.Payload[:limit.Cut(len(f.Payload))])
	}
	for i := range f.Violations {
		keep.violations = append(keep.violations, wsframe.Violation{Rule: f.Violations[i].Rule})
	}
	if keep.header == nil && len(keep.payload) == 0 && keep.violations == nil {
		return
	}
	o.frames = append(o.frames, keep)
	o.bytes += originalCost + int64(len(keep.header)+len(keep.payload)+originalCost*len(keep.violations))
}

// restore puts back into f what was kept of row. Rows have to be asked for in
// order: it returns what is left for the rows behind.
func restore(left []original, row uint64, f *wsframe.Frame) []original {
	for len(left) > 0 && left[0].row < row {
		left = left[1:]
	}
	f.Header = appendHeader(nil, f)
	if len(left) == 0 || left[0].row != row {
		return left
	}
	o := &left[0]
	if o.header != nil {
		f.Header = o.header
	}
	if o.payload != nil {
		f.Payload = o.payload
	}
	f.Violations = o.violations
	return left[1:]
}

// maxHeader is the length of the longest header (RFC 6455, 5.2).
const maxHeader = 14

// appendHeader appends the header of f in its shortest form (RFC 6455, 5.2).
func appendHeader(b []byte, f *wsframe.Frame) []byte {
	first := byte(f.Opcode)&15 | f.Rsv<<4
	if f.Fin {
		first |= 0x80
	}
	var masked byte
	if f.Masked {
		masked = 0x80
	}
	switch b = append(b, first); {
	case f.Length < 126:
		b = append(b, masked|byte(f.Length))
	case f.Length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(f.Length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|127), f.Length)
	}
	if f.Masked {
		b = append(b, f.Key[:]...)
	}
	return b
}
