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

// search looks for a record in b, while it is not known where they begin: each
// place that looks like a header is tried, and the record's tag decides. It
// returns how many bytes it took: those before the record, or all.
func (s *session) search(h *half, b []byte, at capture.Stamp) (n int, err error) {
	i, found, err := s.nextRecord(h, b)
	h.lost += int64(i)
	if found || err != nil {
		h.scanning = !found
		return i, err
	}
	if i < len(b) {
		h.stash(b[i:], at)
	}
	return len(b), nil
}

// searchOn is search where a record that may be one is under way.
func (s *session) searchOn(h *half, b []byte, at capture.Stamp) error {
	h.stash(b, at)
	i, found, err := s.nextRecord(h, h.scan)
	h.lost += int64(i)
	h.drop(i)
	if err == errNeedKey {
		s.rest = h.pieces()
		return err
	}
	if !found {
		return err
	}
	h.scanning = false
	pieces := h.pieces()
	for n, p := range pieces {
		if err := s.feed(h, p.data, p.at); err != nil {
			if err == errNeedKey {
				s.rest = append(s.rest, pieces[n+1:]...)
			}
			return err
		}
	}
	return nil
}

// nextRecord looks for a record in b, from its beginning on. i is where it
// begins or, where none was found, how far there is none.
func (s *session) nextRecord(h *half, b []byte) (i int, found bool, err error) {
	c, _ := h.keys.(*cbc)
	passed := 0
	for ; i < len(b); i++ {
		if b[i] < typeCCS || b[i] > typeApplication || len(b)-i > 1 && b[i+1] != 3 || len(b)-i > 2 && b[i+2] > 4 {
			continue
		}
		if len(b)-i >= recordHeader && (!plausibleHeader(b[i:]) || s.version >= versionTLS12 && b[i+2] != 3) {
			continue
		}
		if c != nil {
			c.pass(b[passed:i])
			passed = i
		}
		if len(b)-i < recordHeader || len(b)-i < recordSize(b[i:]) {
			return i, false, nil
		}
		end := i + recordSize(b[i:])
		if found, err := s.fits(h, b[i:end:end]); found || err != nil {
			return i, found, err
		}
	}
	if c != nil {
		c.pass(b[passed:])
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

// stash keeps bytes to search on, and which packet they came in.
func (h *half) stash(b []byte, at capture.Stamp) {
	h.scan = append(h.scan, b...)
	h.marks = append(h.marks, mark{h.scanBase + int64(len(h.scan)), at})
}

// drop forgets the first n bytes of the stash.
func (h *half) drop(n int) {
	h.scan = h.scan[n:]
	h.scanBase += int64(n)
	for len(h.marks) > 0 && h.marks[0].end <= h.scanBase {
		h.marks = h.marks[1:]
	}
}

// pieces empties the stash, in the pieces that the packets brought.
func (h *half) pieces() []item {
	all := make([]item, 0, len(h.marks))
	for len(h.marks) > 0 {
		n, at := int(h.marks[0].end-h.scanBase), h.marks[0].at
		all = append(all, item{kind: dataItem, dir: h.dir, data: h.scan[:n], at: at})
		h.drop(n)
	}
	h.scan, h.marks = nil, nil
	return all
}

// searchEnd gives up what was searched: a hole follows it.
func (s *session) searchEnd(h *half) {
	h.lost += int64(len(h.scan))
	h.drop(len(h.scan))
	h.scan, h.marks = nil, nil
}

// flush ends a direction: what was lost and is not found again is told.
func (s *session) flush(h *half, at capture.Stamp) error {
	s.searchEnd(h)
	if h.lost == 0 {
		h.cause = reassembly.Closed // of a record that was cut off
	}
	lost := h.lost + int64(len(h.buf))
	h.buf, h.lost = h.buf[:0], 0
	if lost == 0 || !s.info.Decrypted || !h.opened {
		return nil
	}
	// Records have 16 KiB at most.
	n := lost - (1+lost>>14)*h.overhead()
	if n <= 0 {
		return nil
	}
	s.lost += lost
	return s.out.take(item{kind: gapItem, dir: h.dir, gap: h.gap(n), at: at})
}
