package web

import (
	"bytes"

	"wstap/report"
	"wstap/wsframe"
)

// originals are the payloads of the frames of a batch where the batch holds that
// of their message only: of single fragments, and before they were inflated. A
// filter may ask for them; no browser is told.
type originals struct {
	frames []original
	bytes  int64
}

// original is the payload of the frame of one row.
type original struct {
	row     uint64
	payload []byte
}

// originalCost is what an original costs beside its bytes.
const originalCost = 64

// add keeps the payload of f, which is told in the given row, if that is to be.
func (o *originals) add(row uint64, f *wsframe.Frame, limit report.Limit) {
	if f.Opcode > wsframe.OpBinary || len(f.Payload) == 0 || f.Message != nil && bytes.Equal(f.Payload, f.Message.Payload) {
		return
	}
	payload := bytes.Clone(f.Payload[:limit.Cut(len(f.Payload))])
	o.frames = append(o.frames, original{row, payload})
	o.bytes += originalCost + int64(len(payload))
}

// restore puts back into f, which is told in the given row, what was kept of it.
// Rows have to be asked for in order: it returns what is left for those behind.
func restore(left []original, row uint64, f *wsframe.Frame) []original {
	for len(left) > 0 && left[0].row < row {
		left = left[1:]
	}
	if len(left) > 0 && left[0].row == row {
		f.Payload = left[0].payload
	}
	return left
}
