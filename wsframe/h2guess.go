package wsframe

import (
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

// doubt begins to look for frames, since the answer to the request, or the
// request itself, was not captured or cannot be read.
func (s *h2stream) doubt(lost *h2.Signal) error {
	if s.guess == nil {
		g := &midstream{asked: s.info, known: s.info != nil, faults: s.faults}
		g.side[FromClient] = newSeeker(s.m.c.a, rules{mask: 1, rsv1: true})
		g.side[FromServer] = newSeeker(s.m.c.a, rules{rsv1: true})
		s.guess = g
	}
	if lost != nil && lost.Gap.Bytes > 0 {
		s.guess.miss(lost.From, lost.Gap, lost.At)
	}
	for _, p := range s.unhold() {
		var err error
		if s.socket != nil {
			err = s.frames(FromClient, p)
		} else {
			err = s.look(FromClient, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ignore is told that it is no WebSocket. That is remembered as long as there is
// room, since its request may be unknown to h2conn.read.
func (s *h2stream) ignore() {
	s.ignored = true
	s.unguess()
	s.unhold()
	s.m.ignored = append(s.m.ignored, s.id)
}

// unguess gives up looking for frames.
func (s *h2stream) unguess() {
	if s.guess != nil {
		s.guess.release()
		s.guess = nil
	}
}

// look searches the next bytes for frames.
func (s *h2stream) look(from Direction, p piece) error {
	g := s.guess
	if p.gap.Bytes > 0 {
		g.miss(from, p.gap, p.at)
		return nil
	}
	if len(p.data) == 0 {
		return nil
	}
	g.taken[from] += int64(len(p.data))
	g.side[from].add(p.data, p.at)
	if err := s.believe(false); err != nil || s.socket != nil {
		return err
	}
	limit := int64(maxGuess)
	if len(g.side[0].candidates)+len(g.side[1].candidates) > 0 {
		limit = maxGuessWhole
	}
	if g.taken[from] > limit && !g.known {
		s.ignore()
	}
	return nil
}

// believe opens the WebSocket where the evidence is enough.
func (s *h2stream) believe(atEnd bool) error {
	best, trusted := s.guess.best(atEnd)
	if !trusted {
		return nil
	}
	if s.info == nil {
		s.info = s.m.register(s.id)
		s.info.Partial = true
	}
	g := s.guess
	s.open(Midstream)
	return s.socket.join(g, best, func(d reassembly.Direction) Direction { return d })
}

// lost takes the loss of frames of which nobody knows whose they were.
func (s *h2stream) lost(g h2.Signal) error {
	switch {
	case s.socket != nil:
		if g.Gap.Bytes > 0 {
			if err := s.socket.tellGap(g.From, g.Gap, g.At); err != nil {
				return err
			}
		}
		return s.socket.sides[g.From].cut(g.At)
	case s.guess != nil, s.info != nil && s.body == nil && g.From == FromServer:
		return s.doubt(&g)
	case s.body == nil && g.From == FromClient && s.info != nil:
		s.unhold() // what follows can't be placed
		return s.doubt(&g)
	}
	return nil
}
