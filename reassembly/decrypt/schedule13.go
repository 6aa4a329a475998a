package decrypt

import (
	"crypto"
	"crypto/hkdf"
)

// expandLabel is HKDF-Expand-Label with an empty context (RFC 8446, 7.1).
func expandLabel(h crypto.Hash, secret []byte, label string, n int) ([]byte, error) {
	info := make([]byte, 0, 32)
	info = append(info, byte(n>>8), byte(n), byte(6+len(label)))
	info = append(info, "tls13 "...)
	info = append(info, label...)
	info = append(info, 0)
	return hkdf.Expand(h.New, secret, string(info), n)
}

// keys13 derives what protects records from a traffic secret (RFC 8446, 7.3).
func keys13(s *suite, secret []byte) (k keyBlock, err error) {
	if k.key, err = expandLabel(s.hash, secret, "key", s.key); err != nil {
		return k, err
	}
	k.iv, err = expandLabel(s.hash, secret, "iv", 12)
	return k, err
}

// nextSecret is the traffic secret after a KeyUpdate (RFC 8446, 7.2).
func nextSecret(s *suite, secret []byte) ([]byte, error) {
	return expandLabel(s.hash, secret, "traffic upd", s.hash.Size())
}
