package decrypt

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
)

// Bounds of a key log. Beyond maxEntries connections the oldest are forgotten.
const (
	maxEntries  = 1 << 17
	maxLine     = 1024 // bytes: the longest line we want has 200
	maxSecret   = 64   // bytes
	maxPerEntry = 40   // secrets of one connection
)

// label says what a secret of a key log is for (RFC 9850, 2).
type label uint8

const (
	masterSecret label = iota + 1 // CLIENT_RANDOM
	clientEarly
	clientHandshake
	serverHandshake
	clientTraffic // numbered
	serverTraffic // numbered
)

// entry is what a key log says of one connection.
type entry struct {
	random  [32]byte
	serial  uint64 // grows with each new entry
	secrets []secret
}

// secret is one line of a key log.
type secret struct {
	label label
	n     uint16 // of a numbered label
	value []byte
}

// get is the secret of a label, nil if there is none.
func (e *entry) get(l label, n uint16) []byte {
	if e == nil {
		return nil
	}
	for i := range e.secrets {
		if s := &e.secrets[i]; s.label == l && s.n == n {
			return s.value
		}
	}
	return nil
}

// set stores a secret, and reports whether that is news.
func (e *entry) set(s secret) bool {
	for i := range e.secrets {
		if o := &e.secrets[i]; o.label == s.label && o.n == s.n {
			if bytes.Equal(o.value, s.value) {
				return false
			}
			o.value = s.value // the last line counts
			return true
		}
	}
	if len(e.secrets) == maxPerEntry {
		return false
	}
	e.secrets = append(e.secrets, s)
	return true
}

// KeyLog holds the secrets of TLS connections as key logs tell them (RFC
// 9850): files, followed while they grow, and secrets found in captures. Where
// lines contradict each other the last one counts. What is no line of a key
// log is skipped. Secrets are never printed. Not for concurrent use.
//
// The zero value is an empty key log.
type KeyLog struct {
	files   []*keyFile
	entries map[[32]byte]*entry
	order   []*entry // by serial; the first forgotten of them were taken out
	serial  uint64
	// generation grows with each secret learned.
	generation uint64
}

// Len is the number of connections that secrets are known of.
func (k *KeyLog) Len() int { return len(k.entries) }

// String tells how much is known, and no secret.
func (k *KeyLog) String() string { return fmt.Sprintf("key log of %d connections", k.Len()) }

// Format implements fmt.Formatter, so that no verb prints a secret.
func (k *KeyLog) Format(s fmt.State, _ rune) { io.WriteString(s, k.String()) }

// AddSecrets takes the text of a key log, such as that of a pcapng Decryption
// Secrets Block. What it returns is the number of secrets that were news.
func (k *KeyLog) AddSecrets(text []byte) int {
	before := k.generation
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		k.add(line)
	}
	return int(k.generation - before)
}

// add takes one line.
func (k *KeyLog) add(line []byte) {
	if len(line) > maxLine {
		return
	}
	random, s, ok := parseLine(line)
	if !ok {
		return
	}
	e := k.entries[random]
	if e == nil {
		if k.entries == nil {
			k.entries = map[[32]byte]*entry{}
		}
		if len(k.order) == maxEntries {
			delete(k.entries, k.order[0].random)
			k.order[0] = nil
			k.order = k.order[1:]
		}
		k.serial++
		e = &entry{random: random, serial: k.serial}
		k.entries[random] = e
		k.order = append(k.order, e)
	}
	if e.set(s) {
		k.generation++
	}
}

// parseLine reads "LABEL client-random secret" (RFC 9850, 2), the hexadecimal
// digits in any case.
func parseLine(line []byte) (random [32]byte, s secret, ok bool) {
	name, rest, _ := bytes.Cut(bytes.TrimSpace(line), []byte{' '})
	if s.label, s.n, ok = parseLabel(name); !ok {
		return random, s, false
	}
	digits, value, _ := bytes.Cut(bytes.TrimSpace(rest), []byte{' '})
	value = bytes.TrimSpace(value)
	if len(digits) != 64 || len(value) > 2*maxSecret {
		return random, s, false
	}
	if _, err := hex.Decode(random[:], digits); err != nil {
		return random, s, false
	}
	s.value = make([]byte, hex.DecodedLen(len(value)))
	if _, err := hex.Decode(s.value, value); err != nil {
		return random, s, false
	}
	// A line that was cut is told by the length: a master secret has 48 bytes
	// (RFC 5246, 8.1), a traffic secret those of the suite's hash.
	n := len(s.value)
	return random, s, n == 48 || n == 32 && s.label != masterSecret
}

// parseLabel reads a label. Those of no use for reading records are not known.
func parseLabel(name []byte) (l label, n uint16, ok bool) {
	switch string(name) {
	case "CLIENT_RANDOM":
		return masterSecret, 0, true
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		return clientEarly, 0, true
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		return clientHandshake, 0, true
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		return serverHandshake, 0, true
	}
	digits, ok := bytes.CutPrefix(name, []byte("CLIENT_TRAFFIC_SECRET_"))
	if l = clientTraffic; !ok {
		l = serverTraffic
		if digits, ok = bytes.CutPrefix(name, []byte("SERVER_TRAFFIC_SECRET_")); !ok {
			return 0, 0, false
		}
	}
	if len(digits) == 0 || len(digits) > 4 {
		return 0, 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		n = 10*n + uint16(d-'0')
	}
	return l, n, true
}
