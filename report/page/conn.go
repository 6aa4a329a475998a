package page

import (
	"slices"
	"time"

	"wstap/report/reply"
	"wstap/wsframe"
	"wstap/wsframe/subproto"
)

// conn is what is kept of a connection.
type conn struct {
	conn   *wsframe.Conn   // a copy, once it has ended
	meta   wsframe.Meta    // of its first event
	closed *wsframe.Closed // nil while it is open
	kept   bool            // it is in the index
	dirty  bool            // it has changed since the last AppendChanges
	trips  trips
	asks   *waiting // nil before the first request, and once it has ended
}

// waiting are the requests of an open connection, by who sent them.
type waiting struct {
	pings, appPings [2]reply.Pings[asked]
	requests        [2]reply.Requests[asked]
}

// asked is where a request stands.
type asked struct {
	row uint64
	at  time.Time
}

// pongs takes a ping or pong that is row n, and returns its reply column.
func (c *conn) pongs(n uint64, f *wsframe.Frame) uint64 {
	switch f.Opcode {
	case wsframe.OpPing:
		c.waiting().pings[f.From].Send(f.Payload, asked{n, f.M.Time})
	case wsframe.OpPong:
		if ping, _, ok := c.waiting().pings[f.From.Reverse()].Answer(f.Payload); ok {
			return c.trip(ping, n, f.M.Time)
		}
	}
	return 0
}

func (c *conn) waiting() *waiting {
	if c.asks == nil {
		c.asks = &waiting{}
	}
	return c.asks
}

// answers takes a message that is row n, and returns its reply column.
func (c *conn) answers(n uint64, m *wsframe.Message, info subproto.Info) uint64 {
	me, other := m.From, m.From.Reverse()
	at := asked{n, m.M.Time}
	switch ping, pong := reply.Heartbeat(info.Name); {
	case ping:
		c.waiting().appPings[me].Send([]byte(info.ID), at)
		return 0
	case pong:
		if sent, _, ok := c.waiting().appPings[other].Answer([]byte(info.ID)); ok {
			return c.trip(sent, n, m.M.Time)
		}
		return 0
	}
	if info.ID == "" {
		return 0
	}
	if !info.Request {
		if q, ok := c.waiting().requests[other].Answer(info.ID); ok {
			return 1 + n - q.row
		}
	}
	if !info.Reply {
		c.waiting().requests[me].Ask(info.ID, at)
	}
	return 0
}

// trip notes a round trip from a ping to row n.
func (c *conn) trip(ping asked, n uint64, at time.Time) uint64 {
	if !ping.at.IsZero() && !at.IsZero() {
		c.trips.add(max(0, at.Sub(ping.at)))
	}
	return 1 + n - ping.row
}

// maxTrips bounds the round trips of a connection that are kept.
const maxTrips = 128

// trips are round trips. Least, greatest and number are exact, the median is that
// of every 2nd, 4th, ... once there are more than 128.
type trips struct {
	n        uint64
	min, max time.Duration
	kept     []time.Duration
	stride   uint64 // of the kept
}

func (t *trips) add(d time.Duration) {
	if t.n == 0 || d < t.min {
		t.min = d
	}
	t.max = max(t.max, d)
	if t.n == 0 {
		t.stride = 1
	}
	if t.n%t.stride == 0 {
		if len(t.kept) == maxTrips {
			for i := range maxTrips / 2 {
				t.kept[i] = t.kept[2*i]
			}
			t.kept = t.kept[:maxTrips/2]
			t.stride *= 2
		}
		if t.n%t.stride == 0 {
			t.kept = append(t.kept, d)
		}
	}
	t.n++
}

func (t *trips) median() time.Duration {
	all := slices.Clone(t.kept)
	slices.Sort(all)
	return all[len(all)/2]
}

// conn is what is kept of an event's connection.
func (e *Encoder) conn(m *wsframe.Meta) *conn {
	if e.latest != nil && e.latest.conn == m.Conn {
		e.index.change(e.latest)
		return e.latest
	}
	c := e.open[m.Conn]
	if c == nil {
		c = &conn{conn: m.Conn, meta: *m}
		e.open[m.Conn] = c
		e.index.connection(c)
	}
	e.latest = c
	e.index.change(c)
	return c
}

// forget ends a connection. What the index keeps of it is a copy, without all
// that hangs on the original.
func (e *Encoder) forget(c *conn) {
	delete(e.open, c.conn)
	e.latest = nil
	if !c.kept {
		return
	}
	copied := *c.conn
	if copied.Stream != nil {
		stream := *copied.Stream
		copied.Stream = &stream
	}
	c.conn, c.asks = &copied, nil
	c.meta.Conn = &copied
}

// Conn is a connection by its number: as it is while it is open, as it was when
// it has ended. It is nil for one that never was, or beyond the 65536 that are
// kept.
func (e *Encoder) Conn(number int) *wsframe.Conn {
	if c := e.index.byNumber[number]; c != nil {
		return c.conn
	}
	return nil
}
