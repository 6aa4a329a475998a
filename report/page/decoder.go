package page

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
)

// Row is a row of a batch as the event that it was made of.
type Row struct {
	Number uint64 // from 0
	Kind   Kind
	// Event is a *wsframe.Opened, *Frame, *Message, *Gap, *Violation or *Closed, as
	// far as the row tells it: payloads are cut and redacted as the Encoder's
	// options had it, and those of fragments are missing. A frame that completes a
	// message has it. It is nil for other rows.
	Event wsframe.Event
	// Summary is the name of the message, Ident its id; empty without.
	Summary, Ident string
	// Reply is 0, or 1 + the rows back to the request that this one answers.
	Reply uint64
	// Detail is the row's object; nil without.
	Detail json.RawMessage
}

// Decoder reads batches back, in their order; the first may be missing, and then
// summaries that they brought are empty. Not for concurrent use.
type Decoder struct {
	conn    func(number int) *wsframe.Conn
	strings []string
	unknown map[int]*wsframe.Conn
}

// NewDecoder returns a Decoder. It asks conn for the connections of rows; of one
// for which that returns nil, rows have a Conn with nothing but its number.
func NewDecoder(conn func(number int) *wsframe.Conn) *Decoder {
	return &Decoder{conn: conn}
}

var errBatch = errors.New("not a batch of rows")

// Decode returns the rows of a batch. Their payloads point into it.
func (d *Decoder) Decode(batch []byte) ([]Row, error) {
	t, err := open(batch)
	if err != nil {
		return nil, err
	}
	if err := d.learn(t.column(colStrings)); err != nil {
		return nil, err
	}
	all := make([]Row, 0, t.rows)
	for range t.rows {
		r, err := t.next()
		if err != nil {
			return nil, err
		}
		row, err := d.row(&r)
		if err != nil {
			return nil, err
		}
		row.Number = t.first + uint64(len(all))
		all = append(all, row)
	}
	return all, nil
}

// learn takes the strings that a batch brings.
func (d *Decoder) learn(c *reader) error {
	if len(c.b) == 0 {
		return nil
	}
	first, n := c.number(), c.number()
	if c.failed || first > maxStrings {
		return errBatch
	}
	for uint64(len(d.strings)) < first {
		d.strings = append(d.strings, "") // of batches that are gone
	}
	d.strings = d.strings[:first]
	for ; n > 0 && !c.failed; n-- {
		d.strings = append(d.strings, string(c.text()))
	}
	return c.err()
}

// connection is the connection of a row.
func (d *Decoder) connection(number int) *wsframe.Conn {
	if number == 0 {
		return nil
	}
	if d.conn != nil {
		if c := d.conn(number); c != nil {
			return c
		}
	}
	c := d.unknown[number]
	if c == nil {
		c = &wsframe.Conn{Number: number, Upgrade: &wsframe.Upgrade{}}
		if d.unknown == nil || len(d.unknown) >= maxConnections {
			d.unknown = map[int]*wsframe.Conn{}
		}
		d.unknown[number] = c
	}
	return c
}

// details are the members of a row's object that events are made of.
type details struct {
	FirstPacket   uint64      `json:"first_packet"`
	Index         int         `json:"index"`
	Missing       uint64      `json:"missing"`
	Holes         [][2]uint64 `json:"holes"`
	Certainty     string      `json:"certainty"`
	Violations    []string    `json:"violations"`
	Header        *string     `json:"header"`
	Frames        *int        `json:"frames"`
	WireLength    *uint64     `json:"wire_length"`
	Opcode        *uint8      `json:"opcode"`
	MessageFirst  uint64      `json:"message_first_packet"`
	MessageLength *uint64     `json:"message_length"`
	InvalidUTF8   bool        `json:"invalid_utf8"`
	Inferred      bool        `json:"inferred"`
	Reason        string      `json:"reason"`
	NoTime        bool        `json:"no_time"`
	Code          any         `json:"code"`
	CloseReason   string      `json:"close_reason"`
	Why           string      `json:"why"`
	RFC           string      `json:"rfc"`
	Expected      string      `json:"expected"`
	Found         string      `json:"found"`
	By            string      `json:"by"`
	How           string      `json:"how"`
	H2Error       string      `json:"h2_error"`
}

// row makes the event of r.
func (d *Decoder) row(r *row) (Row, error) {
	out := Row{Kind: r.kind, Ident: r.ident, Reply: r.reply, Detail: r.detail}
	if r.summary > maxStrings {
		return out, errBatch
	}
	if r.summary > 0 && r.summary <= len(d.strings) {
		out.Summary = d.strings[r.summary-1]
	}
	var x details
	if len(r.detail) > 0 {
		if err := json.Unmarshal(r.detail, &x); err != nil {
			return out, fmt.Errorf("row of a batch: %w", err)
		}
	}
	m := wsframe.Meta{Stamp: capture.Stamp{Packet: r.packet}, Conn: d.connection(r.conn)}
	if !x.NoTime {
		m.Time = time.Unix(0, r.time).UTC()
	}
	from := wsframe.FromClient
	if r.bits&bitServer != 0 {
		from = wsframe.FromServer
	}
	code, _ := x.Code.(float64)
	switch r.kind {
	case KindFrame:
		out.Event = x.frame(r, m, from, uint16(code))
	case KindMessage:
		out.Event = x.message(r, m, from, wsframe.Opcode(r.op&15))
	case KindOpened:
		out.Event = &wsframe.Opened{M: m}
	case KindGap:
		out.Event = &wsframe.Gap{M: m, From: from, Bytes: int64(r.length), Cause: causeOf(x.Why)}
	case KindViolation:
		slug, _ := x.Code.(string)
		out.Event = &wsframe.Violation{M: m, From: from, Rule: wsframe.Rule{Code: slug, RFC: x.RFC}, Expected: x.Expected, Found: x.Found}
	case KindClosed:
		out.Event = &wsframe.Closed{M: m, By: x.By, Code: uint16(code), Reason: x.Reason, How: x.How, H2Error: x.H2Error}
	}
	return out, nil
}

func (x *details) frame(r *row, m wsframe.Meta, from wsframe.Direction, code uint16) *wsframe.Frame {
	f := &wsframe.Frame{
		M: m, From: from, First: m.Stamp, Fin: r.bits&bitFin != 0, Rsv: r.op >> 4, Opcode: wsframe.Opcode(r.op & 15),
		Masked: r.bits&bitMasked != 0, Key: r.key, Length: r.length, Payload: r.payload, Missing: x.Missing, Index: x.Index,
		Certainty: certaintyOf(x.Certainty), Code: code, Reason: []byte(x.CloseReason),
	}
	if x.FirstPacket != 0 {
		f.First = capture.Stamp{Packet: x.FirstPacket}
	}
	for _, h := range x.Holes {
		f.Holes = append(f.Holes, wsframe.Hole{At: h[0], Bytes: h[1]})
	}
	for _, code := range x.Violations {
		f.Violations = append(f.Violations, wsframe.Violation{M: m, From: from, Rule: wsframe.Rule{Code: code}})
	}
	if x.Header == nil {
		f.Header = appendHeader(nil, f)
	} else {
		f.Header, _ = hex.DecodeString(*x.Header) // what is not hexadecimal ends it
	}
	if r.bits&bitCompletes == 0 {
		return f
	}
	op := f.Opcode
	if x.Opcode != nil {
		op = wsframe.Opcode(*x.Opcode)
	}
	f.Message = x.message(r, m, from, op)
	if x.Frames == nil {
		f.Message.First = f.First
	} else {
		f.Message.First = capture.Stamp{Packet: x.MessageFirst}
	}
	if f.Message.Compressed || f.Message.Frames > 1 {
		f.Payload = nil // only the message's is told
	}
	return f
}

func (x *details) message(r *row, m wsframe.Meta, from wsframe.Direction, op wsframe.Opcode) *wsframe.Message {
	msg := &wsframe.Message{
		M: m, From: from, First: m.Stamp, Opcode: op, Frames: 1, Compressed: r.bits&bitCompressed != 0,
		WireLength: r.length, Length: uint64(len(r.payload)), Payload: r.payload, InvalidUTF8: x.InvalidUTF8,
		Complete: r.bits&bitIncomplete == 0, Why: whyOf(x.Reason), Inferred: x.Inferred, Certainty: certaintyOf(x.Certainty),
	}
	if x.FirstPacket != 0 {
		msg.First = capture.Stamp{Packet: x.FirstPacket}
	}
	if x.Frames != nil {
		msg.Frames = *x.Frames
	}
	if x.WireLength != nil {
		msg.WireLength = *x.WireLength
	}
	if x.MessageLength != nil {
		msg.Length = *x.MessageLength
	}
	return msg
}

func certaintyOf(s string) wsframe.Certainty {
	for c := wsframe.Exact; c <= wsframe.Midstream; c++ {
		if c.String() == s {
			return c
		}
	}
	return wsframe.Exact
}

func whyOf(s string) wsframe.Incomplete {
	for w := wsframe.WhyNot; w <= wsframe.Corrupt; w++ {
		if w.String() == s {
			return w
		}
	}
	return wsframe.WhyNot
}

func causeOf(s string) reassembly.Cause {
	for c := reassembly.Acked; c <= reassembly.Truncated; c++ {
		if c.String() == s {
			return c
		}
	}
	return reassembly.Acked
}
