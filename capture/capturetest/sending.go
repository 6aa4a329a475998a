package capturetest

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"wstap/capture"
)

// connection runs a statement whose subject is connection c.
func (s *Scenario) connection(l *line, c *Conn, p *prefix) error {
	c.config.NoAck = !s.autoAck
	verb, err := l.bare("open, upgrade, close, > or <")
	if err != nil {
		return err
	}
	switch verb {
	case ">":
		return s.send(l, c, FromClient, p)
	case "<":
		return s.send(l, c, FromServer, p)
	}
	// These verbs send several packets; the prefix is for all of them, their
	// acknowledgments included.
	n := 0
	s.trace.arrive = func() Arrival { n++; return p.arrivalOf(n) }
	defer func() { s.trace.arrive = nil }()
	switch verb {
	case "open":
		c.Open()
	case "close":
		first := FromClient
		if l.word("<") {
			first = FromServer
		} else {
			l.word(">")
		}
		c.Close(first)
	case "upgrade":
		target, err := l.bare("target of the request")
		if err != nil {
			return err
		}
		req := Upgrade(target, c.Host())
		o, err := l.headOptions(req)
		if err != nil {
			return err
		}
		res := Switching(req.Get("Sec-WebSocket-Key"))
		if o.subprotocol != "" {
			req.Set("Sec-WebSocket-Protocol: " + o.subprotocol)
			res.Set("Sec-WebSocket-Protocol: " + o.subprotocol)
		}
		if o.deflate != nil {
			req.Set("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
			res.Set("Sec-WebSocket-Extensions: " + deflateExtension(*o.deflate))
			c.Agree(*o.deflate)
		}
		if o.lower {
			req.Lower()
			res.Lower()
		}
		c.Client(req.Append(nil))
		c.Server(res.Append(nil))
	default:
		return fmt.Errorf("open, upgrade, close, > or < expected, found %s", verb)
	}
	return nil
}

// sending is a > or < statement: one payload, in one or more segments.
type sending struct {
	conn      *Conn
	dir       Direction
	segment   Segment
	flags     *capture.Flags // instead of those that the items imply
	cuts      []int
	every     int
	cutFrames bool
	noAck     bool
	gro       bool
	again     int    // resend the n-th last segment
	icmp      string // kind of ICMP error
	router    netip.Addr
}

// send runs a > or < statement.
func (s *Scenario) send(l *line, c *Conn, d Direction, p *prefix) error {
	o := sending{conn: c, dir: d, noAck: !s.autoAck}
	h := &c.half[d]
	framesBefore := len(h.frames)
	have, joined := false, false
	for l.more() {
		if l.word("+") {
			if !have || joined {
				return fmt.Errorf("nothing before +")
			}
			joined = true
			continue
		}
		if ok, err := o.modifier(l); err != nil {
			return err
		} else if ok {
			continue
		}
		if have && !joined {
			return fmt.Errorf("+ or a modifier expected, found %s", found(l.peek()))
		}
		if err := o.item(l); err != nil {
			return err
		}
		if have, joined = true, false; len(o.segment.Payload) > maxText {
			return fmt.Errorf("payload over %d MiB", maxText>>20)
		}
	}
	if !have || joined {
		return fmt.Errorf("something to send expected, found %s", found(l.peek()))
	}
	if o.cutFrames {
		for _, f := range h.frames[framesBefore:] {
			o.cuts = append(o.cuts, int(f.End)-len(h.stream))
		}
	}
	if o.segment.Seq.set {
		h.frames = h.frames[:framesBefore] // a forgery is no part of what was sent
	}
	return o.run(p)
}

// run puts what was read on the wire.
func (o *sending) run(p *prefix) error {
	c := o.conn
	switch {
	case o.icmp != "":
		return o.runICMP(p.arrivalOf(1))
	case o.again > 0:
		all := c.half[o.dir].segments
		if o.again > len(all) {
			return fmt.Errorf("only %d segments sent so far", len(all))
		}
		old := all[len(all)-o.again]
		o.segment.Payload, o.segment.Flags, o.segment.Seq = old.payload, old.flags, At(old.seq)
	}
	if o.every > 0 {
		o.cuts = nil
		for i := o.every; i < len(o.segment.Payload); i += o.every {
			o.cuts = append(o.cuts, i)
		}
	}
	mss := c.config.MSS
	if o.gro || o.again > 0 {
		mss = 65_000
	}
	pad := o.segment.Pad
	c.send(o.dir, o.segment, o.cuts, mss, !o.noAck, func(n int, s *Segment) {
		s.Arrival = p.arrivalOf(n)
		s.Pad = pad
		if o.flags != nil {
			s.Flags = *o.flags
		}
		if s.Urgent != 0 {
			s.Flags |= capture.URG
		}
	})
	return nil
}

// modifier takes the next tokens if they modify the segments of a statement.
func (o *sending) modifier(l *line) (ok bool, err error) {
	s := &o.segment
	if e, ok, err := l.encap(); ok || err != nil {
		s.Encap = append(s.Encap, e)
		return ok, err
	}
	k := l.peek()
	if k.quoted {
		return false, nil
	}
	n := 0
	switch name := k.key; name {
	case "seq":
		s.Seq, err = relative(k.text)
	case "ack":
		s.Ack, err = relative(k.text)
	case "win":
		n, err = small(k.text, 1<<16-1)
		w := uint16(n)
		s.Window = &w
	case "urg":
		n, err = small(k.text, 1<<16-1)
		s.Urgent = uint16(n)
	case "pad":
		s.Pad, err = small(k.text, 2000)
	case "flags":
		var f capture.Flags
		if f, err = parseFlags(k.text); err == nil {
			o.flags = &f
		}
	case "":
		switch k.text {
		case "noack":
			o.noAck = true
		case "gro":
			o.gro = true
		case "badsum":
			s.BadSum = true
		case "badopt":
			s.BadOptions = true
		case "ipopt":
			s.IPOptions = true
		case "len0":
			s.ZeroLength = true
		case "pad":
			s.Pad = 60
		case "cut":
			l.at++
			return true, o.cut(l)
		default:
			return false, nil
		}
	default:
		return false, nil
	}
	l.at++
	return true, err
}

// cut reads what follows the word cut.
func (o *sending) cut(l *line) (err error) {
	if l.word("frames") {
		o.cutFrames = true
		return nil
	}
	if l.word("every") {
		if o.every, err = small(l.next().text, maxText); err == nil && o.every == 0 {
			err = fmt.Errorf("cut every 0")
		}
		return err
	}
	if o.cuts, err = numbers(l.next().text, maxText); err != nil {
		return fmt.Errorf("cut: offsets, every N or frames expected: %w", err)
	}
	return nil
}

func parseFlags(s string) (f capture.Flags, err error) {
	for _, c := range s {
		i := strings.IndexRune("FSRPAUEW", c)
		if i < 0 {
			return 0, fmt.Errorf("unknown flag %c: F S R P A U E W are known", c)
		}
		f |= 1 << i
	}
	return f, nil
}

var flagItems = map[string]capture.Flags{
	"syn": capture.SYN, "synack": capture.SYN | capture.ACK, "ack": capture.ACK,
	"fin": capture.FIN | capture.ACK, "rst": capture.RST, "rstack": capture.RST | capture.ACK,
}

// item reads one thing to send.
func (o *sending) item(l *line) error {
	s := &o.segment
	if b, ok, err := l.payload(); ok || err != nil {
		s.Payload = append(s.Payload, b...)
		return err
	}
	k := l.peek()
	word, err := l.bare("something to send")
	if err != nil {
		return err
	}
	if f, ok := flagItems[word]; ok {
		s.Flags |= f
		return nil
	}
	if op, ok := frameItems[word]; ok {
		return o.frame(l, word, op)
	}
	switch word {
	case "again":
		o.again = 1
		if n, err := strconv.Atoi(l.peek().text); err == nil && n > 0 {
			o.again = n
			l.at++
		}
		return nil
	case "icmp":
		if o.icmp, err = l.bare("kind of ICMP error"); err != nil {
			return err
		}
		if k := l.peek(); k.key == "from" {
			l.at++
			if o.router, err = netip.ParseAddr(k.text); err != nil || o.router.Zone() != "" {
				return fmt.Errorf("bad address %s", k.text)
			}
		}
		return nil
	case "get", "request", "response", "101":
		return o.head(l, word)
	}
	return fmt.Errorf("unknown item %s", k)
}

var frameItems = map[string]byte{
	"text": OpText, "binary": OpBinary, "cont": OpContinuation, "close": OpClose,
	"ping": OpPing, "pong": OpPong, "frame": OpText,
}

// frame reads a frame's payload and modifiers.
func (o *sending) frame(l *line, word string, opcode byte) error {
	h := &o.conn.half[o.dir]
	f := Frame{Opcode: opcode}
	if o.dir == FromClient {
		o.conn.Mask(&f)
	}
	if k := l.peek(); word == "close" && !k.quoted && k.key == "" {
		if code, err := strconv.ParseUint(k.text, 10, 16); err == nil {
			l.at++
			f.Payload = []byte{byte(code >> 8), byte(code)}
		}
	}
	how := Plain
	var fragments []int
	rsv := -1
	var err error
	for more := true; more && l.more() && err == nil; {
		body, ok, payloadErr := l.payload()
		if payloadErr != nil {
			return payloadErr
		}
		if ok {
			f.Payload = append(f.Payload, body...)
			continue
		}
		k := l.peek()
		n := 0
		switch {
		case k.key == "fin":
			n, err = small(k.text, 1)
			f.More = n == 0
		case k.key == "rsv":
			rsv, err = small(k.text, 7)
		case k.key == "op":
			n, err = small(k.text, 15)
			f.Opcode = byte(n)
		case k.key == "mask":
			err = o.mask(&f, k.text)
		case k.key == "length":
			var declared uint64
			declared, err = number(k.text)
			f.Declared = &declared
		case k.key == "fragments":
			fragments, err = numbers(k.text, maxText)
		case k.key != "":
			more = false
		case k.text == "len16":
			f.Form = 16
		case k.text == "len64":
			f.Form = 64
		case k.text == "deflate":
			how = Deflate
		case k.text == "bfinal":
			how = Final
		case k.text == "stored":
			how = Stored
		case k.text == "nocontext":
			h.deflater.Reset()
		default:
			more = false
		}
		if more {
			l.at++
		}
	}
	if err != nil {
		return err
	}
	if len(f.Payload) > maxText {
		return fmt.Errorf("payload over %d MiB", maxText>>20)
	}
	if how == Stored && len(f.Payload) > 65535 {
		return fmt.Errorf("a stored block holds 65535 bytes at most")
	}
	first := len(h.frames)
	if rsv < 0 {
		o.segment.Payload = o.conn.Encode(o.segment.Payload, o.dir, f, how, fragments...)
		return nil
	}
	// RSV bits given by hand replace those of the first frame on the wire.
	begin := len(o.segment.Payload)
	o.segment.Payload = o.conn.Encode(o.segment.Payload, o.dir, f, how, fragments...)
	o.segment.Payload[begin] = o.segment.Payload[begin]&^0x70 | byte(rsv)<<4
	h.frames[first].Rsv = byte(rsv)
	return nil
}

// mask reads the value of mask=.
func (o *sending) mask(f *Frame, value string) error {
	switch value {
	case "none":
		f.Masked = false
		return nil
	case "auto":
		o.conn.Mask(f)
		return nil
	}
	key, err := hex.DecodeString(strings.TrimPrefix(value, "0x"))
	if err != nil || len(key) != 4 {
		return fmt.Errorf("mask: none, auto or 8 hex digits expected, found %s", value)
	}
	f.Masked, f.Key = true, [4]byte(key)
	return nil
}
