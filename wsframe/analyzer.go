// Package wsframe finds WebSocket connections in TCP streams and turns their
// bytes into frames and messages (RFC 6455, RFC 7692).
//
// An Analyzer implements reassembly.Handler below and calls a Sink above. It
// is the only home of gobwas/ws. Bytes come in, events go out: no sockets, no
// clock. Goroutines inflate (see Options.Cores), and never outlive a call. What
// peers do wrong is an event, never an error.
package wsframe

import (
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// Options tune an Analyzer; the zero value gives the defaults.
type Options struct {
	// FrameLimit bounds the payload bytes kept of a frame. Default 1 MiB.
	FrameLimit int
	// MessageLimit bounds the payload bytes kept of a message, on the wire and
	// inflated. Default 16 MiB.
	MessageLimit int
	// Ports are server ports on which streams without a handshake are taken for
	// WebSocket at the first plausible header (tshark's -d tcp.port==N,websocket).
	Ports map[uint16]bool
	// Brief lets go of what the upgrade said as soon as Opened was emitted: of a
	// Conn's Upgrade only Via, Status, Upgraded, Subprotocol, Extensions, Accept,
	// Deflate and Partial remain. It is for sinks that look at the rest at no
	// other time, and that keep no Conn but those of frames and messages: that of
	// an event may be another one than that of the event before, and stand for
	// another connection later. An idle connection then costs nothing here: it is
	// a reassembly.Note.
	Brief bool
	// Excerpts is for sinks that print a line of each frame and message and look
	// at nothing else: of a binary message that tells all that fits into a line in
	// its first bytes (see subproto.Opaque) they are given those, 1 KiB or more.
	// The rest is counted and not kept; where bytes of it were never captured,
	// what is kept between the beginning and the first hole has no meaning.
	Excerpts bool
	// Once tells a message that a frame completes by Frame.Message alone, without
	// an event of its own behind it: half as many events for sinks that have no
	// use for the other.
	Once bool
	// Cores is the number of cores to inflate compressed messages on. With 0 each
	// is inflated, and told, at once. With more, events may be told late, when
	// much has come together or Flush is called: then the Sink must look at
	// nothing but events. What they say is the same.
	Cores int
	// Summaries has those who inflate make the summaries of messages too, for
	// sinks that ask for most of them and keep no Message.
	Summaries bool
	// Handshakes keeps Stream.Handshake after the Opened event, for sinks that
	// may see another event of a connection first. A million idle connections
	// take 128 MB for it.
	Handshakes bool
}

// maxBuffered bounds what is held of all connections together: unfinished
// messages, HTTP heads, and bytes in which frames are searched for.
const maxBuffered = 256 << 20

// Stats counts what an Analyzer found. Those of the second group are limits hit.
type Stats struct {
	Connections uint64 // upgrades asked for, and connections joined mid-stream
	Frames      uint64
	Messages    uint64
	Gaps        uint64
	Violations  uint64
	Encrypted   uint64 // TLS streams that could not be read

	FrameLimit     uint64 // frames of whose payload only the first bytes were kept
	MessageLimit   uint64 // messages longer than the message limit
	FragmentLimit  uint64 // messages of more than 65 536 frames
	HoleLimit      uint64 // frames with more than 256 holes, the last of which take up the rest
	GapLimit       uint64 // gaps that were not told, being more than 64 before the connection was known
	BufferLimit    uint64 // messages cut, and searches and streams given up, to hold 256 MiB at most
	SeekLimit      uint64 // times that more than 1 MiB of a direction was searched for frames
	HeadLimit      uint64 // heads longer than 64 KiB or 256 lines, header blocks than 256 KiB, chunk lines than 4 KiB
	HeadsCut       uint64 // heads whose fields were let go, to hold 64 MiB of long ones at most
	HoldLimit      uint64 // packets sent before the upgrade was answered, beyond 64 KiB
	StreamLimit    uint64 // HTTP/2 streams of a connection, beyond 1000 at once
	PendingLimit   uint64 // streams with more than 256 requests that wait for their response
	TunnelLimit    uint64 // streams with more than 4 CONNECT tunnels within each other
	WindowsDropped uint64 // inflate windows emptied to stay within 256 MiB
}

// Analyzer is a reassembly.Handler that emits events to a Sink. Not for
// concurrent use.
type Analyzer struct {
	sink     Sink   // out, or the queue before it
	out      Sink   // the sink that was given
	queue    *queue // nil unless messages may wait
	opts     Options
	stats    Stats
	inflater Inflater
	tick     time.Time
	buffered int // bytes held of all connections, as maxBuffered bounds them
	heads    int // lengths of the long heads of open connections
	awake    awake
	agreed   map[agreed]*Upgrade
	kinds    []*Upgrade // those of agreed
	// maxBuffered is the constant; tests lower it.
	maxBuffered int

	// Scratch, reused: events are lent.
	buffers   [][]byte
	quick     quick
	unmasked  []byte
	inflated  []byte
	marks     marks
	message   Message
	opened    Opened
	closed    Closed
	violation Violation
	head      Head // of the HTTP message at hand
	spare     struct {
		frames   spares[Frame]
		readings spares[reading]
		openings spares[opening]
		conns    spares[conn]
		infos    spares[Conn]
		upgrades spares[Upgrade]
	}
}

var _ reassembly.Handler = (*Analyzer)(nil)

// NewAnalyzer makes an Analyzer that emits to sink. The caller closes sink.
func NewAnalyzer(sink Sink, o Options) *Analyzer {
	if o.FrameLimit <= 0 {
		o.FrameLimit = 1 << 20
	}
	if o.MessageLimit <= 0 {
		o.MessageLimit = 16 << 20
	}
	a := &Analyzer{sink: sink, out: sink, opts: o, maxBuffered: maxBuffered, awake: awake{limit: maxAwake}}
	a.quick.prepare(o)
	if o.Cores > 0 {
		a.queue = newQueue(a)
		a.sink = a.queue
	}
	return a
}

// Flush emits the events that are held back, if any.
func (a *Analyzer) Flush() error {
	if a.queue == nil {
		return nil
	}
	return a.queue.flush()
}

// settled reports whether all events were handed on.
func (a *Analyzer) settled() bool { return a.queue == nil || len(a.queue.events) == 0 }

// Stats tells what was found so far.
func (a *Analyzer) Stats() Stats {
	s := a.stats
	s.WindowsDropped = a.inflater.Dropped()
	return s
}

// Open implements reassembly.Handler.
func (a *Analyzer) Open(st *reassembly.Stream) reassembly.StreamHandler {
	return newConn(a, st)
}

// Advance implements reassembly.Handler: it emits a Tick for each second.
func (a *Analyzer) Advance(now time.Time) error {
	if now.Before(a.tick) {
		return nil
	}
	a.tick = now.Add(time.Second)
	return a.sink.Emit(&Tick{M: Meta{Stamp: capture.Stamp{Time: now}}})
}

// register numbers a new connection.
func (a *Analyzer) register(c *Conn) *Conn {
	a.stats.Connections++
	c.Number = int(a.stats.Connections)
	return c
}

// violate emits a violation to sink.
func (a *Analyzer) violate(sink Sink, c *Conn, from Direction, at capture.Stamp, f fault) error {
	a.stats.Violations++
	c.Violations++
	a.violation = Violation{M: Meta{at, c}, From: from, Rule: f.Rule, Expected: f.Expected, Found: f.Found}
	return sink.Emit(&a.violation)
}

// tell emits a frame, what is wrong with it or with the message that it
// completes, and that message, if any and unless the frame is to tell it.
func (a *Analyzer) tell(f *Frame, m *Message, faults []fault) error {
	for _, ft := range faults {
		f.Violations = append(f.Violations, Violation{M: f.M, From: f.From, Rule: ft.Rule, Expected: ft.Expected, Found: ft.Found})
	}
	if err := a.out.Emit(f); err != nil {
		return err
	}
	for _, ft := range faults {
		if err := a.violate(a.out, f.M.Conn, f.From, f.M.Stamp, ft); err != nil {
			return err
		}
	}
	if m == nil {
		return nil
	}
	a.stats.Messages++
	if a.opts.Once {
		return nil
	}
	return a.out.Emit(m)
}

// giveFrame takes back a Frame of spare.frames, which is left with empty buffers.
func (a *Analyzer) giveFrame(f *Frame) {
	a.spare.frames.give(f, Frame{Header: f.Header[:0], Holes: f.Holes[:0], Violations: f.Violations[:0]})
}

// takeBuffer lends an empty buffer for a message's payload.
func (a *Analyzer) takeBuffer() []byte {
	if n := len(a.buffers); n > 0 {
		b := a.buffers[n-1]
		a.buffers = a.buffers[:n-1]
		a.buffered += cap(b)
		return b
	}
	return nil
}

// extend appends p to a lent buffer. Its capacity is what counts against
// maxBuffered, since that is what it costs.
func (a *Analyzer) extend(buf, p []byte) []byte {
	before := cap(buf)
	buf = append(buf, p...)
	a.buffered += cap(buf) - before
	return buf
}

// room is by how many bytes buf may grow.
func (a *Analyzer) room(buf []byte) int {
	return max(cap(buf)-len(buf), a.maxBuffered-a.buffered)
}

// giveBuffer takes it back. Large ones are left to the collector, so that one
// large message does not hold memory for good.
func (a *Analyzer) giveBuffer(b []byte) {
	a.buffered -= cap(b)
	if cap(b) > 0 && cap(b) <= 64<<10 && len(a.buffers) < 64 {
		a.buffers = append(a.buffers, b[:0])
	}
}
