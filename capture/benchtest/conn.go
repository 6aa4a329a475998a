package benchtest

// direction is an end of a connection, as the sender.
type direction int

const (
	client direction = iota
	server
)

// Control bits of a TCP header (RFC 9293, 3.1).
const (
	fin = 1 << iota
	syn
	_
	psh
	ack
)

// mss is what 1500 bytes leave beside the headers with timestamps.
const mss = 1448

// maxConns is how many addresses and ports there are for clients.
const maxConns = 1 << 22

// conn is a TCP connection.
type conn struct {
	addr  [2]uint32
	port  [2]uint16
	next  [2]uint32 // sequence numbers due
	acked [2]uint32 // what each end has acknowledged of the other's
	clock [2]uint32 // offset of each end's timestamps (RFC 7323)
	seen  [2]uint32 // the other end's latest timestamp
	id    [2]uint16 // IP identification
	ws    bool
}

// dial opens a connection of other traffic.
func (g *generator) dial(addr uint32, port uint16) *conn {
	c := new(conn)
	g.dialInto(c, addr, port)
	return c
}

// dialInto makes c a connection from the next client to addr.
func (g *generator) dialInto(c *conn, addr uint32, port uint16) {
	n := uint32(g.conns % maxConns)
	g.conns++
	c.addr = [2]uint32{0x0a000000 + n>>5 + 2, addr} // 32 connections a client
	c.port = [2]uint16{uint16(32768 + n*739&0x7fff), port}
	for d := range c.next {
		c.next[d], c.clock[d], c.id[d] = g.rand.Uint32(), g.rand.Uint32(), uint16(g.rand.Uint32())
	}
	g.segment(c, client, syn, nil)
	g.wait(200)
	g.segment(c, server, syn|ack, nil)
	g.wait(50)
	g.segment(c, client, ack, nil)
}

// send writes p in segments of at most size bytes, with the acknowledgment
// that every second of them, or one of more than two MSS, calls for (RFC 9293,
// 3.8.6.3). The last bytes of p wait for data to carry theirs.
func (g *generator) send(c *conn, from direction, p []byte, size int) {
	for len(p) > size {
		g.segment(c, from, ack, p[:size])
		p = p[size:]
		g.wait(6)
		if c.next[from]-c.acked[1-from] >= 2*mss {
			g.acknowledge(c, 1-from)
			g.wait(3)
		}
	}
	g.segment(c, from, psh|ack, p)
}

// acknowledge writes a bare acknowledgment if one is due.
func (g *generator) acknowledge(c *conn, from direction) {
	if c.acked[from] != c.next[1-from] {
		g.segment(c, from, ack, nil)
	}
}

// hangUp closes c; first is the end that begins.
func (g *generator) hangUp(c *conn, first direction) {
	g.segment(c, first, fin|ack, nil)
	g.wait(100)
	g.segment(c, 1-first, fin|ack, nil)
	g.wait(50)
	g.segment(c, first, ack, nil)
}
