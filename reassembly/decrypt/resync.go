package decrypt

import (
	"bytes"

	"wstap/capture"
	"wstap/reassembly"
)

// lose notes that n bytes of the stream can't be read. The cause of the first
// of several losses stands for all.
func (h *half) lose(n int64, cause reassembly.Cause, at capture.Stamp) {
	if h.lost == 0 {
		h.cause = cause
	}
	h.lost += n
	h.lostAt = at
	h.messages.reset()
}

// gap takes a hole. Where it lies inside one record the next one's place is
// known; otherwise it has to be found.
func (s *session) gap(h *half, i item) {
	n := i.gap.Bytes
	switch {
	case h.scanning:
		s.searchEnd(h)
	case h.skip > 0:
		h.skip -= n
		h.scanning = h.skip < 0
	case len(h.buf) >= recordHeader:
		h.skip = int64(recordSize(h.buf)-len(h.buf)) - n
		h.scanning = h.skip < 0
	default:
		h.scanning = true
	}
	h.skip = max(0, h.skip)
	h.lose(n+int64(len(h.buf)), i.gap.Cause, i.at)
	h.buf = h.buf[:0]
}

// search takes bytes while it is not known where records begin: each place that
// looks like a header is tried, and the record's tag decides.
func (s *session) search(h *half, b []byte, at capture.Stamp) error {
	h.scan = append(h.scan, b...)
	h.marks = append(h.marks, mark{len(h.scan), at})
	i, found, err := s.nextRecord(h, false)
	if err == errNeedKey {
		h.lose(int64(i), h.cause, at)
		s.rest = h.pieces(i)
		return err
	}
	if found {
		return s.resume(h, i)
	}
	h.lose(int64(i), h.cause, at)
	h.drop(i)
	return nil
}

// resume goes on with the record that begins at i of what was searched.
func (s *session) resume(h *half, i int) error {
	h.lost += int64(i)
	pieces := h.pieces(i)
	h.scanning = false
	for n, p := range pieces {
		err := s.feed(h, p.data, p.at)
		if err == errNeedKey {
			s.rest = append(s.rest, pieces[n+1:]...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// searchEnd gives up what was searched: a hole follows it.
func (s *session) searchEnd(h *half) {
	h.lost += int64(len(h.scan))
	h.scan, h.marks = nil, nil
}

// nextRecord looks for a record in what was searched, from its beginning on. i
// is where it begins or, where none was found, how far there is none.
func (s *session) nextRecord(h *half, atEnd bool) (i int, found bool, err error) {
	for b := h.scan; i < len(b); i++ {
		if b[i] < typeCCS || b[i] > typeApplication || len(b)-i > 1 && b[i+1] != 3 || len(b)-i > 2 && b[i+2] > 4 {
			continue
		}
		if len(b)-i < recordHeader {
			return i, false, nil
		}
		if !plausibleHeader(b[i:]) || s.version >= versionTLS12 && b[i+2] != 3 {
			continue
		}
		size := recordSize(b[i:])
		if len(b)-i < size {
			return i, false, nil
		}
		if found, err := s.fits(h, b[i:i+size]); found || err != nil {
			return i, found, err
		}
	}
	return i, false, nil
}

// fits reports whether what looks like a record is one.
func (s *session) fits(h *half, record []byte) (bool, error) {
	if s.encrypted(h, record) {
		_, found, err := s.find(h, record)
		return found, err
	}
	body := record[recordHeader:]
	switch record[0] {
	case typeCCS:
		return bytes.Equal(body, []byte{1}), nil
	case typeHandshake:
		size := -1
		if len(body) >= 4 {
			size = int(body[1])<<16 | int(body[2])<<8 | int(body[3])
		}
		return size >= 0 && body[0] <= msgFinished && (size <= len(body)-4 || size < maxMessage), nil
	}
	return false, nil
}

// drop forgets the first n bytes of what was searched.
func (h *half) drop(n int) {
	if n == 0 {
		return
	}
	h.scan = append(h.scan[:0], h.scan[n:]...)
	kept := h.marks[:0]
	for _, m := range h.marks {
		if m.end > n {
			kept = append(kept, mark{m.end - n, m.at})
		}
	}
	h.marks = kept
}

// pieces are the bytes from i on as the packets brought them. What was searched
// is empty then.
func (h *half) pieces(i int) (all []item) {
	for _, m := range h.marks {
		if m.end > i {
			all = append(all, item{kind: dataItem, dir: h.dir, data: h.scan[i:m.end], at: m.at})
			i = m.end
		}
	}
	h.scan, h.marks = nil, nil
	return all
}

// flush ends a direction: what was lost and is not found again is told.
func (s *session) flush(h *half, at capture.Stamp) error {
	s.searchEnd(h)
	lost := h.lost + int64(len(h.buf))
	h.buf, h.lost = h.buf[:0], 0
	if lost == 0 || !s.info.Decrypted || !h.opened {
		return nil
	}
	if h.cause != reassembly.Truncated && h.lostAt.Packet == 0 {
		h.cause, h.lostAt = reassembly.Closed, at
	}
	// Records have 16 KiB at most.
	n := lost - (1+lost>>14)*int64(h.keys.overhead())
	if n <= 0 {
		return nil
	}
	s.lost += lost
	return s.out.take(item{kind: gapItem, dir: h.dir, gap: reassembly.Gap{Bytes: n, Cause: h.cause}, at: at})
}
