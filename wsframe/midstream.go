package wsframe

import (
	"wstap/capture"
	"wstap/reassembly"
)

// viaMidstream is Conn.Via of connections whose upgrade was not captured.
const viaMidstream = "midstream"

// What it takes to call a stream without a handshake a WebSocket. Both
// directions have to look like frames, one masked and the other not; one alone
// has to be beyond doubt. A request to upgrade that was seen, or the user's
// word, count for most of it.
const (
	trustBoth     = 56 // bits of evidence of the two directions together
	trustEach     = 14 // of each of them
	trustOne      = 80 // of one direction, where the other is silent or undecided
	trustHeaders  = 4  // frames in a row, for trustOne
	trustAsked    = 18 // of one direction, where an upgrade is known or forced
	maxGuess      = 64 << 10
	maxGuessWhole = 1 << 20 // where a candidate is under way
)

// midstream searches a stream whose upgrade was not seen for frames.
type midstream struct {
	side  [2]*seeker // by the stream's direction
	taken [2]int64   // bytes looked at
	known bool       // by asked, or by the user
	// asked is the upgrade that was asked for, where only its answer is lost;
	// http is what to go back to should that come.
	asked  *Conn
	http   *exchange
	faults []fault
	gaps   []lostBytes // to be told once the connection is known
}

// lostBytes is a gap that was found before the connection was.
type lostBytes struct {
	from reassembly.Direction
	gap  reassembly.Gap
	at   capture.Stamp
}

// maxGuessGaps bounds the gaps that wait to be told.
const maxGuessGaps = 64

// miss takes a gap.
func (g *midstream) miss(d reassembly.Direction, gap reassembly.Gap, at capture.Stamp) {
	if len(g.gaps) < maxGuessGaps {
		g.gaps = append(g.gaps, lostBytes{d, gap, at})
	} else {
		g.side[d].a.stats.GapLimit++
	}
	g.side[d].skip(gap.Bytes)
	if gap.Estimated {
		g.side[d].candidates = nil // none reaches over it
	}
}

// release gives up what is held.
func (g *midstream) release() {
	for _, k := range g.side {
		k.release()
	}
}

// speculate begins the search with b, and what was held of both directions.
func (c *conn) speculate(d reassembly.Direction, b []byte, at capture.Stamp) error {
	first := c.detect
	c.detect = nil
	c.guess = &midstream{known: c.forced()}
	for i := range c.guess.side {
		c.guess.side[i] = newSeeker(c.a, rules{mask: -1, rsv1: true})
	}
	if other := first.begin[d.Reverse()]; len(other.data) > 0 {
		if err := c.search(d.Reverse(), other.data, other.at); err != nil || c.guess == nil {
			return err
		}
	}
	return c.take(d, b, at)
}

// search looks at the next bytes of a stream that may be a WebSocket.
func (c *conn) search(d reassembly.Direction, b []byte, at capture.Stamp) error {
	if c.answered(d, b) {
		return c.take(d, b, at)
	}
	g := c.guess
	if g.http != nil && c.role(d) == FromClient {
		c.keep(&g.http.in[FromClient], b, at)
	}
	if len(g.side[d].candidates) == 0 && !g.known {
		// An HTTP exchange that was joined mid-stream may begin anew.
		if g.taken[d] > 0 && (plausibleRequest(b) == plausible || plausibleResponse(b) == plausible) {
			g.release()
			c.guess, c.detect = nil, &detector{}
			return c.decide(d, b, at)
		}
	}
	g.taken[d] += int64(len(b))
	g.side[d].add(b, at)
	if ok, err := c.believe(false); ok || err != nil {
		return err
	}
	limit := int64(maxGuess)
	if len(g.side[0].candidates)+len(g.side[1].candidates) > 0 {
		limit = maxGuessWhole
	}
	if g.taken[d] > limit && !g.known {
		return reassembly.ErrIgnore
	}
	return nil
}

// believe opens the connection where the evidence is enough.
func (c *conn) believe(atEnd bool) (ok bool, err error) {
	g := c.guess
	best, trusted := g.best(atEnd)
	if !trusted {
		return false, nil
	}
	strong := reassembly.FromClient
	if best[1].bits > best[0].bits {
		strong = reassembly.FromServer
	}
	if g.asked == nil {
		// The end that masks is the client.
		c.flipped = best[strong].masked != (strong == reassembly.FromClient)
	}
	info := g.asked
	if info == nil {
		info = c.register(viaMidstream)
	}
	info.Client, info.Server = c.endpoints()
	c.open(info, Midstream)
	err = c.socket.join(g, best, c.role)
	c.told()
	return true, err
}

// best are the likeliest frames of each direction, and whether they are enough
// to call it a WebSocket.
func (g *midstream) best(atEnd bool) (best [2]candidate, trusted bool) {
	if !atEnd && !g.side[0].changed && !g.side[1].changed {
		return best, false // as before
	}
	for d, k := range g.side {
		k.changed = false
		for i := range k.candidates {
			o := &k.candidates[i]
			if o.bits > best[d].bits || o.bits == best[d].bits && o.start < best[d].start {
				best[d] = *o
			}
		}
	}
	x, y := best[0], best[1]
	both := x.headers > 0 && y.headers > 0 && x.masked != y.masked
	trusted = both && x.bits >= trustEach && y.bits >= trustEach && x.bits+y.bits >= trustBoth
	for _, o := range best {
		trusted = trusted || o.bits >= trustOne && o.headers >= trustHeaders
		trusted = trusted || g.known && (o.bits >= trustAsked || atEnd && o.bits >= trustAtEnd)
	}
	return best, trusted
}

// join hands over what was looked at before the connection was known, in order
// of packets. role turns the directions of g into those of the WebSocket.
func (k *socket) join(g *midstream, best [2]candidate, role func(reassembly.Direction) Direction) error {
	var queue [2][]packet
	var first capture.Stamp
	for d, sought := range g.side {
		queue[d] = sought.from(best[d].start)
		if best[d].headers > 0 && len(queue[d]) > 0 && (first.Packet == 0 || queue[d][0].at.Packet < first.Packet) {
			first = queue[d][0].at
		}
	}
	if k.info.Responded.Packet == 0 {
		k.info.Responded = first
	}
	g.release()
	if err := k.a.announce(k.info, first, g.faults, nil); err != nil {
		return err
	}
	for _, l := range g.gaps {
		if err := k.tellGap(role(l.from), l.gap, l.at); err != nil {
			return err
		}
	}
	for d := range queue {
		s := &k.sides[role(reassembly.Direction(d))]
		s.standing |= unsure
		if best[d].headers == 0 {
			s.wake()
			s.seek = newSeeker(k.a, s.rules())
		}
	}
	var next [2]int64
	for len(queue[0])+len(queue[1]) > 0 {
		d := reassembly.FromClient
		if len(queue[0]) == 0 || len(queue[1]) > 0 && queue[1][0].at.Packet < queue[0][0].at.Packet {
			d = reassembly.FromServer
		}
		s, p := &k.sides[role(d)], queue[d][0]
		if n := p.off - next[d]; n > 0 && next[d] > 0 {
			if err := s.gap(uint64(n), p.at); err != nil {
				return err
			}
		}
		queue[d], next[d] = queue[d][1:], p.end()
		if err := k.feed(role(d), p.data, p.at); err != nil {
			return err
		}
	}
	return nil
}

// infer takes the first RSV1 of a connection whose extensions are not known:
// it can only mean permessage-deflate (RFC 7692, 6). Unless all frames were seen
// the window is not whole.
func (s *side) infer() bool {
	if !s.c.info.unseen() {
		return false
	}
	s.window = &window{lost: s.certainty() != Exact}
	return true
}

// lastGuess takes the stream's end while it is not known what it was.
func (c *conn) lastGuess() error {
	ok, err := c.believe(true)
	if ok || err != nil {
		return err
	}
	c.guess.release()
	c.guess, c.http = nil, c.guess.http
	return nil
}

// doubt takes it that the answer to an upgrade was not captured: what follows
// may be frames already. Should an answer come after all, HTTP goes on.
func (c *conn) doubt(server reassembly.Direction, gap reassembly.Gap, at capture.Stamp) error {
	if c.http.doubts++; c.http.doubts > maxDoubts {
		return nil
	}
	g := &midstream{asked: c.asked(), known: true, http: c.http}
	for _, r := range c.http.pending {
		if r.upgrade == g.asked {
			g.faults = r.faults
		}
	}
	client := server.Reverse()
	g.side[client] = newSeeker(c.a, rules{mask: 1, rsv1: true})
	g.side[server] = newSeeker(c.a, rules{rsv1: true})
	g.miss(server, gap, at)
	for _, h := range c.http.in[FromClient].hold {
		g.side[client].add(h.data, h.at)
	}
	c.http, c.guess = nil, g
	_, err := c.believe(false)
	return err
}

// answered goes back to HTTP where b, from the server, begins a response.
func (c *conn) answered(d reassembly.Direction, b []byte) bool {
	g := c.guess
	if g.http == nil || c.role(d) != FromServer || plausibleResponse(b) != plausible {
		return false
	}
	g.release()
	c.guess, c.http = nil, g.http
	return true
}
