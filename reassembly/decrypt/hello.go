package decrypt

import "golang.org/x/crypto/cryptobyte"

// Extensions that matter here.
const (
	extServerName        = 0
	extALPN              = 16
	extEncryptThenMAC    = 22
	extSessionTicket     = 35
	extEarlyData         = 42
	extSupportedVersions = 43
)

// retryRandom is the random of a HelloRetryRequest: the SHA-256 of that word (RFC
// 8446, 4.1.3).
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// clientHello is what is read of a ClientHello (RFC 8446, 4.1.2).
type clientHello struct {
	random    [32]byte
	sessionID []byte // lent
	ticket    []byte // lent
	sni       string
	alpn      []string
	early     bool
}

// serverHello is what is read of a ServerHello (RFC 8446, 4.1.3).
type serverHello struct {
	version   uint16
	random    [32]byte
	sessionID []byte // lent
	suite     uint16
	alpn      string
	etm       bool
	retry     bool // HelloRetryRequest
}

func parseClientHello(b []byte) (h clientHello, ok bool) {
	s := cryptobyte.String(b)
	var version uint16
	var random []byte
	var id, suites, compressions cryptobyte.String
	if !s.ReadUint16(&version) || !s.ReadBytes(&random, 32) ||
		!s.ReadUint8LengthPrefixed(&id) || len(id) > 32 ||
		!s.ReadUint16LengthPrefixed(&suites) || len(suites)%2 != 0 ||
		!s.ReadUint8LengthPrefixed(&compressions) {
		return h, false
	}
	copy(h.random[:], random)
	h.sessionID = id
	return h, extensions(s, func(ext uint16, b cryptobyte.String) {
		switch ext {
		case extServerName:
			h.sni = serverName(b)
		case extALPN:
			h.alpn = protocols(b)
		case extSessionTicket:
			h.ticket = b
		case extEarlyData:
			h.early = true
		}
	})
}

func parseServerHello(b []byte) (h serverHello, ok bool) {
	s := cryptobyte.String(b)
	var random []byte
	var id cryptobyte.String
	var compression uint8
	if !s.ReadUint16(&h.version) || !s.ReadBytes(&random, 32) ||
		!s.ReadUint8LengthPrefixed(&id) || len(id) > 32 ||
		!s.ReadUint16(&h.suite) || !s.ReadUint8(&compression) {
		return h, false
	}
	copy(h.random[:], random)
	h.sessionID = id
	h.retry = string(h.random[:]) == retryRandom
	return h, extensions(s, func(ext uint16, b cryptobyte.String) {
		switch ext {
		case extSupportedVersions:
			b.ReadUint16(&h.version)
		case extALPN:
			if p := protocols(b); len(p) == 1 {
				h.alpn = p[0]
			}
		case extEncryptThenMAC:
			h.etm = true
		}
	})
}

// parseEncryptedExtensions reads the ALPN and whether early data were accepted
// (RFC 8446, 4.3.1).
func parseEncryptedExtensions(b []byte) (alpn string, early bool) {
	extensions(b, func(ext uint16, b cryptobyte.String) {
		switch ext {
		case extALPN:
			if p := protocols(b); len(p) == 1 {
				alpn = p[0]
			}
		case extEarlyData:
			early = true
		}
	})
	return alpn, early
}

// extensions calls f with each extension. None at all is right too.
func extensions(s cryptobyte.String, f func(ext uint16, b cryptobyte.String)) bool {
	if s.Empty() {
		return true
	}
	var all cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&all) {
		return false
	}
	for !all.Empty() {
		var ext uint16
		var b cryptobyte.String
		if !all.ReadUint16(&ext) || !all.ReadUint16LengthPrefixed(&b) {
			return false
		}
		f(ext, b)
	}
	return true
}

// serverName is the first host name (RFC 6066, 3).
func serverName(s cryptobyte.String) string {
	var list, name cryptobyte.String
	var kind uint8
	if !s.ReadUint16LengthPrefixed(&list) || !list.ReadUint8(&kind) || kind != 0 ||
		!list.ReadUint16LengthPrefixed(&name) || len(name) > 255 {
		return ""
	}
	return string(name)
}

// maxOffered bounds the protocols kept of a ClientHello.
const maxOffered = 16

// protocols are those of an ALPN extension (RFC 7301, 3.1).
func protocols(s cryptobyte.String) (names []string) {
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil
	}
	for !list.Empty() && len(names) < maxOffered {
		var name cryptobyte.String
		if !list.ReadUint8LengthPrefixed(&name) {
			return nil
		}
		names = append(names, string(name))
	}
	return names
}
