package wsframe

import (
	"wstap/capture"
	"wstap/reassembly"
)

// conn follows one TCP stream: it finds out what it carries, follows HTTP/1.1
// up to an upgrade, and hands on to a socket; or HTTP/2, to many.
//
// It takes 128 bytes, two lines of the cache. What most segments need stands
// first, in the order in which they need it.
type conn struct {
	// flipped: the stream's client is the WebSocket server. TCP could not tell
	// who opened it, and HTTP or the masking did.
	flipped bool
	heard   bool   // something was, since awake last looked
	place   uint32 // in Analyzer.awake, from 1; 0 where it is not there
	socket         // open once the stream is a WebSocket

	st       *reassembly.Stream
	*opening // nil once the socket is open
	h2       *h2conn
}

// opening is what a stream holds until it is a WebSocket.
type opening struct {
	proxy   string // authority of the CONNECT tunnel that we are in
	tunnels int    // within each other

	detect *detector // until the protocol is known
	http   *exchange // up to the upgrade
	guess  *midstream

	charged int // what http holds, as counted in the Analyzer's buffered

	// What detect and http point to first, so that it is one piece.
	detector  detector
	exchange  exchange
	exchanged bool
}

// newExchange begins an exchange.
func (o *opening) newExchange() *exchange {
	if o.exchanged {
		return new(exchange)
	}
	o.exchanged = true
	return &o.exchange
}

var (
	_ reassembly.StreamHandler   = (*conn)(nil)
	_ reassembly.ConflictHandler = (*conn)(nil)
)

func newConn(a *Analyzer, st *reassembly.Stream) *conn {
	c := a.spare.conns.take()
	c.a, c.st, c.opening = a, st, a.spare.openings.take()
	c.detect = &c.detector
	return c
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
		return c.st.Server(), c.st.Client()
	}
	return c.st.Client(), c.st.Server()
}

// Data implements reassembly.StreamHandler.
func (c *conn) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	if c.isOpen() { // HTTP holds nothing any more
		c.heard = true
		from := c.role(d) & 1
		if c.sides[from].quiet() { // as feed asks: nearly always it would do no more
			n, err := c.socket.quick(from, b, at)
			if err != nil || n == len(b) {
				return err
			}
			b, at = b[n:], c.a.quick.frame.First // where quick has put it: so the registers need not be saved
		}
		return c.socket.feed(from, b, at)
	}
	if c.http != nil && c.http.passes(c.role(d), len(b)) {
		return nil
	}
	return c.charge(c.take(d, b, at))
}

// charge accounts for what HTTP holds after a call that returned err, and gives
// up a stream that would hold more while there is no room, unless it is
// HTTP/2 with WebSockets open.
func (c *conn) charge(err error) error {
	switch {
	case err == reassembly.ErrIgnore:
		c.leave()
		return err
	case c.isOpen():
		if c.opening != nil {
			c.leave()
			if c.a.opts.Brief {
				c.a.awake.add(c)
			}
		}
		return err
	}
	n := 0
	switch {
	case c.http != nil:
		n = c.http.cost()
	case c.guess != nil && c.guess.http != nil:
		n = c.guess.http.cost()
	case c.h2 != nil:
		n = c.h2.cost()
	}
	grown := n - c.charged
	c.a.buffered += grown
	c.charged = n
	if err == nil && grown > 0 && c.a.buffered > c.a.maxBuffered && (c.h2 == nil || c.h2.open == 0) {
		c.a.stats.BufferLimit++
		c.release()
		return reassembly.ErrIgnore
	}
	return err
}

// release gives back what the stream holds, once nothing more will come.
func (c *conn) release() {
	if c.opening == nil {
		return
	}
	if c.guess != nil {
		c.guess.release()
		c.guess = nil
	}
	if c.h2 != nil {
		c.h2.release()
		c.h2 = nil
	}
	c.a.buffered -= c.charged
	c.charged, c.http = 0, nil
}

// leave is release for a stream whose opening is over, one way or the other. It
// can be used for another: events point to nothing in it.
func (c *conn) leave() {
	if c.opening == nil {
		return
	}
	c.release()
	c.a.spare.openings.give(c.opening, opening{})
	c.opening = nil
}

func (c *conn) take(d reassembly.Direction, b []byte, at capture.Stamp) error {
	switch {
	case c.isOpen():
		return c.socket.feed(c.role(d), b, at)
	case c.h2 != nil:
		return c.h2.reader.Feed(c.role(d), b, at)
	case c.http != nil:
		return c.exchange(c.role(d), b, at)
	case c.guess != nil:
		return c.search(d, b, at)
	}
	return c.decide(d, b, at)
}

// Gap implements reassembly.StreamHandler.
func (c *conn) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	return c.charge(c.miss(d, g, at))
}

func (c *conn) miss(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	switch {
	case c.isOpen():
		return c.socket.gap(c.role(d), g, at)
	case c.h2 != nil:
		return c.h2.reader.Gap(c.role(d), g, at)
	case c.http != nil:
		return c.exchangeGap(d, g, at)
	case c.guess != nil:
		c.guess.miss(d, g, at)
		return nil
	}
	return c.decideGap(d, g)
}

// Conflict implements reassembly.ConflictHandler. Over HTTP/2 nobody knows
// whose bytes they were.
func (c *conn) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	if !c.isOpen() {
		return nil
	}
	return c.a.violate(c.a.sink, c.info, c.role(d), at, fault{RuleOverlap, "the bytes sent before", bytesFound(n)})
}

// open begins the frames of both directions.
func (c *conn) open(info *Conn, certainty Certainty) {
	c.detect, c.http, c.guess = nil, nil, nil
	c.st.Pinned = true
	c.socket.open(info, certainty)
}

// give lets go of c and its socket, and with Options.Brief of its Conn where no
// frame was told, unless events wait that point to them.
func (c *conn) give() {
	a := c.a
	if !a.settled() {
		return
	}
	if info := c.info; a.opts.Brief && !info.counted() {
		a.spare.infos.give(info, Conn{})
	}
	a.spare.conns.give(c, conn{})
}

// told lets go of what only the Opened event tells of, if that was handed on.
func (c *conn) told() {
	if !c.a.opts.Handshakes && c.a.settled() {
		c.st.ForgetHandshake()
	}
}

// Close implements reassembly.StreamHandler.
func (c *conn) Close(why reassembly.Reason, at capture.Stamp) error {
	defer c.release()
	c.a.awake.drop(c)
	if c.opening != nil && c.guess != nil {
		if err := c.lastGuess(); err != nil {
			return err
		}
	}
	switch {
	case c.isOpen():
		err := c.socket.end(cutShort(why), c.closed(c.info, why, at))
		c.release()
		c.give()
		return err
	case c.h2 != nil:
		return c.h2.end(why, at)
	case c.http != nil:
		err := c.exchangeEnd(why, at)
		c.leave()
		if c.a.settled() {
			c.a.spare.conns.give(c, conn{})
		}
		return err
	}
	return nil
}

// cutShort is why a message under way at the stream's end is incomplete.
func cutShort(why reassembly.Reason) Incomplete {
	if why.How == reassembly.End {
		return CaptureEnded
	}
	return ConnectionEnded
}

// closed is the last event of a connection that ends with the stream.
func (c *conn) closed(info *Conn, why reassembly.Reason, at capture.Stamp) Closed {
	e := Closed{M: Meta{at, info}, By: "none", How: why.How.String()}
	if why.How == reassembly.FINs || why.How == reassembly.RST {
		e.By = c.role(why.By).String()
	}
	return e
}
