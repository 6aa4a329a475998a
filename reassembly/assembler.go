package reassembly

import (
	"math"
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
	attempts  AttemptHandler // the handler, where it is one
	ackedWait time.Duration
	holeWait  time.Duration
	limits    limits
	table     table
	timers    timers
	present   moment    // the latest packet time seen
	alarm     moment    // before it, Advance has nothing to do
	rest      int       // the alarm in nanoseconds of the present second, at most 1e9
	last      moment    // packet time of the latest segment
	packet    uint64    // its number
	tick      time.Time // when Handler.Advance is due
	second    int32     // now, in seconds since the first packet
	epoch     int64     // the first packet's Unix second
	seconds   [2]int64  // packet times of the last two calls, Unix seconds
	sweep     int64     // when the next sweep is due, Unix seconds
	swept     uint64    // Stats.Segments at the last one
	queued    int       // bytes in all queues
	stats     Stats
	latest    *record // that of the latest segment
	calm      odd     // shared by all halves about which nothing is odd
	usual     rare    // shared by all streams about which nothing is rare
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
		limits: limits{maxOpenings, maxStreams, maxQueued}, present: momentOf(time.Time{}), alarm: momentOf(time.Time{}),
	}
	a.attempts, _ = h.(AttemptHandler)
	a.calm.shared, a.usual.a = true, a
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

// telling are the flags that say more of a segment than that there is data, or an
// acknowledgment.
const telling = capture.SYN | capture.FIN | capture.RST | capture.ACK

// Segment takes the next segment of the capture; it is lent. The error is one
// of the handler's.
func (a *Assembler) Segment(s *capture.Segment) error {
	now := momentOf(s.Time)
	a.last, a.packet = now, s.Packet
	a.stats.Segments++
	if a.still(now) {
		a.pass(now)
	} else if err := a.advance(now); err != nil {
		return err
	}
	at, fromLow := a.table.of(&s.Ends)
	r, st := at.record, at.stream
	if st == nil || !st.plain || s.Flags&telling != capture.ACK || s.Missing != 0 {
		return a.other(r, fromLow, s)
	}
	// Nearly always these are the next bytes of a stream of which nothing is
	// missing, or a mere acknowledgment of what was handed on. They need none of
	// the questions that other asks, and leave the stream as plain as it was.
	d := r.direction(fromLow)
	h, p := &st.half[d&1], &st.half[d.Reverse()&1]
	ack := offset(s.Ack, p.base, p.next) // p.acked is at most p.next
	if s.Seq != h.base+uint32(h.next) || ack > p.next || h.packets == math.MaxUint32 {
		return a.other(r, fromLow, s)
	}
	a.latest = r
	r.last = a.second
	p.offer(ack, h.scaled(s.Window))
	h.packets++
	if len(s.Payload) == 0 {
		return nil
	}
	h.next += int64(len(s.Payload))
	if err := st.handler.Data(d, s.Payload, s.Stamp); err != nil {
		return a.refused(st, err)
	}
	return nil
}

// other takes any segment of r, or of a conversation that sleeps or is not known
// where that is nil.
func (a *Assembler) other(r *record, fromLow bool, s *capture.Segment) error {
	if r == nil {
		key, _ := a.table.keyOf(&s.Ends)
		r = a.rouse(key)
	}
	if r != nil && reuses(r, r.direction(fromLow), s) {
		if r.stream != nil {
			if err := a.end(r.stream, Reason{How: Reused}, s.Stamp); err != nil {
				return err
			}
		}
		if err := a.over(r, Reused); err != nil {
			return err
		}
		r = nil
	}
	if r == nil {
		var err error
		if r, err = a.begin(s); err != nil {
			return err
		}
	}
	a.latest = r
	r.last = a.second
	if s.Flags&(capture.FIN|capture.RST) != 0 {
		r.ended = true
	}
	switch {
	case r.stream != nil:
		d := r.direction(fromLow)
		r.stream.packet(d)
		return a.segment(r.stream, d, s)
	case r.opening != nil:
		return a.handshake(r, fromLow, s)
	}
	return nil // ignored, or over
}

// Conversation tells which conversation the segment taken last is of, by its
// Stream.Index, and whether more of it may be handed on: false once the
// handler has ignored the stream, or the stream was closed.
func (a *Assembler) Conversation() (index uint64, wanted bool) {
	if a.latest == nil {
		return 0, false
	}
	return a.latest.Index, a.latest.stream != nil || a.latest.opening != nil
}

// reuses reports whether s opens a new connection on known ports, by the rule
// of Wireshark's tcp.stream: a SYN with another sequence number, or after the
// old connection's end.
func reuses(r *record, d Direction, s *capture.Segment) bool {
	return s.Flags&(capture.SYN|capture.ACK) == capture.SYN &&
		r.known[d] && (s.Seq != r.base[d] || r.ended)
}

// begin makes the record of a conversation seen for the first time.
func (a *Assembler) begin(s *capture.Segment) (*record, error) {
	if a.table.known+a.table.asleep.count() >= a.limits.streams {
		if err := a.evict(); err != nil {
			return nil, err
		}
	}
	r := a.table.add(a.table.keyOf(&s.Ends))
	r.opening.First = s.Stamp
	for a.table.openings.count > a.limits.openings {
		old := &a.table.openings.oldest.record
		a.stats.OpeningsEvicted++
		if err := a.over(old, Evicted); err != nil {
			return nil, err
		}
		a.table.remove(old)
	}
	return r, nil
}

// now is the present in packet time.
func (a *Assembler) now() time.Time { return a.present.time() }

// segmentStamp is that of the latest segment.
func (a *Assembler) segmentStamp() capture.Stamp {
	return capture.Stamp{Time: a.last.time(), Packet: a.packet}
}

// stamp is the present in packet time, with the last segment's number.
func (a *Assembler) stamp() capture.Stamp {
	return capture.Stamp{Time: a.now(), Packet: a.packet}
}
