package capturetest

import (
	"fmt"
	"net/netip"

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
		}
		if o.lower {
			req.Lower()
			res.Lower()
		}
		c.Exchange(req, res)
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
		mss = maxPayload
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
