package decrypt

import (
	"crypto/cipher"
	"crypto/subtle"
	"errors"
)

// ccm is the AEAD CCM (RFC 3610) as TLS uses it (RFC 6655): nonces of 12
// bytes, so that lengths take 3, and tags of 16 or 8.
type ccm struct {
	block cipher.Block
	tag   int
	// Scratch: one call at a time.
	mac, ctr, pad [16]byte
}

const (
	ccmNonce  = 12
	ccmMaxLen = 1<<24 - 1
)

// errOpen is what an AEAD returns for data that are not authentic.
var errOpen = errors.New("message authentication failed")

// newCCM makes a CCM of a block cipher with blocks of 16 bytes.
func newCCM(block cipher.Block, tag int) *ccm { return &ccm{block: block, tag: tag} }

func (c *ccm) NonceSize() int { return ccmNonce }
func (c *ccm) Overhead() int  { return c.tag }

// Seal implements cipher.AEAD. Plaintext must be shorter than 16 MiB.
func (c *ccm) Seal(dst, nonce, plaintext, data []byte) []byte {
	c.authenticate(nonce, plaintext, data)
	tag := c.mac
	n := len(dst)
	dst = append(dst, plaintext...)
	c.crypt(dst[n:], nonce)
	c.mask(&tag, nonce)
	return append(dst, tag[:c.tag]...)
}

// Open implements cipher.AEAD.
func (c *ccm) Open(dst, nonce, ciphertext, data []byte) ([]byte, error) {
	if len(ciphertext) < c.tag || len(ciphertext)-c.tag > ccmMaxLen {
		return nil, errOpen
	}
	body, sent := ciphertext[:len(ciphertext)-c.tag], ciphertext[len(ciphertext)-c.tag:]
	n := len(dst)
	dst = append(dst, body...)
	c.crypt(dst[n:], nonce)
	c.authenticate(nonce, dst[n:], data)
	tag := c.mac
	c.mask(&tag, nonce)
	if subtle.ConstantTimeCompare(tag[:c.tag], sent) != 1 {
		clear(dst[n:])
		return nil, errOpen
	}
	return dst, nil
}

// authenticate computes the CBC-MAC of RFC 3610, 2.2 into c.mac.
func (c *ccm) authenticate(nonce, plaintext, data []byte) {
	flags := byte((c.tag-2)/2<<3 | 2)
	if len(data) > 0 {
		flags |= 0x40
	}
	c.mac[0] = flags
	copy(c.mac[1:], nonce[:ccmNonce])
	l := len(plaintext)
	c.mac[13], c.mac[14], c.mac[15] = byte(l>>16), byte(l>>8), byte(l)
	c.block.Encrypt(c.mac[:], c.mac[:])
	if len(data) > 0 {
		// Records have 5 to 13 bytes of additional data, far below 2^16 - 2^8.
		c.mac[0] ^= byte(len(data) >> 8)
		c.mac[1] ^= byte(len(data))
		c.absorb(data, 2)
	}
	c.absorb(plaintext, 0)
}

// absorb adds p to the MAC, from byte i of the present block on, and fills
// the last block with zeros.
func (c *ccm) absorb(p []byte, i int) {
	for len(p) > 0 {
		n := subtle.XORBytes(c.mac[i:], c.mac[i:], p)
		p, i = p[n:], 0
		c.block.Encrypt(c.mac[:], c.mac[:])
	}
}

// keystream sets c.pad to block i of the key stream (RFC 3610, 2.3).
func (c *ccm) keystream(nonce []byte, i int) {
	c.ctr[0] = 2
	copy(c.ctr[1:], nonce[:ccmNonce])
	c.ctr[13], c.ctr[14], c.ctr[15] = byte(i>>16), byte(i>>8), byte(i)
	c.block.Encrypt(c.pad[:], c.ctr[:])
}

// crypt encrypts or decrypts in place.
func (c *ccm) crypt(p, nonce []byte) {
	for i := 1; len(p) > 0; i++ {
		c.keystream(nonce, i)
		p = p[subtle.XORBytes(p, p, c.pad[:]):]
	}
}

// mask encrypts the tag.
func (c *ccm) mask(tag *[16]byte, nonce []byte) {
	c.keystream(nonce, 0)
	subtle.XORBytes(tag[:], tag[:], c.pad[:])
}
