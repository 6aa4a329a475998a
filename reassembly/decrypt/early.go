package decrypt

// maxEarly bounds the early data that wait for the server's word, in bytes.
const maxEarly = 64 << 10

// earlyData are what the client sent before the server's answer (RFC 8446,
// 2.3). The server may refuse them, and then the client sends them again: they
// wait until the server's EncryptedExtensions tell.
type earlyData struct {
	offered bool
	taken   bool // the server accepted them
	decided bool
	held    []item
	bytes   int
}

// keep holds early data back, and reports whether it did: not where the answer
// is known, nor beyond the bound.
func (e *earlyData) keep(i item) bool {
	switch {
	case e.decided && !e.taken:
		return true // the client sends them again
	case e.decided || e.bytes+len(i.data) > maxEarly:
		return false
	}
	e.bytes += len(i.data)
	i.data = append([]byte(nil), i.data...)
	e.held = append(e.held, i)
	return true
}

// decide takes the server's answer.
func (e *earlyData) decide(taken bool) {
	e.decided, e.taken = true, taken
	if !taken {
		e.held = nil
	}
}

// tellEarly hands on the early data that were not refused.
func (s *session) tellEarly() error {
	held := s.early.held
	s.early.held = nil
	for _, i := range held {
		if err := s.out.take(i); err != nil {
			return err
		}
	}
	return nil
}
