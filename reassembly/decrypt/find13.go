package decrypt

import "math"

// enter goes on to the next epoch.
func (h *half) enter(e epoch) {
	h.epoch, h.keys, h.seq, h.n, h.secret = e, nil, 0, 0, nil
}

// updateKey goes on with the next traffic secret (RFC 8446, 7.2).
func (h *half) updateKey() {
	now, ok := h.keys.(*aead13)
	if !ok {
		return
	}
	next, err := nextSecret(now.suite, h.secret)
	if err != nil {
		return
	}
	if keys, err := newAEAD13(now.suite, next); err == nil {
		h.keys, h.seq, h.secret, h.n = keys, 0, next, h.n+1
	}
}

// suites are those of TLS 1.3 that a traffic secret may belong to.
func (s *session) suites(secret []byte) []*suite {
	if s.suiteID != 0 {
		if s.suite == nil || s.suite.hash.Size() != len(secret) {
			return nil
		}
		return []*suite{s.suite}
	}
	var all []*suite
	for id := uint16(0x1301); id <= 0x1305; id++ {
		if x := suite13(id); x.hash.Size() == len(secret) && (s.suite == nil || s.suite.name == x.name) {
			all = append(all, x)
		}
	}
	return all
}

// labels are those of a direction's epochs.
func labels(client bool) [4]label {
	if client {
		return [4]label{0, clientEarly, clientHandshake, clientTraffic}
	}
	return [4]label{0, 0, serverHandshake, serverTraffic}
}

func (s *session) find13(h *half, record []byte) (match, bool, error) {
	if s.suiteID != 0 && s.suite == nil {
		return match{}, false, nil // not supported
	}
	e := s.entry
	if e == nil && s.haveClient && s.h.keys != nil {
		e = s.h.keys.entries[s.clientRandom]
	}
	if e == nil {
		if !s.haveClient {
			return s.identify(h, record)
		}
		if s.final {
			return match{}, false, nil
		}
		return match{}, false, errNeedKey
	}
	window := h.window()
	if s.midstream && !h.opened && h.tries < maxIdentify {
		// Any number of records may have come before the capture began.
		h.tries++
		window = maxJoin
	}
	m, found := s.try13(h, record, e, s.isClient(h), pass{window: window})
	if !found && !s.final && e.get(labels(s.isClient(h))[epochApplication], 0) == nil {
		return m, false, errNeedKey
	}
	return m, found, nil
}

// try13 tries a connection's secrets, from the present epoch on.
func (s *session) try13(h *half, record []byte, e *entry, client bool, p pass) (match, bool) {
	c := &s.credit
	if h.keys != nil {
		if seq, ok := h.keys.seek(record, h.seq, h.seq+p.window, c); ok {
			return match{h.keys, seq, s.suite, e, h.epoch, h.n, h.secret, client}, true
		}
	}
	names := labels(client)
	for at := h.epoch; at < epochApplication; at++ {
		if at == h.epoch && h.keys != nil {
			continue
		}
		if m, ok := s.trySecret(record, e.get(names[at], 0), p); ok {
			m.entry, m.epoch, m.client = e, at, client
			return m, true
		}
	}
	if h.secret == nil {
		for i := range e.secrets {
			x := &e.secrets[i]
			if x.label != names[epochApplication] || x.n > 0 && !s.midstream && h.lost == 0 {
				continue
			}
			if m, ok := s.trySecret(record, x.value, p); ok {
				m.entry, m.epoch, m.n, m.client = e, epochApplication, x.n, client
				return m, true
			}
		}
		return match{}, false
	}
	// The KeyUpdate may have been lost.
	now, ok := h.keys.(*aead13)
	if !ok {
		return match{}, false
	}
	if next, err := nextSecret(now.suite, h.secret); err == nil {
		if m, ok := s.trySecret(record, next, p); ok {
			m.entry, m.epoch, m.n, m.client = e, epochApplication, h.n+1, client
			return m, true
		}
	}
	return match{}, false
}

// trySecret tries one traffic secret.
func (s *session) trySecret(record, secret []byte, p pass) (m match, ok bool) {
	if secret == nil {
		return m, false
	}
	for _, x := range s.suites(secret) {
		if p.kind != 0 && x.kind != p.kind {
			continue
		}
		if !s.credit.pay(keyCost) {
			return m, false
		}
		keys, err := newAEAD13(x, secret)
		if err != nil {
			continue
		}
		if seq, ok := keys.seek(record, 0, p.window, &s.credit); ok {
			return match{keys: keys, seq: seq, suite: x, secret: secret}, true
		}
	}
	return m, false
}

// identify looks through the key log for the connection that a record belongs
// to: the ClientHello, and with it the client random, was not captured. Young
// entries come first; far sequence numbers, which cost the most, last.
func (s *session) identify(h *half, record []byte) (match, bool, error) {
	keys := s.h.keys
	if keys == nil {
		return match{}, false, nil
	}
	passes := []pass{{h.window(), 0}}
	if s.midstream && !h.opened {
		passes = []pass{{64, 0}, {maxJoin, chachaSuite}, {maxJoin, ccmSuite}}
	}
	newest := keys.serial
	if h.tries < maxIdentify {
		for _, p := range passes {
			for n := len(keys.order) - 1; n >= 0; n-- {
				e := keys.order[n]
				if e.serial <= h.triedTo {
					break
				}
				for _, client := range [2]bool{false, true} {
					if s.clientKnown && client != s.isClient(h) {
						continue
					}
					if m, ok := s.try13(h, record, e, client, p); ok {
						return m, true, nil
					}
				}
				if s.credit.left < keyCost || *s.credit.total < keyCost {
					s.h.stats.SearchLimit++
					h.tries = math.MaxInt
					break
				}
			}
		}
	}
	return match{}, false, s.unidentified(h, newest)
}
