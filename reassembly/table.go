package reassembly

import (
	"encoding/binary"
	"net/netip"

	"wstap/capture"
)

// flowKey names a conversation whichever end sent the packet: the lower end
// stands first. IPv4 addresses are mapped into IPv6.
type flowKey struct {
	lo, loTail uint64 // the lower end's address
	hi, hiTail uint64 // the other's
	ports      uint64 // of the lower end, of the other; this wide, or hashing had padding to skip
}

// keyOf also reports whether the sender is the lower end.
func keyOf(f *capture.Flow) (k flowKey, fromLow bool) {
	src, dst := f.Src.Addr().As16(), f.Dst.Addr().As16()
	sh, sl := binary.BigEndian.Uint64(src[:8]), binary.BigEndian.Uint64(src[8:])
	dh, dl := binary.BigEndian.Uint64(dst[:8]), binary.BigEndian.Uint64(dst[8:])
	sp, dp := uint64(f.Src.Port()), uint64(f.Dst.Port())
	if sh < dh || sh == dh && (sl < dl || sl == dl && sp <= dp) {
		return flowKey{sh, sl, dh, dl, sp<<16 | dp}, true
	}
	return flowKey{dh, dl, sh, sl, dp<<16 | sp}, false
}

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

// table holds the records, by key and in order of creation.
type table struct {
	byKey    map[flowKey]*record
	order    fifo // all records but those in pinned
	pinned   fifo // those that the handler had pinned when room was needed
	openings fifo // those with an opening
	opening  int  // how many there are with an opening
	next     uint64
	lastKey  flowKey
	lastRec  *record
}

func newTable() table {
	return table{byKey: make(map[flowKey]*record)}
}

// find looks up a conversation; the one of the packet before is found without
// the map, since packets come in runs.
func (t *table) find(k flowKey) *record {
	if t.lastRec != nil && t.lastKey == k {
		return t.lastRec
	}
	r := t.byKey[k]
	if r != nil {
		t.lastKey, t.lastRec = k, r
	}
	return r
}

// add makes the record of a new conversation, replacing one on the same ports.
func (t *table) add(k flowKey, fromLow bool) *record {
	if old := t.byKey[k]; old != nil {
		old.gone = true
		t.opened(old)
	}
	r := &record{index: t.next, key: k, lowClient: fromLow}
	t.next++
	t.byKey[k] = r
	t.lastKey, t.lastRec = k, r
	// The lists also hold records that are gone: a flood on few ports would
	// fill them if only the sweep, which packet time drives, took those out.
	t.order.tidy(len(t.byKey), (*record).inTable)
	t.order.push(r)
	return r
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
	delete(t.byKey, r.key)
	if t.lastRec == r {
		t.lastRec = nil
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

// ends are the two addresses of k, client first.
func (k flowKey) ends(lowClient bool) (client, server netip.AddrPort) {
	lo := netip.AddrPortFrom(addrOf(k.lo, k.loTail), uint16(k.ports>>16))
	hi := netip.AddrPortFrom(addrOf(k.hi, k.hiTail), uint16(k.ports))
	if lowClient {
		return lo, hi
	}
	return hi, lo
}

// addrOf undoes the mapping of flowKey.
func addrOf(head, tail uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], head)
	binary.BigEndian.PutUint64(b[8:], tail)
	return netip.AddrFrom16(b).Unmap()
}
