package decrypt

import (
	"encoding/binary"
	"slices"

	"wstap/capture"
	"wstap/reassembly"
)

// feed takes the next bytes of a direction and cuts them into records. Records
// that lie whole in b are not copied. Where errNeedKey is returned, s.rest is
// what was not taken.
func (s *session) feed(h *half, b []byte, at capture.Stamp) error {
	for len(b) > 0 {
		switch {
		case h.scanning && len(h.scan) > 0:
			return s.searchOn(h, b, at)
		case h.scanning:
			i, err := s.search(h, b, at)
			if b = b[i:]; err != nil {
				return s.blocked(h, b, at, err)
			}
		case h.skip > 0:
			n := min(h.skip, int64(len(b)))
			h.skip -= n
			h.lost += n
			if c, ok := h.keys.(*cbc); ok {
				c.pass(b[:n])
			}
			b = b[n:]
		case len(h.buf) > 0:
			var done bool
			if b, done = h.fill(b); !done {
				continue
			}
			if !plausibleHeader(h.buf) {
				h.stray(at)
				continue
			}
			if err := s.record(h, h.buf, at); err != nil {
				return s.blocked(h, append(slices.Clone(h.buf), b...), at, err)
			}
			h.buf = h.buf[:0]
		case len(b) >= recordHeader && !plausibleHeader(b):
			h.stray(at)
		case len(b) >= recordHeader && s.h.keys == nil && s.encrypted(h, b):
			// No key will come, so that its header says all there is to know.
			n := min(recordSize(b), len(b))
			s.fail(h, b[:n], at)
			h.skip = int64(recordSize(b) - n)
			b = b[n:]
		case len(b) < recordHeader || len(b) < recordSize(b):
			h.buf = append(h.buf, b...)
			return nil
		default:
			n := recordSize(b)
			if err := s.record(h, b[:n:n], at); err != nil {
				return s.blocked(h, b, at, err)
			}
			b = b[n:]
		}
	}
	return nil
}

// passes passes over n bytes within a record, as takeData would: nearly all of a
// download.
func (s *session) passes(d reassembly.Direction, n int) bool {
	h := &s.half[d&1]
	if h.scanning || h.skip < int64(n) {
		return false
	}
	s.credit.earn(n)
	h.skip -= int64(n)
	h.lost += int64(n)
	return true
}

// takeData is take for data where there are no keys, so that nothing is held.
func (s *session) takeData(d reassembly.Direction, b []byte, at capture.Stamp) error {
	s.credit.earn(len(b))
	return s.feed(&s.half[d&1], b, at)
}

// blocked notes what was not taken for want of a key.
func (s *session) blocked(h *half, b []byte, at capture.Stamp, err error) error {
	if err == errNeedKey {
		h.buf = h.buf[:0]
		s.rest = []item{{kind: dataItem, dir: h.dir, data: b, at: at}}
	}
	return err
}

// fill completes the record that is under way, and returns what of b is left.
func (h *half) fill(b []byte) (rest []byte, done bool) {
	for {
		need := recordHeader
		if len(h.buf) >= recordHeader {
			if !plausibleHeader(h.buf) {
				return b, true
			}
			need = recordSize(h.buf)
		}
		n := min(need-len(h.buf), len(b))
		h.buf = append(h.buf, b[:n]...)
		b = b[n:]
		if len(h.buf) < need {
			return b, false
		}
		if need > recordHeader {
			return b, true
		}
	}
}

// stray begins to search: what stands where a record should begin is none.
func (h *half) stray(at capture.Stamp) {
	h.lose(0, reassembly.Limit, at)
	h.scanning = true
	if len(h.buf) > 0 {
		h.stash(h.buf, at)
		h.buf = h.buf[:0]
	}
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
	if h.opened && h.epoch > epochEarly && s.version >= versionTLS13 {
		return nil // not authentic, and nothing plain comes any more
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
		typ, plain, ok := h.keys.open(*s.scratch(), record, h.seq)
		if ok {
			return typ, s.accept(plain), s.opensAt(h, h.seq, 0, true)
		}
	}
	m, found, err := s.find(h, record)
	if err != nil {
		return 0, nil, err
	}
	var ok bool
	if found {
		typ, plain, ok = m.keys.open(*s.scratch(), record, m.seq)
	}
	if !ok {
		s.fail(h, record, at)
		return 0, nil, nil
	}
	missed, same := m.seq, h.keys != nil && h.keys == m.keys
	if same {
		missed -= h.seq
	}
	s.adopt(h, &m)
	return typ, s.accept(plain), s.opensAt(h, m.seq, missed, same)
}

// scratch is the buffer for plaintext. Each layer has its own: a record may lie
// in the plaintext of the layer below.
func (s *session) scratch() *[]byte { return &s.h.plain[s.out.depth] }

// accept keeps the buffer that a plaintext lies in, and makes sure that the
// plaintext of an empty record is not nil.
func (s *session) accept(plain []byte) []byte {
	if cap(plain) > cap(*s.scratch()) {
		*s.scratch() = plain[:0]
	}
	if plain == nil {
		return []byte{}
	}
	return plain
}

// opensAt notes that a record was opened as number seq, after missed others
// that were not, of the same keys as the one opened before or of others. It
// tells what was lost.
func (s *session) opensAt(h *half, seq, missed uint64, same bool) error {
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
	case !same && s.version == versionTLS13 && h.epoch < epochApplication && !s.early.taken:
		return nil // handshake messages alone
	case !same && s.version == versionTLS13 && missed == 0 && h.epoch == epochApplication && h.n == 0:
		return nil
	case !same && s.version < versionTLS13 && missed <= 1:
		return nil // the Finished
	}
	// The number of records lost gives the number of bytes, unless there was
	// padding in them.
	n := lost - int64(missed)*h.overhead()
	return s.tellLoss(h, n, lost)
}

// overhead is how many bytes of a record are no plaintext, as far as is known.
func (h *half) overhead() int64 {
	if h.keys == nil {
		return minRecord
	}
	return int64(h.keys.overhead())
}

// gap is the loss of some n bytes of plaintext. The number is exact where
// records have no padding: CBC always has some, TLS 1.3 where its sender likes.
func (h *half) gap(n int64) reassembly.Gap {
	g := reassembly.Gap{Bytes: n, Cause: h.cause}
	switch p := h.keys.(type) {
	case *cbc:
		g.Estimated = true
	case *aead13:
		g.Estimated = p.padded
	}
	return g
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
	return s.out.take(item{kind: gapItem, dir: h.dir, gap: h.gap(n), at: h.lostAt})
}

// fail notes a record that no key opens.
func (s *session) fail(h *half, record []byte, at capture.Stamp) {
	s.h.stats.Failed++
	h.triedTo = 0 // the next record may tell more
	if c, ok := h.keys.(*cbc); ok {
		c.follow(record)
	}
	h.lose(int64(len(record)), reassembly.Limit, at)
}
