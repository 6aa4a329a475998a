// Package wsframe finds WebSocket connections in TCP streams and turns their
// bytes into frames and messages (RFC 6455, RFC 7692).
//
// An Analyzer implements reassembly.Handler below and calls a Sink above. It
// is the only home of gobwas/ws. Bytes come in, events go out: no sockets, no
// clock, no goroutines. What peers do wrong is an event, never an error.
package wsframe

import (
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/subproto"
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
}

// maxBuffered bounds the payload bytes of all unfinished messages together.
const maxBuffered = 256 << 20

// Stats counts what an Analyzer found. Those of the second group are limits hit.
type Stats struct {
	Connections uint64 // upgrades asked for, and connections joined mid-stream
	Frames      uint64
	Messages    uint64
	Gaps        uint64
	Violations  uint64

	MessageLimit   uint64 // messages longer than the message limit
	BufferLimit    uint64 // messages cut since all unfinished ones were too much
	HeadLimit      uint64 // heads longer than 64 KiB or 256 lines
	HoldLimit      uint64 // bytes sent before the upgrade was answered, beyond 64 KiB
	WindowsDropped uint64 // inflate windows emptied to stay within 256 MiB
}

// Analyzer is a reassembly.Handler that emits events to a Sink. Not for
// concurrent use.
type Analyzer struct {
	sink     Sink
	opts     Options
	stats    Stats
	inflater Inflater
	tick     time.Time
	buffered int // payload bytes of unfinished messages

	// Scratch, reused: events are lent.
	frames    []*Frame
	buffers   [][]byte
	unmasked  []byte
	inflated  []byte
	message   Message
	violation Violation
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
	return &Analyzer{sink: sink, opts: o}
}

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

// violate emits a violation.
func (a *Analyzer) violate(c *Conn, from Direction, at capture.Stamp, f fault) error {
	a.stats.Violations++
	c.Violations++
	a.violation = Violation{M: Meta{at, c}, From: from, Rule: f.Rule, Expected: f.Expected, Found: f.Found}
	return a.sink.Emit(&a.violation)
}

// takeFrame lends a Frame with empty buffers.
func (a *Analyzer) takeFrame() *Frame {
	if n := len(a.frames); n > 0 {
		f := a.frames[n-1]
		a.frames = a.frames[:n-1]
		*f = Frame{Header: f.Header[:0], Holes: f.Holes[:0]}
		return f
	}
	return &Frame{Header: make([]byte, 0, 14)}
}

func (a *Analyzer) giveFrame(f *Frame) {
	f.Payload, f.Message = nil, nil
	if len(a.frames) < 64 {
		a.frames = append(a.frames, f)
	}
}

// takeBuffer lends an empty buffer for a message's payload.
func (a *Analyzer) takeBuffer() []byte {
	if n := len(a.buffers); n > 0 {
		b := a.buffers[n-1]
		a.buffers = a.buffers[:n-1]
		return b
	}
	return nil
}

// giveBuffer takes it back. Large ones are left to the collector, so that one
// large message does not hold memory for good.
func (a *Analyzer) giveBuffer(b []byte) {
	if cap(b) > 0 && cap(b) <= 64<<10 && len(a.buffers) < 64 {
		a.buffers = append(a.buffers, b[:0])
	}
}

// summarize says what a message is, for people.
func summarize(m *Message) string {
	kind := subproto.Text
	if m.Opcode == OpBinary {
		kind = subproto.Binary
	}
	return subproto.Summary(kind, m.Payload, m.M.Conn.Subprotocol)
}
