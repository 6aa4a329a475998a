package capture

import "slices"

// SecretType says what the bytes of a Secret are, numbered as the Secrets Type
// of pcapng (draft-ietf-opsawg-pcapng, 4.7).
type SecretType uint32

// SecretTLS is a key log in NSS format (RFC 9850).
const SecretTLS SecretType = 0x544c534b

// Secret is what a Decryption Secrets Block of a pcapng file holds.
type Secret struct {
	Type SecretType
	Data []byte // owned by who asked for it
}

// maxSecrets bounds the bytes of all secrets kept of one file. A line of a key
// log is about 200 bytes: this is room for 80 000 of them.
const maxSecrets = 16 << 20

// secrets keeps copies of the secrets that were seen.
type secrets struct {
	kept  []Secret
	bytes int
}

// add copies a secret, unless the bound is reached: later ones are dropped.
func (s *secrets) add(t SecretType, b []byte) {
	// An empty one counts too, or a file could hold any number of them.
	size := len(b) + 64
	if s.bytes+size > maxSecrets {
		return
	}
	s.bytes += size
	s.kept = append(s.kept, Secret{t, append([]byte(nil), b...)})
}

// SecretsFrom is Secrets without the first n.
func (f *File) SecretsFrom(n int) []Secret {
	return slices.Clip(f.secrets.kept[min(n, len(f.secrets.kept)):])
}
