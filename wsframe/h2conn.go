package wsframe

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

const (
	// viaH2 is Conn.Via of WebSockets in HTTP/2 streams (RFC 8441).
	viaH2 = "h2"
	// tokenH2C asks for HTTP/2 in an HTTP/1.1 upgrade (RFC 7540, 3.2).
	tokenH2C = "h2c"
	// maxH2Streams bounds the streams of a connection that are followed at once:
	// what servers allow is 100 to 256.
	maxH2Streams = 1000
)

// h2conn follows the HTTP/2 of one TCP stream: of its many requests, those for
// a WebSocket.
//
// Bytes that were never captured may have held frames of every stream, and
// header fields that later ones refer to. WebSockets that are known go on; of a
// stream that begins unread, only its frames can tell what it is.
type h2conn struct {
	c       *conn
	reader  *h2.Conn
	streams map[uint32]*h2stream
	// open counts those whose frames have begun, held the bytes that the others
	// wait with.
	open, held int
	// ignored lists the streams that were found to be none, oldest first.
	ignored []uint32
	// granted: the server has said that it takes extended CONNECT (RFC 8441, 3).
	granted bool
	// lossy is true where frames may be missing.
	lossy bool
	// read is the highest stream that a client opened before anything was lost:
	// those up to it are among streams, or no WebSocket, or over.
	read uint32
	// goAway is who has said that the connection ends, where one has.
	goAway *h2.Signal
}

var _ h2.Handler = (*h2conn)(nil)

// newH2 begins to follow HTTP/2 from a connection's first bytes.
func (c *conn) newH2() *h2conn {
	m := &h2conn{c: c, streams: map[uint32]*h2stream{}}
	m.reader = h2.New(m)
	c.detect, c.http, c.guess, c.h2 = nil, nil, nil, m
	return m
}

// join begins somewhere in its midst instead.
func (m *h2conn) join() { m.reader, m.lossy = h2.Join(m), true }

// upgradedH2 begins HTTP/2 behind the answer to an HTTP/1.1 request, which has
// become stream 1 (RFC 7540, 3.2). request is nil where it was not captured.
func (c *conn) upgradedH2(request *Head, rest []byte, at capture.Stamp) error {
	hold, beyond := c.http.in[FromClient].hold, c.http.in[FromClient].beyond
	m := c.newH2()
	m.read = 1
	if request != nil {
		value := strings.TrimRight(request.Get("HTTP2-Settings"), "=")
		if settings, err := base64.RawURLEncoding.DecodeString(value); err == nil {
			if err := m.reader.Settings(FromClient, settings, at); err != nil {
				return err
			}
		}
	}
	for _, h := range hold {
		if err := m.reader.Feed(FromClient, h.data, h.at); err != nil {
			return err
		}
	}
	if beyond > 0 {
		if err := m.reader.Gap(FromClient, tooMuch(beyond), at); err != nil {
			return err
		}
	}
	return m.reader.Feed(FromServer, rest, at)
}

// ids lists the streams in order, so that events come in the same order in
// each run.
func (m *h2conn) ids() []uint32 { return slices.Sorted(maps.Keys(m.streams)) }

// follow adds a stream, unless there are too many. Those that are followed for
// nothing but to know that they are no WebSocket make room.
func (m *h2conn) follow(id uint32) *h2stream {
	if len(m.streams) >= maxH2Streams {
		m.makeRoom()
	}
	if len(m.streams) >= maxH2Streams {
		m.c.a.stats.StreamLimit++
		m.read = max(m.read, id)
		return nil
	}
	s := &h2stream{m: m, id: id}
	m.streams[id] = s
	return s
}

// makeRoom forgets the oldest stream that is no WebSocket.
func (m *h2conn) makeRoom() {
	for len(m.ignored) > 0 {
		s := m.streams[m.ignored[0]]
		m.ignored = m.ignored[1:]
		if s != nil && s.ignored {
			delete(m.streams, s.id)
			return
		}
	}
}

// unread begins to follow a stream whose request was not seen, where id may be
// one; nil where it is not.
func (m *h2conn) unread(id uint32) *h2stream {
	if id <= m.read || id%2 == 0 {
		return nil
	}
	return m.follow(id)
}

// forget lets go of a stream that has ended.
func (m *h2conn) forget(s *h2stream) {
	if s.socket != nil {
		m.open--
	}
	m.c.st.Pinned = m.open > 0
	s.unguess()
	s.unhold()
	delete(m.streams, s.id)
	if m.lossy && !s.ignored { // DATA may still be on its way, and is no new stream
		t := &h2stream{m: m, id: s.id}
		m.streams[s.id] = t
		t.ignore()
	}
	if len(m.ignored) > 2*maxH2Streams { // many of them have ended since
		m.ignored = m.ignored[:0]
		for _, id := range m.ids() {
			if m.streams[id].ignored {
				m.ignored = append(m.ignored, id)
			}
		}
	}
}

// cost is what is held in wait for more, in bytes.
func (m *h2conn) cost() int { return m.held + m.reader.Held() }

// release gives up what is held.
func (m *h2conn) release() {
	for _, s := range m.streams {
		s.unguess()
	}
}

// Headers implements h2.Handler.
func (m *h2conn) Headers(b *h2.Headers) error {
	if b.Limited {
		m.c.a.stats.HeadLimit++
	}
	if b.Promised != 0 { // no WebSocket is pushed
		return nil
	}
	s := m.streams[b.Stream]
	if s == nil {
		ordinary := b.From == FromClient && !m.lossy && m.ordinary(b)
		if !ordinary {
			s = m.unread(b.Stream)
		}
		if b.From == FromClient && !m.lossy && b.Stream%2 == 1 {
			m.read = max(m.read, b.Stream)
		}
		if s == nil {
			return nil
		}
	}
	var err error
	if b.From == FromClient {
		err = s.request(b)
	} else {
		err = s.response(b)
	}
	if err != nil || !b.End {
		return err
	}
	return s.ended(b.From, b.At)
}

// ordinary reports whether b is a request that is known for no WebSocket.
func (m *h2conn) ordinary(b *h2.Headers) bool {
	method, protocol := "", ""
	for _, f := range b.Fields {
		switch f.Name {
		case ":method":
			method = f.Value
		case ":protocol":
			protocol = f.Value
		}
	}
	return (whole(b) || method != "") && !(method == "CONNECT" && (protocol == "" || strings.EqualFold(protocol, "websocket")))
}

// register makes the Conn of a WebSocket in a stream.
func (m *h2conn) register(stream uint32) *Conn {
	info := m.c.register(viaH2)
	info.H2Stream = stream
	return info
}

// Data implements h2.Handler.
func (m *h2conn) Data(d *h2.Data) error {
	s := m.streams[d.Stream]
	if s == nil {
		if s = m.unread(d.Stream); s == nil {
			return nil
		}
	}
	if err := s.data(d); err != nil || !d.End {
		return err
	}
	return s.ended(d.From, d.At)
}

// Signal implements h2.Handler.
func (m *h2conn) Signal(g h2.Signal) error {
	switch g.Kind {
	case h2.Setting:
		if g.From == FromServer && g.ID == h2.EnableConnectProtocol {
			m.granted = m.granted || g.Value == 1
		}
	case h2.Reset:
		if s := m.streams[g.Stream]; s != nil {
			return s.close(ConnectionEnded, Closed{M: Meta{Stamp: g.At}, By: g.From.String(), How: "rst_stream", H2Error: g.Code.String()})
		}
	case h2.GoAway:
		return m.leave(g)
	case h2.Lost:
		return m.lost(g)
	}
	return nil
}

// leave takes a GOAWAY (RFC 9113, 6.8): streams above the last that the server
// will process are over, the others may go on to their end.
func (m *h2conn) leave(g h2.Signal) error {
	if m.goAway == nil {
		m.goAway = &g
	}
	if g.From != FromServer {
		return nil
	}
	for _, id := range m.ids() {
		if id > g.Stream {
			if err := m.streams[id].close(ConnectionEnded, goneAway(g, g.At)); err != nil {
				return err
			}
		}
	}
	return nil
}

func goneAway(g h2.Signal, at capture.Stamp) Closed {
	return Closed{M: Meta{Stamp: at}, By: g.From.String(), How: "goaway", H2Error: g.Code.String()}
}

// lost takes the loss of bytes that may have held frames of every stream.
func (m *h2conn) lost(g h2.Signal) error {
	m.lossy = true
	for _, id := range m.ids() {
		if err := m.streams[id].lost(g); err != nil {
			return err
		}
	}
	return nil
}

// end takes the end of the TCP stream.
func (m *h2conn) end(why reassembly.Reason, at capture.Stamp) error {
	if err := m.reader.End(); err != nil {
		return err
	}
	for _, id := range m.ids() {
		e := m.c.closed(nil, why, at)
		if m.goAway != nil && why.How != reassembly.End {
			e = goneAway(*m.goAway, at)
		}
		if err := m.streams[id].close(cutShort(why), e); err != nil {
			return err
		}
	}
	return nil
}
