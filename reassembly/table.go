package reassembly

import (
	"encoding/binary"
	"math/bits"

	"wstap/capture"
)

// record is what is kept of every conversation, also of those that are of no
// interest: enough to number them as Wireshark does and to see a port reused.
// It is part of the opening or of the stream, if there is one, and otherwise
// takes 64 bytes.
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
	d := FromClient
	if fromLow != r.lowClient {
		d = FromServer
	}
	return d
}

// table holds the records by key. It is a hash table with open addressing of
// its own: a packet costs 6 ns here and a conversation 30 bytes, where a map
// took 26 ns and 40 bytes.
type table struct {
	seed seed
	// slots and tags are searched from the key's hash on to the first empty
	// slot. A tag is 7 bits of the hash, 0 where the slot is empty: only one
	// record in 128 is looked at in vain. Behind the last tag the first ones
	// stand again, so that tagsAtOnce can be read anywhere.
	slots []slot
	tags  []uint8
	known int

	openings openings
	asleep   asleep
	next     uint64   // the next Index
	key      flowKey  // the one made last
	six      ends6    // its addresses, where they are of IPv6
	doomed   []doomed // those to be evicted next
}

// slot is the place of a record, nil where it is free. The record's stream is
// there too: of many connections both have to be fetched from memory, so that
// one had better not wait for the other.
type slot struct {
	record *record
	stream *Stream
}

func slotOf(r *record) slot {
	if r == nil {
		return slot{}
	}
	return slot{r, r.stream}
}

// minSlots is the least number of slots, a power of two as all others.
const minSlots = 1 << 10

func newTable() table {
	t := table{seed: newSeed()}
	t.empty(minSlots)
	return t
}

// empty makes n free slots.
func (t *table) empty(n int) {
	t.slots, t.tags = make([]slot, n), make([]uint8, n+tagsAtOnce-1)
}

// set fills slot i, or with zeros empties it.
func (t *table) set(i int, s slot, tag uint8) {
	t.slots[i], t.tags[i] = s, tag
	if i < tagsAtOnce-1 {
		t.tags[len(t.slots)+i] = tag
	}
}

// tag is what the table keeps of a hash beside the record, never 0.
func tag(hash uint64) uint8 { return uint8(hash>>57) | 0x80 }

// tagsAtOnce is how many tags find compares at once: where the first one that
// fits stands cannot be foreseen, and a loop over them would branch on it.
const tagsAtOnce = 8

// ones and highs are the lowest and the highest bit of each tag.
const ones, highs = 0x0101010101010101, 0x8080808080808080

// of looks up the conversation of a packet, and reports whether its sender is
// the lower end. Nearly always it is one of IPv4, and the first one whose tag
// fits.
func (t *table) of(e *capture.Ends) (s slot, fromLow bool) {
	src, dst, ok := e.IPv4()
	if !ok {
		k, fromLow := t.keyOf(e)
		return slotOf(t.find(k)), fromLow
	}
	// Which end is the lower is as good as random: no branch asks for it.
	low, high := min(src, dst), max(src, dst)
	hash := t.seed.mix(low, high)
	mask := len(t.slots) - 1
	i := int(hash) & mask
	// All three bounds are given since a capacity takes instructions to compute.
	x := binary.LittleEndian.Uint64(t.tags[i:i+tagsAtOnce:i+tagsAtOnce]) ^ uint64(tag(hash))*ones
	if fits := (x - ones) &^ x & highs; fits != 0 {
		s := t.slots[(i+bits.TrailingZeros64(fits)/8)&mask]
		if (s.record.key.low^low)|(s.record.key.high^high) == 0 { // as in flowKey.is
			return s, src == low
		}
	}
	return slotOf(t.find(&flowKey{low: low, high: high})), src == low
}

// find looks up a conversation, up to the first empty slot.
func (t *table) find(k *flowKey) *record {
	hash := t.seed.hash(k)
	mask, tag := len(t.slots)-1, uint64(tag(hash))*ones
	for i := int(hash) & mask; ; i = (i + tagsAtOnce) & mask {
		tags := binary.LittleEndian.Uint64(t.tags[i:])
		// A byte of x is 0 where the tag fits. Beyond the first such byte the
		// subtraction may name others, but none whose slot is empty.
		x := tags ^ tag
		for fits := (x - ones) &^ x & highs; fits != 0; fits &= fits - 1 {
			r := t.slots[(i+bits.TrailingZeros64(fits)/8)&mask].record
			if r.key.is(k) {
				return r
			}
		}
		if ^tags&highs != 0 { // one is 0
			return nil
		}
	}
}

// all yields the records of the table, in no order.
func (t *table) all(yield func(*record) bool) {
	for i := range t.slots {
		if r := t.slots[i].record; r != nil && !yield(r) {
			return
		}
	}
}

// add makes the record of a new conversation and its opening, replacing one on
// the same ports.
func (t *table) add(k *flowKey, fromLow bool) *record {
	if old := t.find(k); old != nil {
		t.remove(old)
	}
	o := t.openings.take()
	r := &o.record
	*r = record{Index: t.next, key: k.own(), opening: o, lowClient: fromLow}
	t.openings.push(o)
	t.next++
	t.insert(r)
	return r
}

// insert adds r, of whose conversation there is nothing.
func (t *table) insert(r *record) {
	if t.known*5 >= len(t.slots)*4 {
		t.resize(2 * len(t.slots))
	}
	t.known++
	t.put(r)
}

// put gives r the first free slot from its hash on.
func (t *table) put(r *record) {
	mask := len(t.slots) - 1
	hash := t.seed.hash(&r.key)
	i := int(hash) & mask
	for t.tags[i] != 0 {
		i = (i + 1) & mask
	}
	t.set(i, slotOf(r), tag(hash))
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
	t.empty(n)
	for i := range old {
		if r := old[i].record; r != nil {
			t.put(r)
		}
	}
}

// slot is where r stands.
func (t *table) slot(r *record) int {
	mask := len(t.slots) - 1
	i := int(t.seed.hash(&r.key)) & mask
	for t.slots[i].record != r {
		i = (i + 1) & mask
	}
	return i
}

// replace puts r in the place of old, which is of the same conversation.
func (t *table) replace(old, r *record) {
	t.slots[t.slot(old)] = slotOf(r)
}

// remove takes r out of the table, and moves up those behind it that may stand
// nearer to where their search begins.
func (t *table) remove(r *record) {
	mask := len(t.slots) - 1
	free := t.slot(r)
	for i := (free + 1) & mask; t.tags[i] != 0; i = (i + 1) & mask {
		begin := int(t.seed.hash(&t.slots[i].record.key)) & mask
		if (i-begin)&mask >= (i-free)&mask {
			t.set(free, t.slots[i], t.tags[i])
			free = i
		}
	}
	t.set(free, slot{}, 0)
	t.known--
	t.opened(r)
}

// opened ends the opening of r, if it has one. What it pointed to is another's
// from then on.
func (t *table) opened(r *record) {
	if o := r.opening; o != nil {
		r.opening = nil
		t.openings.drop(o)
		t.openings.give(o)
	}
}
