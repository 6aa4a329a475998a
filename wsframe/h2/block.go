package h2

import "wstap/capture"

// maxBlock bounds the bytes of a header block, CONTINUATION frames and all:
// what browsers accept is 256 KiB.
const maxBlock = 256 << 10

// block is the header block that is being read (RFC 9113, 4.3).
type block struct {
	open     bool
	stream   uint32
	promised uint32
	end      bool // END_STREAM
	broken   bool
	overlong bool
	first    capture.Stamp
	length   int
	buf      []byte
}

// begin begins with the first frame of a block.
func (b *block) begin(f frame, first capture.Stamp) {
	*b = block{open: true, stream: f.stream, first: first, buf: b.buf[:0]}
	b.end = f.kind == typeHeaders && f.has(flagEndStream)
}

// takeFragment takes a piece of a header block fragment.
func (h *half) takeFragment(p []byte) {
	b := &h.block
	b.length += len(p)
	if h.holed {
		b.broken = true
	}
	switch {
	case b.broken:
	case len(b.buf)+len(p) > maxBlock:
		b.broken, b.overlong = true, true
	default:
		b.buf = append(b.buf, p...)
	}
}

// endBlock decodes the block and hands it out. What could not be read of it may
// have changed the dynamic table: that is then begun anew.
func (h *half) endBlock(at capture.Stamp) error {
	b := &h.block
	b.open = false
	l := h.fields.read(b.buf)
	if b.broken || l.broken {
		h.fields.reset()
	}
	out := Headers{
		From: h.from, Stream: b.stream, Promised: b.promised, Fields: l.fields, Unknown: l.unknown,
		Broken: b.broken || l.broken, Limited: b.overlong || l.cut, Length: b.length, End: b.end, First: b.first, At: at,
	}
	// A large block is rare: its room is not kept for a connection's life.
	if cap(b.buf) > 4<<10 {
		b.buf = nil
	}
	return h.c.h.Headers(&out)
}
