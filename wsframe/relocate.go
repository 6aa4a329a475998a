package wsframe

import "wstap/capture"

// rules are those of this direction.
func (s *side) rules() rules {
	r := rules{rsv1: s.c.info.Deflate != nil || s.c.info.unseen(), anywhere: true}
	if s.from == FromClient {
		r.mask = 1
	}
	return r
}

// sound reports whether a header may be one of this direction.
func (s *side) sound(header []byte) bool {
	ok, _ := s.rules().sound(header)
	return ok
}

// search takes bytes while the boundaries are lost.
func (s *side) search(b []byte, at capture.Stamp) error {
	s.seek.add(b, at)
	return s.resume(false)
}

// resume goes on with frames where they were found again.
func (s *side) resume(atEnd bool) error {
	k := s.seek
	t := &s.c.info.Totals[s.from]
	c, found := k.best(atEnd)
	if !found {
		return nil
	}
	t.Skipped += uint64(c.start - s.seekFrom)
	s.seek = nil
	for _, p := range k.pieces(c.start) {
		if err := s.feed(p.data, p.at); err != nil {
			return err
		}
	}
	return nil
}

// relocate goes back to searching: the header at hand is not one, so what was
// found again was not right.
func (s *side) relocate(at capture.Stamp) error {
	header, first := append([]byte(nil), s.header[:s.have]...), s.first
	s.have = 0
	if err := s.lose(at); err != nil {
		return err
	}
	// Not the header's own first byte: it has been refuted.
	s.seek.append(header[1:], first, 1)
	return s.resume(false)
}

// seekGap takes the loss of more bytes while the boundaries are lost.
func (s *side) seekGap(n uint64, at capture.Stamp) error {
	if err := s.resume(true); err != nil {
		return err
	}
	if s.seek != nil {
		s.c.info.Totals[s.from].Skipped += uint64(s.seek.end() - s.seekFrom)
		s.seek.restart()
		s.seekFrom = s.seek.base
		return nil
	}
	return s.gap(n, at)
}
