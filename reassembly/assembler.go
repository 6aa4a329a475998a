package reassembly

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"wstap/capture"
)

// The bounds and times that are not options.
const (
	// A receiver drops what lies beyond its window (RFC 9293, 3.10.7.4); the
	// slack covers window updates that were not captured.
	windowSlack = 1 << 20
	// Assumed where the window scale is unknown, since its SYN was not seen.
	unknownWindow = 16 << 20
	// Segments outside the window that must continue each other.
	farScore = 4

	maxQueueBytes  = 1 << 20   // out of order, a direction
	maxQueueChunks = 1024      // out of order, a direction
	maxQueued      = 256 << 20 // out of order, in all
	maxOpenings    = 65536     // connections that have carried no data
	maxStreams     = 1 << 20   // conversations known at once

	// A hole that the receiver has acknowledged is given up when this many
	// more segments of the stream and this much packet time have passed:
	// capture points reorder over short distances.
	reorderPackets = 64
	reorderTime    = 50 * time.Millisecond

	// After this long without a segment a conversation is forgotten: its ports
	// then make a new one.
	closedIdle  = 2 * time.Minute  // after a FIN or RST
	openingIdle = 10 * time.Minute // where no data was seen
	// Keep-alives come every two hours at the least (RFC 9293, 3.8.4).
	streamIdle = 150 * time.Minute
	pinnedIdle = 7 * 24 * time.Hour

	sweepEvery = 30 * time.Second
	tickEvery  = 100 * time.Millisecond
)

// limits are the bounds on the whole. Tests lower them.
type limits struct {
	openings, streams, queued int
}

// Options tune an Assembler; the zero value gives the defaults.
type Options struct {
	// AckedWait is how long, in packet time, the stream waits for bytes that
	// the receiver has acknowledged when few segments follow. Default 10 s, far
	// more than a network's reordering: files may hold packets whose order and
	// times do not fit. Live capture wants less, since everything behind the
	// hole is held back meanwhile.
	AckedWait time.Duration
	// HoleWait is the same for bytes that nobody has acknowledged, so that
	// their retransmission may yet come. Default 30 s.
	HoleWait time.Duration
}

// Assembler turns segments into streams. Not for concurrent use.
type Assembler struct {
	handler   Handler
	ackedWait time.Duration
	holeWait  time.Duration
	limits    limits
	table     table
	timers    timers
	now       time.Time     // the latest packet time seen
	last      capture.Stamp // of the latest segment
	tick      time.Time     // when Handler.Advance is due
	seconds   [2]int64      // packet times of the last two calls, Unix seconds
	sweep     int64         // when the next sweep is due, Unix seconds
	unswept   int           // segments since the last sweep
	queued    int           // bytes in all queues
	stats     Stats
}

// Stats counts what an Assembler did. Those of the second group are limits hit.
type Stats struct {
	Segments  uint64
	Streams   uint64 // conversations, as Wireshark numbers them
	Gaps      uint64
	GapBytes  uint64 // never captured
	CutBytes  uint64 // cut by the snapshot length
	Stale     uint64 // segments outside the window, and RSTs that a host would not believe
	Conflicts uint64 // segments that repeat bytes with other content

	OpeningsEvicted uint64 // connections without data beyond maxOpenings
	StreamsEvicted  uint64 // conversations beyond maxStreams
	QueueLimit      uint64 // holes given up since a direction's queue was full
	QueuedLimit     uint64 // holes given up since all queues together were full
}

// New makes an Assembler that calls h.
func New(h Handler, o Options) *Assembler {
	a := &Assembler{
		handler: h, ackedWait: o.AckedWait, holeWait: o.HoleWait, table: newTable(),
		limits: limits{maxOpenings, maxStreams, maxQueued},
	}
	if a.ackedWait <= 0 {
		a.ackedWait = 10 * time.Second
	}
	if a.holeWait <= 0 {
		a.holeWait = 30 * time.Second
	}
	return a
}

// Stats tells what was done so far.
func (a *Assembler) Stats() Stats {
	s := a.stats
	s.Streams = a.table.next
	return s
}

// Segment takes the next segment of the capture; it is lent. The error is one
// of the handler's.
func (a *Assembler) Segment(s *capture.Segment) error {
	a.last = s.Stamp
	a.stats.Segments++
	a.unswept++
	if err := a.Advance(s.Time); err != nil {
		return err
	}
	key, fromLow := keyOf(&s.Flow)
	r := a.table.find(key)
	if r != nil && reuses(r, r.direction(fromLow), s) {
		if r.stream != nil {
			if err := a.end(r.stream, Reason{How: Reused}, s.Stamp); err != nil {
				return err
			}
		}
		r = nil
	}
	if r == nil {
		var err error
		if r, err = a.begin(key, fromLow, s); err != nil {
			return err
		}
	}
	r.last = a.now.Unix()
	if s.Flags&(capture.FIN|capture.RST) != 0 {
		r.ended = true
	}
	switch {
	case r.stream != nil:
		d := r.direction(fromLow)
		r.stream.packets++
		r.stream.Halves[d].Packets++
		return a.segment(r.stream, d, s)
	case r.opening != nil:
		return a.handshake(r, fromLow, s)
	}
	return nil // ignored, or over
}

// reuses reports whether s opens a new connection on known ports, by the rule
// of Wireshark's tcp.stream: a SYN with another sequence number, or after the
// old connection's end.
func reuses(r *record, d Direction, s *capture.Segment) bool {
	return s.Flags&(capture.SYN|capture.ACK) == capture.SYN &&
		r.known[d] && (s.Seq != r.base[d] || r.ended)
}

// begin makes the record of a conversation seen for the first time.
func (a *Assembler) begin(key flowKey, fromLow bool, s *capture.Segment) (*record, error) {
	if len(a.table.byKey) >= a.limits.streams {
		if err := a.evict(); err != nil {
			return nil, err
		}
	}
	r := a.table.add(key, fromLow)
	a.table.open(r, &opening{first: s.Stamp, half: [2]openingHalf{{scale: -1}, {scale: -1}}})
	for a.table.opening > a.limits.openings {
		if old := a.table.openings.pop(); old.isOpening() {
			a.stats.OpeningsEvicted++
			a.table.remove(old)
		}
	}
	return r, nil
}

// handshake follows a connection that has carried no data yet (RFC 9293, 3.5).
func (a *Assembler) handshake(r *record, fromLow bool, s *capture.Segment) error {
	o := r.opening
	if s.Flags.Has(capture.SYN) && !r.oriented {
		r.orient(fromLow != s.Flags.Has(capture.ACK))
	}
	d := r.direction(fromLow)
	h := &o.half[d]
	h.packets++
	r.learn(d, s)
	switch {
	case s.Flags.Has(capture.SYN | capture.ACK):
		if o.synack.Packet == 0 {
			o.synack = s.Stamp
		}
	case s.Flags.Has(capture.SYN):
		if o.syn.Packet == 0 {
			o.syn = s.Stamp
		}
	case s.Flags.Has(capture.ACK) && d == FromClient && o.ack.Packet == 0 && o.synack.Packet != 0:
		o.ack = s.Stamp
	}
	if s.Flags.Has(capture.SYN) {
		h.syn, h.scale = true, s.Scale
	}
	if s.Flags.Has(capture.RST) {
		return nil
	}
	if len(s.Payload)+s.Missing == 0 {
		if s.Flags.Has(capture.FIN) && h.fin == nil {
			fin := *s
			fin.Payload = nil // lent
			h.fin = &fin
		}
		return nil
	}
	st := a.promote(r, d, s)
	// FINs seen before any data: of an end that only listens, or out of order.
	first := d
	if f, g := o.half[d].fin, o.half[d.Reverse()].fin; f == nil || g != nil && g.Packet < f.Packet {
		first = d.Reverse()
	}
	for _, d := range [2]Direction{first, first.Reverse()} {
		if fin := o.half[d].fin; fin != nil && !st.dead {
			if err := a.segment(st, d, fin); err != nil {
				return err
			}
		}
	}
	if st.dead {
		return nil
	}
	return a.segment(st, d, s)
}

// learn takes the initial sequence numbers, as Wireshark does: of the sender
// from its SYN or its first segment, of the other end from the first ACK.
func (r *record) learn(d Direction, s *capture.Segment) {
	r.know(d, origin(s))
	if o := d.Reverse(); s.Flags.Has(capture.ACK) && r.know(o, s.Ack-1) {
		r.opening.half[o].told = true
	}
}

// know sets the sequence number of offset 0, once.
func (r *record) know(d Direction, base uint32) (first bool) {
	if r.known[d] {
		return false
	}
	r.base[d], r.known[d] = base, true
	return true
}

// origin is what a direction's initial sequence number seems to be to whom s
// is its first segment.
func origin(s *capture.Segment) uint32 {
	if s.Flags.Has(capture.SYN) {
		return s.Seq
	}
	return s.Seq - 1
}

// orient says which end opened the connection.
func (r *record) orient(lowClient bool) {
	r.oriented = true
	if r.lowClient == lowClient {
		return
	}
	r.lowClient = lowClient
	r.base[0], r.base[1] = r.base[1], r.base[0]
	r.known[0], r.known[1] = r.known[1], r.known[0]
	o := r.opening
	o.half[0], o.half[1] = o.half[1], o.half[0]
}

// promote makes the stream of a connection that carries its first data, s.
func (a *Assembler) promote(r *record, from Direction, s *capture.Segment) *stream {
	o := r.opening
	st := &stream{rec: r}
	st.Index, st.Oriented = r.index, r.oriented
	st.First, st.SYN, st.SYNACK, st.ACK = o.first, o.syn, o.synack, o.ack
	st.Client, st.Server = r.key.ends(r.lowClient)
	// A SYN that nobody answered and that the data do not follow was forged: the
	// connection before it goes on (RFC 5961, 4).
	off := offset(s.Seq, r.base[from], 0)
	forged := o.synack.Packet == 0 && (off < 0 || off > unknownWindow)
	for d := range st.half {
		h, seen := &st.half[d], &o.half[d]
		st.Halves[d].Packets = uint64(seen.packets)
		h.scale = -1
		if forged {
			continue
		}
		h.base, h.known = r.base[d], r.known[d]
		if seen.syn {
			h.started, h.next, h.end, h.acked = true, 1, 1, 1
		}
		// The other end's SYN or SYN-ACK was seen, so that this end's first ACK
		// tells where it began.
		h.told = seen.told && (o.syn.Packet != 0 || o.synack.Packet != 0)
		if o.half[0].syn && o.half[1].syn {
			// Both ends must have sent the option (RFC 7323, 2.2).
			h.scale = max(0, seen.scale)
			if o.half[0].scale < 0 || o.half[1].scale < 0 {
				h.scale = 0
			}
		}
	}
	a.table.opened(r)
	r.stream = st
	return st
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

// segment takes a segment of a stream that carries data.
func (a *Assembler) segment(st *stream, d Direction, s *capture.Segment) error {
	h, p := &st.half[d], &st.half[d.Reverse()]
	if !h.known {
		h.base, h.known = origin(s), true
		st.rec.know(d, h.base)
	}
	if s.Flags.Has(capture.SYN) {
		if !h.started {
			h.started, h.next, h.end = true, 1, 1
		}
		if s.Flags.Has(capture.ACK) && st.SYNACK.Packet == 0 {
			st.SYNACK = s.Stamp
		}
	}
	var need int64
	if s.Flags.Has(capture.ACK) {
		if !p.known {
			p.base, p.known = s.Ack-1, true
			st.rec.know(d.Reverse(), p.base)
		}
		need = p.acknowledge(s, h.scale)
	}
	if s.Flags.Has(capture.RST) {
		a.reset(st, d, s)
		return a.settleIfNeeded(st)
	}
	if st.rst != nil && st.rst.from == d && a.now.Sub(st.rst.since) > reorderTime {
		st.rst = nil // its sender goes on: the RST was not its own
	}
	if err := a.data(st, d, s, need); err != nil || st.dead {
		return err
	}
	return a.settleIfNeeded(st)
}

// data takes a segment's payload and FIN.
func (a *Assembler) data(st *stream, d Direction, s *capture.Segment, need int64) error {
	h, p := &st.half[d], &st.half[d.Reverse()]
	seq := s.Seq
	if s.Flags.Has(capture.SYN) {
		seq++
	}
	size := len(s.Payload) + s.Missing
	fin := s.Flags.Has(capture.FIN)
	if size == 0 && !fin {
		return nil
	}
	off := h.offset(seq)
	if !h.started {
		// What lies below 1 was acknowledged before the capture began.
		h.started, h.next = true, max(off, 1)
		if h.told {
			h.next = 1
		}
		h.end = h.next
	}
	end := off + int64(size)
	if !h.near(off) && !h.follow(off, end) {
		a.stats.Stale++
		return nil
	}
	if end <= h.next && !(fin && !h.done && end == h.next) {
		if size > 0 {
			st.Halves[d].Retransmitted++
		}
		return nil
	}
	if h.finKnown && end > h.fin {
		a.stats.Stale++ // bytes behind the FIN
		return nil
	}
	if fin && !h.finKnown && end < h.end {
		a.stats.Stale++ // bytes behind it were seen already
		if fin = false; size == 0 {
			return nil
		}
	}
	if st.rst != nil && st.rst.from == d && end > st.rst.off {
		st.rst = nil
	}
	h.end = max(h.end, end)
	if size > 0 {
		h.blind = false
	}
	if h.wait == nil && off <= h.next && !p.holds(need) && (!fin || p.wait == nil) {
		// In order: nothing is copied.
		data, missing := s.Payload, s.Missing
		if off < h.next {
			c := chunk{off: off, data: data, missing: missing}
			c.cutHead(h.next)
			data, missing = c.data, c.missing
		}
		if err := a.hand(st, d, data, missing, s.Stamp); err != nil || st.dead {
			return err
		}
		if !fin {
			return nil
		}
		if st.handler != nil {
			h.fin, h.finKnown = end, true
			return a.finish(st, d, s.Stamp)
		}
		need = 0
	}
	if h.wait == nil {
		h.wait = &wait{}
	}
	if end > h.next {
		if off > h.next {
			st.Halves[d].OutOfOrder++
		}
		c := chunk{off: off, data: s.Payload, missing: s.Missing, need: need, at: s.Stamp, since: a.now}
		c.cutHead(h.next)
		before := h.wait.queue.bytes
		conflict := h.wait.queue.insert(c)
		a.queued += h.wait.queue.bytes - before
		if conflict > 0 {
			a.stats.Conflicts++
			st.Halves[d].Conflicts++
			if err := a.conflict(st, d, conflict, s.Stamp); err != nil || st.dead {
				return err
			}
		}
	}
	if fin && !h.finKnown {
		h.fin, h.finKnown = end, true
		h.wait.finNeed, h.wait.finAt = need, s.Stamp
	} else if fin {
		h.wait.finNeed = min(h.wait.finNeed, need)
	}
	return nil
}

// reset takes an RST. Only one at the next sequence number takes effect at
// once; one elsewhere in the window does when nothing follows that refutes it
// (RFC 5961, 3.2); any other is forged or old.
func (a *Assembler) reset(st *stream, d Direction, s *capture.Segment) {
	h := &st.half[d]
	off := h.offset(s.Seq)
	if h.started && (off < min(h.next, max(h.acked, 1)) || !h.near(off)) {
		a.stats.Stale++
		return
	}
	if st.rst == nil {
		st.rst = &reset{from: d, off: off, at: s.Stamp, since: a.now}
	}
}

// stamp is the present in packet time, with the last segment's number.
func (a *Assembler) stamp() capture.Stamp {
	return capture.Stamp{Time: a.now, Packet: a.last.Packet}
}

// addrOf undoes the mapping of flowKey.
func addrOf(head, tail uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], head)
	binary.BigEndian.PutUint64(b[8:], tail)
	return netip.AddrFrom16(b).Unmap()
}

// ignored reports whether err only says that the stream is not wanted.
func ignored(err error) bool { return errors.Is(err, ErrIgnore) }
