package decrypt

// epoch is the phase of TLS 1.3 that a record's keys belong to (RFC 8446, 2).
type epoch uint8

const (
	epochNone epoch = iota // not known, or TLS 1.2
	epochEarly
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

// pass is one way through the secrets.
type pass struct {
	window uint64    // the highest number that is tried
	kind   suiteKind // of the only suites that are tried; 0 for all
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
		if m.epoch > epochEarly || s.version == 0 && !s.early.offered {
			s.version = versionTLS13
			s.info.Version = versionName(s.version)
		}
		h.epoch, h.n, h.secret = m.epoch, m.n, nil
		if m.epoch == epochApplication {
			h.secret = m.secret
		}
		if m.epoch > epochEarly && s.suite == nil && m.suite != nil {
			s.suite, s.info.Cipher = m.suite, m.suite.name
		}
	}
	if !h.protected {
		h.protected = true
		h.messages.reset()
	}
	s.info.Keyed = true
	s.tell()
}
