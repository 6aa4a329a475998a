package reassembly_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wstap/reassembly"
)

// ticker is a Handler that notes when it is told of packet time.
type ticker struct {
	reassembly.Handler
	told []time.Time
}

func (k *ticker) Advance(now time.Time) error {
	k.told = append(k.told, now)
	return nil
}

// TestPacketTimeNeverGoesBack: however times jump, the handler is told of those
// alone that are later than all before, and of one in 100 ms at most.
func TestPacketTimeNeverGoesBack(t *testing.T) {
	steps := []time.Duration{0, 1, time.Microsecond, time.Millisecond, 99 * time.Millisecond, time.Second, time.Minute}
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 4))
		var want []time.Time
		k := &ticker{}
		a := reassembly.New(k, reassembly.Options{})
		var now, latest, due time.Time
		for range 2000 {
			switch rng.IntN(20) {
			case 0:
				now = time.Unix(rng.Int64N(1<<32), rng.Int64N(1e9)).UTC()
			case 1:
				now = latest.Truncate(time.Second).Add(time.Duration(rng.IntN(3)) * time.Second)
			case 2:
				now = now.Add(-steps[rng.IntN(len(steps))])
			default:
				now = now.Add(steps[rng.IntN(4)])
			}
			if err := a.Advance(now); err != nil {
				t.Fatal(err)
			}
			if now.After(latest) {
				if latest = now; !now.Before(due) {
					want, due = append(want, now), now.Add(100*time.Millisecond)
				}
			}
		}
		if !slices.Equal(k.told, want) {
			t.Errorf("seed %d: told %v, want %v", seed, k.told, want)
		}
	}
}
