package decrypt

import (
	"crypto"
	"fmt"
)

// Protocol versions as on the wire.
const (
	versionTLS10 = 0x0301
	versionTLS11 = 0x0302
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

// versionName is the version as people write it.
func versionName(v uint16) string {
	switch v {
	case 0:
		return ""
	case 0x0300:
		return "SSL 3.0"
	case versionTLS10, versionTLS11, versionTLS12, versionTLS13:
		return fmt.Sprintf("TLS 1.%d", v&0xff-1)
	}
	return fmt.Sprintf("0x%04x", v)
}

// suiteKind is the way a suite protects records.
type suiteKind uint8

const (
	gcmSuite suiteKind = iota + 1
	chachaSuite
	ccmSuite
	cbcSuite
)

// suite is what decryption must know of a cipher suite.
type suite struct {
	name string
	kind suiteKind
	key  int         // bytes
	tag  int         // bytes, of an AEAD
	iv12 int         // bytes of the implicit nonce up to TLS 1.2, of an AEAD
	mac  crypto.Hash // of CBC
	// hash is that of the PRF (TLS 1.2) or of HKDF (TLS 1.3).
	hash   crypto.Hash
	triple bool // 3DES
}

// block is the block size of a CBC suite.
func (s *suite) block() int {
	if s.triple {
		return 8
	}
	return 16
}

// suite13 are the suites of TLS 1.3 (RFC 8446, B.4).
func suite13(id uint16) *suite {
	switch id {
	case 0x1301:
		return &suite{name: "TLS_AES_128_GCM_SHA256", kind: gcmSuite, key: 16, tag: 16, hash: crypto.SHA256}
	case 0x1302:
		return &suite{name: "TLS_AES_256_GCM_SHA384", kind: gcmSuite, key: 32, tag: 16, hash: crypto.SHA384}
	case 0x1303:
		return &suite{name: "TLS_CHACHA20_POLY1305_SHA256", kind: chachaSuite, key: 32, tag: 16, hash: crypto.SHA256}
	case 0x1304:
		return &suite{name: "TLS_AES_128_CCM_SHA256", kind: ccmSuite, key: 16, tag: 16, hash: crypto.SHA256}
	case 0x1305:
		return &suite{name: "TLS_AES_128_CCM_8_SHA256", kind: ccmSuite, key: 16, tag: 8, hash: crypto.SHA256}
	}
	return nil
}

// suite12 are the suites of TLS 1.2 and before that we read: those with AES,
// ChaCha20 and 3DES whose keys RSA or (EC)DHE agree on.
func suite12(id uint16) *suite {
	for _, c := range [...]struct {
		name                   string
		rsa, dhe, ecdsa, ecdhe uint16 // TLS_RSA_, DHE_RSA_, ECDHE_ECDSA_, ECDHE_RSA_WITH_
		kind                   suiteKind
		key, tag, iv           int
		mac, hash              crypto.Hash
	}{
		{"3DES_EDE_CBC_SHA", 0x000a, 0x0016, 0xc008, 0xc012, cbcSuite, 24, 0, 0, crypto.SHA1, crypto.SHA256},
		{"AES_128_CBC_SHA", 0x002f, 0x0033, 0xc009, 0xc013, cbcSuite, 16, 0, 0, crypto.SHA1, crypto.SHA256},
		{"AES_256_CBC_SHA", 0x0035, 0x0039, 0xc00a, 0xc014, cbcSuite, 32, 0, 0, crypto.SHA1, crypto.SHA256},
		{"AES_128_CBC_SHA256", 0x003c, 0x0067, 0xc023, 0xc027, cbcSuite, 16, 0, 0, crypto.SHA256, crypto.SHA256},
		{"AES_256_CBC_SHA256", 0x003d, 0x006b, 0, 0, cbcSuite, 32, 0, 0, crypto.SHA256, crypto.SHA256},
		{"AES_256_CBC_SHA384", 0, 0, 0xc024, 0xc028, cbcSuite, 32, 0, 0, crypto.SHA384, crypto.SHA384},
		{"AES_128_GCM_SHA256", 0x009c, 0x009e, 0xc02b, 0xc02f, gcmSuite, 16, 16, 4, 0, crypto.SHA256},
		{"AES_256_GCM_SHA384", 0x009d, 0x009f, 0xc02c, 0xc030, gcmSuite, 32, 16, 4, 0, crypto.SHA384},
		{"CHACHA20_POLY1305_SHA256", 0, 0xccaa, 0xcca9, 0xcca8, chachaSuite, 32, 16, 12, 0, crypto.SHA256},
		{"AES_128_CCM", 0xc09c, 0xc09e, 0xc0ac, 0, ccmSuite, 16, 16, 4, 0, crypto.SHA256},
		{"AES_256_CCM", 0xc09d, 0xc09f, 0xc0ad, 0, ccmSuite, 32, 16, 4, 0, crypto.SHA256},
		{"AES_128_CCM_8", 0xc0a0, 0xc0a2, 0xc0ae, 0, ccmSuite, 16, 8, 4, 0, crypto.SHA256},
		{"AES_256_CCM_8", 0xc0a1, 0xc0a3, 0xc0af, 0, ccmSuite, 32, 8, 4, 0, crypto.SHA256},
	} {
		kex := ""
		switch id {
		case 0:
			return nil
		case c.rsa:
			kex = "RSA"
		case c.dhe:
			kex = "DHE_RSA"
		case c.ecdsa:
			kex = "ECDHE_ECDSA"
		case c.ecdhe:
			kex = "ECDHE_RSA"
		default:
			continue
		}
		return &suite{
			name: "TLS_" + kex + "_WITH_" + c.name, kind: c.kind, key: c.key, tag: c.tag, iv12: c.iv,
			mac: c.mac, hash: c.hash, triple: c.key == 24,
		}
	}
	return nil
}
