package wsframe

import (
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// socket is one WebSocket from its opening to its end: the frames of both
// directions, and who closed it. Over HTTP/1.1 a TCP stream carries one, over
// HTTP/2 many.
type socket struct {
	a     *Analyzer
	info  *Conn   // nil until it is open
	sides [2]side // by role

	closing *closing // nil until a Close frame was seen
	heads   int      // lengths of the upgrade's heads, where they are long
}

// closing is the Close frame that came first.
type closing struct {
	by     Direction
	at     capture.Stamp
	code   uint16
	reason string
}

// isOpen reports whether open was called.
func (k *socket) isOpen() bool { return k.info != nil }

// open begins the frames of both directions.
func (k *socket) open(info *Conn, certainty Certainty) {
	info.Upgraded = true
	k.info = info
	for d := range k.sides {
		s := &k.sides[d]
		s.c, s.from, s.standing = k, Direction(d), standing(certainty)
		if info.Deflate != nil {
			w := info.Deflate.window(Direction(d))
			s.window = &w
		}
	}
}

// trimHeads lets go of the heads, which were told, where nobody wants them
// again; otherwise of the target and the fields of long ones, where the
// connections that are open have too many of them.
func (k *socket) trimHeads() error {
	if k.a.opts.Brief {
		if k.a.settled() { // else the queue does it
			k.a.brief(k.info)
		}
		return nil
	}
	for _, h := range []*Head{k.info.Request, k.info.Response} {
		if h == nil || h.Length <= longHead {
			continue
		}
		if k.a.heads+h.Length > maxLongHeads {
			if err := k.a.Flush(); err != nil { // Opened may be yet to be told
				return err
			}
			k.a.stats.HeadsCut++
			*h = Head{Method: strings.Clone(h.Method), Status: h.Status, Proto: strings.Clone(h.Proto), Length: h.Length}
			k.info.URL = strings.Clone(k.info.URL[:min(len(k.info.URL), longHead)])
			continue
		}
		k.heads += h.Length
		k.a.heads += h.Length
	}
	return nil
}

// gap takes the loss of bytes.
func (k *socket) gap(from Direction, g reassembly.Gap, at capture.Stamp) error {
	if err := k.tellGap(from, g, at); err != nil {
		return err
	}
	if g.Estimated {
		return k.sides[from].cut(at)
	}
	return k.sides[from].gap(uint64(g.Bytes), at)
}

// tellGap emits the gap.
func (k *socket) tellGap(from Direction, g reassembly.Gap, at capture.Stamp) error {
	k.a.stats.Gaps++
	k.info.Gaps++
	return k.a.sink.Emit(&Gap{M: Meta{at, k.info}, From: from, Bytes: g.Bytes, Cause: g.Cause})
}

// end takes the end of both directions and emits the last event, e, whose By
// and How say what ended the WebSocket, unless a Close frame did.
func (k *socket) end(why Incomplete, e Closed) error {
	k.a.heads -= k.heads
	for d := range k.sides {
		if err := k.sides[d].end(why, e.M.Stamp); err != nil {
			return err
		}
	}
	if c := k.closing; c != nil {
		e.By, e.Code, e.Reason, e.How = c.by.String(), c.code, c.reason, "close frame"
	}
	return k.a.close(e)
}

// close emits the last event of a connection.
func (a *Analyzer) close(e Closed) error {
	a.closed = e
	return a.sink.Emit(&a.closed)
}

// announce emits the first event of a connection, and what was wrong with
// request and response.
func (a *Analyzer) announce(c *Conn, at capture.Stamp, request, response []fault) error {
	requested, responded := c.Requested, c.Responded // brief lets go of them
	a.opened = Opened{M: Meta{at, c}}
	if err := a.sink.Emit(&a.opened); err != nil {
		return err
	}
	for _, f := range request {
		if err := a.violate(a.sink, c, FromClient, requested, f); err != nil {
			return err
		}
	}
	for _, f := range response {
		if err := a.violate(a.sink, c, FromServer, responded, f); err != nil {
			return err
		}
	}
	return nil
}

// unanswered tells of an upgrade that was asked for until e, and never
// answered.
func (a *Analyzer) unanswered(faults []fault, e Closed) error {
	c := e.M.Conn
	if err := a.announce(c, c.Requested, faults, nil); err != nil {
		return err
	}
	return a.close(e)
}
