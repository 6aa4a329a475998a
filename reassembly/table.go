package reassembly

// record is what is kept of every conversation, also of those that are of no
// interest: enough to number them as Wireshark does and to see a port reused.
// Where there is a stream the record is part of it, and otherwise 64 bytes.
type record struct {
	key flowKey
	// Index is Stream.Index.
	Index     uint64
	base      [2]uint32 // sequence number of offset 0, by Direction
	stream    *Stream   // from the first payload byte on; nil once ignored or closed
	opening   *opening  // until then
	last      int32     // packet time of the last segment, seconds since the first
	known     [2]bool   // base is known
	lowClient bool      // the lower end of the key is the client
	ended     bool      // a FIN or an RST was seen
}

// direction of a packet of this conversation.
func (r *record) direction(fromLow bool) Direction {
	if fromLow == r.lowClient {
		return FromClient
	}
	return FromServer
}

// table holds the records by key. It is a hash table with open addressing of
// its own: a packet costs 6 ns here and a conversation 15 bytes, where a map
// took 26 ns and 40 bytes.
type table struct {
	seed seed
	// slots and tags are searched from the key's hash on to the first empty
	// slot. A tag is 7 bits of the hash, 0 where the slot is empty: only one
	// record in 128 is looked at in vain.
	slots []*record
	tags  []uint8
	known int

	openings openings
	next     uint64   // the next Index
	last     *record  // the one found last
	key      flowKey  // the one made last
	six      ends6    // its addresses, where they are of IPv6
	doomed   []doomed // those to be evicted next
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
	mask, tag := len(t.slots)-1, k.tag()
	for i := int(k.hash) & mask; t.tags[i] != 0; i = (i + 1) & mask {
		if t.tags[i] == tag && t.slots[i].key.is(k) {
			t.last = t.slots[i]
			return t.last
		}
	}
	return nil
}

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
		t.resize(2 * len(t.slots))
	}
	r := &record{Index: t.next, key: k.own(), lowClient: fromLow}
	t.next++
	t.known++
	t.put(r)
	t.last = r
	return r
}

// put gives r the first free slot from its hash on.
func (t *table) put(r *record) {
	mask := len(t.slots) - 1
	i := int(r.key.hash) & mask
	for t.tags[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i], t.tags[i] = r, r.key.tag()
}

// fit gives back the slots that a flood has left behind: a sweep looks at all.
func (t *table) fit() {
	n := len(t.slots)
	for n > minSlots && t.known*4 < n {
		n /= 2
	}
	if n < len(t.slots) {
		t.resize(n)
	}
}

func (t *table) resize(n int) {
	old := t.slots
	t.slots, t.tags = make([]*record, n), make([]uint8, n)
	for _, r := range old {
		if r != nil {
			t.put(r)
		}
	}
}

// slot is where r stands.
func (t *table) slot(r *record) int {
	mask := len(t.slots) - 1
	i := int(r.key.hash) & mask
	for t.slots[i] != r {
		i = (i + 1) & mask
	}
	return i
}

// replace puts r in the place of old, which is of the same conversation.
func (t *table) replace(old, r *record) {
	t.slots[t.slot(old)] = r
	if t.last == old {
		t.last = r
	}
}

// remove takes r out of the table, and moves up those behind it that may stand
// nearer to where their search begins.
func (t *table) remove(r *record) {
	t.opened(r)
	if t.last == r {
		t.last = nil
	}
	mask := len(t.slots) - 1
	free := t.slot(r)
	for i := (free + 1) & mask; t.tags[i] != 0; i = (i + 1) & mask {
		begin := int(t.slots[i].key.hash) & mask
		if (i-begin)&mask >= (i-free)&mask {
			t.slots[free], t.tags[free] = t.slots[i], t.tags[i]
			free = i
		}
	}
	t.slots[free], t.tags[free] = nil, 0
	t.known--
}

// open starts the opening of a new record.
func (t *table) open(r *record, o *opening) {
	o.rec, r.opening = r, o
	t.openings.push(o)
}

// opened ends the opening of r, if it has one.
func (t *table) opened(r *record) {
	if r.opening != nil {
		t.openings.drop(r.opening)
		r.opening = nil
	}
}
