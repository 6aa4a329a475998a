package reassembly

import "wstap/capture"

// opening is what is kept of a connection that has carried no data: its
// handshake. A flood of SYNs costs one each, bounded by maxOpenings.
type opening struct {
	record
	Handshake
	half       [2]openingHalf
	oriented   bool
	try        *try     // what an AttemptHandler is told, nil without one
	prev, next *opening // by age
}

// openingHalf is what one end of an opening has sent.
type openingHalf struct {
	packets uint32
	scale   int8             // window scale of its SYN; -1 where it has none
	syn     bool             // its SYN was seen
	told    bool             // its initial sequence number was told by the other's ACK
	fin     *capture.Segment // its first FIN, a copy: it may have come before the data
}

// handshake follows a connection that has carried no data yet (RFC 9293, 3.5).
func (a *Assembler) handshake(r *record, fromLow bool, s *capture.Segment) error {
	o := r.opening
	if s.Flags.Has(capture.SYN) && !o.oriented {
		r.orient(fromLow != s.Flags.Has(capture.ACK))
	}
	d := r.direction(fromLow)
	h := &o.half[d]
	h.packets++
	r.learn(d, s)
	switch {
	case s.Flags.Has(capture.SYN | capture.ACK):
		if o.SYNACK.Packet == 0 {
			o.SYNACK = s.Stamp
		}
	case s.Flags.Has(capture.SYN):
		if o.SYN.Packet == 0 {
			o.SYN = s.Stamp
		}
	case s.Flags.Has(capture.ACK) && d == FromClient && o.ACK.Packet == 0 && o.SYNACK.Packet != 0:
		o.ACK = s.Stamp
	}
	if s.Flags.Has(capture.SYN) {
		h.syn, h.scale = true, s.Scale
	}
	if s.Flags.Has(capture.RST) {
		return a.attempted(r, fromLow, s)
	}
	if len(s.Payload)+s.Missing == 0 {
		if s.Flags.Has(capture.FIN) && h.fin == nil {
			fin := *s
			fin.Payload = nil // lent
			h.fin = &fin
		}
		return a.attempted(r, fromLow, s)
	}
	fins := [2]*capture.Segment{o.half[0].fin, o.half[1].fin}
	st := a.promote(r, d, s)
	// FINs seen before any data: of an end that only listens, or out of order.
	first := d
	if f, g := fins[d], fins[d.Reverse()]; f == nil || g != nil && g.Packet < f.Packet {
		first = d.Reverse()
	}
	for _, d := range [2]Direction{first, first.Reverse()} {
		if fin := fins[d]; fin != nil && !st.dead() {
			if err := a.segment(st, d, fin); err != nil {
				return err
			}
		}
	}
	if st.dead() {
		return nil
	}
	return a.segment(st, d, s)
}

// learn takes the initial sequence numbers, as Wireshark does: of the sender
// from its SYN or its first segment, of the other end from the first ACK.
func (r *record) learn(d Direction, s *capture.Segment) {
	r.know(d, origin(s))
	if o := d.Reverse(); s.Flags.Has(capture.ACK) && r.know(o, s.Ack-1) {
		r.opening.half[o].told = true
	}
}

// know sets the sequence number of offset 0, once.
func (r *record) know(d Direction, base uint32) (first bool) {
	if r.known[d] {
		return false
	}
	r.base[d], r.known[d] = base, true
	return true
}

// origin is what a direction's initial sequence number seems to be to whom s
// is its first segment.
func origin(s *capture.Segment) uint32 {
	if s.Flags.Has(capture.SYN) {
		return s.Seq
	}
	return s.Seq - 1
}

// orient says which end opened the connection.
func (r *record) orient(lowClient bool) {
	r.opening.oriented = true
	if r.lowClient == lowClient {
		return
	}
	r.lowClient = lowClient
	r.base[0], r.base[1] = r.base[1], r.base[0]
	r.known[0], r.known[1] = r.known[1], r.known[0]
	o := r.opening
	o.half[0], o.half[1] = o.half[1], o.half[0]
}

// promote makes the stream of a connection that carries its first data, s. It
// takes the place of r and its opening.
func (a *Assembler) promote(r *record, from Direction, s *capture.Segment) *Stream {
	o := r.opening
	st := &Stream{record: *r, Oriented: o.oriented}
	st.Begun = o.SYN.Packet != 0 || o.SYNACK.Packet != 0
	st.rare, st.handshake = &a.usual, &Handshake{}
	*st.handshake = o.Handshake
	// A SYN that nobody answered and that the data do not follow was forged: the
	// connection before it goes on (RFC 5961, 4).
	off := offset(s.Seq, r.base[from], 0)
	forged := o.SYNACK.Packet == 0 && (off < 0 || off > unknownWindow)
	for d := range st.half {
		h, seen := &st.half[d], &o.half[d]
		h.odd, h.packets, h.scale = &a.calm, seen.packets, -1
		if forged {
			continue
		}
		h.base, h.known = r.base[d], r.known[d]
		if seen.syn {
			h.started, h.next, h.acked = true, 1, 1
		}
		// The other end's SYN or SYN-ACK was seen, so that this end's first ACK
		// tells where it began.
		if seen.told && st.Begun {
			h.own().told = true
		}
		if o.half[0].syn && o.half[1].syn {
			// Both ends must have sent the option (RFC 7323, 2.2).
			h.scale = max(0, seen.scale)
			if o.half[0].scale < 0 || o.half[1].scale < 0 {
				h.scale = 0
			}
		}
	}
	st.stream, st.record.opening = st, nil
	a.table.replace(r, &st.record)
	a.latest = &st.record
	a.table.opened(r)
	return st
}

// openings are those there are, the oldest first.
type openings struct {
	oldest, newest *opening
	count          int
	spare          []*opening // used up, to be used again
}

// maxSpare is how many are kept to be used again: a connection that is served
// at once has few beside it that are not, and a flood makes one for each that
// it drives out.
const maxSpare = 64

// take lends one, its record yet to be filled in.
func (l *openings) take() *opening {
	var o *opening
	if n := len(l.spare); n > 0 {
		o, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		o = new(opening)
	}
	o.half = [2]openingHalf{{scale: -1}, {scale: -1}}
	return o
}

// give takes it back.
func (l *openings) give(o *opening) {
	if *o = (opening{}); len(l.spare) < maxSpare {
		l.spare = append(l.spare, o)
	}
}

func (l *openings) push(o *opening) {
	if o.prev = l.newest; o.prev != nil {
		o.prev.next = o
	} else {
		l.oldest = o
	}
	l.newest = o
	l.count++
}

func (l *openings) drop(o *opening) {
	if o.prev != nil {
		o.prev.next = o.next
	} else {
		l.oldest = o.next
	}
	if o.next != nil {
		o.next.prev = o.prev
	} else {
		l.newest = o.prev
	}
	o.prev, o.next = nil, nil
	l.count--
}
