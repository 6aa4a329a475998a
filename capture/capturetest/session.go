package capturetest

import (
	"fmt"
	"strconv"
	"strings"
)

// Sent is a frame as its sender knows it.
type Sent struct {
	Frame
	Plain      []byte // Payload before compression; of a cut frame, its part of Payload
	Compressed bool   // belongs to a compressed message
	Begin, End int64  // offsets in what Conn.Stream returns
}

// Compression says how a frame's payload is compressed (RFC 7692, 7.2).
type Compression uint8

// The ways. A continuation frame of a compressed message is always compressed.
const (
	Plain   Compression = iota
	Deflate             // fixed Huffman blocks, ended by an empty block
	Final               // the last block has BFINAL set
	Stored              // one stored block
)

// Mask gives f the masking key that this connection's client uses next. The
// keys follow from the connection's number and the count of its frames.
func (c *Conn) Mask(f *Frame) {
	n := uint32(c.number)*0x9e3779b1 + uint32(len(c.half[FromClient].frames)+1)*0x85ebca77
	f.Masked = true
	f.Key = [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n) | 1}
}

// Encode adds f, as d sends it next, to dst and notes it for Frames; dst must
// hold what the same segment sends before it. RSV1 is set on the first frame
// of a compressed message. Where cuts are given, the payload on the wire is
// parted at these offsets into fragments (RFC 6455, 5.4).
func (c *Conn) Encode(dst []byte, d Direction, f Frame, how Compression, cuts ...int) []byte {
	h := &c.half[d]
	sent := Sent{Plain: f.Payload}
	switch {
	case f.Opcode >= 8:
	case f.Opcode == OpContinuation && h.compressed && how == Plain:
		how = Deflate
	case f.Opcode != OpContinuation && how != Plain:
		f.Rsv |= 4
		if h.noContext {
			h.deflater.Reset()
		}
	}
	switch how {
	case Deflate:
		f.Payload = h.deflater.Append(nil, f.Payload)
		if !f.More {
			f.Payload = f.Payload[:len(f.Payload)-4] // RFC 7692, 7.2.1
		}
	case Final:
		f.Payload = h.deflater.Final(nil, f.Payload)
	case Stored:
		f.Payload = h.deflater.Stored(nil, f.Payload)
	}
	sent.Compressed = how != Plain
	if f.Opcode < 8 {
		h.compressed = f.More && how != Plain
	}
	whole, begin, more := f.Payload, 0, f.More
	for _, cut := range append(cuts, len(whole)) {
		cut = max(begin, min(cut, len(whole)))
		f.Payload, f.More = whole[begin:cut], cut < len(whole) || more
		if len(cuts) > 0 {
			sent.Plain = f.Payload
		}
		sent.Frame, sent.Begin = f, int64(len(h.stream)+len(dst))
		dst = f.Append(dst)
		sent.End = int64(len(h.stream) + len(dst))
		h.frames = append(h.frames, sent)
		f.Opcode, f.Rsv, begin = OpContinuation, 0, cut
		if f.Masked {
			c.Mask(&f)
		}
		if cut == len(whole) {
			break
		}
	}
	return dst
}

// Frame sends one final, uncompressed frame, masked if d is FromClient.
func (c *Conn) Frame(d Direction, opcode byte, payload []byte) {
	f := Frame{Opcode: opcode, Payload: payload}
	if d == FromClient {
		c.Mask(&f)
	}
	c.Send(d, Segment{Payload: c.Encode(nil, d, f, Plain)})
}

// Text sends a text frame.
func (c *Conn) Text(d Direction, s string) { c.Frame(d, OpText, []byte(s)) }

// Upgrade sends a request for target and the 101 response. Further lines go
// into the request; offer and chosen are values of Sec-WebSocket-Extensions
// in request and response, absent where empty. Of subprotocols offered the
// first is chosen.
func (c *Conn) Upgrade(target, offer, chosen string, lines ...string) {
	req := Upgrade(target, c.Host())
	for _, l := range lines {
		req.Set(l)
	}
	res := Switching(req.Get("Sec-WebSocket-Key"))
	if p := req.Get("Sec-WebSocket-Protocol"); p != "" {
		p, _, _ = strings.Cut(p, ",")
		res.Set("Sec-WebSocket-Protocol: " + p)
	}
	if offer != "" {
		req.Set("Sec-WebSocket-Extensions: " + offer)
	}
	if chosen != "" {
		res.Set("Sec-WebSocket-Extensions: " + chosen)
	}
	c.Exchange(req, res)
}

// Exchange sends a request and its response. Of a response with extensions
// the permessage-deflate parameters come into force.
func (c *Conn) Exchange(req, res *Head) {
	c.Client(req.Append(nil))
	c.Server(res.Append(nil))
	c.agree(res.Get("Sec-WebSocket-Extensions"))
}

// Host is the server's address as a Host field names it.
func (c *Conn) Host() string {
	if c.config.Server.Port() == 80 {
		return strings.TrimSuffix(fmt.Sprint(c.config.Server), ":80")
	}
	return c.config.Server.String()
}

// agree puts the parameters of a permessage-deflate response in force
// (RFC 7692, 7.1). What it does not know or is out of range it ignores.
func (c *Conn) agree(extension string) {
	for p := range strings.SplitSeq(extension, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		n, _ := strconv.Atoi(strings.Trim(value, `"`))
		if n < 8 || n > 15 {
			n = 0
		}
		switch name {
		case "client_no_context_takeover":
			c.half[FromClient].noContext = true
		case "server_no_context_takeover":
			c.half[FromServer].noContext = true
		case "client_max_window_bits":
			c.half[FromClient].deflater.Bits = n
		case "server_max_window_bits":
			c.half[FromServer].deflater.Bits = n
		}
	}
}

// Frames are the frames that d has sent, in order. Those of segments whose
// sequence number was given by hand are among them only if Encode made them.
func (c *Conn) Frames(d Direction) []Sent { return c.half[d].frames }
