package stats

import (
	"time"

	"wstap/reassembly"
	"wstap/wsframe"
)

// figures are those of one connection, or of several together.
type figures struct {
	sides                     [2]side // by who sent
	pings                     [2]pings
	appPings                  [2]pings   // messages named ping
	replies                   [2]replies // by who asked
	names                     names
	tcp, tls, upgrade         distribution // ns of the handshakes
	open                      distribution // ns from upgrade to end
	silences                  silences
	gaps, violations, refused uint64
}

// side is what one end sent.
type side struct {
	frames     [16]uint64 // by opcode
	payload    uint64     // bytes of frame payloads, captured
	messages   uint64
	incomplete uint64       // of them
	data       uint64       // bytes of messages, inflated
	sizes      distribution // of complete messages, inflated
	// deflated are the complete messages that were compressed, with their bytes
	// on the wire and inflated.
	deflated, deflatedWire, deflatedData uint64

	segments, retransmitted, outOfOrder, missing uint64 // of TCP
}

func (s *side) merge(other *side) {
	for op, n := range other.frames {
		s.frames[op] += n
	}
	s.payload += other.payload
	s.messages += other.messages
	s.incomplete += other.incomplete
	s.data += other.data
	s.sizes.merge(&other.sizes)
	s.deflated += other.deflated
	s.deflatedWire += other.deflatedWire
	s.deflatedData += other.deflatedData
	s.segments += other.segments
	s.retransmitted += other.retransmitted
	s.outOfOrder += other.outOfOrder
	s.missing += other.missing
}

func (s *side) allFrames() (n uint64) {
	for _, k := range s.frames {
		n += k
	}
	return n
}

func (f *figures) merge(other *figures) {
	for d := range f.sides {
		f.sides[d].merge(&other.sides[d])
		f.pings[d].merge(&other.pings[d])
		f.appPings[d].merge(&other.appPings[d])
		f.replies[d].merge(&other.replies[d])
	}
	f.names.merge(&other.names)
	f.tcp.merge(&other.tcp)
	f.tls.merge(&other.tls)
	f.upgrade.merge(&other.upgrade)
	f.open.merge(&other.open)
	f.silences.merge(&other.silences)
	f.gaps += other.gaps
	f.violations += other.violations
	f.refused += other.refused
}

// handshakes takes the times of what came before the frames.
func (f *figures) handshakes(c *wsframe.Conn) {
	if s := c.Stream; s != nil {
		h := s.Handshake()
		addDuration(&f.tcp, h.SYN, h.ACK)
		if s.TLS != nil {
			addDuration(&f.tls, s.TLS.ClientHello, s.TLS.ServerHello)
		}
	}
	if c.Response != nil {
		addDuration(&f.upgrade, c.Requested, c.Responded)
	}
}

// ended takes what is known at the end of a connection.
func (f *figures) ended(c *wsframe.Conn, at time.Time) {
	if !c.Responded.Time.IsZero() && !at.IsZero() {
		f.open.add(uint64(max(0, c.Duration(at))))
	}
	f.gaps += c.Gaps
	f.violations += c.Violations
	f.transport(c)
}

// transport takes TCP's counts, whose directions may not be those of the
// WebSocket where the capture began too late to see who opened the connection.
func (f *figures) transport(c *wsframe.Conn) {
	if c.Stream == nil {
		return
	}
	for d := wsframe.FromClient; d <= wsframe.FromServer; d++ {
		from := d
		if c.Client != c.Stream.Client() {
			from = from.Reverse()
		}
		f.sides[from].tcp(c.Stream.Half(d))
	}
}

func (s *side) tcp(h reassembly.HalfStats) {
	s.segments += h.Packets
	s.retransmitted += h.Retransmitted
	s.outOfOrder += h.OutOfOrder
	s.missing += h.Missing
}
