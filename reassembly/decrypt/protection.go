package decrypt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// Sizes of the record layer (RFC 8446, 5.1, 5.2; RFC 5246, 6.2).
const (
	recordHeader = 5
	maxFragment  = 1<<14 + 2048
)

// Content types.
const (
	typeCCS         = 20
	typeAlert       = 21
	typeHandshake   = 22
	typeApplication = 23
)

// protection opens the records of one direction under one key. A record is
// whole, with its header, and is not written to. What open returns is not
// believed unless ok: the tag or MAC and the padding were right.
type protection interface {
	// open opens the record that has sequence number seq. The plaintext is
	// lent, in a buffer of dst's array where it fits.
	open(dst, record []byte, seq uint64) (typ byte, plain []byte, ok bool)
	// seek finds the sequence number of a record between from and to
	// inclusive, or beyond to where it need not be guessed, and pays for its
	// work out of credit.
	seek(record []byte, from, to uint64, credit *credit) (seq uint64, ok bool)
	// overhead is how many bytes a record is longer than its plaintext, at
	// the least.
	overhead() int
}

// newAEAD makes the AEAD of a suite.
func newAEAD(s *suite, key []byte) (cipher.AEAD, cipher.Block, error) {
	if s.kind == chachaSuite {
		a, err := chacha20poly1305.New(key)
		return a, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	if s.kind == ccmSuite {
		return newCCM(block, s.tag), block, nil
	}
	a, err := cipher.NewGCM(block)
	return a, block, err
}

// xorNonce is the nonce of record seq (RFC 8446, 5.3; RFC 7905, 2).
func xorNonce(nonce *[12]byte, iv []byte, seq uint64) {
	copy(nonce[:], iv)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^seq)
}

// aead13 protects records as TLS 1.3 does (RFC 8446, 5.2).
type aead13 struct {
	suite  *suite
	aead   cipher.AEAD
	block  cipher.Block // of AES
	key    []byte
	iv     []byte
	nonce  [12]byte
	padded bool // a record had padding
}

// newAEAD13 makes it from a traffic secret.
func newAEAD13(s *suite, secret []byte) (*aead13, error) {
	k, err := keys13(s, secret)
	if err != nil {
		return nil, err
	}
	p := &aead13{suite: s, key: k.key, iv: k.iv}
	p.aead, p.block, err = newAEAD(s, k.key)
	return p, err
}

func (p *aead13) overhead() int { return recordHeader + p.suite.tag + 1 }

func (p *aead13) open(dst, record []byte, seq uint64) (byte, []byte, bool) {
	body := record[recordHeader:]
	if record[0] != typeApplication || len(body) <= p.suite.tag {
		return 0, nil, false
	}
	xorNonce(&p.nonce, p.iv, seq)
	plain, err := p.aead.Open(dst[:0], p.nonce[:], body, record[:recordHeader])
	if err != nil {
		return 0, nil, false
	}
	// The type stands behind the content, zeros behind it (RFC 8446, 5.4).
	n := len(plain)
	for n > 0 && plain[n-1] == 0 {
		n--
	}
	if n == 0 {
		return 0, nil, false
	}
	p.padded = p.padded || n < len(plain)
	return plain[n-1], plain[:n-1], true
}

// aead12 protects records as TLS 1.2 does with an AEAD: GCM (RFC 5288) and CCM
// (RFC 6655) with 8 bytes of the nonce in the record, ChaCha20 (RFC 7905) none.
type aead12 struct {
	suite    *suite
	aead     cipher.AEAD
	iv       []byte
	explicit int
	nonce    [12]byte
	data     [13]byte
	// lastSeq and lastNonce are those of the record opened last. Most senders
	// count the explicit nonce up, so that it tells how many records were lost.
	lastSeq, lastNonce uint64
}

func newAEAD12(s *suite, k keyBlock) (*aead12, error) {
	a, _, err := newAEAD(s, k.key)
	if err != nil {
		return nil, err
	}
	return &aead12{suite: s, aead: a, iv: k.iv, explicit: 12 - s.iv12}, nil
}

func (p *aead12) overhead() int { return recordHeader + p.explicit + p.suite.tag }

func (p *aead12) open(dst, record []byte, seq uint64) (byte, []byte, bool) {
	body := record[recordHeader:]
	n := len(body) - p.explicit - p.suite.tag
	if n < 0 {
		return 0, nil, false
	}
	if p.explicit > 0 {
		copy(p.nonce[:], p.iv)
		copy(p.nonce[4:], body[:8])
	} else {
		xorNonce(&p.nonce, p.iv, seq)
	}
	// RFC 5246, 6.2.3.3.
	binary.BigEndian.PutUint64(p.data[:8], seq)
	copy(p.data[8:11], record[:3])
	binary.BigEndian.PutUint16(p.data[11:], uint16(n))
	plain, err := p.aead.Open(dst[:0], p.nonce[:], body[p.explicit:], p.data[:])
	if err != nil {
		return 0, nil, false
	}
	if p.explicit > 0 {
		p.lastSeq, p.lastNonce = seq, binary.BigEndian.Uint64(body)
	}
	return record[0], plain, true
}
