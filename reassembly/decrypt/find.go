package decrypt

import "math"

// epoch is the phase of TLS 1.3 that a record's keys belong to (RFC 8446, 2).
type epoch uint8

const (
	epochEarly epoch = iota
	epochHandshake
	epochApplication
)

// match is what opens a record.
type match struct {
	keys   protection
	seq    uint64
	suite  *suite
	entry  *entry
	epoch  epoch
	n      uint16
	secret []byte
	client bool // the record is the client's
}

const (
	// A record has 22 bytes at least, so that n bytes lost are n/22 records.
	minRecord = recordHeader + 17
	// Records that come next without a loss: one may have been cut out.
	slack = 2
	// maxJoin bounds the sequence numbers tried of a stream joined midway.
	maxJoin = 1 << 16
	// maxIdentify bounds the records of a direction that are tried with all
	// that the key log holds.
	maxIdentify = 8
)

// window is how many records may have been lost.
func (h *half) window() uint64 {
	return min(uint64(h.lost)/minRecord+slack, maxJoin)
}

// find looks for the keys and the sequence number that open a record. It
// changes nothing but what was spent.
func (s *session) find(h *half, record []byte) (match, bool, error) {
	if s.version != 0 && s.version < versionTLS13 {
		return s.find12(h, record)
	}
	return s.find13(h, record)
}

// adopt goes on with what find has found.
func (s *session) adopt(h *half, m *match) {
	h.keys, h.seq = m.keys, m.seq
	if !s.clientKnown {
		s.setClient(h.dir)
		if !m.client {
			s.setClient(h.dir.Reverse())
		}
	}
	s.entry = m.entry
	if s.version >= versionTLS13 || s.version == 0 {
		if m.epoch > epochEarly || s.version == 0 && !s.early {
			s.version = versionTLS13
			s.info.Version = versionName(s.version)
		}
		h.epoch, h.n, h.secret = m.epoch, m.n, m.secret
		if m.epoch > epochEarly && s.suite == nil {
			s.suite, s.info.Cipher = m.suite, m.suite.name
		}
	}
	h.protected = true
	s.tell()
}

// enter goes on to the next epoch.
func (h *half) enter(e epoch) {
	h.epoch, h.keys, h.seq, h.n, h.secret = e, nil, 0, 0, nil
}

// updateKey goes on with the next traffic secret (RFC 8446, 7.2).
func (s *session) updateKey(h *half) {
	next, err := nextSecret(s.suite, h.secret)
	if err != nil {
		return
	}
	if keys, err := newAEAD13(s.suite, next); err == nil {
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
func labels(client bool) [3]label {
	if client {
		return [3]label{clientEarly, clientHandshake, clientTraffic}
	}
	return [3]label{0, serverHandshake, serverTraffic}
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
	m, found := s.try13(h, record, e, s.isClient(h), h.window())
	if !found && !s.final && e.get(labels(s.isClient(h))[epochApplication], 0) == nil {
		return m, false, errNeedKey
	}
	return m, found, nil
}

// try13 tries a connection's secrets, from the present epoch on.
func (s *session) try13(h *half, record []byte, e *entry, client bool, window uint64) (match, bool) {
	c := &s.credit
	if h.keys != nil {
		if seq, ok := h.keys.seek(record, h.seq, h.seq+window, c); ok {
			return match{h.keys, seq, s.suite, e, h.epoch, h.n, h.secret, client}, true
		}
	}
	names := labels(client)
	for at := h.epoch; at < epochApplication; at++ {
		if at == h.epoch && h.keys != nil {
			continue
		}
		if m, ok := s.trySecret(record, e.get(names[at], 0), window); ok {
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
			if m, ok := s.trySecret(record, x.value, window); ok {
				m.entry, m.epoch, m.n, m.client = e, epochApplication, x.n, client
				return m, true
			}
		}
		return match{}, false
	}
	// The KeyUpdate may have been lost.
	if next, err := nextSecret(s.suite, h.secret); err == nil {
		if m, ok := s.trySecret(record, next, window); ok {
			m.entry, m.epoch, m.n, m.client = e, epochApplication, h.n+1, client
			return m, true
		}
	}
	return match{}, false
}

// trySecret tries one traffic secret.
func (s *session) trySecret(record, secret []byte, window uint64) (m match, ok bool) {
	if secret == nil {
		return m, false
	}
	for _, x := range s.suites(secret) {
		if !s.credit.pay(keyCost) {
			return m, false
		}
		keys, err := newAEAD13(x, secret)
		if err != nil {
			continue
		}
		if seq, ok := keys.seek(record, 0, window, &s.credit); ok {
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
	windows := []uint64{h.window()}
	if s.midstream && !h.opened {
		windows = []uint64{64, maxJoin}
	}
	newest := keys.serial
	if h.tries < maxIdentify {
		for _, window := range windows {
			for n := len(keys.order) - 1; n >= 0; n-- {
				e := keys.order[n]
				if e.serial <= h.triedTo {
					break
				}
				for _, client := range [2]bool{false, true} {
					if s.clientKnown && client != s.isClient(h) {
						continue
					}
					if m, ok := s.try13(h, record, e, client, window); ok {
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
	if s.final {
		if h.tries < maxIdentify {
			h.tries++
		}
		return match{}, false, nil
	}
	h.triedTo = newest
	return match{}, false, errNeedKey
}

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
	if s.final {
		if h.tries < maxIdentify {
			h.tries++
		}
		return match{}, false, nil
	}
	h.triedTo = newest
	return match{}, false, errNeedKey
}
