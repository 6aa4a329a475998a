package wsframe

import (
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// Event is what an Analyzer emits: *Opened, *Frame, *Message, *Gap,
// *Violation, *Closed or *Tick. The report floor adds its own.
//
// Events are lent: they and all they point to, except Conn, are valid until
// Emit returns. Clone keeps a Frame or a Message longer.
type Event interface{ Meta() *Meta }

// Sink takes events in order. Emit may keep nothing of the event; an error
// from it ends the run. Close flushes and is called once, also after an error.
type Sink interface {
	Emit(Event) error
	Close() error
}

// Meta is common to all events.
type Meta struct {
	// Stamp is the packet that completed what the event tells, in stream order.
	capture.Stamp
	// Conn is the connection; nil for events that belong to none.
	Conn *Conn
}

// Direction says which end sent something.
type Direction = reassembly.Direction

// The two directions, by the roles of the upgrade request: its sender is the
// client. Mid-stream the masking end is the client (RFC 6455, 5.1).
const (
	FromClient = reassembly.FromClient
	FromServer = reassembly.FromServer
)

// Opened says that an upgrade was answered, refused or never answered (see
// Conn.Status and Conn.Upgraded), or that frames were found mid-stream.
// It is the first event of its connection.
type Opened struct{ M Meta }

// Frame is one WebSocket frame (RFC 6455, 5.2).
type Frame struct {
	M    Meta
	From Direction
	// First is the packet that held the frame's first byte.
	First capture.Stamp
	// Header holds the bytes of the header as they were on the wire, 2 to 14,
	// shorter only where Missing bytes took part of it.
	Header []byte
	Fin    bool
	Rsv    uint8 // RSV1 = 4, RSV2 = 2, RSV3 = 1
	Opcode Opcode
	Masked bool
	Key    [4]byte // masking key, where Masked
	// Length is the payload length that the header declares, 0 to 2^63-1 (a
	// set top bit is a violation, and is taken as it stands).
	Length uint64
	// Payload is the unmasked payload: all captured bytes up to the payload
	// limit, holes left out. Still compressed where the message is.
	Payload []byte
	// Holes are the parts of the payload that were never captured, in order.
	Holes []Hole
	// Missing counts the payload bytes that were never captured: those of Holes,
	// and those behind the last captured byte. Length-Missing exceeds
	// len(Payload) where the frame limit cut Payload.
	Missing   uint64
	Certainty Certainty
	// Simple says that this frame is what most are, so that sinks need not ask for
	// one thing after another: a text or binary message for itself, not compressed,
	// Exact, whole in Payload and in Message, and no rule broken. False says nothing.
	Simple bool
	// Code and Reason are those of a Close frame (RFC 6455, 5.5.1), where it
	// has them; Code is 0 otherwise.
	Code   uint16
	Reason []byte
	// Message is the message that this frame completed; nil for control
	// frames and for all but the last fragment. Its own event follows, unless
	// Options.Once leaves it out.
	Message *Message
	// Index is the frame's 0-based place in its message; 0 for control frames.
	Index int
	// Violations are the rules that this frame, or the message that it completes,
	// breaks. Each has its own event besides, right behind this one.
	Violations []Violation
}

// Hole is a part of a payload that was never captured.
type Hole struct {
	At    uint64 // offset in the payload
	Bytes uint64
}

// Message is one data message (RFC 6455, 5.6): its frames joined, inflated.
type Message struct {
	M     Meta
	From  Direction
	First capture.Stamp // the packet that held its first byte
	// Opcode is that of the first frame; OpContinuation where that was lost.
	Opcode     Opcode
	Frames     int
	Compressed bool   // permessage-deflate (RFC 7692, 6)
	WireLength uint64 // sum of its frames' payload lengths, without what is missing
	// Length counts the payload's bytes after inflating, also those beyond
	// the message limit; of an incomplete message, those that are known.
	Length uint64
	// Payload holds the first bytes, up to the message limit.
	Payload []byte
	// Plain says that this is a text, every byte of Payload printable ASCII and
	// none a backslash: nothing in it needs escaping, and JSON strings stand as
	// they are. AppendSummary is then printable ASCII too, but for the "…" where
	// it leaves something out. False says nothing.
	Plain bool
	// Latin says that this is a text of what Plain allows and letters from U+00C0 to
	// U+02FF, which take a column each, and then AppendSummary is too, but for the
	// "…". It is found out for short texts of frames that are Simple: false says nothing.
	Latin bool
	// InvalidUTF8 is true for a text message that is not UTF-8 (RFC 6455, 8.1).
	InvalidUTF8 bool
	// Complete is false where Payload is not the whole message; Why says why.
	Complete bool
	Why      Incomplete
	// Inferred is true where compression was concluded from the bytes, since
	// no handshake was seen.
	Inferred  bool
	Certainty Certainty

	waiting bool   // Payload is still compressed
	summary []byte // lent, where it was made beforehand; otherwise nil
}

// Gap says that bytes of a connection were never captured.
type Gap struct {
	M     Meta
	From  Direction
	Bytes int64
	Cause reassembly.Cause
}

// Violation says that a peer broke a rule. Parsing goes on.
type Violation struct {
	M        Meta
	From     Direction
	Rule     Rule
	Expected string
	Found    string
}

// Closed is the last event of its connection.
type Closed struct {
	M Meta
	// By is "client", "server" or "none".
	By string
	// Code and Reason are those of the first Close frame; 1005 where it had no
	// code, 0 where there was no Close frame (a browser reports 1006).
	Code   uint16
	Reason string
	// How is "close frame", "fin", "rst", "timeout", "capture ended", ...; over
	// HTTP/2 also "rst_stream", "end_stream" (from both ends), "goaway".
	How string
	// H2Error is the error code of the RST_STREAM or GOAWAY that ended it, by its
	// name in RFC 9113, 7; empty otherwise.
	H2Error string
}

// Tick says that packet time has reached M.Time. It comes at most once per
// second of packet time, so that sinks can flush and expire.
type Tick struct{ M Meta }

// Meta implements Event.
func (e *Opened) Meta() *Meta    { return &e.M }
func (e *Frame) Meta() *Meta     { return &e.M }
func (e *Message) Meta() *Meta   { return &e.M }
func (e *Gap) Meta() *Meta       { return &e.M }
func (e *Violation) Meta() *Meta { return &e.M }
func (e *Closed) Meta() *Meta    { return &e.M }
func (e *Tick) Meta() *Meta      { return &e.M }

// Certainty says how sure a frame's boundaries are.
type Certainty uint8

// The degrees of certainty.
const (
	Exact     Certainty = iota // every byte since the handshake is accounted for
	Resynced                   // found again behind a gap that swallowed a boundary
	Midstream                  // the handshake was never seen
)

// String is the word that the event stream uses.
func (c Certainty) String() string {
	return [...]string{"exact", "resynced", "midstream"}[c]
}

// Incomplete says why a message is not whole.
type Incomplete uint8

// The reasons.
const (
	WhyNot          Incomplete = iota // it is whole
	BytesMissing                      // some were never captured
	ContextLost                       // the inflater's window went with an earlier gap
	OverLimit                         // longer than the message limit
	CaptureEnded                      // the capture ended within it
	ConnectionEnded                   // the connection did
	Interrupted                       // a new message began before its last fragment
	Corrupt                           // its compressed data is not a DEFLATE stream
)

// String is the word that the event stream uses; "" for WhyNot.
func (w Incomplete) String() string {
	return [...]string{"", "bytes missing", "compression context lost", "limit", "capture ended",
		"connection ended", "interrupted", "corrupt"}[w]
}

// Conn is what is known of one WebSocket connection. It belongs to the
// Analyzer, grows as packets come, and may be kept by sinks for reading, but
// for those of Options.Brief.
type Conn struct {
	// Number counts connections from 1 in order of their upgrade request, or of
	// their first frame where they were joined mid-stream.
	Number int
	// Stream is the TCP connection.
	Stream *reassembly.Stream
	// Upgrade is never nil in events. With Options.Brief it holds little once
	// Opened was emitted, and is shared.
	*Upgrade
	// Totals counts what each direction carried, indexed by Direction.
	Totals [2]Totals
	// Violations and Gaps count those events.
	Violations, Gaps uint64

	began int64 // Responded's Unix time in ns, where Upgrade does not hold it any more
}

// Upgrade is how a connection became a WebSocket, or why not.
type Upgrade struct {
	// Client and Server are the WebSocket roles.
	Client, Server Endpoint
	Via            string // "http/1.1", "h2", "midstream"
	// H2Stream is the number of the HTTP/2 stream (RFC 9113, 5.1.1); 0 where the
	// WebSocket has the TCP connection for itself.
	H2Stream uint32
	// Proxy is the authority of the CONNECT request (RFC 9110, 9.3.6) in whose
	// tunnel the connection runs; empty without one.
	Proxy string
	// URL is ws:// or wss://, host, path and query of the request; "" mid-stream.
	URL string
	// Request and Response are the heads of the upgrade, nil where not seen. Over
	// HTTP/2 their fields hold the pseudo-header fields too, and only those that
	// could be read.
	Request, Response *Head
	// Requested and Responded are the packets that completed them.
	Requested, Responded capture.Stamp
	// Status is the response's final status code; 0 without a response.
	Status int
	// Body is the first line of a refusal's body, at most 200 bytes; empty where
	// there is none or it is encoded.
	Body string
	// Upgraded is true when frames follow: status 101, over HTTP/2 any success, or
	// joined mid-stream.
	Upgraded    bool
	Subprotocol string // as the server chose it
	Extensions  string // as the server agreed to them, its header's value
	Accept      Accept
	// Deflate holds the permessage-deflate parameters in force; nil without.
	Deflate *Deflate
	// Partial is true where header fields of the HTTP/2 request or response could
	// not be read, since they refer to others that were lost before (RFC 7541,
	// 2.3.2), or were lost themselves.
	Partial bool

	vague bool // what was agreed on may be among them
	seen  bool // Response was, and is no longer kept

	heads [2]Head // what Request and Response of HTTP/1.1 point to

	kind uint16 // place in Analyzer.kinds, from 1; 0 where it is not shared
}

// ask keeps a copy of the request and the packet that completed it.
func (u *Upgrade) ask(h *Head, at capture.Stamp) {
	u.Request, u.Requested = u.heads[FromClient].set(h), at
}

// respond keeps a copy of the response and the packet that completed it.
func (u *Upgrade) respond(h *Head, at capture.Stamp) {
	u.Response, u.Responded, u.Status = u.heads[FromServer].set(h), at, h.Status
}

// Totals counts what one direction of a connection carried.
type Totals struct {
	Frames, Messages uint64
	Control          uint64 // of the frames, those with a control opcode
	Payload          uint64 // sum of the frames' payload lengths, as on the wire
	Data             uint64 // sum of the messages' lengths, inflated
	// Skipped counts captured bytes behind a gap that belong to no frame, since
	// the header of theirs was lost.
	Skipped uint64
}

// counts are all that Totals, Violations and Gaps count.
func (c *Conn) counts(yield func(*uint64) bool) {
	for d := range c.Totals {
		t := &c.Totals[d]
		for _, n := range []*uint64{&t.Frames, &t.Messages, &t.Control, &t.Payload, &t.Data, &t.Skipped} {
			if !yield(n) {
				return
			}
		}
	}
	_ = yield(&c.Violations) && yield(&c.Gaps)
}

// counted reports whether any of them is more than 0.
func (c *Conn) counted() bool {
	for n := range c.counts {
		if *n != 0 {
			return true
		}
	}
	return false
}

// Accept is the verdict on Sec-WebSocket-Accept (RFC 6455, 4.2.2).
type Accept uint8

// The verdicts.
const (
	AcceptUnknown Accept = iota // no 101, or no key seen to hold it against
	AcceptValid
	AcceptWrong
	AcceptMissing
)

// String is the word that the event stream uses; "" for AcceptUnknown.
func (a Accept) String() string {
	return [...]string{"", "valid", "wrong", "missing"}[a]
}

// unseen reports whether what the upgrade agreed on is not known.
func (u *Upgrade) unseen() bool { return u.Response == nil && !u.seen || u.vague }

// Duration is the time from the upgrade's response (or the first frame) to at.
func (c *Conn) Duration(at time.Time) time.Duration {
	switch {
	case at.IsZero():
		return 0
	case c.began != 0:
		return at.Sub(time.Unix(0, c.began))
	case c.Responded.Time.IsZero():
		return 0
	}
	return at.Sub(c.Responded.Time)
}
