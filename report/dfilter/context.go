package dfilter

import (
	"time"

	"wstap/capture"
	"wstap/wsframe"
)

// Packets tells what the headers of packets said. A capture.History does.
type Packets interface {
	// Facts are those of packet n; ok is false where they are not known any more.
	Facts(n uint64) (f capture.Facts, ok bool)
	// Base is the sequence number that one direction of a TCP connection counts
	// from, as Wireshark's relative numbers do.
	Base(f capture.Flow) (seq uint32, ok bool)
}

// need says what a field cannot do without, beyond the frame's own event.
type need uint8

const (
	needPackets   need = 1 << iota // the headers of packets
	needSequences                  // what TCP sequence numbers count from
	needPings                      // earlier pings
	needFragments                  // the packets of earlier fragments
)

// Context stands at one frame of a run and holds what filters and columns ask
// for: the frame, its connection, its packet, and what came before. All that
// look at the same events share one, which its Observe goes through before
// they look. Not for concurrent use.
type Context struct {
	// Packets may be nil: fields of packets are absent then.
	Packets Packets

	frame *wsframe.Frame
	meta  wsframe.Meta
	start time.Time // of the capture
	shown time.Time // of the last frame that was shown
	need  need

	facts      capture.Facts // of the frame's packet, where factsKnown
	factsKnown bool
	factsAsked bool
	arena      []byte // bytes that values of this frame are made of

	sides map[sideKey]*side
}

// sideKey names one direction of a connection.
type sideKey struct {
	conn *wsframe.Conn
	from wsframe.Direction
}

// side is what is remembered of one direction, as far as it was asked for.
type side struct {
	ping      []byte    // payload of the last ping
	pingAt    time.Time // zero without one
	fragments []uint64  // packets of the message under way
}

// maxFragments bounds what a peer can make a side remember.
const maxFragments = 1 << 16

// require notes what a filter or column needs.
func (x *Context) require(n need) { x.need |= n }

// NeedsPackets reports whether anything that looks through x asks for headers
// of packets: only then Packets has to be kept up to date.
func (x *Context) NeedsPackets() bool { return x.need&needPackets != 0 }

// NeedsSequences reports whether Packets has to know what TCP sequence numbers
// count from.
func (x *Context) NeedsSequences() bool { return x.need&needSequences != 0 }

// Require prepares x for the values of f.
func (x *Context) Require(f *Field) { x.require(f.need) }

// Observe moves x to the event e. Where e is a frame, all values are its.
func (x *Context) Observe(e wsframe.Event) {
	m := e.Meta()
	if x.start.IsZero() {
		x.start = m.Time
	}
	x.leave()
	switch e := e.(type) {
	case *wsframe.Frame:
		x.frame, x.meta = e, *m
		if x.need&(needPings|needFragments) != 0 {
			x.remember(e)
		}
	case *wsframe.Closed:
		delete(x.sides, sideKey{m.Conn, wsframe.FromClient})
		delete(x.sides, sideKey{m.Conn, wsframe.FromServer})
	}
}

// leave ends the stay at a frame.
func (x *Context) leave() {
	x.frame, x.factsAsked = nil, false
	x.arena = x.arena[:0]
}

// connection moves x to a connection as a whole: there is no frame.
func (x *Context) connection(m *wsframe.Meta) {
	x.leave()
	x.meta = *m
}

func (x *Context) side(c *wsframe.Conn, from wsframe.Direction) *side {
	key := sideKey{c, from}
	s := x.sides[key]
	if s == nil {
		if x.sides == nil {
			x.sides = make(map[sideKey]*side)
		}
		s = &side{}
		x.sides[key] = s
	}
	return s
}

// remember takes from f what later frames may be asked about.
func (x *Context) remember(f *wsframe.Frame) {
	s := x.side(f.M.Conn, f.From)
	switch {
	case f.Opcode == wsframe.OpPing:
		s.ping = append(s.ping[:0], pingData(f)...)
		s.pingAt = f.M.Time
	case f.Opcode < wsframe.OpClose && x.need&needFragments != 0:
		if f.Index == 0 {
			s.fragments = s.fragments[:0]
		}
		if len(s.fragments) < maxFragments {
			s.fragments = append(s.fragments, f.M.Packet)
		}
	}
}

// Shown notes that the frame at hand is displayed, for
// frame.time_delta_displayed of the next.
func (x *Context) Shown() { x.shown = x.meta.Time }

// text is s as bytes that are valid for this frame.
func (x *Context) text(s string) []byte {
	start := len(x.arena)
	x.arena = append(x.arena, s...)
	return x.arena[start:len(x.arena):len(x.arena)]
}

// packet are the facts of the packet that completed the frame; nil where they
// are not known.
func (x *Context) packet() *capture.Facts {
	if !x.factsAsked {
		x.factsAsked, x.factsKnown = true, false
		if x.Packets != nil && x.meta.Packet != 0 {
			x.facts, x.factsKnown = x.Packets.Facts(x.meta.Packet)
		}
	}
	if !x.factsKnown {
		return nil
	}
	return &x.facts
}

// headers are the same where its IP header is that of the connection, and not
// that of a tunnel around it.
func (x *Context) headers() *capture.Facts {
	f := x.packet()
	if f == nil || f.Version == 0 || x.meta.Conn == nil {
		return nil
	}
	c, s := x.meta.Conn.Client.Addr(), x.meta.Conn.Server.Addr()
	if f.Src == c && f.Dst == s || f.Src == s && f.Dst == c {
		return f
	}
	return nil
}

// segment are the same where they hold the connection's TCP header.
func (x *Context) segment() *capture.Facts {
	f := x.headers()
	if f == nil || !f.TCPFound {
		return nil
	}
	return f
}

// ends are the sender and the receiver of the frame; without a frame, of the
// upgrade's answer.
func (x *Context) ends() (src, dst wsframe.Endpoint) {
	c := x.meta.Conn
	if c == nil {
		return wsframe.Endpoint{}, wsframe.Endpoint{}
	}
	if x.frame != nil && x.frame.From == wsframe.FromClient {
		return c.Client, c.Server
	}
	return c.Server, c.Client
}
