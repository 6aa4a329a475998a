package decrypt

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"hash"
)

// pHash fills out by P_hash (RFC 5246, 5).
func pHash(out []byte, h func() hash.Hash, secret, seed []byte) {
	m := hmac.New(h, secret)
	m.Write(seed)
	a := m.Sum(nil)
	for len(out) > 0 {
		m.Reset()
		m.Write(a)
		m.Write(seed)
		out = out[copy(out, m.Sum(nil)):]
		m.Reset()
		m.Write(a)
		a = m.Sum(a[:0])
	}
}

// prf12 is TLS 1.2's pseudorandom function (RFC 5246, 5) with the suite's hash.
func prf12(out []byte, h crypto.Hash, secret []byte, label string, seed []byte) {
	pHash(out, h.New, secret, append([]byte(label), seed...))
}

// prf10 is that of TLS 1.0 and 1.1 (RFC 4346, 5): MD5 and SHA-1, of half the
// secret each.
func prf10(out []byte, secret []byte, label string, seed []byte) {
	seed = append([]byte(label), seed...)
	half := (len(secret) + 1) / 2
	pHash(out, md5.New, secret[:half], seed)
	other := make([]byte, len(out))
	pHash(other, sha1.New, secret[len(secret)-half:], seed)
	subtle.XORBytes(out, out, other)
}

// keyBlock is what protects one direction up to TLS 1.2 (RFC 5246, 6.3).
type keyBlock struct{ mac, key, iv []byte }

// keys12 derives both directions' keys from the master secret; the client's
// first.
func keys12(version uint16, s *suite, master, clientRandom, serverRandom []byte) (keys [2]keyBlock) {
	seed := append(append([]byte(nil), serverRandom...), clientRandom...)
	macLen, ivLen := 0, s.iv12
	if s.kind == cbcSuite {
		macLen = s.mac.Size()
		if version == versionTLS10 {
			ivLen = s.block()
		}
	}
	block := make([]byte, 2*(macLen+s.key+ivLen))
	if version >= versionTLS12 {
		prf12(block, s.hash, master, "key expansion", seed)
	} else {
		prf10(block, master, "key expansion", seed)
	}
	cut := func(n int) (b []byte) {
		b, block = block[:n:n], block[n:]
		return b
	}
	keys[0].mac, keys[1].mac = cut(macLen), cut(macLen)
	keys[0].key, keys[1].key = cut(s.key), cut(s.key)
	keys[0].iv, keys[1].iv = cut(ivLen), cut(ivLen)
	return keys
}
