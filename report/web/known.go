package web

import (
	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
)

// facts are what a filter may ask of a connection and what may become known
// only later than its first event.
type facts struct {
	url, subprotocol, extensions, proxy string
	request, response                   *wsframe.Head
	responded                           capture.Stamp
	status                              int
	upgraded                            bool
	deflate                             *wsframe.Deflate
	tls                                 *reassembly.TLSInfo
}

func factsOf(c *wsframe.Conn) facts {
	f := facts{
		url: c.URL, subprotocol: c.Subprotocol, extensions: c.Extensions, proxy: c.Proxy,
		request: c.Request, response: c.Response, responded: c.Responded,
		status: c.Status, upgraded: c.Upgraded, deflate: c.Deflate,
	}
	if c.Stream != nil {
		f.tls = c.Stream.TLS
	}
	return f
}

// know tells the Hub of the connection of e, if there is something new. The
// Analyzer goes on writing to what it has, so the Hub gets a copy.
func (f *Feed) know(e wsframe.Event) {
	c := e.Meta().Conn
	if c == nil {
		return
	}
	if now := factsOf(c); c != f.latest || now != f.facts {
		f.latest, f.facts = c, now
		if before, ok := f.known[c]; !ok || before != now {
			f.known[c] = now
			f.hub.know(copyOf(c))
		}
	}
	_, closed := e.(*wsframe.Closed)
	if _, opened := e.(*wsframe.Opened); closed || opened && !c.Upgraded {
		delete(f.known, c)
		f.latest = nil
	}
}

// copyOf is c with what may be written to by others copied.
func copyOf(c *wsframe.Conn) *wsframe.Conn {
	copied, upgrade := *c, *c.Upgrade
	copied.Upgrade = &upgrade
	if c.Stream != nil {
		stream := *c.Stream
		if c.Stream.TLS != nil {
			tls := *c.Stream.TLS
			stream.TLS = &tls
		}
		copied.Stream = &stream
	}
	return &copied
}
