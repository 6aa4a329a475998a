// Package h2 reads HTTP/2 connections as they pass (RFC 9113): bytes of both
// directions in, header fields and DATA out. It is an observer, not an endpoint:
// it answers nothing, forgives what can be understood, and goes on behind bytes
// that were never captured.
//
// No sockets, no clock, no goroutines; memory is bounded by constants, whatever
// lengths a peer declares.
package h2

import (
	"wstap/capture"
	"wstap/reassembly"
)

// Direction says which end sent something.
type Direction = reassembly.Direction

// The two directions. The client is the end that sends the preface.
const (
	FromClient = reassembly.FromClient
	FromServer = reassembly.FromServer
)

// Preface is what a client sends first (RFC 9113, 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Handler takes what a Conn reads, in order. What it is handed is lent: valid
// until the call returns. An error ends the reading and is returned by the
// Conn's method that was called.
type Handler interface {
	// Headers takes a header block that has ended.
	Headers(*Headers) error
	// Data takes a piece of a DATA frame's payload, without its padding.
	Data(*Data) error
	// Signal takes what concerns a stream's end, or the whole connection.
	Signal(Signal) error
}

// Headers is a header block: a HEADERS or PUSH_PROMISE frame with its
// CONTINUATION frames (RFC 9113, 4.3).
type Headers struct {
	From   Direction
	Stream uint32
	// Promised is the stream that a PUSH_PROMISE reserves; 0 for HEADERS.
	Promised uint32
	// Fields are those that could be read, in order, at most 256 and 64 KiB.
	Fields []Field
	// Unknown counts fields that refer to what a loss has taken out of the
	// dynamic table (RFC 7541, 2.3.2), so that nobody can tell what they say.
	Unknown int
	// Broken is true where part of the block is missing: never captured, longer
	// than 256 KiB, or not HPACK. Fields holds what stood before that.
	Broken bool
	// Limited is true where a bound left something out.
	Limited bool
	// Length counts the block's bytes on the wire, as far as captured.
	Length int
	End    bool          // END_STREAM: no DATA follows in this direction
	First  capture.Stamp // the packet that it begins in
	At     capture.Stamp // the packet that completed it
}

// Field is a header field (RFC 7541, 1.3). Pseudo-header fields have a name
// that begins with a colon.
type Field struct{ Name, Value string }

// Data is a piece of a DATA frame, from one packet (RFC 9113, 6.1).
type Data struct {
	From   Direction
	Stream uint32
	// Bytes may be empty where Missing or End is all there is to tell.
	Bytes []byte
	// Missing says that this many bytes, in place of Bytes, were never captured.
	Missing reassembly.Gap
	End     bool // END_STREAM: the last piece of this direction
	At      capture.Stamp
}

// Signal is one of the other things that a stream's reader has to know.
type Signal struct {
	Kind Kind
	From Direction
	// Stream is that of a Reset; of a GoAway the last one that its sender has
	// processed or will (RFC 9113, 6.8).
	Stream uint32
	// Code is the error of a Reset or GoAway.
	Code ErrCode
	// ID and Value are those of a Setting.
	ID    SettingID
	Value uint32
	// Gap is the loss that Lost tells of.
	Gap reassembly.Gap
	At  capture.Stamp
}

// Kind is a kind of Signal.
type Kind uint8

// The kinds.
const (
	Reset   Kind = iota // RST_STREAM (RFC 9113, 6.4)
	GoAway              // GOAWAY (6.8)
	Setting             // one parameter of a SETTINGS frame (6.5)
	// Lost: bytes were lost that may have held frames of any stream, and header
	// fields that later blocks refer to.
	Lost
)

// Conn reads one HTTP/2 connection. Not for concurrent use.
type Conn struct {
	h     Handler
	sides [2]half
	// highest is the highest stream number seen, by which later frame headers
	// are judged behind a loss.
	highest uint32
	// maxFrame is the longest payload that an end lets the other send
	// (SETTINGS_MAX_FRAME_SIZE), indexed by the sender of the frames.
	maxFrame [2]uint32

	data Data // scratch: it is lent
}

// New begins to read a connection from its first bytes: the client's preface,
// and the SETTINGS frames of both.
func New(h Handler) *Conn {
	c := &Conn{h: h, maxFrame: [2]uint32{minMaxFrame, minMaxFrame}}
	for d := range c.sides {
		c.sides[d].c, c.sides[d].from = c, Direction(d)
	}
	c.sides[FromClient].preface = len(Preface)
	return c
}

// Join begins to read a connection somewhere in its midst: frames have to be
// found first, and references to earlier header fields are unknown.
func Join(h Handler) *Conn {
	c := New(h)
	c.sides[FromClient].preface = 0
	for d := range c.sides {
		c.sides[d].seek()
	}
	return c
}

// Searching reports whether frames of a direction are being looked for, behind
// a loss.
func (c *Conn) Searching(from Direction) bool { return c.sides[from].search != nil }

// Heard reports whether any frame of a direction was read.
func (c *Conn) Heard(from Direction) bool { return c.sides[from].heard }

// Held is how many bytes are held until more of them come.
func (c *Conn) Held() int { return c.sides[0].held() + c.sides[1].held() }

// Feed takes the next bytes of a direction, lent, all from one packet.
func (c *Conn) Feed(from Direction, b []byte, at capture.Stamp) error {
	return c.sides[from].feed(b, at)
}

// Gap says that the next bytes of a direction were never captured.
func (c *Conn) Gap(from Direction, g reassembly.Gap, at capture.Stamp) error {
	return c.sides[from].gap(g, at)
}

// End says that nothing more comes: where frames were being searched for, less
// is asked of the last ones.
func (c *Conn) End() error {
	for d := range c.sides {
		if err := c.sides[d].settle(); err != nil {
			return err
		}
	}
	return nil
}

// Settings applies the payload of a SETTINGS frame that came in another way:
// in the HTTP2-Settings field of an upgrade (RFC 7540, 3.2.1).
func (c *Conn) Settings(from Direction, payload []byte, at capture.Stamp) error {
	for ; len(payload) >= settingLength; payload = payload[settingLength:] {
		if err := c.setting(from, payload, at); err != nil {
			return err
		}
	}
	return nil
}

// setting takes one parameter of 6 bytes (RFC 9113, 6.5.1).
//
// SETTINGS_HEADER_TABLE_SIZE needs no care: an encoder that makes use of another
// table size says so in its next header block (RFC 7541, 4.2).
func (c *Conn) setting(from Direction, b []byte, at capture.Stamp) error {
	id, value := SettingID(b[0])<<8|SettingID(b[1]), be32(b[2:])
	if id == MaxFrameSize && value >= minMaxFrame && value <= maxMaxFrame {
		c.maxFrame[from.Reverse()] = value
	}
	return c.h.Signal(Signal{Kind: Setting, From: from, ID: id, Value: value, At: at})
}
