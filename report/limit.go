package report

import (
	"bytes"
	"errors"
	"strconv"
)

// Limit bounds the bytes that a sink prints of each payload. It never bounds
// what is decoded. The zero Limit leaves the choice to the sink.
type Limit struct {
	set bool
	n   int // -1 for none
}

// NoLimit prints payloads whole.
func NoLimit() Limit { return Limit{set: true, n: -1} }

// LimitBytes prints at most n bytes of each payload, none for 0.
func LimitBytes(n int) Limit { return Limit{set: true, n: n} }

// ParseLimit reads "none" or a number of bytes.
func ParseLimit(s string) (Limit, error) {
	if s == "none" {
		return NoLimit(), nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return Limit{}, errors.New("want a number of bytes or none")
	}
	return LimitBytes(int(n)), nil
}

// IsSet is false for the zero Limit.
func (l Limit) IsSet() bool { return l.set }

// Cut is how many of size bytes are to be printed: all of them for the zero
// Limit too.
func (l Limit) Cut(size int) int {
	if !l.set || l.n < 0 {
		return size
	}
	return min(l.n, size)
}

// Excerpts reports whether the summary of a message is but the beginning of its
// payload: then it says nothing new, and falls under the payload's limit.
func Excerpts(payload, summary []byte) bool {
	return !Differ(payload, summary) && bytes.HasPrefix(payload, bytes.TrimSuffix(summary, []byte("…")))
}

// Differ reports whether a summary begins otherwise than its payload, as most do: it
// is no excerpt then. A call of Excerpts costs more than this. False says nothing.
func Differ(payload, summary []byte) bool {
	return len(payload) >= 2 && len(summary) >= 2 && [2]byte(payload) != [2]byte(summary) && summary[0] != "…"[0]
}
