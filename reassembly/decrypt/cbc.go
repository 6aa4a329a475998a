package decrypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// cbc protects records with a block cipher and an HMAC (RFC 5246, 6.2.3.2),
// the MAC below the padding or, with the extension of RFC 7366, above it.
type cbc struct {
	block    cipher.Block
	size     int // of a block
	mac      hash.Hash
	macLen   int
	etm      bool // encrypt then MAC
	explicit bool // IV in each record, since TLS 1.1
	// iv is the last block of the record before, in TLS 1.0.
	iv   []byte
	head [13]byte
	sum  []byte
}

func newCBC(version uint16, s *suite, k keyBlock, etm bool) (*cbc, error) {
	p := &cbc{size: s.block(), mac: hmac.New(s.mac.New, k.mac), etm: etm, explicit: version >= versionTLS11}
	p.macLen = p.mac.Size()
	p.iv = append(p.iv, k.iv...)
	var err error
	if s.triple {
		p.block, err = des.NewTripleDESCipher(k.key)
	} else {
		p.block, err = aes.NewCipher(k.key)
	}
	return p, err
}

// overhead counts half a block of padding: how much there is cannot be known.
func (p *cbc) overhead() int {
	n := recordHeader + p.macLen + (p.size+1)/2
	if p.explicit {
		n += p.size
	}
	return n
}

func (p *cbc) open(dst, record []byte, seq uint64) (byte, []byte, bool) {
	plain, ok := p.try(dst, record, seq, seq, nil, &seq)
	if ok {
		p.follow(record)
	}
	return record[0], plain, ok
}

// follow takes the IV of the record that comes next in TLS 1.0.
func (p *cbc) follow(record []byte) {
	end := len(record)
	if p.etm {
		end -= p.macLen
	}
	if !p.explicit && end >= recordHeader+p.size {
		p.iv = append(p.iv[:0], record[end-p.size:end]...)
	}
}

// pass takes bytes of the stream that were not opened: in TLS 1.0 a record's IV
// stands right before it.
func (p *cbc) pass(b []byte) {
	if p.explicit || p.etm {
		return
	}
	if len(b) < p.size {
		b = append(append([]byte(nil), p.iv...), b...)
	}
	p.iv = append(p.iv[:0], b[max(0, len(b)-p.size):]...)
}

// try decrypts a record and finds its sequence number between from and to.
func (p *cbc) try(dst, record []byte, from, to uint64, c *credit, seq *uint64) ([]byte, bool) {
	body := record[recordHeader:]
	var sent []byte
	if p.etm {
		if len(body) < p.macLen {
			return nil, false
		}
		body, sent = body[:len(body)-p.macLen], body[len(body)-p.macLen:]
		if !p.find(record, body, sent, from, to, c, seq) {
			return nil, false
		}
	}
	iv := p.iv
	if p.explicit {
		if len(body) < p.size {
			return nil, false
		}
		iv, body = body[:p.size], body[p.size:]
	}
	if len(body) == 0 || len(body)%p.size != 0 || len(iv) != p.size {
		return nil, false
	}
	plain := append(dst[:0], body...)
	cipher.NewCBCDecrypter(p.block, iv).CryptBlocks(plain, plain)
	pad := int(plain[len(plain)-1])
	n := len(plain) - pad - 1
	if !p.etm {
		n -= p.macLen
	}
	if n < 0 {
		return nil, false
	}
	for _, b := range plain[len(plain)-pad-1:] {
		if int(b) != pad {
			return nil, false
		}
	}
	if !p.etm && !p.find(record, plain[:n], plain[n:n+p.macLen], from, to, c, seq) {
		return nil, false
	}
	return plain[:n], true
}

// find looks for the sequence number under which content has the MAC sent.
func (p *cbc) find(record, content, sent []byte, from, to uint64, c *credit, seq *uint64) bool {
	copy(p.head[8:11], record[:3])
	binary.BigEndian.PutUint16(p.head[11:], uint16(len(content)))
	for n := from; n <= to; n++ {
		if c != nil && !c.pay(len(content)+256) {
			return false
		}
		binary.BigEndian.PutUint64(p.head[:8], n)
		p.mac.Reset()
		p.mac.Write(p.head[:])
		p.mac.Write(content)
		p.sum = p.mac.Sum(p.sum[:0])
		if hmac.Equal(p.sum, sent) {
			*seq = n
			return true
		}
	}
	return false
}

func (p *cbc) seek(record []byte, from, to uint64, c *credit) (seq uint64, ok bool) {
	_, ok = p.try(nil, record, from, to, c, &seq)
	return seq, ok
}
