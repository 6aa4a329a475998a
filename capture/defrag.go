package capture

import (
	"hash/maphash"
	"math/bits"
	"net/netip"
	"time"
)

// Bounds on the fragments held. What is the longest held goes first.
const (
	maxDatagrams     = 4096
	maxFragments     = 65536
	maxFragmentBytes = 16 << 20
	// RFC 8200, 4.5 says 60 s, RFC 1122, 3.3.2 60 to 120; Linux waits 30 s.
	fragmentTimeout = 30 * time.Second
	// maxDatagram bounds what an offset and a length can add up to.
	maxDatagram = 65535
)

// datagram identifies the IP packet that a fragment is of (RFC 791, 3.2;
// RFC 8200, 4.5).
type datagram struct {
	src, dst netip.Addr
	id       uint32
	proto    uint8 // IPv4 only: IPv6 asks for addresses and identification
	depth    uint8 // a tunnel may use the same addresses as what it carries
}

// fragment is one fragment as its header describes it.
type fragment struct {
	view
	offset int
	more   bool
	proto  uint8
}

// defragmenter joins IP fragments of either version. Of bytes that come twice
// the first copy wins.
type defragmenter struct {
	held      map[datagram]*partial
	oldest    *partial // list in order of each datagram's first fragment
	newest    *partial
	waiting   uint64 // of held, those that are not complete
	fragments int    // of all held
	bytes     int    // of all held
	seed      maphash.Seed
	joined    []byte // the datagram completed last
}

// partial is a datagram of which some fragments have come. When done it is kept,
// without its bytes, until its time is over: fragments that were captured twice
// must not begin another, to be mixed up with the next of that identification.
type partial struct {
	key        datagram
	prev, next *partial
	since      time.Time
	done       bool  // complete, or ignored
	ignored    bool  // found to be of no interest
	proto      uint8 // that of the fragment at offset 0
	parts      []part
	data       []byte   // the parts' bytes, in order of arrival
	packets    []uint64 // that the parts came in
	seen       []uint64 // one bit for each 8 bytes of the datagram that have come
	units      int      // bits set in seen
	total      int      // bytes of the whole datagram; 0 until the last fragment tells
}

// part is a fragment that was taken.
type part struct {
	offset   int
	more     bool
	wire     int    // bytes as sent
	captured int    // bytes of them in data
	sum      uint64 // of what was captured
}

// fragment takes a fragment, and goes on with the datagram if it is now whole.
func (w *walk) fragment(key datagram, f fragment) Kind {
	d := &w.d.defrag
	w.d.stats.Fragments++
	switch f.proto {
	case protoTCP, protoUDP, protoGRE, protoIPv4, protoIPv6, protoEtherIP, protoMPLS, protoAH,
		protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6:
	default:
		return KindOther
	}
	if f.more {
		f.view = f.trim(f.wire &^ 7) // as Linux does: only the last may have an odd end
	}
	if f.wire == 0 || f.offset+f.wire > maxDatagram {
		return KindMalformed
	}
	p := d.find(key, w.at.Time, &w.d.stats)
	t := part{offset: f.offset, more: f.more, wire: f.wire, captured: len(f.b), sum: maphash.Bytes(d.seed, f.b)}
	if p.done {
		switch {
		case p.has(t):
			w.d.stats.FragmentDups++
			return KindFragment
		case p.ignored && f.offset != 0:
			return KindFragment
		}
		d.drop(p) // the identification is used again
		p = d.find(key, w.at.Time, &w.d.stats)
	}
	taken := len(p.parts)
	whole := d.add(p, f, t, &w.d.stats)
	d.bound(p, &w.d.stats)
	if !whole {
		if len(p.parts) > taken { // what came twice is not noted, or this had no bound
			p.packets = append(append(p.packets, w.d.pieces...), w.at.Packet)
		}
		return KindFragment
	}
	w.d.stats.Reassembled++
	w.d.pieces = append(w.d.pieces, p.packets...)
	p.packets = nil
	return w.transport(p.proto, d.join(p))
}

// find is the datagram of the given key, begun if it is not held.
func (d *defragmenter) find(key datagram, now time.Time, stats *DecodeStats) *partial {
	for d.oldest != nil && d.oldest.expired(now) {
		d.expire(d.oldest, stats)
	}
	if p := d.held[key]; p != nil {
		if !p.expired(now) {
			return p
		}
		d.expire(p, stats)
	}
	if d.held == nil {
		d.held = make(map[datagram]*partial)
		d.seed = maphash.MakeSeed()
	}
	p := &partial{key: key, since: now, prev: d.newest}
	if p.prev != nil {
		p.prev.next = p
	} else {
		d.oldest = p
	}
	d.newest = p
	d.held[key] = p
	d.waiting++
	return p
}

// expired reports whether p is too old at packet time now. A clock that was
// set back as far makes it so too.
func (p *partial) expired(now time.Time) bool {
	age := now.Sub(p.since)
	return age > fragmentTimeout || age < -fragmentTimeout
}

// has reports whether t was taken before. It looks at as many parts as a
// datagram has that was cut up in earnest, so that the cost has a bound.
func (p *partial) has(t part) bool {
	const most = 256
	for _, u := range p.parts[max(0, len(p.parts)-most):] {
		if u == t {
			return true
		}
	}
	return false
}

// add takes f, described by t, into p and reports whether p has become whole.
func (d *defragmenter) add(p *partial, f fragment, t part, stats *DecodeStats) bool {
	ends := f.offset + f.wire
	first, end := f.offset/8, (ends+7)/8
	fresh := end - first - countBits(p.seen, first, end)
	if fresh < end-first {
		if p.has(t) {
			stats.FragmentDups++
			return false
		}
		stats.FragmentOverlaps++
	}
	switch {
	case fresh == 0 && (f.more || p.total != 0), // brings nothing
		p.total != 0 && (ends > p.total || !f.more && ends != p.total), // contradicts where the datagram ends
		p.total == 0 && !f.more && end < highest(p.seen):
		return false
	}
	if !f.more {
		p.total = ends
	}
	if f.offset == 0 {
		p.proto = f.proto
	}
	for len(p.seen)*64 < end {
		p.seen = append(p.seen, 0)
		d.bytes += 8
	}
	for u := first; u < end; u++ {
		p.seen[u/64] |= 1 << (u % 64)
	}
	p.units += fresh
	p.parts = append(p.parts, t)
	d.fragments++
	p.data = append(p.data, f.b...)
	d.bytes += len(f.b)
	if f.offset == 0 && f.proto == protoUDP && len(f.b) >= 4 && tunnelPort(be16(f.b), be16(f.b[2:])) == 0 {
		p.ignored = true // no tunnel: spare the memory
		d.finish(p)
		return false
	}
	return p.total != 0 && p.units == (p.total+7)/8
}

// countBits counts the bits set in seen from first up to end.
func countBits(seen []uint64, first, end int) (n int) {
	for u := first; u < end && u/64 < len(seen); {
		word := seen[u/64] >> (u % 64)
		if rest := end - u; rest < 64-u%64 {
			word &= 1<<rest - 1
		}
		n += bits.OnesCount64(word)
		u += 64 - u%64
	}
	return n
}

// highest is the number behind the highest bit set in seen.
func highest(seen []uint64) int {
	n := len(seen) - 1
	if n < 0 {
		return 0
	}
	return n*64 + bits.Len64(seen[n])
}

// join puts the parts of p together, up to the first byte that the snapshot
// length cut off, and gives up their memory.
func (d *defragmenter) join(p *partial) view {
	if cap(d.joined) < p.total {
		d.joined = make([]byte, maxDatagram)
	}
	out := d.joined[:p.total]
	cut := p.total
	end := len(p.data)
	for i := len(p.parts) - 1; i >= 0; i-- { // backwards: the first copy is written last
		t := p.parts[i]
		copy(out[t.offset:], p.data[end-t.captured:end])
		end -= t.captured
		if t.captured < t.wire {
			cut = min(cut, t.offset+t.captured)
		}
	}
	d.finish(p)
	return view{b: out[:cut], wire: p.total}
}

// finish marks p as done and frees its bytes.
func (d *defragmenter) finish(p *partial) {
	d.bytes -= len(p.data)
	p.data = nil
	p.done = true
	d.waiting--
}

// bound gives up the oldest datagrams, other than keep, until what is held is
// within its bounds.
func (d *defragmenter) bound(keep *partial, stats *DecodeStats) {
	for p := d.oldest; p != nil && (len(d.held) > maxDatagrams || d.fragments > maxFragments || d.bytes > maxFragmentBytes); {
		next := p.next
		if p != keep {
			if !p.done {
				stats.FragmentEvicted++
			}
			d.drop(p)
		}
		p = next
	}
}

// expire gives up p because of its age.
func (d *defragmenter) expire(p *partial, stats *DecodeStats) {
	if !p.done {
		stats.FragmentTimeouts++
	}
	d.drop(p)
}

// drop forgets p.
func (d *defragmenter) drop(p *partial) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		d.oldest = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		d.newest = p.prev
	}
	if !p.done {
		d.waiting--
	}
	d.bytes -= len(p.data) + 8*len(p.seen)
	d.fragments -= len(p.parts)
	delete(d.held, p.key)
}
