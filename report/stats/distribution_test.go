package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plain is a distribution that keeps everything.
type plain []uint64

func (m plain) quantile(percent int) uint64 {
	s := slices.Sorted(slices.Values(m))
	rank := (len(s)*percent + 99) / 100
	return s[max(rank, 1)-1]
}

// TestQuantilesAreThoseOfTheModel: exact while there are few distinct values,
// within 0.4 % beyond, and the same whether merged or counted at once.
func TestQuantilesAreThoseOfTheModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draws := map[string]func() uint64{
		"few sizes":    func() uint64 { return []uint64{0, 1, 21, 21, 21, 160, 65536, 1 << 62}[rng.IntN(8)] },
		"all sizes":    func() uint64 { return rng.Uint64N(1 << 20) },
		"all scales":   rngScale(rng),
		"one value":    func() uint64 { return 7 },
		"small values": func() uint64 { return rng.Uint64N(300) },
	}
	for name, draw := range draws {
		for _, n := range []int{1, 2, 19, 20, 21, 100, 5000} {
			var whole, left, right distribution
			var all plain
			distinct := map[uint64]bool{}
			for i := range n {
				v := draw()
				all = append(all, v)
				distinct[v] = true
				whole.add(v)
				if i%3 == 0 {
					left.add(v)
				} else {
					right.add(v)
				}
			}
			left.merge(&right)
			for _, percent := range []int{1, 50, 95, 100} {
				got, want := whole.quantile(uint64(percent)), all.quantile(percent)
				off := float64(max(got, want) - min(got, want))
				if len(distinct) <= maxExact && got != want || off > float64(want)/256+0.5 {
					t.Errorf("%s, %d values, %d %%: got %d, want %d", name, n, percent, got, want)
				}
				if merged := left.quantile(uint64(percent)); merged != got {
					t.Errorf("%s, %d values, %d %%: %d merged, %d at once", name, n, percent, merged, got)
				}
			}
			if whole.min != slices.Min(all) || whole.max != slices.Max(all) || whole.n != uint64(n) ||
				left.min != whole.min || left.max != whole.max || left.n != whole.n {
				t.Errorf("%s, %d values: %+v", name, n, whole)
			}
		}
	}
}

func rngScale(rng *rand.Rand) func() uint64 {
	return func() uint64 { return rng.Uint64() >> rng.IntN(64) }
}

// TestDistributionIsBounded by its buckets, whatever the values are.
func TestDistributionIsBounded(t *testing.T) {
	var d distribution
	for shift := range 64 {
		for i := range uint64(2000) {
			d.add((1<<63 | i<<52) >> shift)
		}
	}
	if n := len(d.buckets) + len(d.exact); n > 58*subBuckets {
		t.Errorf("%d buckets", n)
	}
}

func TestNothingHasNoQuantile(t *testing.T) {
	var d, other distribution
	d.merge(&other)
	if d.quantile(50) != 0 || d.mean() != 0 {
		t.Errorf("%+v", d)
	}
}
