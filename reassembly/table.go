package reassembly

// record is what is kept of every conversation, also of those that are of no
// interest: enough to number them as Wireshark does and to see a port reused.
type record struct {
	index     uint64
	key       flowKey
	base      [2]uint32 // sequence number of offset 0, by Direction
	known     [2]bool   // base is known
	lowClient bool      // the lower end of the key is the client
	oriented  bool
	ended     bool     // a FIN or an RST was seen
	gone      bool     // no longer in the table
	last      int64    // packet time of the last segment, Unix seconds
	opening   *opening // until the first payload byte
	stream    *stream  // from then on; both nil once ignored or closed
}

// direction of a packet of this conversation.
func (r *record) direction(fromLow bool) Direction {
	if fromLow == r.lowClient {
		return FromClient
	}
	return FromServer
}

// table holds the records, by key and in order of creation. It is a hash table
// with open addressing of its own: a packet costs 6 ns here, with a map 26.
type table struct {
	seed [2]uint64
	// slots and tags are searched from the key's hash on to the first empty
	// slot. A tag is 7 bits of the hash, 0 where the slot is empty: only one
	// record in 128 is looked at in vain.
	slots []*record
	tags  []uint8
	known int

	order    fifo // all records but those in pinned
	pinned   fifo // those that the handler had pinned when room was needed
	openings fifo // those with an opening
	opening  int  // how many there are with an opening
	next     uint64
	last     *record // the one found last
	six      ends6   // of the key made last
}

// minSlots is the least number of slots, a power of two as all others.
const minSlots = 1 << 10

func newTable() table {
	return table{seed: newSeed(), slots: make([]*record, minSlots), tags: make([]uint8, minSlots)}
}

// find looks up a conversation; that of the packet before is found without the
// table, since packets come in runs.
func (t *table) find(k *flowKey) *record {
	if r := t.last; r != nil && r.key.is(k) {
		return r
	}
	h := k.hash(t.seed)
	mask := uint64(len(t.slots) - 1)
	tag := tagOf(h)
	for i := h & mask; t.tags[i] != 0; i = (i + 1) & mask {
		if t.tags[i] == tag && t.slots[i].key.is(k) {
			t.last = t.slots[i]
			return t.last
		}
	}
	return nil
}

func tagOf(hash uint64) uint8 { return uint8(hash>>57) | 0x80 }

// all yields the records of the table, in no order.
func (t *table) all(yield func(*record) bool) {
	for _, r := range t.slots {
		if r != nil && !yield(r) {
			return
		}
	}
}

// add makes the record of a new conversation, replacing one on the same ports.
func (t *table) add(k *flowKey, fromLow bool) *record {
	if old := t.find(k); old != nil {
		t.remove(old)
	}
	if t.known*5 >= len(t.slots)*4 {
		t.grow()
	}
	r := &record{index: t.next, key: k.own(), lowClient: fromLow}
	t.next++
	t.known++
	t.put(r)
	t.last = r
	// The lists also hold records that are gone: a flood on few ports would
	// fill them if only the sweep, which packet time drives, took those out.
	t.order.tidy(t.known, (*record).inTable)
	t.order.push(r)
	return r
}

// put gives r the first free slot from its hash on.
func (t *table) put(r *record) {
	h := r.key.hash(t.seed)
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for t.tags[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i], t.tags[i] = r, tagOf(h)
}

func (t *table) grow() {
	old := t.slots
	t.slots, t.tags = make([]*record, 2*len(old)), make([]uint8, 2*len(old))
	for _, r := range old {
		if r != nil {
			t.put(r)
		}
	}
}

// take empties the slot of r, and moves up those behind it that may stand
// nearer to where their search begins.
func (t *table) take(r *record) {
	mask := uint64(len(t.slots) - 1)
	free := r.key.hash(t.seed) & mask
	for t.slots[free] != r {
		free = (free + 1) & mask
	}
	for i := (free + 1) & mask; t.tags[i] != 0; i = (i + 1) & mask {
		begin := t.slots[i].key.hash(t.seed) & mask
		if (i-begin)&mask >= (i-free)&mask {
			t.slots[free], t.tags[free] = t.slots[i], t.tags[i]
			free = i
		}
	}
	t.slots[free], t.tags[free] = nil, 0
}

// open starts the opening of a new record.
func (t *table) open(r *record, o *opening) {
	r.opening = o
	t.opening++
	t.openings.tidy(t.opening, (*record).isOpening)
	t.openings.push(r)
}

// opened ends the opening of r, if it has one.
func (t *table) opened(r *record) {
	if r.opening != nil {
		r.opening = nil
		t.opening--
	}
}

func (r *record) inTable() bool   { return !r.gone }
func (r *record) isOpening() bool { return r.opening != nil }

func (t *table) remove(r *record) {
	if r.gone {
		return
	}
	r.gone = true
	t.opened(r)
	t.take(r)
	t.known--
	if t.last == r {
		t.last = nil
	}
}

// fifo is a queue of records in order of arrival.
type fifo struct {
	items []*record
	head  int
}

func (f *fifo) push(r *record) {
	if f.head > 1024 && f.head > len(f.items)/2 {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, r)
}

// pop takes the oldest; nil when empty.
func (f *fifo) pop() *record {
	if f.head == len(f.items) {
		return nil
	}
	r := f.items[f.head]
	f.items[f.head] = nil
	f.head++
	return r
}

// tidy drops the records that keep says no to once they outnumber the live
// ones, so that each costs O(1).
func (f *fifo) tidy(live int, keep func(*record) bool) {
	if len(f.items)-f.head > 2*live+1024 {
		f.sift(keep)
	}
}

// sift drops the records that keep says no to. Order stays.
func (f *fifo) sift(keep func(*record) bool) {
	n := 0
	for _, r := range f.items[f.head:] {
		if keep(r) {
			f.items[n] = r
			n++
		}
	}
	clear(f.items[n:])
	f.items, f.head = f.items[:n], 0
}
