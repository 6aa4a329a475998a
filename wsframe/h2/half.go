package h2

import (
	"wstap/capture"
	"wstap/reassembly"
)

// half reads the frames of one direction.
type half struct {
	c    *Conn
	from Direction
	// preface counts the bytes of the client's preface that are still to come.
	preface int

	// The frame header at hand: have bytes of it are in header.
	header [headerLength]byte
	have   int
	first  capture.Stamp

	in    bool // a frame's payload is being read
	heard bool // a frame was
	frame frame
	left  int // payload bytes still to come
	pad   int // of these, padding at the end
	// small holds what is kept of a payload's beginning: the fields before
	// a header block, or a short frame.
	small  [8]byte
	kept   int
	prefix int
	holed  bool // bytes of this payload were never captured

	block  block
	fields fieldReader
	search *search // while it is not known where frames begin
	// doubt counts the headers behind a loss that have yet to prove that frames
	// begin where they seem to (what TLS has lost is known by estimate only),
	// wrong how often they did not.
	doubt, wrong int
}

// held is what is held of incomplete header blocks, and of what came since
// frames were lost.
func (h *half) held() int {
	n := cap(h.block.buf)
	if h.search != nil {
		n += cap(h.search.buf) + cap(h.search.marks)*markCost
	}
	return n
}

// feed takes the next bytes.
func (h *half) feed(b []byte, at capture.Stamp) error {
	for len(b) > 0 {
		switch {
		case h.search != nil:
			return h.look(b, at)
		case h.preface > 0:
			n := min(len(b), h.preface)
			if string(b[:n]) != Preface[len(Preface)-h.preface:][:n] {
				if err := h.lose(reassembly.Gap{}, at); err != nil {
					return err
				}
				continue
			}
			h.preface -= n
			b = b[n:]
		case !h.in:
			n := copy(h.header[h.have:], b)
			if h.have == 0 {
				h.first = at
			}
			h.have += n
			b = b[n:]
			if h.have < headerLength {
				return nil
			}
			if h.doubt > 0 {
				if !h.sound(h.header[:]) {
					return h.relocate(b, at)
				}
				if h.doubt--; h.doubt == 0 {
					h.wrong = 0
				}
			}
			if err := h.begin(at); err != nil {
				return err
			}
		default:
			n := min(len(b), h.left)
			if err := h.payload(b[:n], at); err != nil {
				return err
			}
			b = b[n:]
		}
	}
	return nil
}

// begin takes the frame header at hand.
func (h *half) begin(at capture.Stamp) error {
	f := parseFrame(h.header[:])
	h.in, h.heard, h.have, h.frame, h.left = true, true, 0, f, f.length
	h.pad, h.kept, h.prefix, h.holed = 0, 0, f.prefix(), false
	h.c.highest = max(h.c.highest, f.stream)
	if h.block.open && (f.kind != typeContinuation || f.stream != h.block.stream) {
		// RFC 9113, 6.10: nothing may come between. The block has no end.
		h.block.broken = true
		if err := h.endBlock(at); err != nil {
			return err
		}
	}
	switch f.kind {
	case typeHeaders, typePushPromise:
		h.block.begin(f, h.first)
	case typeContinuation:
		if !h.block.open { // its beginning was lost, or is a fault
			h.block.begin(f, h.first)
			h.block.broken = true
		}
	}
	if h.left == 0 {
		return h.end(at)
	}
	return nil
}

// payload takes captured bytes of the payload: len(b) <= h.left, not 0.
func (h *half) payload(b []byte, at capture.Stamp) error {
	if n := min(len(b), h.prefix-h.kept); n > 0 {
		copy(h.small[h.kept:], b[:n])
		h.kept += n
		h.left -= n
		b = b[n:]
		if h.kept == h.prefix {
			h.takePrefix()
		}
	}
	body := b[:min(len(b), max(0, h.left-h.pad))]
	if err := h.body(body, at); err != nil {
		return err
	}
	h.left -= len(b)
	if h.left == 0 && h.in {
		return h.end(at)
	}
	return nil
}

// takePrefix reads the fields before the data or the header block fragment.
func (h *half) takePrefix() {
	p := h.small[:h.kept]
	if h.frame.has(flagPadded) && len(p) > 0 {
		h.pad = min(int(p[0]), h.left) // more is an error (RFC 9113, 6.1)
		p = p[1:]
	}
	if h.frame.kind == typePushPromise && len(p) == 4 {
		h.block.promised = be32(p) &^ (1 << 31)
	}
}

// body takes payload bytes behind the prefix and before the padding.
func (h *half) body(b []byte, at capture.Stamp) error {
	if len(b) == 0 {
		return nil
	}
	switch h.frame.kind {
	case typeData:
		return h.tell(Data{Bytes: b, End: h.frame.has(flagEndStream) && len(b) == h.left, At: at})
	case typeHeaders, typePushPromise, typeContinuation:
		h.takeFragment(b)
	case typeRSTStream, typeGoAway:
		h.kept += copy(h.small[h.kept:], b)
	case typeSettings:
		return h.settings(b, at)
	}
	return nil
}

// settings takes parameters, which packets may cut.
func (h *half) settings(b []byte, at capture.Stamp) error {
	for len(b) > 0 && !h.frame.has(flagACK) && h.frame.stream == 0 {
		n := copy(h.small[h.kept:settingLength], b)
		h.kept += n
		b = b[n:]
		if h.kept < settingLength {
			return nil
		}
		h.kept = 0
		if err := h.c.setting(h.from, h.small[:settingLength], at); err != nil {
			return err
		}
	}
	return nil
}

// tell hands out a piece of the DATA frame at hand.
func (h *half) tell(d Data) error {
	d.From, d.Stream = h.from, h.frame.stream
	h.c.data = d
	return h.c.h.Data(&h.c.data)
}

// end takes the end of a frame.
func (h *half) end(at capture.Stamp) error {
	h.in = false
	f := h.frame
	switch f.kind {
	case typeData:
		if f.has(flagEndStream) && (f.length == 0 || h.pad > 0 || h.prefix == f.length) {
			return h.tell(Data{End: true, At: at}) // its last piece could not know
		}
	case typeHeaders, typePushPromise, typeContinuation:
		h.block.broken = h.block.broken || h.holed
		if f.has(flagEndHeaders) {
			return h.endBlock(at)
		}
	case typeRSTStream:
		if h.kept >= 4 && !h.holed {
			return h.c.h.Signal(Signal{Kind: Reset, From: h.from, Stream: f.stream, Code: ErrCode(be32(h.small[:])), At: at})
		}
	case typeGoAway:
		if h.kept == 8 && !h.holed {
			return h.c.h.Signal(Signal{Kind: GoAway, From: h.from, Stream: be32(h.small[:]) &^ (1 << 31), Code: ErrCode(be32(h.small[4:])), At: at})
		}
	}
	return nil
}

// gap takes the loss of bytes.
func (h *half) gap(g reassembly.Gap, at capture.Stamp) error {
	switch {
	case h.search != nil:
		if err := h.settle(); err != nil {
			return err
		}
		if h.search == nil {
			return h.gap(g, at)
		}
		h.seek()
		return h.signalLost(g, at)
	case !h.in || h.kept < h.prefix || int64(h.left) < g.Bytes:
		return h.loseWithin(g, at)
	}
	n := int(g.Bytes)
	h.holed, h.doubt = true, proofs
	body := min(n, max(0, h.left-h.pad))
	if h.frame.kind == typeData && body > 0 {
		end := h.frame.has(flagEndStream) && body == h.left
		if err := h.tell(Data{Missing: reassembly.Gap{Bytes: int64(body), Cause: g.Cause}, End: end, At: at}); err != nil {
			return err
		}
	}
	h.left -= n
	if h.left == 0 {
		return h.end(at)
	}
	return nil
}

// loseWithin takes a loss in which a frame may begin: the frame at hand is
// told as far as it goes, then the boundaries are lost.
func (h *half) loseWithin(g reassembly.Gap, at capture.Stamp) error {
	if h.in && h.frame.kind == typeData && h.kept == h.prefix {
		if n := min(g.Bytes, int64(max(0, h.left-h.pad))); n > 0 || h.frame.has(flagEndStream) {
			part := reassembly.Gap{Bytes: n, Cause: g.Cause}
			g.Bytes -= n
			if err := h.tell(Data{Missing: part, End: h.frame.has(flagEndStream), At: at}); err != nil {
				return err
			}
		}
	}
	return h.lose(g, at)
}
