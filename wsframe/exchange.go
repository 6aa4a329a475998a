package wsframe

import (
	"bytes"
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// Bounds of the HTTP phase.
const (
	// maxPending bounds the requests that wait for their response.
	maxPending = 256
	// maxHold bounds the client's bytes that wait for the upgrade's response,
	// packetCost for each packet included.
	maxHold = 64 << 10
	// maxDoubts bounds how often the answer to an upgrade may be taken for lost
	// and come after all: each time, what the client sent is searched anew.
	maxDoubts = 4
	// longHead is the length of a head up to which its fields are kept as long
	// as its connection lives; maxLongHeads bounds what longer ones take in all.
	longHead     = 4 << 10
	maxLongHeads = 64 << 20
	// maxTunnels bounds the CONNECT tunnels within each other.
	maxTunnels = 4
)

// exchange is the HTTP/1.1 of one stream up to an upgrade (RFC 9112, 9).
type exchange struct {
	in      [2]httpSide // by role
	pending []request   // not answered yet, oldest first
	doubts  int         // how often the answer to an upgrade was taken for lost
	torn    bool        // some bytes were not captured
	// refused is an upgrade whose refusal waits for its body's first line.
	refused *Conn

	first [1]request // where pending begins: mostly there is one
}

// request is what is kept of a request until its final response: not its head,
// or 256 pipelined ones would be 16 MiB.
type request struct {
	method  string // of HEAD and CONNECT; the response does not depend on others
	target  string // of CONNECT
	h2c     *Head  // of one that asks for HTTP/2
	upgrade *Conn  // of an upgrade request
	faults  []fault
}

// httpSide is one direction of the exchange.
type httpSide struct {
	head   headReader
	body   bodyReader
	inBody bool
	lost   bool // where messages begin is not known
	// waits: the request sent last changes the protocol if it is granted, so
	// that what follows can't be read before the response.
	waits bool
	hold  []held
	held  int // what hold takes, as maxHold counts it
	// beyond counts the bytes behind those of hold that were let go.
	beyond int64
	// replays: what comes is what was held, and need not be copied again.
	replays bool
}

// passes passes over n bytes of a body behind which more of it follows, and of
// which nothing is wanted, as exchange would: nearly all of a download.
func (x *exchange) passes(from Direction, n int) bool {
	s := &x.in[from&1]
	b := &s.body
	if !s.inBody || s.lost || b.keepFirst || int64(n) >= b.left || b.framing == chunked && b.part != chunkData || x.refused != nil {
		return false
	}
	b.left -= int64(n)
	return true
}

// exchange takes bytes of the HTTP phase.
func (c *conn) exchange(from Direction, b []byte, at capture.Stamp) error {
	s := &c.http.in[from]
	for len(b) > 0 {
		if s.waits && !s.inBody {
			c.keep(s, b, at)
			return nil
		}
		if s.lost {
			// Messages begin with a segment, nearly always.
			if from == FromClient && plausibleRequest(b) != plausible ||
				from == FromServer && plausibleResponse(b) != plausible {
				return nil
			}
			s.lost = false
		}
		if s.inBody {
			n, done, err := s.body.feed(b)
			if err == errLineTooLong {
				c.a.stats.HeadLimit++
			}
			if err != nil {
				return c.unreadable(from)
			}
			if err := c.refusedBody(from, done); err != nil {
				return err
			}
			b = b[n:]
			if !done {
				return nil
			}
			s.inBody = false
			continue
		}
		n, done, err := s.head.feed(b)
		if err != nil {
			if err == errHeadTooLong {
				c.a.stats.HeadLimit++
			}
			return c.unreadable(from)
		}
		b = b[n:]
		if !done {
			return nil
		}
		if from == FromClient {
			err = c.request(at)
		} else {
			var over bool
			if over, err = c.response(b, at); over {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keep holds the client's bytes until the response tells what they are.
func (c *conn) keep(s *httpSide, b []byte, at capture.Stamp) {
	if !s.replays {
		if s.beyond > 0 || s.held+len(b)+packetCost > maxHold {
			c.a.stats.HoldLimit++
			s.beyond += int64(len(b))
			return
		}
		b = bytes.Clone(b)
	}
	s.held += len(b) + packetCost
	s.hold = append(s.hold, held{b, at})
}

// request takes a request whose head is complete.
func (c *conn) request(at capture.Stamp) error {
	x := c.http
	s := &x.in[FromClient]
	head, plain := &c.a.head, s.head.plainRequest()
	body := s.head.body(noBody)
	var err error
	if !plain {
		err = s.head.request(head)
	}
	s.head.reset()
	switch {
	case err != nil:
		return c.unreadable(FromClient)
	case len(x.pending) == 0:
		x.pending = x.first[:0]
	case len(x.pending) == maxPending:
		c.a.stats.PendingLimit++
		return reassembly.ErrIgnore
	}
	var r request
	if !plain {
		r, body = c.asks(head, at), requestBody(head)
	}
	x.pending = append(x.pending, r)
	s.body, s.inBody = body, body.framing != noBody
	return nil
}

// asks is what is kept of a request that is not plain.
func (c *conn) asks(head *Head, at capture.Stamp) (r request) {
	if head.Method == "HEAD" || head.Method == "CONNECT" {
		r.method = strings.Clone(head.Method)
	}
	s := &c.http.in[FromClient]
	isUpgrade, faults := checkRequest(head)
	switch {
	case isUpgrade:
		r.faults = faults
		r.upgrade = c.register("http/1.1")
		r.upgrade.ask(head, at)
		r.upgrade.URL = c.url(head)
		s.waits = true
	case head.Method == "CONNECT":
		r.target = strings.Clone(head.Target)
		s.waits = true
	case head.HasToken("Upgrade", tokenH2C):
		r.h2c = new(Head).set(head)
		s.waits = true
	}
	return r
}

// response takes a response whose head is complete. over is true where HTTP
// ends with it, so that rest, the bytes behind it, were taken too.
func (c *conn) response(rest []byte, at capture.Stamp) (over bool, err error) {
	x := c.http
	s := &x.in[FromServer]
	if status := s.head.plainResponse(); x.answers(status) {
		body := s.head.body(untilClose)
		s.head.reset()
		if isInterim(status) {
			return false, nil
		}
		if bodiless(x.next().method, status) {
			body = bodyReader{}
		}
		return c.answer(body)
	}
	head := &c.a.head
	err = s.head.response(head)
	s.head.reset()
	if err != nil {
		return true, c.unreadable(FromServer)
	}
	if err := c.tellRefused(); err != nil {
		return true, err
	}
	if isInterim(head.Status) {
		return false, nil
	}
	req := x.next()
	switch {
	case head.Status == 101 && (req.upgrade != nil || head.HasToken("Upgrade", "websocket")):
		return true, c.upgraded(req, head, rest, at)
	case head.Status == 101 && head.HasToken("Upgrade", tokenH2C):
		return true, c.upgradedH2(req.h2c, rest, at)
	case head.Status == 101:
		return true, reassembly.ErrIgnore // another protocol
	case req.method == "CONNECT" && head.Status/100 == 2:
		return true, c.tunnel(req.target, rest, at)
	}
	body := responseBody(head, req.method)
	u := req.upgrade
	if u == nil {
		body.keepFirst = false // nobody asks for that
		return c.answer(body)
	}
	s.body, s.inBody = body, body.framing != noBody
	u.respond(head, at)
	x.refused = u
	if !s.inBody {
		if err := c.tellRefused(); err != nil {
			return true, err
		}
	}
	return false, c.resume()
}

// isInterim reports whether the final response is still to follow (RFC 9110, 15.2).
func isInterim(status int) bool { return status/100 == 1 && status != 101 }

// next takes the request that is answered next; it is zero where none is known.
func (x *exchange) next() (r request) {
	if len(x.pending) > 0 {
		r, x.pending = x.pending[0], x.pending[1:]
	}
	return r
}

// answers reports whether a response of that status, 0 where it is not plain,
// changes and tells nothing.
func (x *exchange) answers(status int) bool {
	if status == 0 || status == 101 || x.refused != nil {
		return false
	}
	return len(x.pending) == 0 || x.pending[0].upgrade == nil && (x.pending[0].method != "CONNECT" || status/100 != 2)
}

// answer goes on with the body of a final response that changes nothing.
func (c *conn) answer(body bodyReader) (over bool, err error) {
	s := &c.http.in[FromServer]
	s.body, s.inBody = body, body.framing != noBody
	if body.framing == untilClose && len(c.http.pending) == 0 {
		return true, reassembly.ErrIgnore // nothing can follow
	}
	return false, c.resume()
}

// resume reads what the client sent while it waited for the response.
func (c *conn) resume() error {
	s := &c.http.in[FromClient]
	if !s.waits {
		return nil
	}
	s.waits = false
	hold, held := s.hold, s.held
	s.hold, s.held, s.replays = nil, 0, true
	defer func() { s.replays = false }()
	for i, h := range hold {
		held -= len(h.data) + packetCost
		if err := c.exchange(FromClient, h.data, h.at); err != nil {
			return err
		}
		if !s.waits {
			continue
		}
		// The rest waits on, and stays where it is: it may be long, and the
		// requests in it many.
		i++
		if len(s.hold) > 0 {
			i--
			hold[i] = s.hold[0]
		}
		s.hold, s.held = hold[i:], held+s.held
		return nil
	}
	if s.beyond > 0 {
		s.beyond, s.lost = 0, true
	}
	return nil
}

// cost is what the exchange holds, as maxBuffered counts it.
func (x *exchange) cost() (n int) {
	for i := range x.in {
		s := &x.in[i]
		n += cap(s.head.buf) + cap(s.body.line) + s.held
	}
	n += len(x.pending) * packetCost
	if k := len(x.pending) - 1; k >= 0 && x.pending[k].upgrade != nil {
		n += x.pending[k].upgrade.Request.Length // none is sent behind it
	}
	return n
}

// unreadable gives up on a direction that is not HTTP. While an upgrade waits
// for its answer the stream is kept, so that its end is told. Where nothing was
// lost, no client would find a response further on: where segments begin must
// make no difference.
func (c *conn) unreadable(from Direction) error {
	if from == FromServer && c.asked() != nil {
		c.http.in[from] = httpSide{lost: true}
		if !c.http.torn {
			c.http.in[from] = httpSide{inBody: true, body: bodyReader{framing: untilClose}}
		}
		return nil
	}
	if err := c.tellRefused(); err != nil {
		return err
	}
	return reassembly.ErrIgnore
}

// exchangeGap takes a loss in the HTTP phase.
func (c *conn) exchangeGap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	from := c.role(d)
	s := &c.http.in[from]
	c.http.torn = true
	if s.inBody && !g.Estimated {
		if done, ok := s.body.skip(g.Bytes); ok {
			s.inBody = !done
			return c.refusedBody(from, done)
		}
	}
	if s.waits && !s.inBody {
		// What follows can't be placed; the response is still to be read.
		s.hold, s.held, s.beyond = nil, 0, 0
	}
	*s = httpSide{lost: true, waits: s.waits}
	if from == FromServer && c.asked() != nil {
		return c.doubt(d, g, at)
	}
	return nil
}

// exchangeEnd takes the stream's end in the HTTP phase.
func (c *conn) exchangeEnd(why reassembly.Reason, at capture.Stamp) error {
	if err := c.tellRefused(); err != nil {
		return err
	}
	for _, r := range c.http.pending {
		if r.upgrade == nil {
			continue
		}
		if err := c.a.unanswered(r.faults, c.closed(r.upgrade, why, at)); err != nil {
			return err
		}
	}
	return nil
}
