package stats

import (
	"math/bits"
	"slices"
)

// maxExact is how many distinct values a distribution keeps one by one.
const maxExact = 512

// distribution holds how often which value was seen: number, least, greatest
// and sum are exact; quantiles are exact up to 512 distinct values, and within
// 0.4 % beyond, since then values are counted in buckets, 128 for each power of
// two. Its memory is bounded: 512 values, or 7424 buckets if all are hit.
type distribution struct {
	n        uint64
	min, max uint64
	sum      float64
	exact    map[uint64]uint64
	buckets  map[uint16]uint64 // not nil once there were too many values
}

func (d *distribution) add(v uint64) {
	if d.n == 0 || v < d.min {
		d.min = v
	}
	d.max = max(d.max, v)
	d.n++
	d.sum += float64(v)
	d.count(v, 1)
}

func (d *distribution) count(v, n uint64) {
	if d.buckets != nil {
		d.buckets[bucketOf(v)] += n
		return
	}
	if d.exact == nil {
		d.exact = make(map[uint64]uint64)
	}
	d.exact[v] += n
	if len(d.exact) > maxExact {
		d.coarsen()
	}
}

// coarsen goes over to buckets.
func (d *distribution) coarsen() {
	d.buckets = make(map[uint16]uint64)
	for v, n := range d.exact {
		d.buckets[bucketOf(v)] += n
	}
	d.exact = nil
}

// merge adds what other holds.
func (d *distribution) merge(other *distribution) {
	if other.n == 0 {
		return
	}
	if d.n == 0 || other.min < d.min {
		d.min = other.min
	}
	d.max = max(d.max, other.max)
	d.n += other.n
	d.sum += other.sum
	if other.buckets != nil && d.buckets == nil {
		d.coarsen()
	}
	for v, n := range other.exact {
		d.count(v, n)
	}
	for b, n := range other.buckets {
		d.buckets[b] += n
	}
}

// quantile is the least value that percent of all values do not exceed (nearest
// rank); 0 where there are none.
func (d *distribution) quantile(percent uint64) uint64 {
	if d.n == 0 {
		return 0
	}
	rank := max(1, (d.n/100)*percent+((d.n%100)*percent+99)/100)
	if d.buckets == nil {
		return ranked(d.exact, rank)
	}
	return min(max(middleOf(ranked(d.buckets, rank)), d.min), d.max)
}

// ranked is the key at which the counts, added up in order, reach rank.
func ranked[K uint16 | uint64](counts map[K]uint64, rank uint64) K {
	keys := make([]K, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var last K
	for _, k := range keys {
		last = k
		if n := counts[k]; n < rank {
			rank -= n
		} else {
			break
		}
	}
	return last
}

func (d *distribution) mean() float64 {
	if d.n == 0 {
		return 0
	}
	return d.sum / float64(d.n)
}

// subBuckets is the number of buckets for each power of two.
const subBuckets = 128

// bucketOf numbers the buckets in the order of their values. Below 256 each
// value has its own.
func bucketOf(v uint64) uint16 {
	shift := max(0, bits.Len64(v)-8)
	return uint16(shift*subBuckets) + uint16(v>>shift)
}

// middleOf is the value in the middle of a bucket.
func middleOf(b uint16) uint64 {
	shift := 0
	if b >= 2*subBuckets {
		shift = int(b)/subBuckets - 1
	}
	low := uint64(b-uint16(shift*subBuckets)) << shift
	return low + (uint64(1)<<shift)/2
}
