package wsframe

import (
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// register makes the Conn of this stream's next WebSocket.
func (c *conn) register(via string) *Conn {
	info, a := c.a.spare.infos.take(), c.a
	info.Stream, info.Upgrade = c.st, a.spare.upgrades.take()
	info.Via, info.Proxy = via, c.proxy
	info.Client, info.Server = c.endpoints()
	return a.register(info)
}

// url is the request's URL; the server's address stands in for a host that the
// request does not name.
func (c *conn) url(h *Head) string {
	u := requestURL(h, c.st.TLS != nil)
	scheme, rest, _ := strings.Cut(u, "://")
	if !strings.HasPrefix(rest, "/") {
		return u
	}
	_, server := c.endpoints()
	return scheme + "://" + server.String() + rest
}

// upgraded begins the WebSocket.
func (c *conn) upgraded(req request, head *Head, rest []byte, at capture.Stamp) error {
	i := req.upgrade
	if i == nil { // the request was not captured
		i = c.register("http/1.1")
	}
	r := checkResponse(i.Request, head)
	i.respond(head, at)
	i.Subprotocol, i.Extensions, i.Accept, i.Deflate = r.Subprotocol, r.Extensions, r.Accept, r.Deflate
	client := &c.http.in[FromClient]
	hold, beyond, lost := client.hold, client.beyond, client.waits && client.lost
	c.open(i, Exact)
	if err := c.a.announce(i, at, req.faults, r.Faults); err != nil {
		return err
	}
	if err := c.socket.trimHeads(); err != nil {
		return err
	}
	c.told()
	if lost { // what the client sent first
		s := &c.socket.sides[FromClient]
		s.wake()
		if err := s.lose(at); err != nil {
			return err
		}
	}
	for _, h := range hold {
		if err := c.socket.feed(FromClient, h.data, h.at); err != nil {
			return err
		}
	}
	if beyond > 0 {
		if err := c.socket.gap(FromClient, tooMuch(beyond), at); err != nil {
			return err
		}
	}
	return c.socket.feed(FromServer, rest, at)
}

// tooMuch is the gap that bytes leave which there was no room to hold.
func tooMuch(n int64) reassembly.Gap { return reassembly.Gap{Bytes: n, Cause: reassembly.Limit} }

// tunnel begins anew inside a CONNECT tunnel (RFC 9110, 9.3.6).
func (c *conn) tunnel(authority string, rest []byte, at capture.Stamp) error {
	if c.tunnels++; c.tunnels > maxTunnels {
		c.a.stats.TunnelLimit++
		return reassembly.ErrIgnore
	}
	c.proxy = authority
	hold, beyond := c.http.in[FromClient].hold, c.http.in[FromClient].beyond
	c.http, c.detect = nil, &detector{}
	for _, h := range hold {
		if err := c.take(c.role(FromClient), h.data, h.at); err != nil {
			return err
		}
	}
	if beyond > 0 {
		if err := c.miss(c.role(FromClient), tooMuch(beyond), at); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return c.take(c.role(FromServer), rest, at)
}

// refusedBody tells of a refused upgrade once its body's first line is known.
func (c *conn) refusedBody(from Direction, done bool) error {
	if from != FromServer || c.http.refused == nil {
		return nil
	}
	if b := &c.http.in[FromServer].body; b.keepFirst && !done {
		return nil
	}
	return c.tellRefused()
}

// tellRefused emits the upgrade that was refused, if there is one to tell.
func (c *conn) tellRefused() error {
	u := c.http.refused
	if u == nil {
		return nil
	}
	c.http.refused = nil
	u.Body = c.http.in[FromServer].body.first()
	return c.a.announce(u, u.Responded, nil, nil)
}

// asked is the oldest upgrade that was not answered.
func (c *conn) asked() *Conn {
	for _, r := range c.http.pending {
		if r.upgrade != nil {
			return r.upgrade
		}
	}
	return nil
}
