package wsframe

import (
	"wstap/capture"
	"wstap/reassembly"
)

// conn follows one TCP stream: it finds out what it carries, follows HTTP/1.1
// up to an upgrade, and from there the frames of both directions.
type conn struct {
	a    *Analyzer
	st   *reassembly.Stream
	info *Conn // nil until an upgrade is asked for, or frames are found
	// flipped: the stream's client is the WebSocket server. TCP could not tell
	// who opened it, and HTTP or the masking did.
	flipped bool
	proxy   string // authority of the CONNECT tunnel that we are in

	detect *detector // until the protocol is known
	http   *exchange // up to the upgrade
	guess  *midstream
	sides  *[2]side // frames, by role

	closeBy Direction // whose Close frame came first
	closeAt capture.Stamp
	closing bool // a Close frame was seen
	code    uint16
	reason  string
}

var (
	_ reassembly.StreamHandler   = (*conn)(nil)
	_ reassembly.ConflictHandler = (*conn)(nil)
)

func newConn(a *Analyzer, st *reassembly.Stream) *conn {
	return &conn{a: a, st: st, detect: &detector{}}
}

// role turns a stream's direction into that of the WebSocket.
func (c *conn) role(d reassembly.Direction) Direction {
	if c.flipped {
		return d.Reverse()
	}
	return d
}

// endpoints are the two ends by role.
func (c *conn) endpoints() (client, server Endpoint) {
	if c.flipped {
		return c.st.Server, c.st.Client
	}
	return c.st.Client, c.st.Server
}

// Data implements reassembly.StreamHandler.
func (c *conn) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	switch {
	case c.sides != nil:
		return c.sides[c.role(d)].feed(b, at)
	case c.http != nil:
		return c.exchange(c.role(d), b, at)
	case c.guess != nil:
		return c.search(d, b, at)
	}
	return c.decide(d, b, at)
}

// Gap implements reassembly.StreamHandler.
func (c *conn) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	switch {
	case c.sides != nil:
		if err := c.tellGap(c.role(d), g, at); err != nil {
			return err
		}
		return c.sides[c.role(d)].gap(uint64(g.Bytes), at)
	case c.http != nil:
		return c.exchangeGap(d, g, at)
	case c.guess != nil:
		c.guess.miss(d, g, at)
		return nil
	}
	return c.decideGap(d, g)
}

// tellGap emits the gap.
func (c *conn) tellGap(from Direction, g reassembly.Gap, at capture.Stamp) error {
	c.a.stats.Gaps++
	c.info.Gaps++
	return c.a.sink.Emit(&Gap{M: Meta{at, c.info}, From: from, Bytes: g.Bytes, Cause: g.Cause})
}

// Conflict implements reassembly.ConflictHandler.
func (c *conn) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	if c.sides == nil {
		return nil
	}
	return c.a.violate(c.info, c.role(d), at, fault{RuleOverlap, "the bytes sent before", bytesFound(n)})
}

// open begins the frames of both directions.
func (c *conn) open(certainty Certainty) {
	c.detect, c.http, c.guess = nil, nil, nil
	c.info.Upgraded = true
	c.st.Pinned = true
	c.sides = new([2]side)
	for d := range c.sides {
		s := &c.sides[d]
		s.c, s.from, s.certainty = c, Direction(d), certainty
		if c.info.Deflate != nil {
			w := c.info.Deflate.window(Direction(d))
			s.window = &w
		}
	}
}

// Close implements reassembly.StreamHandler.
func (c *conn) Close(why reassembly.Reason, at capture.Stamp) error {
	if c.guess != nil {
		if err := c.lastGuess(); err != nil {
			return err
		}
	}
	if c.http != nil {
		return c.exchangeEnd(why, at)
	}
	if c.sides == nil {
		return nil
	}
	incomplete := ConnectionEnded
	if why.How == reassembly.End {
		incomplete = CaptureEnded
	}
	for d := range c.sides {
		if err := c.sides[d].end(incomplete, at); err != nil {
			return err
		}
	}
	return c.closed(why, at)
}

// closed emits the last event of the connection.
func (c *conn) closed(why reassembly.Reason, at capture.Stamp) error {
	e := Closed{M: Meta{at, c.info}, By: "none", How: why.How.String()}
	switch {
	case c.closing:
		e.By, e.Code, e.Reason, e.How = c.closeBy.String(), c.code, c.reason, "close frame"
	case why.How == reassembly.FINs || why.How == reassembly.RST:
		e.By = c.role(why.By).String()
	}
	return c.a.sink.Emit(&e)
}
