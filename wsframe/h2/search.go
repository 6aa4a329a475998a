package h2

import (
	"sort"

	"wstap/capture"
	"wstap/reassembly"
)

// Bounds of the search for frames behind a loss.
const (
	// maxSought bounds the length of a frame that is believed in, and with it
	// the bytes that are held while one is waited for.
	maxSought = 256 << 10
	// newStreams is by how much a stream number may exceed the highest seen;
	// midstreamStreams is the highest believed in where none was.
	newStreams       = 1 << 10
	midstreamStreams = 1 << 22
	// proofs is how many headers are checked once frames were found again;
	// maxWrong how often a direction is searched anew since one was not sound.
	proofs   = 4
	maxWrong = 16
)

// search holds what came since frames were lost.
type search struct {
	buf   []byte
	marks []mark
	pos   int // bytes before it begin no frame
}

// mark says from which packet the bytes from off on are.
type mark struct {
	off int
	at  capture.Stamp
}

const markCost = 40 // bytes

// seek begins a search.
func (h *half) seek() {
	h.search = &search{}
	h.in, h.have, h.preface = false, 0, 0
	h.block = block{}
	h.fields.reset()
}

// lose gives up the boundaries, with those header fields that the loss of g may
// have held.
func (h *half) lose(g reassembly.Gap, at capture.Stamp) error {
	h.seek()
	return h.signalLost(g, at)
}

func (h *half) signalLost(g reassembly.Gap, at capture.Stamp) error {
	return h.c.h.Signal(Signal{Kind: Lost, From: h.from, Gap: g, At: at})
}

// relocate goes back to searching: the header at hand is not one, so what was
// found was not right. b is what follows it.
func (h *half) relocate(b []byte, at capture.Stamp) error {
	header, first := h.header, h.first
	h.wrong++
	if err := h.lose(reassembly.Gap{}, at); err != nil {
		return err
	}
	h.search.add(header[1:], first)
	return h.look(b, at)
}

// look searches the bytes held, and b behind them.
func (h *half) look(b []byte, at capture.Stamp) error {
	if h.wrong > maxWrong {
		return nil // no HTTP/2, or made to cost time
	}
	h.search.add(b, at)
	return h.resume(false)
}

// settle is told that nothing follows directly: what is held has to do.
func (h *half) settle() error {
	if h.search == nil {
		return nil
	}
	return h.resume(true)
}

// resume goes on with frames where they are found: a header behind which
// another stands, or one whose frame ends with the last byte held.
func (h *half) resume(atEnd bool) error {
	s := h.search
	for ; s.pos+headerLength <= len(s.buf); s.pos++ {
		if !h.sound(s.buf[s.pos:]) {
			continue
		}
		next := s.pos + headerLength + parseFrame(s.buf[s.pos:]).length
		switch {
		case next == len(s.buf):
		case next+headerLength <= len(s.buf):
			if !h.sound(s.buf[next:]) {
				continue
			}
		case atEnd:
			continue
		default:
			s.trim()
			return nil // wait for what stands there
		}
		h.search, h.doubt = nil, proofs
		return s.replay(h)
	}
	s.trim()
	return nil
}

// sound is the rule for frame headers of this direction.
func (h *half) sound(b []byte) bool {
	highest := uint32(midstreamStreams)
	if h.c.highest > 0 {
		highest = h.c.highest + newStreams
	}
	return sound(b, min(h.c.maxFrame[h.from], maxSought), highest)
}

func (s *search) add(b []byte, at capture.Stamp) {
	s.marks = append(s.marks, mark{len(s.buf), at})
	s.buf = append(s.buf, b...)
}

// trim lets go of the bytes that begin no frame, when they are most of those
// held, so that each byte is moved once.
func (s *search) trim() {
	if s.pos <= len(s.buf)/2 {
		return
	}
	i := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].off > s.pos }) - 1
	s.marks = s.marks[:copy(s.marks, s.marks[i:])]
	for j := range s.marks {
		s.marks[j].off = max(0, s.marks[j].off-s.pos)
	}
	s.buf = s.buf[:copy(s.buf, s.buf[s.pos:])]
	s.pos = 0
}

// replay feeds what is held from the position found on.
func (s *search) replay(h *half) error {
	for i, m := range s.marks {
		end := len(s.buf)
		if i+1 < len(s.marks) {
			end = s.marks[i+1].off
		}
		if start := max(m.off, s.pos); start < end {
			if err := h.feed(s.buf[start:end], m.at); err != nil {
				return err
			}
		}
	}
	return nil
}
