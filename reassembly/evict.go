package reassembly

import (
	"cmp"
	"math"
	"slices"
)

// evict makes room for one more conversation: the oldest goes, but those that
// the handler has pinned last.
func (a *Assembler) evict() error {
	key := a.table.oldest()
	if key == nil {
		return nil
	}
	r := a.table.find(key)
	if r == nil {
		r = a.rouse(key)
	}
	a.stats.StreamsEvicted++
	if err := a.over(r, Evicted); err != nil {
		return err
	}
	if r.stream != nil {
		if err := a.end(r.stream, Reason{How: Evicted}, a.stamp()); err != nil {
			return err
		}
	}
	a.table.remove(a.table.find(&r.key))
	return nil
}

// oldest is the conversation to be evicted next. No order is kept of a million
// conversations for the rare case that there are more: when the table is full
// all are looked at, and the sixteenth part of them that is to go first is
// listed, so that each eviction has to pay for 16 looks.
func (t *table) oldest() *flowKey {
	for first := true; ; first = false {
		for len(t.doomed) > 0 {
			next := &t.doomed[0]
			t.doomed = t.doomed[1:]
			// Its turn may have changed, and others may have taken its ports.
			if t.turn(&next.key) == next.turn {
				return &next.key
			}
		}
		if !first || t.known+t.asleep.count() == 0 {
			return nil
		}
		t.doom()
	}
}

// doomed is a conversation that is to be evicted soon.
type doomed struct {
	key  flowKey
	turn uint64
}

// turn orders conversations by when they are evicted, and is different for each.
func (r *record) turn() uint64 {
	if r.stream != nil && r.stream.Pinned {
		return r.Index | 1<<63
	}
	return r.Index
}

// turn is the same for one that sleeps: only what is pinned does.
func (d *dormant) turn() uint64 { return d.index | 1<<63 }

// turn is that of the conversation of k, and none's where there is none.
func (t *table) turn(k *flowKey) uint64 {
	if r := t.find(k); r != nil {
		return r.turn()
	}
	if i, ok := t.asleep.find(k); ok {
		return t.asleep.at(i).turn()
	}
	return math.MaxUint64
}

// doom lists those that are to go first.
func (t *table) doom() {
	turns := make([]uint64, 0, t.known+t.asleep.count())
	for r := range t.all {
		turns = append(turns, r.turn())
	}
	for _, d := range t.asleep.all {
		turns = append(turns, d.turn())
	}
	slices.Sort(turns)
	last := turns[len(turns)/16]
	t.doomed = nil
	for r := range t.all {
		if turn := r.turn(); turn <= last {
			t.doomed = append(t.doomed, doomed{r.key, turn})
		}
	}
	for i, d := range t.asleep.all {
		if turn := d.turn(); turn <= last {
			t.doomed = append(t.doomed, doomed{t.asleep.key(i), turn})
		}
	}
	slices.SortFunc(t.doomed, func(x, y doomed) int { return cmp.Compare(x.turn, y.turn) })
}
