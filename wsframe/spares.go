package wsframe

// spares are pieces that were used up, to be used again: connections come and
// go, and what each needs for a moment is not worth a collection of garbage.
type spares[T any] struct{ free []*T }

// maxSpares is how many of a kind are kept.
const maxSpares = 64

// take lends one, zero but for what it was left with.
func (s *spares[T]) take() *T {
	n := len(s.free) - 1
	if n < 0 {
		return new(T)
	}
	p := s.free[n]
	s.free = s.free[:n]
	return p
}

// give takes back p, which is left with rest. Nobody may look at it any more.
func (s *spares[T]) give(p *T, rest T) {
	if len(s.free) < maxSpares {
		*p = rest
		s.free = append(s.free, p)
	}
}
