package wsframe

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// Messages that wait to be told stay as they are, however much is inflated into
// their windows meanwhile.
func TestLoans(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1979))
	a := NewAnalyzer(nil, Options{Cores: 2})
	b := &batch{maxOutput: batchOutput}
	kinds := []window{{}, {}, {bits: 10}, {fresh: true}}
	senders := make([]sender, len(kinds))
	for i := range senders {
		// The library's compressor does not know of smaller windows.
		senders[i] = sender{level: 6, fresh: kinds[i].fresh || kinds[i].bits > 0}
	}
	lent, copied := 0, 0
	for range 40 {
		var jobs []*job
		var texts [][]byte
		for range 1 + r.IntN(60) {
			i := r.IntN(len(kinds))
			text := randomText(r)
			j := &job{window: &kinds[i], packed: senders[i].message(text)}
			b.add(a, j)
			jobs, texts = append(jobs, j), append(texts, text)
		}
		b.run(a, batchShare)
		for i, j := range jobs {
			if !j.done {
				t.Fatalf("message %d was not inflated", i)
			}
			if !bytes.Equal(j.payload, texts[i]) || j.err != nil || j.length != uint64(len(texts[i])) {
				t.Fatalf("message %d of %d: %d bytes, error %v; want %d bytes", i, len(jobs), len(j.payload), j.err, len(texts[i]))
			}
		}
		for _, p := range b.packers {
			copied += int(p.rooms.taken)
		}
		for i := range texts {
			lent += len(texts[i])
		}
		b.end(a)
	}
	if lent -= copied; lent < 100<<10 || copied < 100<<10 {
		t.Errorf("%d bytes lent, %d copied: the test tests little", lent, copied)
	}
}

// Memory of windows is lent once at a time, and goes back by the slab.
func TestSlabs(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1979))
	var s slabs
	var used []place
	free := func() (n int) {
		for _, b := range s.some {
			for i := range slabWindows {
				n += int(b.free >> i & 1)
			}
		}
		return n
	}
	for i := range 4000 {
		if i < 3000 && r.IntN(5) > 0 || len(used) == 0 {
			w, p := s.take()
			if slices.Contains(used, p) || w != &p.slab.windows[p.index] {
				t.Fatal("lent twice")
			}
			used = append(used, p)
			continue
		}
		k := r.IntN(len(used))
		s.give(used[k])
		used = slices.Delete(used, k, k+1)
	}
	for _, p := range used {
		s.give(p)
	}
	if len(s.some) != 1 || free() != slabWindows {
		t.Errorf("%d slabs and %d windows are held, and none is used", len(s.some), free())
	}
}
