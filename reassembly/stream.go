package reassembly

import (
	"net/netip"
	"time"

	"wstap/capture"
)

// Stream is one TCP connection that has carried data, from its SYN (or its
// first packet seen) to its end. The Assembler owns it; handlers read it, and
// may keep the pointer, also after Close.
//
// Its Index numbers conversations from 0 in order of first packet, as Wireshark's
// tcp.stream does; a reused port pair counts anew.
//
// A million of them may be idle, see Stream.Sleep: else each takes 192 bytes, of
// which most is what the Assembler has to know.
type Stream struct {
	record
	handler StreamHandler
	half    [2]half
	// TLS is set where the stream carries TLS, nil where it is plain text.
	TLS       *TLSInfo
	handshake *Handshake // nil once forgotten
	*rare
	// Oriented is true where a SYN or SYN-ACK told who opened the connection;
	// where false, Client is merely the sender of the first packet seen.
	Oriented bool
	// Begun is true where the SYN or the SYN-ACK was seen; where false, the
	// capture began in the middle of the connection.
	Begun bool
	// Pinned is set by a handler whose stream is not to be evicted or expired as
	// long as there are others: a WebSocket may be silent for hours.
	Pinned bool
	plain  bool // nothing is missing, held back or odd: Assembler.Segment may take the next one
}

// Handshake are the first packet of a connection and those of the three-way
// handshake (RFC 9293, 3.5), zero where not seen.
type Handshake struct {
	First, SYN, SYNACK, ACK capture.Stamp
}

// HalfStats counts what one direction of a stream carried.
type HalfStats struct {
	Packets       uint64 // segments, of any kind
	Bytes         uint64 // stream bytes handed on
	Retransmitted uint64 // segments that brought nothing new
	OutOfOrder    uint64 // segments that came before an earlier one
	Conflicts     uint64 // segments that overlap others with different bytes
	Missing       uint64 // stream bytes never captured
}

// rare is what not every stream needs, or not for long. Those that don't share
// one in which nothing is set: reading needs no question, writing goes by Stream.keep.
type rare struct {
	a       *Assembler // whose usual is shared
	halfway bool       // one direction has ended; first says which
	first   Direction
	rst     *reset // an RST that can't take effect yet
	timer   *timer // among the Assembler's timers
	origin  netip.AddrPort
	counts  *[2]counts
}

// counts are those of one direction that are not in half.
type counts struct {
	HalfStats
	skipped int64 // offsets passed over without a byte handed on
}

// reset is an RST that waits for the bytes before it.
type reset struct {
	from  Direction
	off   int64
	at    capture.Stamp
	since time.Time // packet time, which at may be behind
}

// NewStream makes a Stream for handlers that something else than an Assembler
// drives, as tests do. It is oriented where the handshake was seen.
func NewStream(index uint64, client, server netip.AddrPort, h Handshake) *Stream {
	s := &Stream{Begun: h.SYN.Packet != 0 || h.SYNACK.Packet != 0}
	s.Index, s.Oriented = index, s.Begun
	s.lowClient = s.key.set(&capture.Ends{Src: capture.EndOf(client), Dst: capture.EndOf(server)}, &seed{}, &ends6{})
	s.handshake = &h
	return s
}

// keep makes s.rare writable.
func (s *Stream) keep() *rare {
	switch {
	case s.rare == nil:
		s.rare = &rare{}
	case s.a != nil && s.rare == &s.a.usual:
		s.rare = &rare{a: s.a}
	}
	return s.rare
}

// share gives s.rare back where there is nothing left in it.
func (s *Stream) share() {
	if r := s.rare; r != nil && r.a != nil && *r == r.a.usual {
		s.rare = &r.a.usual
	}
}

// count makes the counts of direction d writable.
func (s *Stream) count(d Direction) *counts {
	if r := s.keep(); r.counts == nil {
		r.counts = new([2]counts)
	}
	return &s.counts[d]
}

// Client is the end that opened the connection as far as TCP tells, see
// Oriented.
func (s *Stream) Client() netip.AddrPort {
	client, _ := s.key.ends(s.lowClient)
	return client
}

// Server is the other end.
func (s *Stream) Server() netip.AddrPort {
	_, server := s.key.ends(s.lowClient)
	return server
}

// Handshake tells how the connection began. Who wants to know also after
// ForgetHandshake keeps the pointer, which is never nil.
func (s *Stream) Handshake() *Handshake {
	if s.handshake == nil {
		return &Handshake{}
	}
	return s.handshake
}

// ForgetHandshake lets go of the 128 bytes that Handshake tells. A handler
// calls it for a stream that may live long, once it has told of its beginning.
func (s *Stream) ForgetHandshake() { s.handshake = nil }

// Origin is the client that a PROXY protocol header named, before the first
// byte handed on; the zero value where there was none.
func (s *Stream) Origin() netip.AddrPort {
	if s.rare == nil {
		return netip.AddrPort{}
	}
	return s.origin
}

// SetOrigin sets what Origin tells.
func (s *Stream) SetOrigin(origin netip.AddrPort) { s.keep().origin = origin }

// HandOver has the Assembler call to where it called from: for a handler that
// from now on would do nothing but pass its calls on, so that it need not be
// kept. It reports false, and changes nothing, where it is not from that the
// Assembler calls, but something around it.
func (s *Stream) HandOver(from, to StreamHandler) bool {
	if s.handler != from {
		return false
	}
	s.handler = to
	return true
}

// Half counts what direction d has carried so far.
func (s *Stream) Half(d Direction) HalfStats {
	h := &s.half[d]
	var n HalfStats
	var skipped int64
	if s.rare != nil && s.counts != nil {
		n, skipped = s.counts[d].HalfStats, s.counts[d].skipped
	}
	n.Packets += uint64(h.packets)
	n.Bytes = uint64(max(0, h.next-1-skipped))
	return n
}

// packet counts a segment of direction d.
func (s *Stream) packet(d Direction) {
	if s.half[d].packets++; s.half[d].packets == 0 {
		s.count(d).Packets += 1 << 32
	}
}

// packets counts the segments of both directions, modulo 2^32.
func (s *Stream) packets() uint32 { return s.half[0].packets + s.half[1].packets }

// tidy gives back what is not needed any more.
func (a *Assembler) tidy(s *Stream) {
	for d := range s.half {
		s.half[d].tidy(&a.calm)
	}
	s.share()
}

// dead reports whether the stream was closed or ignored: the pointer is stale.
func (s *Stream) dead() bool { return s.stream == nil }
