package decrypt

import "math"

// find12 finds the keys of TLS 1.2 and before.
func (s *session) find12(h *half, record []byte) (match, bool, error) {
	if s.suite == nil || !s.haveServer {
		return match{}, false, nil
	}
	if h.keys != nil {
		seq, ok := h.keys.seek(record, h.seq, h.seq+h.window(), &s.credit)
		return match{keys: h.keys, seq: seq, suite: s.suite, entry: s.entry}, ok, nil
	}
	if s.h.keys == nil {
		return match{}, false, nil
	}
	if s.haveClient {
		known := false
		for _, random := range append([][32]byte{s.clientRandom}, s.resumes...) {
			master := s.h.keys.entries[random].get(masterSecret, 0)
			if master == nil {
				continue
			}
			known = true
			if m, ok := s.tryMaster(h, record, master, s.clientRandom); ok {
				return m, true, nil
			}
		}
		if !known && !s.final {
			return match{}, false, errNeedKey
		}
		return match{}, false, nil
	}
	return s.identify12(h, record)
}

// tryMaster tries a master secret.
func (s *session) tryMaster(h *half, record, master []byte, random [32]byte) (m match, ok bool) {
	if !s.credit.pay(2 * keyCost) {
		return m, false
	}
	both := keys12(s.version, s.suite, master, random[:], s.serverRandom[:])
	k := both[1]
	if s.isClient(h) {
		k = both[0]
	}
	var keys protection
	var err error
	if s.suite.kind == cbcSuite {
		keys, err = newCBC(s.version, s.suite, k, s.etm)
	} else {
		keys, err = newAEAD12(s.suite, k)
	}
	if err != nil {
		return m, false
	}
	seq, ok := keys.seek(record, 0, h.window(), &s.credit)
	return match{keys: keys, seq: seq, suite: s.suite}, ok
}

// identify12 is identify for TLS 1.2: the ServerHello was seen, the ClientHello
// was not.
func (s *session) identify12(h *half, record []byte) (match, bool, error) {
	keys := s.h.keys
	newest := keys.serial
	if h.tries < maxIdentify {
		for n := len(keys.order) - 1; n >= 0; n-- {
			e := keys.order[n]
			if e.serial <= h.triedTo {
				break
			}
			if master := e.get(masterSecret, 0); master != nil {
				if m, ok := s.tryMaster(h, record, master, e.random); ok {
					s.clientRandom, s.haveClient = e.random, true
					return m, true, nil
				}
			}
			if s.credit.left < 2*keyCost || *s.credit.total < 2*keyCost {
				s.h.stats.SearchLimit++
				h.tries = math.MaxInt
				break
			}
		}
	}
	return match{}, false, s.unidentified(h, newest)
}

// unidentified notes that no key up to the newest fits, which is final unless
// more keys may come.
func (s *session) unidentified(h *half, newest uint64) error {
	if s.final {
		if h.tries < maxIdentify {
			h.tries++
		}
		return nil
	}
	h.triedTo = newest
	return errNeedKey
}
