package wsframe

import (
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// register makes the Conn of this stream's next WebSocket.
func (c *conn) register(via string) *Conn {
	info := &Conn{Stream: c.st, Upgrade: &Upgrade{Via: via, Proxy: c.proxy}}
	info.Client, info.Server = c.endpoints()
	return c.a.register(info)
}

// url is the request's URL; the server's address stands in for a host that the
// request does not name.
func (c *conn) url(h *Head) string {
	scheme, rest, _ := strings.Cut(requestURL(h, c.st.TLS != nil), "://")
	if strings.HasPrefix(rest, "/") {
		_, server := c.endpoints()
		rest = server.String() + rest
	}
	return scheme + "://" + rest
}

// upgraded begins the WebSocket.
func (c *conn) upgraded(req request, head *Head, rest []byte, at capture.Stamp) error {
	i := req.upgrade
	if i == nil { // the request was not captured
		i = c.register("http/1.1")
	}
	r := checkResponse(i.Request, head)
	i.Response, i.Responded, i.Status = head, at, head.Status
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
		if err := c.socket.sides[FromClient].feed(h.data, h.at); err != nil {
			return err
		}
	}
	if beyond > 0 {
		if err := c.socket.gap(FromClient, tooMuch(beyond), at); err != nil {
			return err
		}
	}
	return c.socket.sides[FromServer].feed(rest, at)
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
	return c.a.sink.Emit(&Opened{M: Meta{u.Responded, u}})
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
