package decrypt

import (
	"encoding/binary"

	"wstap/capture"
	"wstap/reassembly"
)

// feed takes the next bytes of a direction and cuts them into records. Records
// that lie whole in b are not copied.
func (s *session) feed(h *half, b []byte, at capture.Stamp) error {
	for len(b) > 0 {
		if h.scanning {
			return s.search(h, b, at)
		}
		if h.skip > 0 {
			n := min(h.skip, int64(len(b)))
			h.skip -= n
			h.lost += n
			b = b[n:]
			continue
		}
		record := b
		if len(h.buf) > 0 || len(b) < recordHeader || len(b) < recordSize(b) {
			need := recordHeader
			if len(h.buf) >= recordHeader {
				need = recordSize(h.buf)
			}
			n := min(need-len(h.buf), len(b))
			if len(h.buf) < recordHeader || plausibleHeader(h.buf) {
				h.buf = append(h.buf, b[:n]...)
				b = b[n:]
			}
			if len(h.buf) < recordHeader {
				return nil
			}
			if plausibleHeader(h.buf) && len(h.buf) < recordSize(h.buf) {
				continue
			}
			record = h.buf
		}
		if !plausibleHeader(record) {
			// Not TLS any more, or never: look for where it goes on.
			h.scanning = true
			b = append(append([]byte(nil), h.buf...), b...)
			h.buf = h.buf[:0]
			h.lose(0, reassembly.Limit, at)
			continue
		}
		size := recordSize(record)
		if err := s.record(h, record[:size:size], at); err != nil {
			if err == errNeedKey {
				rest := append(append([]byte(nil), h.buf...), b...)
				h.buf = h.buf[:0]
				s.rest = []item{{kind: dataItem, dir: h.dir, data: rest, at: at}}
			}
			return err
		}
		if len(h.buf) > 0 {
			h.buf = h.buf[:0]
		} else {
			b = b[size:]
		}
	}
	return nil
}

// recordSize is the length of the record that b begins with, its header
// included.
func recordSize(b []byte) int {
	return recordHeader + int(binary.BigEndian.Uint16(b[3:]))
}

// record takes a whole record.
func (s *session) record(h *half, record []byte, at capture.Stamp) error {
	if s.encrypted(h, record) {
		typ, plain, err := s.open(h, record, at)
		if err != nil {
			return err
		}
		if plain != nil {
			return s.content(h, typ, plain, at)
		}
		return nil
	}
	h.lost = 0 // of the handshake, where nothing was lost but its own messages
	return s.content(h, record[0], record[recordHeader:], at)
}

// encrypted reports whether a record is protected.
func (s *session) encrypted(h *half, record []byte) bool {
	switch {
	case record[0] == typeApplication:
		return true
	case s.version >= versionTLS13 || s.version == 0:
		return false
	}
	return h.protected
}

// open opens a protected record. plain is nil where it could not be.
func (s *session) open(h *half, record []byte, at capture.Stamp) (typ byte, plain []byte, err error) {
	if h.keys != nil {
		// Nearly always it is the next one.
		typ, plain, ok := h.keys.open(s.h.plain, record, h.seq)
		if ok {
			return typ, s.accept(plain), s.opensAt(h, h.seq, true, at)
		}
	}
	m, found, err := s.find(h, record)
	if err != nil {
		return 0, nil, err
	}
	var ok bool
	if found {
		typ, plain, ok = m.keys.open(s.h.plain, record, m.seq)
	}
	if !ok {
		s.fail(h, record, at)
		return 0, nil, nil
	}
	same := h.keys != nil && h.keys == m.keys
	s.adopt(h, &m)
	return typ, s.accept(plain), s.opensAt(h, m.seq, same, at)
}

// accept keeps the buffer that a plaintext lies in, and makes sure that the
// plaintext of an empty record is not nil.
func (s *session) accept(plain []byte) []byte {
	if cap(plain) > cap(s.h.plain) {
		s.h.plain = plain[:0]
	}
	if plain == nil {
		plain = s.h.plain[:0]
		if plain == nil {
			plain = []byte{}
		}
	}
	return plain
}

// opensAt notes that a record was opened as number seq, of the same keys as
// the one before or of others, and tells what was lost before it.
func (s *session) opensAt(h *half, seq uint64, same bool, at capture.Stamp) error {
	missed := seq
	if same {
		missed -= h.seq
	}
	h.seq = seq + 1
	first := !h.opened
	h.opened = true
	if !s.opened {
		s.opened = true
		s.tell()
	}
	if h.lost == 0 {
		return nil
	}
	lost := h.lost
	h.lost = 0
	switch {
	case first && s.midstream:
		return nil // what lies before the beginning is not missed
	case !same && s.version == versionTLS13 && h.epoch < epochApplication && !s.earlyTaken:
		return nil // handshake messages alone
	case !same && s.version == versionTLS13 && missed == 0 && h.epoch == epochApplication && h.n == 0:
		return nil
	case !same && s.version < versionTLS13 && missed <= 1:
		return nil // the Finished
	}
	// The number of records lost gives the number of bytes, unless there was
	// padding in them.
	n := lost - int64(missed)*int64(h.keys.overhead())
	return s.tellLoss(h, n, lost)
}

// tellLoss hands on that n bytes of plaintext, lost bytes of the stream, were
// lost before the present record.
func (s *session) tellLoss(h *half, n, lost int64) error {
	s.lost += lost
	s.resynced = true
	s.h.stats.Resynced++
	s.tell()
	if n <= 0 {
		return nil
	}
	return s.out.take(item{kind: gapItem, dir: h.dir, gap: reassembly.Gap{Bytes: n, Cause: h.cause}, at: h.lostAt})
}

// fail notes a record that no key opens.
func (s *session) fail(h *half, record []byte, at capture.Stamp) {
	s.h.stats.Failed++
	if c, ok := h.keys.(*cbc); ok {
		c.follow(record)
	}
	h.lose(int64(len(record)), reassembly.Limit, at)
}
