package reassembly

import (
	"cmp"
	"slices"
)

// evict makes room for one more conversation: the oldest goes, but those that
// the handler has pinned last.
func (a *Assembler) evict() error {
	r := a.table.oldest()
	if r == nil {
		return nil
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
func (t *table) oldest() *record {
	for first := true; ; first = false {
		for len(t.doomed) > 0 {
			next := t.doomed[0]
			t.doomed = t.doomed[1:]
			// Its turn may have changed, and others may have taken its ports.
			if r := t.find(&next.key); r != nil && r.turn() == next.turn {
				return r
			}
		}
		if !first || t.known == 0 {
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

// doom lists those that are to go first.
func (t *table) doom() {
	turns := make([]uint64, 0, t.known)
	for r := range t.all {
		turns = append(turns, r.turn())
	}
	slices.Sort(turns)
	last := turns[len(turns)/16]
	t.doomed = nil
	for r := range t.all {
		if turn := r.turn(); turn <= last {
			t.doomed = append(t.doomed, doomed{r.key, turn})
		}
	}
	slices.SortFunc(t.doomed, func(x, y doomed) int { return cmp.Compare(x.turn, y.turn) })
}
