package stats

import (
	"cmp"
	"slices"
	"time"

	"wstap/capture"
)

// maxSilences is how many of the longest silences are told.
const maxSilences = 3

// silences are the longest times without a frame of either side, the longest
// first.
type silences []silence

type silence struct {
	conn          int
	lasted        time.Duration
	after, before uint64 // packets; the latter of the end where no frame came any more
}

// between takes the time from a to b.
func (s *silences) between(conn int, a, b capture.Stamp) {
	if a.Time.IsZero() || b.Time.IsZero() {
		return
	}
	if lasted := b.Time.Sub(a.Time); lasted > 0 {
		s.add(silence{conn, lasted, a.Packet, b.Packet})
	}
}

func (s *silences) add(x silence) {
	at, _ := slices.BinarySearchFunc(*s, x, func(a, b silence) int {
		return cmp.Or(cmp.Compare(b.lasted, a.lasted), cmp.Compare(a.conn, b.conn), cmp.Compare(a.after, b.after))
	})
	if at == maxSilences {
		return
	}
	*s = slices.Insert(*s, at, x)
	*s = (*s)[:min(len(*s), maxSilences)]
}

func (s *silences) merge(other *silences) {
	for _, x := range *other {
		s.add(x)
	}
}
