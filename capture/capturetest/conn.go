package capturetest

import (
	"net/netip"

	"wstap/capture"
)

// Direction is one of the two directions of a connection.
type Direction uint8

// The directions.
const (
	FromClient Direction = iota
	FromServer
)

// Reverse is the other direction.
func (d Direction) Reverse() Direction { return 1 - d }

// maxPayload bounds a segment's payload, so that an IP datagram's 16-bit
// length holds it with all headers and a tunnel around.
const maxPayload = 65_000

// Config describes a connection. Zero values are the defaults named.
type Config struct {
	Client, Server netip.AddrPort // 10.0.0.2:40000, 10.0.0.1:8080
	ISN            [2]uint32      // initial sequence numbers; derived from the connection's number
	MSS            int            // largest payload of a segment; 1460
	Window         uint16         // header field; 64240
	Scale          int8           // window scale option; 7, -1 for none
	Encap          []Encap        // layers around each packet, innermost first
	NoAck          bool           // no acknowledgment of its own follows each data segment
	// OneWay keeps only the packets of direction Only in the capture.
	OneWay bool
	Only   Direction
}

// Conn sends a TCP connection's packets into a Trace. It keeps both ends'
// state as if every packet arrived: what the capture misses changes nothing.
type Conn struct {
	config Config
	trace  *Trace
	number int
	half   [2]half
	key    string // Sec-WebSocket-Key of the last request
}

// half is what one end sends.
type half struct {
	next       uint32 // SND.NXT
	ipID       uint16
	stream     []byte
	last       Datagram // for ICMP errors to quote
	segments   []sentSegment
	frames     []Sent
	deflater   Deflater
	compressed bool // the fragmented message under way is
	noContext  bool // no_context_takeover was agreed to
}

type sentSegment struct {
	seq     uint32
	flags   capture.Flags
	payload []byte
}

// Conn adds a connection to the trace. Nothing is sent yet.
func (t *Trace) Conn(c Config) *Conn {
	if !c.Client.IsValid() {
		c.Client = netip.MustParseAddrPort("10.0.0.2:40000")
	}
	if !c.Server.IsValid() {
		c.Server = netip.MustParseAddrPort("10.0.0.1:8080")
	}
	if c.ISN == [2]uint32{} {
		n := uint32(t.conns) << 22
		c.ISN = [2]uint32{0x10000000 + n, 0x50000000 + n}
	}
	if c.MSS == 0 {
		c.MSS = 1460
	}
	if c.Window == 0 {
		c.Window = 64240
	}
	if c.Scale == 0 {
		c.Scale = 7
	}
	t.conns++
	conn := &Conn{config: c, trace: t, number: t.conns, key: Key}
	for d := range conn.half {
		conn.half[d].next = c.ISN[d]
	}
	return conn
}

// Number tells where a sequence or acknowledgment number deviates from the
// one that is due: by a distance from it, or altogether.
type Number struct {
	set, absolute bool
	value         int64
}

// By is the number due plus n.
func By(n int64) Number { return Number{set: true, value: n} }

// At is n itself.
func At(n uint32) Number { return Number{set: true, absolute: true, value: int64(n)} }

func (n Number) or(due uint32) uint32 {
	if n.absolute {
		return uint32(n.value)
	}
	return due + uint32(n.value)
}

// Segment is one TCP segment to be sent.
type Segment struct {
	Flags   capture.Flags
	Payload []byte
	// Seq and Ack override the numbers due. A segment with a Seq of its own
	// changes nothing in the sender's state.
	Seq, Ack Number
	Window   *uint16
	Urgent   uint16
	Encap    []Encap // around this packet only, inside the connection's
	Arrival

	BadSum, BadOptions bool // TCP checksum, TCP options
	IPOptions          bool
	ZeroLength         bool // IP length 0, as left by segmentation offload
}

// Segment sends one segment as it is, whatever its size.
func (c *Conn) Segment(d Direction, s Segment) {
	h, peer := &c.half[d], &c.half[d.Reverse()]
	src, dst := c.config.Client, c.config.Server
	if d == FromServer {
		src, dst = dst, src
	}
	due := h.next
	if s.Flags.Has(capture.SYN) {
		due = c.config.ISN[d]
	}
	tcp := tcpHeader{src: src, dst: dst, seq: s.Seq.or(due), flags: s.Flags, window: c.config.Window, urgent: s.Urgent, badSum: s.BadSum}
	if s.Flags.Has(capture.ACK) || s.Ack.set {
		tcp.ack = s.Ack.or(peer.next)
	}
	if s.Window != nil {
		tcp.window = *s.Window
	}
	if s.Flags.Has(capture.SYN) {
		tcp.options = synOptions(c.config.MSS, c.config.Scale)
	}
	if s.BadOptions {
		tcp.options = append(tcp.options, badOptions()...)
	}
	if !s.Seq.set {
		c.advance(h, due, s)
	}
	h.ipID++
	ip := ipHeader{src: src.Addr(), dst: dst.Addr(), proto: protoTCP, id: h.ipID, options: s.IPOptions, zeroLength: s.ZeroLength}
	h.last = ip.datagram(tcp.encode(s.Payload))
	if c.config.OneWay && c.config.Only != d {
		s.Lost = true
	}
	encap := append(s.Encap[:len(s.Encap):len(s.Encap)], c.config.Encap...)
	c.trace.datagram(d, h.last, encap, s.Arrival)
}

// advance moves the sender's state behind segment s at sequence number seq.
func (c *Conn) advance(h *half, seq uint32, s Segment) {
	next := seq + uint32(len(s.Payload))
	if s.Flags.Has(capture.SYN) {
		next++
	}
	if s.Flags.Has(capture.FIN) {
		next++
	}
	if int32(next-h.next) <= 0 {
		return
	}
	h.next = next
	h.stream = append(h.stream, s.Payload...)
	if len(s.Payload) > 0 {
		// The data of a SYN is sent again without it (RFC 7413, 4.2.1).
		if s.Flags.Has(capture.SYN) {
			seq, s.Flags = seq+1, capture.ACK|capture.PSH
		}
		h.segments = append(h.segments, sentSegment{seq, s.Flags, append([]byte(nil), s.Payload...)})
	}
}

// Send sends s.Payload in segments cut at the given offsets (ascending) and
// at MSS, s being the pattern for each, with PSH on the last. Unless NoAck is
// set, the other end acknowledges each.
func (c *Conn) Send(d Direction, s Segment, cuts ...int) {
	c.send(d, s, cuts, c.config.MSS, !c.config.NoAck, func(_ int, s *Segment) {})
}

// send is Send with a hook that may change the n-th segment (from 1).
func (c *Conn) send(d Direction, s Segment, cuts []int, mss int, acked bool, each func(n int, s *Segment)) {
	whole, flags := s.Payload, s.Flags
	if flags&(capture.SYN|capture.RST) == 0 {
		flags |= capture.ACK
	}
	begin := 0
	for n := 1; begin < len(whole) || n == 1; n++ {
		end := len(whole)
		if mss > 0 {
			end = min(end, begin+mss)
		}
		for _, cut := range cuts {
			if cut > begin && cut < end {
				end = cut
				break
			}
		}
		part := s
		part.Payload, part.Flags = whole[begin:end], flags
		if end == len(whole) && len(whole) > 0 && flags&capture.SYN == 0 {
			part.Flags |= capture.PSH
		}
		if end < len(whole) {
			part.Flags &^= capture.FIN
		}
		if s.Seq.set && !s.Seq.absolute {
			part.Seq.value += int64(begin)
		} else if s.Seq.set {
			part.Seq.value = int64(uint32(part.Seq.value) + uint32(begin))
		}
		each(n, &part)
		c.Segment(d, part)
		if acked && !s.Seq.set && flags&(capture.SYN|capture.RST) == 0 && (end > begin || flags.Has(capture.FIN)) {
			c.Segment(d.Reverse(), Segment{Flags: capture.ACK, Encap: s.Encap})
		}
		begin = end
		if begin == len(whole) || c.trace.err != nil {
			return
		}
	}
}

// Client sends payload from the client.
func (c *Conn) Client(payload []byte) { c.Send(FromClient, Segment{Payload: payload}) }

// Server sends payload from the server.
func (c *Conn) Server(payload []byte) { c.Send(FromServer, Segment{Payload: payload}) }

// Open sends the three-way handshake (RFC 9293, 3.5).
func (c *Conn) Open() {
	c.Segment(FromClient, Segment{Flags: capture.SYN})
	c.Segment(FromServer, Segment{Flags: capture.SYN | capture.ACK})
	c.Segment(FromClient, Segment{Flags: capture.ACK})
}

// Close sends FINs and their acknowledgments; first is the end that begins.
func (c *Conn) Close(first Direction) {
	c.Segment(first, Segment{Flags: capture.FIN | capture.ACK})
	c.Segment(first.Reverse(), Segment{Flags: capture.FIN | capture.ACK})
	c.Segment(first, Segment{Flags: capture.ACK})
}

// Stream is all that d sent in order, sequence numbers given by hand left out.
func (c *Conn) Stream(d Direction) []byte { return c.half[d].stream }
