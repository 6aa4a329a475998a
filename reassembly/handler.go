// Package reassembly turns TCP segments into two ordered byte streams per
// connection (RFC 9293, 3.4 and 3.10), and says which bytes were lost.
//
// It knows nothing of what the bytes mean: the floor above implements Handler.
// Packet time is its only clock, and it runs no goroutines, so the same
// segments always give the same calls in the same order.
package reassembly

import (
	"errors"
	"time"

	"wstap/capture"
)

// ErrIgnore is returned by a method of a StreamHandler that wants nothing more
// of this stream. The Assembler frees all that it holds of the stream, keeps
// only a record that the conversation is known, and does not call the handler
// again, not even to close. It is no fault.
var ErrIgnore = errors.New("stream ignored")

// Direction says which end sent the bytes.
type Direction uint8

// The two directions of a stream. FromClient is the direction of the end that
// opened the connection (its SYN, or the other's SYN-ACK, was seen), otherwise
// of the end whose packet came first; see Stream.Oriented.
const (
	FromClient Direction = iota
	FromServer
)

// Reverse is the other direction.
func (d Direction) Reverse() Direction { return d ^ 1 }

// String is "client" or "server".
func (d Direction) String() string {
	if d == FromClient {
		return "client"
	}
	return "server"
}

// Handler receives the streams of a capture.
type Handler interface {
	// Open is called once per TCP connection, when its first payload byte (or a
	// gap or conflict) is about to be told, never for a bare handshake. A nil
	// StreamHandler means that the stream is of no interest.
	Open(*Stream) StreamHandler
	// Advance says that packet time has reached now. Times never go back.
	Advance(now time.Time) error
}

// StreamHandler receives one connection's bytes. An error other than ErrIgnore
// ends the run and is returned to whoever called the Assembler.
type StreamHandler interface {
	// Data hands on the next bytes of direction d: in order, without overlap,
	// all from the one packet that at names. b is never empty, and lent: it is
	// valid until Data returns and must not be written to.
	Data(d Direction, b []byte, at capture.Stamp) error
	// Gap says that the next g.Bytes bytes of direction d were never captured.
	// at is the packet that proved it.
	Gap(d Direction, g Gap, at capture.Stamp) error
	// Close is the last call. No call follows it.
	Close(why Reason, at capture.Stamp) error
}

// FINHandler is a StreamHandler that also wants to know when one direction has
// ended while the other goes on (half-close, RFC 9293, 3.6). The second FIN is
// told by Close alone. A FIN that comes before the stream's first data is told
// after that.
type FINHandler interface {
	FIN(d Direction, at capture.Stamp) error
}

// ConflictHandler is a StreamHandler that also wants to know when a segment
// repeats n bytes of direction d with other content than those held back for
// an earlier hole. The first copy wins. Bytes already handed on are not kept,
// so that a repetition of them is not compared.
type ConflictHandler interface {
	Conflict(d Direction, n int64, at capture.Stamp) error
}

// Gap is a hole in a stream.
type Gap struct {
	Bytes int64 // at least 1
	Cause Cause
	// Estimated: Bytes is about right, no more. Below TLS only ciphertext was
	// counted, and how much of it was padding is not known.
	Estimated bool
}

// Cause says how a gap was recognised.
type Cause uint8

// The causes of gaps.
const (
	Acked     Cause = iota // the receiver acknowledged bytes that were never captured
	Closed                 // the stream or the capture ended with the hole still open
	Limit                  // waiting longer would have passed a bound on memory or packet time
	Truncated              // the snapshot length cut these bytes: captured, not lost
)

// String is the word that the event stream uses.
func (c Cause) String() string {
	return [...]string{"acked", "closed", "limit", "truncated"}[c]
}

// Reason says how a stream ended.
type Reason struct {
	How How
	// By is the direction whose FIN came first or whose RST it was. It means
	// nothing for the other endings.
	By Direction
}

// How is a way of ending.
type How uint8

// The ways a stream ends.
const (
	FINs    How = iota // both directions closed by FIN
	RST                // reset (RFC 9293, 3.10.7; RFC 5961, 3)
	Reused             // a new SYN took the port pair
	Timeout            // nothing seen for the idle limit of packet time
	Evicted            // the bound on streams was reached
	End                // the capture ended
)

// String is the word that the event stream uses.
func (h How) String() string {
	return [...]string{"fin", "rst", "port reused", "timeout", "evicted", "capture ended"}[h]
}
