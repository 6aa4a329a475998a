package decrypt

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"

	"golang.org/x/crypto/chacha20"
)

// Searching costs: each trial is paid for, in bytes that pass through a cipher
// or hash, so that hostile or hopeless streams cost no more than a multiple of
// their length.
const (
	probeCost   = 128  // one block and what is around it
	keyCost     = 4096 // deriving keys
	streamGrant = 512 << 20
	totalGrant  = 2 << 30
	byteGrant   = 8 // for each byte of ciphertext seen
)

// credit is what a search may cost.
type credit struct {
	left  int64
	total *int64 // left for all streams together
}

// pay takes n from the credit, and reports whether it was there.
func (c *credit) pay(n int) bool {
	if c.left < int64(n) || *c.total < int64(n) {
		return false
	}
	c.left -= int64(n)
	*c.total -= int64(n)
	return true
}

// earn adds what n more bytes of ciphertext allow.
func (c *credit) earn(n int) {
	c.left = min(c.left+byteGrant*int64(n), streamGrant)
	*c.total = min(*c.total+byteGrant*int64(n), totalGrant)
}

func (p *aead13) seek(record []byte, from, to uint64, c *credit) (uint64, bool) {
	body := record[recordHeader:]
	if record[0] != typeApplication || len(body) <= p.suite.tag {
		return 0, false
	}
	if p.suite.kind == gcmSuite {
		if !c.pay(4*len(record) + probeCost) {
			return 0, false
		}
		seq, ok := p.recover(record)
		return seq, ok && from <= seq // computed, not guessed: to need not hold
	}
	for seq := from; seq <= to; seq++ {
		if !c.pay(probeCost) {
			return 0, false
		}
		// The last byte is the content type, or zero where there is padding:
		// that rules out nearly all for the price of a block.
		xorNonce(&p.nonce, p.iv, seq)
		last := body[len(body)-p.suite.tag-1] ^ p.keystream(len(body)-p.suite.tag-1)
		if last != 0 && (last < typeAlert || last > typeApplication) {
			continue
		}
		if !c.pay(len(record)) {
			return 0, false
		}
		if _, _, ok := p.open(nil, record, seq); ok {
			return seq, true
		}
	}
	return 0, false
}

// keystream is byte i of the key stream under p.nonce.
func (p *aead13) keystream(i int) byte {
	if ccm, ok := p.aead.(*ccm); ok {
		ccm.keystream(p.nonce[:], 1+i/16)
		return ccm.pad[i%16]
	}
	s, err := chacha20.NewUnauthenticatedCipher(p.key, p.nonce[:])
	if err != nil {
		return 0
	}
	s.SetCounter(uint32(1 + i/64)) // block 0 makes the Poly1305 key (RFC 8439, 2.8)
	var b [64]byte
	s.XORKeyStream(b[:], b[:])
	return b[i%64]
}

// recover computes the sequence number of a record under GCM from its tag.
//
// The tag is GHASH(header, ciphertext) XOR E(nonce || 1), and the first term
// does not depend on the nonce (NIST SP 800-38D, 7.1). So it is taken from a
// seal of the same ciphertext under nonce zero, and the cipher's inverse gives
// the nonce, of which 64 bits are known: nothing has to be tried.
func (p *aead13) recover(record []byte) (uint64, bool) {
	body := record[recordHeader:]
	n := len(body) - 16
	var zero, one, two [16]byte
	one[15], two[15] = 1, 2
	plain := make([]byte, n, n+16)
	cipher.NewCTR(p.block, two[:]).XORKeyStream(plain, body[:n])
	sealed := p.aead.Seal(plain[:0], zero[:12], plain, record[:recordHeader])
	p.block.Encrypt(one[:], one[:])
	var j [16]byte
	subtle.XORBytes(j[:], sealed[n:], one[:]) // GHASH
	subtle.XORBytes(j[:], j[:], body[n:])     // E(nonce || 1)
	p.block.Decrypt(j[:], j[:])
	seq := binary.BigEndian.Uint64(j[4:]) ^ binary.BigEndian.Uint64(p.iv[4:])
	known := binary.BigEndian.Uint32(j[:]) == binary.BigEndian.Uint32(p.iv) &&
		binary.BigEndian.Uint32(j[12:]) == 1
	return seq, known
}

func (p *aead12) seek(record []byte, from, to uint64, c *credit) (uint64, bool) {
	body := record[recordHeader:]
	if len(body) < p.explicit+p.suite.tag {
		return 0, false
	}
	try := func(seq uint64) bool {
		lastSeq, lastNonce := p.lastSeq, p.lastNonce
		_, _, ok := p.open(nil, record, seq)
		p.lastSeq, p.lastNonce = lastSeq, lastNonce
		return ok
	}
	if p.explicit > 0 {
		if !c.pay(len(record) + probeCost) {
			return 0, false
		}
		seq := p.lastSeq + binary.BigEndian.Uint64(body) - p.lastNonce
		if from <= seq && seq <= to && try(seq) {
			return seq, true
		}
	}
	for seq := from; seq <= to; seq++ {
		if !c.pay(len(record) + probeCost) {
			return 0, false
		}
		if try(seq) {
			return seq, true
		}
	}
	return 0, false
}
