package capture

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// modelSplit is Resolution.split in arithmetic that cannot overflow.
func modelSplit(r Resolution, ticks uint64) (sec, nsec *big.Int) {
	base := big.NewInt(10)
	if r&0x80 != 0 {
		base = big.NewInt(2)
	}
	perSecond := new(big.Int).Exp(base, big.NewInt(int64(r&0x7f)), nil)
	sec, rest := new(big.Int).QuoRem(new(big.Int).SetUint64(ticks), perSecond, new(big.Int))
	rest.Mul(rest, big.NewInt(1e9))
	return sec, rest.Quo(rest, perSecond)
}

func TestResolutionAgainstModel(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for res := range 256 {
		for range 200 {
			ticks := r.Uint64() >> r.UintN(64)
			if r.IntN(20) == 0 {
				ticks = math.MaxUint64
			}
			sec, nsec := Resolution(res).split(ticks)
			wantSec, wantNsec := modelSplit(Resolution(res), ticks)
			if wantSec.Cmp(new(big.Int).SetUint64(sec)) != 0 || wantNsec.Cmp(new(big.Int).SetUint64(nsec)) != 0 {
				t.Fatalf("if_tsresol %#x, %d ticks: %d s %d ns, want %s s %s ns", res, ticks, sec, nsec, wantSec, wantNsec)
			}
		}
	}
}

// A time that a clock can show comes back from its ticks.
func TestResolutionRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for res := range 256 {
		for range 200 {
			ticks, offset := r.Uint64()>>r.UintN(64), r.Int64N(1<<40)-1<<39
			at := Resolution(res).time(ticks, offset)
			if s := at.Unix(); s == firstSecond || s == lastSecond {
				continue // out of range
			}
			back, ok := Resolution(res).ticks(at, offset)
			if !ok {
				continue // cannot be written, and the Writer says so
			}
			if again := Resolution(res).time(back, offset); !again.Equal(at) {
				t.Fatalf("if_tsresol %#x, %d ticks: %s became %s", res, ticks, at, again)
			}
		}
	}
}

func TestInsaneTimes(t *testing.T) {
	for _, c := range []struct {
		res    Resolution
		ticks  uint64
		offset int64
		want   string
	}{
		{0, math.MaxUint64, math.MaxInt64, "9999-12-31T23:59:59Z"},
		{0x80, math.MaxUint64, 0, "9999-12-31T23:59:59Z"},
		{0, 0, math.MinInt64, "0001-01-01T00:00:01Z"},
		{127, math.MaxUint64, 0, "1970-01-01T00:00:00Z"},
		{0xff, math.MaxUint64, 0, "1970-01-01T00:00:00Z"},
		{19, math.MaxUint64, 0, "1970-01-01T00:00:01.844674407Z"},
		{20, math.MaxUint64, 0, "1970-01-01T00:00:00.184467440Z"},
		{0x80 | 32, 1<<32 + 1<<31, 0, "1970-01-01T00:00:01.5Z"},
		{6, 1_500_000, -2, "1969-12-31T23:59:59.5Z"},
	} {
		got := c.res.time(c.ticks, c.offset).Format("2006-01-02T15:04:05.999999999Z07:00")
		want, err := time.Parse(time.RFC3339Nano, c.want)
		if err != nil {
			t.Fatal(err)
		}
		if got != want.Format(time.RFC3339Nano) {
			t.Errorf("if_tsresol %#x, %d ticks, offset %d: %s, want %s", uint8(c.res), c.ticks, c.offset, got, c.want)
		}
	}
}
