package decrypt

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"wstap/capture"
	"wstap/reassembly"
)

// Handshake message types (RFC 8446, 4; RFC 5246, 7.4).
const (
	msgHelloRequest        = 0
	msgClientHello         = 1
	msgServerHello         = 2
	msgNewSessionTicket    = 4
	msgEndOfEarlyData      = 5
	msgEncryptedExtensions = 8
	msgCertificate         = 11
	msgServerKeyExchange   = 12
	msgServerHelloDone     = 14
	msgFinished            = 20
	msgKeyUpdate           = 24
)

// maxMessage bounds the handshake messages that are looked into. Longer ones,
// certificates above all, are skipped.
const maxMessage = 64 << 10

// messages joins the handshake messages of one direction (RFC 8446, 5.1).
type messages struct {
	buf  []byte
	skip int // bytes of a message that is of no interest
}

// reset forgets the message at hand: bytes of it were lost, or others follow.
func (m *messages) reset() { m.buf, m.skip = m.buf[:0], 0 }

// feed calls f for each message that is complete. The body is lent.
func (m *messages) feed(b []byte, f func(typ byte, body []byte)) {
	for len(b) > 0 {
		if m.skip > 0 {
			n := min(m.skip, len(b))
			m.skip -= n
			b = b[n:]
			continue
		}
		if len(m.buf) == 0 && len(b) >= 4 {
			if size := int(b[1])<<16 | int(b[2])<<8 | int(b[3]); wanted(b[0]) && size <= maxMessage && size <= len(b)-4 {
				f(b[0], b[4:4+size]) // whole, so that it need not be copied
				b = b[4+size:]
				continue
			}
		}
		if n := 4 - len(m.buf); n > 0 {
			n = min(n, len(b))
			m.buf = append(m.buf, b[:n]...)
			b = b[n:]
			if len(m.buf) < 4 {
				return
			}
		}
		size := int(m.buf[1])<<16 | int(m.buf[2])<<8 | int(m.buf[3])
		if !wanted(m.buf[0]) || size > maxMessage {
			f(m.buf[0], nil)
			m.buf, m.skip = m.buf[:0], size
			continue
		}
		n := min(4+size-len(m.buf), len(b))
		m.buf = append(m.buf, b[:n]...)
		if b = b[n:]; len(m.buf) == 4+size {
			body := m.buf[4:]
			typ := m.buf[0]
			m.buf = m.buf[:0]
			f(typ, body)
		}
	}
}

// wanted reports whether the body of such a message is looked at.
func wanted(typ byte) bool {
	switch typ {
	case msgClientHello, msgServerHello, msgNewSessionTicket, msgEncryptedExtensions, msgFinished, msgEndOfEarlyData, msgKeyUpdate:
		return true
	}
	return false
}

// message takes a handshake message; body is nil where it is not wanted.
func (s *session) message(h *half, typ byte, body []byte, at capture.Stamp) {
	switch typ {
	case msgClientHello:
		if hello, ok := parseClientHello(body); ok {
			s.clientHello(h, &hello, at)
		}
	case msgServerHello:
		if hello, ok := parseServerHello(body); ok {
			s.serverHello(h, &hello, at)
		}
	case msgCertificate, msgServerKeyExchange, msgServerHelloDone:
		s.full = true
	case msgNewSessionTicket:
		s.newTicket(body)
	case msgEncryptedExtensions:
		var taken bool
		s.info.ALPN, taken = parseEncryptedExtensions(body)
		s.early.decide(taken)
	case msgEndOfEarlyData:
		if h.epoch == epochEarly {
			h.enter(epochHandshake)
		}
	case msgFinished:
		if s.version == versionTLS13 && h.epoch == epochHandshake && h.keys != nil {
			h.enter(epochApplication)
		}
	case msgKeyUpdate:
		if h.epoch == epochApplication && h.secret != nil {
			h.updateKey()
		}
	}
}

func (s *session) clientHello(h *half, hello *clientHello, at capture.Stamp) {
	s.setClient(h.dir)
	s.clientRandom, s.haveClient = hello.random, true
	s.entry = nil
	s.full, s.haveServer = false, false
	s.early.offered = hello.early && s.version == 0
	s.resumes = s.resumes[:0]
	s.sessionID = append(s.sessionID[:0], hello.sessionID...)
	if s.h.keys != nil {
		if len(hello.ticket) > 0 {
			s.resume(ticketKey(hello.ticket))
		}
		if len(hello.sessionID) > 0 {
			s.resume(sessionKey(hello.sessionID))
		}
	}
	if s.version == 0 {
		h.epoch = epochHandshake
		if s.early.offered {
			h.epoch = epochEarly
		}
	}
	i := s.info
	if hello.sni != "" || i.SNI == "" {
		i.SNI = hello.sni
	}
	if len(hello.alpn) > 0 {
		i.Offered = hello.alpn
	}
	if i.ClientRandom == "" {
		var digits [64]byte
		hex.Encode(digits[:], hello.random[:])
		i.ClientRandom = string(digits[:])
		i.ClientHello = at
	}
	s.tell()
}

// resume notes a handshake that this one may resume.
func (s *session) resume(key [32]byte) {
	if random, ok := s.h.tickets.get(key); ok {
		s.resumes = append(s.resumes, random)
	}
}

func (s *session) serverHello(h *half, hello *serverHello, at capture.Stamp) {
	s.setClient(h.dir.Reverse())
	s.version, s.suiteID = hello.version, hello.suite
	if hello.version == versionTLS13 {
		s.suite = suite13(hello.suite)
	} else {
		s.suite = suite12(hello.suite)
	}
	if hello.retry {
		// Early data are refused, and a second ClientHello follows (RFC 8446, 4.1.2).
		s.early.offered = false
		s.early.decide(false)
		s.half[s.client].epoch = epochHandshake
	}
	s.serverRandom, s.haveServer, s.etm = hello.random, true, hello.etm
	if s.h.keys != nil && hello.version <= versionTLS12 && len(hello.sessionID) > 0 && s.haveClient {
		// RFC 5246, F.1.4: a full handshake's id names it from now on.
		if string(hello.sessionID) != string(s.sessionID) {
			s.h.tickets.put(sessionKey(hello.sessionID), s.clientRandom)
		}
	}
	i := s.info
	i.Version = versionName(hello.version)
	i.Cipher = fmt.Sprintf("0x%04x", hello.suite)
	if s.suite != nil {
		i.Cipher = s.suite.name
	}
	if hello.alpn != "" {
		i.ALPN = hello.alpn
	}
	if i.ServerHello.Packet == 0 {
		i.ServerHello = at
	}
	s.tell()
}

// newTicket takes the NewSessionTicket of TLS 1.2 (RFC 5077, 3.3). Those of
// TLS 1.3 matter not: each connection has secrets of its own.
func (s *session) newTicket(body []byte) {
	m := cryptobyte.String(body)
	var lifetime uint32
	var ticket cryptobyte.String
	if s.h.keys == nil || s.version >= versionTLS13 || !s.haveClient ||
		!m.ReadUint32(&lifetime) || !m.ReadUint16LengthPrefixed(&ticket) || len(ticket) == 0 {
		return
	}
	random := s.clientRandom
	if !s.full && len(s.resumes) > 0 {
		random = s.resumes[0] // the same master secret under a new ticket
	}
	s.h.tickets.put(ticketKey(ticket), random)
}

// alert takes an alert (RFC 8446, 6).
func (s *session) alert(h *half, b []byte, at capture.Stamp) {
	if len(b) != 2 || b[1] == 0 { // 0 is close_notify
		return
	}
	s.info.Alert, s.info.AlertFrom, s.info.AlertAt = reassembly.AlertName(b[1]), h.dir, at
	s.tell()
}
