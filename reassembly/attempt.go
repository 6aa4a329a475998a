package reassembly

import (
	"net/netip"

	"wstap/capture"
)

// Attempt is what was seen of a connection that has carried no data: its
// handshake (RFC 9293, 3.5), and what came instead of one.
type Attempt struct {
	// Index, Client, Server and Oriented are as in Stream.
	Index          uint64
	Client, Server netip.AddrPort
	Oriented       bool
	First, Last    capture.Stamp // the first and the latest packet

	SYN    Tries // the client's
	SYNACK Tries // the server's
	// ACK is the client's first segment behind the handshake's SYN, zero where
	// not seen: it acknowledges a SYN-ACK even if that was not captured.
	ACK capture.Stamp
	// RST and FIN are the first of either end, zero where not seen.
	RST, FIN     capture.Stamp
	RSTBy, FINBy Direction

	// SYNSeq is the client's initial sequence number, as its SYN has it, and
	// SYNACKAck the one that the SYN-ACK acknowledges: the two halves of a
	// handshake whose addresses were rewritten on the way agree in it.
	SYNSeq, SYNACKAck uint32
	// Changed is a SYN that repeats the first with another MSS, window or
	// window scale: something on the way rewrites them. Zero without one.
	Changed capture.Stamp
	// Packets counts the segments of each direction.
	Packets [2]uint64

	// Over is true once nothing more will be told; Why says why.
	Over bool
	Why  Reason
}

// Tries are the transmissions of one segment.
type Tries struct {
	// Count leaves out copies that come within 50 ms of the one before: a packet
	// that was captured twice is not a retransmission, which comes later (RFC
	// 6298, 2.1).
	Count       int
	First, Last capture.Stamp
	// Packets are those of the first eight, zero behind the last.
	Packets [8]uint64
}

func (t *Tries) add(at capture.Stamp) {
	if t.Count > 0 && !at.Time.IsZero() && at.Time.Sub(t.Last.Time) < reorderTime {
		return
	}
	if t.Count == 0 {
		t.First = at
	}
	t.Last = at
	if t.Count < len(t.Packets) {
		t.Packets[t.Count] = at.Packet
	}
	t.Count++
}

// AttemptHandler is a Handler that also wants to know of connections that
// carry no data. Attempt is called when a SYN, SYN-ACK, RST or FIN of one or
// its first ACK is seen, and with Over set when it has ended. It is not called
// again once Open was called for the stream of that Index. a is lent.
type AttemptHandler interface {
	Attempt(a *Attempt) error
}

// try is the Attempt of an opening under construction.
type try struct {
	Attempt
	rstLow, finLow bool // sent by the lower end: who is the client may show later
	mss, window    uint16
	scale          int8
}

// attempted takes a segment without data of a connection that has had none.
func (a *Assembler) attempted(r *record, fromLow bool, s *capture.Segment) error {
	if a.attempts == nil {
		return nil
	}
	t := r.opening.try
	if t == nil {
		t = &try{Attempt: Attempt{First: s.Stamp}}
		r.opening.try = t
	}
	t.Last = s.Stamp
	d := r.direction(fromLow)
	news := s.Flags&(capture.SYN|capture.FIN|capture.RST) != 0
	switch {
	case s.Flags.Has(capture.RST):
		if t.RST.Packet == 0 {
			t.RST, t.rstLow = s.Stamp, fromLow
		}
	case s.Flags.Has(capture.SYN | capture.ACK):
		if d == FromServer {
			t.SYNACK.add(s.Stamp)
			t.SYNACKAck = s.Ack - 1
		}
	case s.Flags.Has(capture.SYN):
		if d == FromClient {
			t.syn(s)
		}
	default:
		if s.Flags.Has(capture.FIN) && t.FIN.Packet == 0 {
			t.FIN, t.finLow = s.Stamp, fromLow
		}
		if d == FromClient && t.ACK.Packet == 0 && s.Flags.Has(capture.ACK) {
			t.ACK, news = s.Stamp, true
		}
	}
	if !news {
		return nil
	}
	return a.tellAttempt(r)
}

func (t *try) syn(s *capture.Segment) {
	if t.SYN.Count == 0 {
		t.SYNSeq, t.mss, t.window, t.scale = s.Seq, s.MSS, s.Window, s.Scale
	} else if t.Changed.Packet == 0 && (s.MSS != t.mss || s.Window != t.window || s.Scale != t.scale) {
		t.Changed = s.Stamp
	}
	t.SYN.add(s.Stamp)
}

func (a *Assembler) tellAttempt(r *record) error {
	t := r.opening.try
	t.Index, t.Oriented = r.Index, r.opening.oriented
	t.Client, t.Server = r.key.ends(r.lowClient)
	t.RSTBy, t.FINBy = r.direction(t.rstLow), r.direction(t.finLow)
	for d := range t.Packets {
		t.Packets[d] = uint64(r.opening.half[d].packets)
	}
	return a.attempts.Attempt(&t.Attempt)
}

// over tells of the end of an opening, if anybody wants to know.
func (a *Assembler) over(r *record, how How) error {
	if r.opening == nil || r.opening.try == nil {
		return nil
	}
	t := r.opening.try
	t.Over, t.Why = true, Reason{How: how}
	if t.RST.Packet != 0 {
		t.Why = Reason{RST, r.direction(t.rstLow)}
	}
	return a.tellAttempt(r)
}
