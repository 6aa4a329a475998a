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
	c, found := k.best(atEnd)
	if !found {
		return nil
	}
	s.seek = nil
	k.release()
	held := k.from(c.start)
	kept := 0
	for _, p := range held {
		kept += len(p.data)
	}
	s.c.info.Totals[s.from].Skipped += k.seen - uint64(kept)
	return s.replay(held)
}

// replay feeds packets that were held, and the gaps between them, which were
// told of when they were found.
func (s *side) replay(held []packet) error {
	for i, p := range held {
		if i > 0 {
			if n := p.off - held[i-1].end(); n > 0 {
				if err := s.pass(uint64(n), p.at); err != nil {
					return err
				}
			}
		}
		for b := p.data; len(b) > 0; {
			var err error
			if b, err = s.read(b, p.at); err != nil {
				return err
			}
		}
	}
	return nil
}

// relocate goes back to searching: the header at hand is not one, so what was
// found again was not right.
func (s *side) relocate(at capture.Stamp) error {
	header, first := s.header, s.first
	n := s.have
	s.have = 0
	if err := s.lose(at); err != nil {
		return err
	}
	// Its own first byte is refuted.
	s.c.info.Totals[s.from].Skipped++
	s.seek.append(header[1:n], first, 1)
	return s.resume(false)
}

// cut takes the loss of bytes of which nobody knows how many are of this
// direction, if any: the frame at hand is not waited for.
func (s *side) cut(at capture.Stamp) error {
	s.wake()
	if s.seek != nil {
		if err := s.resume(true); err != nil {
			return err
		}
	}
	if s.seek != nil {
		s.c.info.Totals[s.from].Skipped += s.seek.seen
		s.seek.release()
		s.seek = newSeeker(s.c.a, s.rules())
		return nil
	}
	if s.frame != nil {
		s.miss(s.frame.Length - s.off)
		if err := s.finish(at); err != nil {
			return err
		}
	}
	s.have = 0
	return s.lose(at)
}

// seekGap takes the loss of n more bytes while the boundaries are lost.
func (s *side) seekGap(n uint64, at capture.Stamp) error {
	if err := s.resume(true); err != nil {
		return err
	}
	if s.seek == nil {
		return s.pass(n, at)
	}
	s.seek.skip(int64(n))
	return nil
}
