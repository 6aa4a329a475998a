package decrypt

import (
	"errors"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// errNeedKey says that a record can't be opened before its secret is known.
var errNeedKey = errors.New("key not known yet")

// session is one TLS connection.
type session struct {
	h    *Handler
	conn *conn
	out  *layer // takes the plaintext
	info *reassembly.TLSInfo
	half [2]half // by the stream's direction

	// client is the direction of the TLS client, where clientKnown.
	client      reassembly.Direction
	clientKnown bool
	midstream   bool

	// From the latest hellos.
	version      uint16
	suiteID      uint16
	suite        *suite // nil where not known or not supported
	clientRandom [32]byte
	serverRandom [32]byte
	haveClient   bool // clientRandom is known
	haveServer   bool // a ServerHello was seen
	etm          bool
	sessionID    []byte     // the client's
	resumes      [][32]byte // the handshakes that this one may resume, by ticket or session id
	full         bool       // the handshake is not abbreviated
	early        earlyData

	entry  *entry // of the key log
	credit credit

	// Holding.
	prev, next *session
	held       []item
	heldBytes  int
	rest       []item // of the item at hand, where a key is missing
	tried      uint64 // generation of the key log at the last attempt
	closed     bool   // the Close is among the items held
	closedAt   time.Time
	overflown  bool
	final      bool // no more keys will come

	// What is to be told.
	late     bool
	lost     int64
	resynced bool
	opened   bool // a record was opened
}

// half is one direction of a session.
type half struct {
	dir reassembly.Direction
	buf []byte // a record that is not whole yet

	// Losses.
	lost     int64 // bytes of the stream since the last record that was opened
	cause    reassembly.Cause
	lostAt   capture.Stamp
	skip     int64  // bytes still to come of a record with a hole
	scanning bool   // where records begin is not known
	scan     []byte // searched, and not decided yet
	scanBase int64  // bytes that were searched before
	marks    []mark // of scan

	messages messages

	// Protection.
	protected bool // up to TLS 1.2: ChangeCipherSpec was seen
	keys      protection
	seq       uint64 // of the next record
	epoch     epoch  // of TLS 1.3
	n         uint16 // number of the traffic secret
	secret    []byte // traffic secret of TLS 1.3 application data
	opened    bool   // a record was opened
	triedTo   uint64 // serial of the last key log entry tried
	tries     int    // records tried with all entries
}

// mark says which packet the bytes up to end came in, counted as scanBase is.
type mark struct {
	end int64
	at  capture.Stamp
}

// newSession begins a session in layer l.
func newSession(l *layer) *session {
	c := l.conn
	s := c.h.newSession()
	s.h, s.conn, s.info = c.h, c, &reassembly.TLSInfo{}
	s.out.conn, s.out.depth = c, l.depth+1
	if s.out.depth == maxLayers {
		s.out.mode = plainText
	}
	s.half[reassembly.FromServer].dir = reassembly.FromServer
	s.midstream = l.depth == 0 && !c.st.Begun
	s.credit = credit{left: streamGrant, total: &c.h.work}
	s.final = c.h.keys == nil
	c.st.TLS = s.info
	c.h.stats.Streams++
	s.tell()
	return s
}

// newSession makes a session that is as clear leaves it.
func (h *Handler) newSession() *session {
	n := len(h.ended) - 1
	if n < 0 {
		return &session{out: &layer{}}
	}
	s := h.ended[n]
	h.ended = h.ended[:n]
	return s
}

// clear leaves nothing of a session but small buffers. Its info is not its own: it
// stays with the stream.
func (s *session) clear() {
	const small = 4 << 10 // bytes
	next := session{out: s.out, sessionID: s.sessionID[:0]}
	for d := range s.half {
		if h := &s.half[d]; cap(h.buf) <= small {
			next.half[d].buf = h.buf[:0]
		}
	}
	*s.out = layer{}
	*s = next
}

// take takes the next item of the layer that the session lies in.
func (s *session) take(i item) error {
	if i.kind == dataItem {
		s.credit.earn(len(i.data))
	}
	if len(s.held) > 0 {
		if k := s.h.keys; k != nil && k.generation != s.tried {
			s.tried = k.generation
			if err := s.drain(); err != nil {
				return err
			}
		}
		if len(s.held) > 0 {
			return s.hold(i)
		}
	}
	err := s.process(i)
	if err != errNeedKey {
		return err
	}
	s.tried = s.h.keys.generation
	for _, r := range s.takeRest() {
		if err := s.hold(r); err != nil {
			return err
		}
	}
	s.tell()
	return nil
}

// takeRest returns what was not taken of an item.
func (s *session) takeRest() []item {
	rest := s.rest
	s.rest = nil
	return rest
}

// process takes an item, unless errNeedKey says that a key is missing; then
// s.rest is what was not taken.
func (s *session) process(i item) error {
	h := &s.half[i.dir]
	switch i.kind {
	case dataItem:
		return s.feed(h, i.data, i.at)
	case gapItem:
		s.gap(h, i)
		return nil
	case finItem:
		if h.epoch == epochEarly && len(s.early.held) > 0 {
			if err := s.tellEarly(); err != nil {
				return err
			}
		}
		if err := s.flush(h, i.at); err != nil {
			return err
		}
	case closeItem:
		if err := s.tellEarly(); err != nil {
			return err
		}
		for d := range s.half {
			if err := s.flush(&s.half[d], i.at); err != nil {
				return err
			}
		}
		s.tell()
		if !s.info.Decrypted {
			s.conn.secret = true
		}
	}
	return s.out.take(i)
}

// role is the label of h's secrets.
func (s *session) isClient(h *half) bool { return h.dir == s.client }

// setClient learns which end is the TLS client.
func (s *session) setClient(d reassembly.Direction) {
	s.client, s.clientKnown = d, true
}

// content takes what an authentic record, or one before encryption, holds.
func (s *session) content(h *half, typ byte, b []byte, at capture.Stamp) error {
	switch typ {
	case typeApplication:
		if !s.info.Decrypted {
			s.info.Decrypted = true
			s.h.stats.Decrypted++
			if s.late {
				s.h.stats.Late++
			}
			s.tell()
		}
		if len(b) == 0 || h.epoch == epochEarly && s.early.keep(item{kind: dataItem, dir: h.dir, data: b, at: at}) {
			return nil
		}
		if err := s.tellEarly(); err != nil {
			return err
		}
		return s.out.plain(h.dir, b, at)
	case typeHandshake:
		h.messages.feed(b, func(typ byte, body []byte) { s.message(h, typ, body, at) })
		if s.early.taken {
			return s.tellEarly()
		}
	case typeAlert:
		s.alert(h, b, at)
	case typeCCS:
		s.changeCipher(h)
	}
	return nil
}

// changeCipher takes a ChangeCipherSpec (RFC 5246, 7.1). TLS 1.3 has it for
// show only (RFC 8446, D.4).
func (s *session) changeCipher(h *half) {
	if s.version == 0 || s.version >= versionTLS13 {
		return
	}
	h.protected, h.keys, h.seq = true, nil, 0
	h.messages.reset()
}
