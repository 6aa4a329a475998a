package reassembly

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// Note is what the handler of a stream that sleeps has to know when it wakes.
type Note [56]byte

// Waker makes the handler of a stream that has slept, of the note that was left
// with it.
type Waker interface {
	Wake(s *Stream, n Note) StreamHandler
}

// asleep are the streams of which nothing is held but numbers: a million idle
// connections take 180 bytes each, and no pointer that garbage collection would
// have to follow.
type asleep struct {
	waker Waker
	known map[ports]uint32 // index among pages
	pages [][]dormant
	used  uint32   // how many there have been at once
	free  []uint32 // of these
	// What only some have.
	six  map[uint32]ends6
	kept map[uint32]kept
	// first is at most what dormant.last is of any: until that is long ago there
	// is none to be looked for among a million.
	first int32
	// disturbed: conversations are being gone through, and stay where they are.
	disturbed bool
}

// ports are the pointer-free part of a flowKey. Two conversations of IPv6 may
// share them.
type ports struct{ low, high, ports uint32 }

// packed is k without the addresses of IPv6; ports.key is the way back.
func (k *flowKey) packed() ports {
	return ports{uint32(k.low >> 16), uint32(k.high >> 16), uint32(k.low)<<16 | uint32(k.high)&0xffff}
}

func (p ports) key() flowKey {
	return flowKey{low: uint64(p.low)<<16 | uint64(p.ports>>16), high: uint64(p.high)<<16 | uint64(p.ports&0xffff)}
}

// dormant is a Stream without what can be made anew.
type dormant struct {
	index                      uint64
	next                       [2]int64
	ahead                      [2]int32 // half.acked - half.next
	base, room, packets        [2]uint32
	ports                      ports
	last                       int32
	scale                      [2]int8
	offered                    [2]bool
	lowClient, oriented, begun bool
	note                       Note
}

// kept is what a stream that sleeps needs a pointer for.
type kept struct {
	rare      *rare
	handshake *Handshake
}

// dormantPage is how many are allocated at once.
const dormantPage = 256

func (l *asleep) at(i uint32) *dormant { return &l.pages[i/dormantPage][i%dormantPage] }

func (l *asleep) count() int { return len(l.known) }

// find looks up a conversation.
func (l *asleep) find(k *flowKey) (i uint32, ok bool) {
	i, ok = l.known[k.packed()]
	if !ok {
		return 0, false
	}
	six, is6 := l.six[i]
	return i, is6 == (k.six != nil) && (!is6 || six == *k.six)
}

// key is that of the one at i.
func (l *asleep) key(i uint32) flowKey {
	k := l.at(i).ports.key()
	if six, ok := l.six[i]; ok {
		k.low |= overIPv6
		k.six = &six
	}
	return k
}

// add makes room for one.
func (l *asleep) add(p ports) (i uint32) {
	if n := len(l.free) - 1; n >= 0 {
		i, l.free = l.free[n], l.free[:n]
	} else {
		if i = l.used; i%dormantPage == 0 {
			l.pages = append(l.pages, make([]dormant, dormantPage))
		}
		l.used++
	}
	l.known = put(l.known, p, i)
	return i
}

// remove forgets the one at i.
func (l *asleep) remove(i uint32) {
	delete(l.known, l.at(i).ports)
	delete(l.six, i)
	delete(l.kept, i)
	l.free = append(l.free, i)
}

// fit gives back the memory of many that have gone.
func (l *asleep) fit() {
	if l.used < 4*dormantPage || l.count()*4 > int(l.used) {
		return
	}
	old := *l
	*l = asleep{waker: old.waker, first: old.first}
	for p, i := range old.known {
		j := l.add(p)
		*l.at(j) = *old.at(i)
		if six, ok := old.six[i]; ok {
			l.six = put(l.six, j, six)
		}
		if k, ok := old.kept[i]; ok {
			l.kept = put(l.kept, j, k)
		}
	}
}

// put sets m[k], which may be nil yet.
func put[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = make(map[K]V)
	}
	m[k] = v
	return m
}

// all yields those that sleep, in no order.
func (l *asleep) all(yield func(uint32, *dormant) bool) {
	for _, i := range l.known {
		if !yield(i, l.at(i)) {
			return
		}
	}
}

// since lists those of which nothing was seen after last, in seconds.
func (l *asleep) since(last int64) (idle []uint32) {
	if l.count() == 0 || int64(l.first) > last {
		return nil
	}
	l.first = math.MaxInt32
	for i, d := range l.all {
		if l.first = min(l.first, d.last); int64(d.last) <= last {
			idle = append(idle, i)
		}
	}
	return idle
}

// Sleep lets go of a stream about which nothing is odd, and of its handler, from.
// Its next segment, or its end, makes another Stream that says the same, and has
// w make a handler for it of n. It reports false, and changes nothing, where it
// is not from that the Assembler calls, or where there is more to remember.
// Nobody may look at the Stream again after true.
func (s *Stream) Sleep(from StreamHandler, w Waker, n Note) bool {
	if s.handler != from || s.rare == nil || s.a == nil || !s.Pinned || !s.plain || s.ended || s.TLS != nil {
		return false
	}
	a, l := s.a, &s.a.table.asleep
	if l.disturbed || l.waker != nil && l.waker != w || s.halfway || s.rst != nil || s.timer != nil {
		return false
	}
	p := s.key.packed()
	if _, taken := l.known[p]; taken {
		return false
	}
	d := dormant{
		index: s.Index, ports: p, last: s.last, base: s.base,
		lowClient: s.lowClient, oriented: s.Oriented, begun: s.Begun, note: n,
	}
	for i := range s.half {
		h := &s.half[i]
		d.next[i], d.ahead[i], d.room[i], d.packets[i] = h.next, int32(h.acked-h.next), h.room, h.packets
		d.scale[i], d.offered[i] = h.scale, h.offered
		if !h.shared || h.base != s.base[i] || h.acked != h.next+int64(d.ahead[i]) {
			return false
		}
	}
	if l.count() == 0 || d.last < l.first {
		l.first = d.last
	}
	l.waker = w
	i := l.add(p)
	*l.at(i) = d
	if s.key.six != nil {
		l.six = put(l.six, i, *s.key.six)
	}
	if s.rare != &a.usual || s.handshake != nil {
		l.kept = put(l.kept, i, kept{s.rare, s.handshake})
	}
	if a.latest == &s.record {
		r := s.record
		a.latest = &r
	}
	a.table.remove(&s.record)
	s.stream, s.handler = nil, nil
	return true
}

// rouse wakes the stream of k; nil where none sleeps.
func (a *Assembler) rouse(k *flowKey) *record {
	i, ok := a.table.asleep.find(k)
	if !ok {
		return nil
	}
	return a.waken(i)
}

// waken makes the Stream of the one that sleeps at i.
func (a *Assembler) waken(i uint32) *record {
	l := &a.table.asleep
	d, also := *l.at(i), l.kept[i]
	s := &Stream{
		record: record{
			key: l.key(i), Index: d.index, base: d.base, last: d.last, known: [2]bool{true, true}, lowClient: d.lowClient,
		},
		handshake: also.handshake, rare: also.rare, Oriented: d.oriented, Begun: d.begun, Pinned: true, plain: true,
	}
	if s.rare == nil {
		s.rare = &a.usual
	}
	for i := range s.half {
		s.half[i] = half{
			next: d.next[i], acked: d.next[i] + int64(d.ahead[i]), odd: &a.calm, base: d.base[i], room: d.room[i],
			packets: d.packets[i], scale: d.scale[i], known: true, started: true, offered: d.offered[i],
		}
	}
	s.stream = s
	l.remove(i)
	a.table.insert(&s.record)
	s.handler = l.waker.Wake(s, d.note)
	return &s.record
}

// inTurn yields records, which are in order, and the streams that sleep at idle,
// by first packet: the order of the table must never show. Those that sleep are
// woken one at a time, since all of them at once may take too much memory.
func (a *Assembler) inTurn(records []*record, idle []uint32) iter.Seq[*record] {
	l := &a.table.asleep
	slices.SortFunc(idle, func(x, y uint32) int { return cmp.Compare(l.at(x).index, l.at(y).index) })
	return func(yield func(*record) bool) {
		l.disturbed = true
		defer func() { l.disturbed = false }()
		for len(records)+len(idle) > 0 {
			var r *record
			if len(idle) == 0 || len(records) > 0 && records[0].Index < l.at(idle[0]).index {
				r, records[0], records = records[0], nil, records[1:] // it may go
			} else {
				r, idle = a.waken(idle[0]), idle[1:]
			}
			if !yield(r) {
				return
			}
		}
	}
}
