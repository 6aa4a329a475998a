package wsframe

import (
	"strings"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

// h2stream is one stream of HTTP/2 that carries a WebSocket, or may.
type h2stream struct {
	m  *h2conn
	id uint32
	// info is nil where the request could not be read.
	info *Conn
	// offers is the request's head, where all of it could be read.
	offers *Head
	faults []fault
	socket *socket // once granted
	guess  *midstream
	body   *bodyReader // of a refusal
	hold   []piece     // sent by the client before the answer
	held   int

	over    [2]bool   // END_STREAM, by sender
	overBy  Direction // who sent it first
	ignored bool      // it is no WebSocket
}

// piece is what one DATA frame brought, or failed to, in one packet.
type piece struct {
	data []byte
	gap  reassembly.Gap
	at   capture.Stamp
}

// pieceCost is what a piece costs besides its bytes.
const pieceCost = 96

// whole reports whether all fields of a header block could be read.
func whole(b *h2.Headers) bool { return b.Unknown == 0 && !b.Broken && !b.Limited }

// request takes a header block from the client: the request, or trailers.
func (s *h2stream) request(b *h2.Headers) error {
	if s.info != nil || s.ignored {
		return nil
	}
	m, head := s.m, h2Head(b)
	protocol := head.Get(":protocol")
	switch websocket := strings.EqualFold(protocol, "websocket"); {
	case head.Method == "CONNECT" && websocket:
	case whole(b), head.Method != "" && head.Method != "CONNECT", protocol != "" && !websocket:
		s.ignore()
		return nil
	default:
		return nil // it may be one: its frames tell
	}
	s.info = m.register(s.id)
	s.info.Request, s.info.Requested = head, b.At
	s.info.URL = connectURL(head)
	s.info.Partial = !whole(b)
	if whole(b) {
		s.offers, s.faults = head, checkConnect(head, m.granted || m.lossy || !m.reader.Heard(FromServer))
	}
	if m.reader.Searching(FromServer) {
		return s.doubt(nil) // the answer may be missed
	}
	return nil
}

// response takes a header block from the server: an answer, or trailers.
func (s *h2stream) response(b *h2.Headers) error {
	if s.socket != nil || s.body != nil || s.ignored {
		return nil
	}
	head := h2Head(b)
	if s.info == nil {
		return s.unasked(head, b)
	}
	switch {
	case head.Status == 0: // it cannot be read: the frames tell
		return s.doubt(nil)
	case head.Status/100 == 1:
		return nil // interim (RFC 9113, 8.1)
	}
	s.info.Response, s.info.Responded, s.info.Status = head, b.At, head.Status
	s.info.Partial = s.info.Partial || !whole(b)
	s.unguess()
	if head.Status/100 != 2 {
		return s.refuse(head, b.End)
	}
	return s.grant(head, whole(b), b.At)
}

// unasked takes the answer to a request that could not be read: what it says
// may tell what it was. Behind the loss the client's frames have to be found.
func (s *h2stream) unasked(head *Head, b *h2.Headers) error {
	switch {
	case head.Has("Content-Type"), head.Has("Content-Length"):
		s.ignore()
		return nil
	case head.Status/100 != 2 || !head.Has("Sec-WebSocket-Extensions") && !head.Has("Sec-WebSocket-Protocol"):
		return nil
	}
	s.info = s.m.register(s.id)
	s.info.Response, s.info.Responded, s.info.Status = head, b.At, head.Status
	s.info.Partial = true
	s.unguess()
	if err := s.grant(head, whole(b), b.At); err != nil {
		return err
	}
	return s.socket.sides[FromClient].cut(b.At)
}

// grant begins the WebSocket (RFC 8441, 5).
func (s *h2stream) grant(head *Head, whole bool, at capture.Stamp) error {
	i, a := s.info, s.m.c.a
	r := checkConnected(s.offers, head)
	i.vague = !whole && !head.Has("Sec-WebSocket-Extensions")
	i.Subprotocol, i.Extensions, i.Deflate = r.Subprotocol, r.Extensions, r.Deflate
	s.open(Exact)
	if err := a.announce(i, at, s.faults, r.Faults); err != nil {
		return err
	}
	if err := s.socket.trimHeads(); err != nil {
		return err
	}
	for _, p := range s.unhold() {
		if err := s.frames(FromClient, p); err != nil {
			return err
		}
	}
	return nil
}

// open begins the frames of both directions.
func (s *h2stream) open(certainty Certainty) {
	s.socket = &socket{a: s.m.c.a}
	s.socket.open(s.info, certainty)
	s.unguess()
	s.m.open++
	s.m.c.st.Pinned = true
}

// refuse takes a final status that is no success. Its body's first line is
// waited for.
func (s *h2stream) refuse(head *Head, end bool) error {
	b := bodyReader{framing: untilClose, keepFirst: !head.Has("Content-Encoding") || head.HasToken("Content-Encoding", "identity")}
	s.body = &b
	s.unhold()
	if end || !b.keepFirst {
		return s.tellRefused()
	}
	return nil
}

func (s *h2stream) tellRefused() error {
	s.info.Body = s.body.first()
	s.m.forget(s)
	return s.m.c.a.announce(s.info, s.info.Responded, nil, nil)
}

// data takes a piece of a DATA frame.
func (s *h2stream) data(d *h2.Data) error {
	p := piece{data: d.Bytes, gap: d.Missing, at: d.At}
	switch {
	case s.ignored:
		return nil
	case s.socket != nil:
		return s.frames(d.From, p)
	case s.body != nil:
		if d.From == FromServer && s.body.keepFirst {
			s.body.keep(p.data)
			if p.gap.Bytes > 0 || !s.body.keepFirst {
				return s.tellRefused()
			}
		}
		return nil
	case s.guess == nil && s.info != nil && d.From == FromClient:
		s.keep(p)
		return nil
	case s.guess == nil:
		if err := s.doubt(nil); err != nil {
			return err
		}
		if s.socket != nil { // what was held was enough
			return s.frames(d.From, p)
		}
	}
	return s.look(d.From, p)
}

// frames takes bytes of the WebSocket.
func (s *h2stream) frames(from Direction, p piece) error {
	if p.gap.Bytes > 0 {
		return s.socket.gap(from, p.gap, p.at)
	}
	return s.socket.feed(from, p.data, p.at)
}

// keep holds what the client sends before it is known what that is.
func (s *h2stream) keep(p piece) {
	if s.held+len(p.data)+pieceCost > maxHold {
		s.m.c.a.stats.HoldLimit++
		return
	}
	p.data = append([]byte(nil), p.data...)
	s.hold = append(s.hold, p)
	s.held += len(p.data) + pieceCost
	s.m.held += len(p.data) + pieceCost
}

// unhold lets go of what is held, and returns it.
func (s *h2stream) unhold() []piece {
	hold := s.hold
	s.m.held -= s.held
	s.hold, s.held = nil, 0
	return hold
}

// ended takes END_STREAM. Both of them are what two FINs are to a TCP connection
// (RFC 8441, 5).
func (s *h2stream) ended(from Direction, at capture.Stamp) error {
	if s.m.streams[s.id] != s {
		return nil // told of already
	}
	if s.body != nil && from == FromServer {
		return s.tellRefused()
	}
	if !s.over[0] && !s.over[1] {
		s.overBy = from
	}
	s.over[from] = true
	if !s.over[0] || !s.over[1] {
		return nil
	}
	return s.close(ConnectionEnded, Closed{M: Meta{Stamp: at}, By: s.overBy.String(), How: "end_stream"})
}

// close ends the stream with e, which lacks the connection.
func (s *h2stream) close(why Incomplete, e Closed) error {
	if len(s.hold) > 0 && !s.m.reader.Heard(FromServer) { // nothing of it was captured
		if err := s.doubt(nil); err != nil {
			return err
		}
	}
	if s.guess != nil {
		if err := s.believe(true); err != nil {
			return err
		}
	}
	defer s.m.forget(s)
	e.M.Conn = s.info
	switch {
	case s.socket != nil:
		return s.socket.end(why, e)
	case s.body != nil:
		return s.tellRefused()
	case s.info != nil:
		return s.m.c.a.unanswered(s.faults, e)
	}
	return nil
}
