package wsframe

import (
	"encoding/binary"
	"math"

	"wstap/capture"
	"wstap/reassembly"
)

const (
	// maxAwake is how many WebSockets that may be parked are not: those of which
	// something was heard last. They take 2 MiB more than as many parked ones.
	maxAwake = 8192
	// parkLooks is at how many is looked for one to park where another joins.
	parkLooks = 4
)

// parked stands for the conn of a WebSocket that was silent while many others
// were heard of: with Options.Brief, 32 bytes in place of 300. The stream's next
// call makes it a conn again, with another Conn that says the same.
type parked struct {
	upgrade *Upgrade // shared, see Analyzer.brief
	st      *reassembly.Stream
	began   int64
	number  uint32
	flipped bool
	sides   [2]uint8 // standing.packed
}

// counted is parked for one that has counted anything.
type counted struct {
	parked
	counts string // Conn.counts as varints
}

var (
	_ reassembly.StreamHandler   = (*parked)(nil)
	_ reassembly.ConflictHandler = (*parked)(nil)
	_ reassembly.StreamHandler   = (*counted)(nil)
	_ reassembly.ConflictHandler = (*counted)(nil)
)

// awake are the WebSockets that may be parked, in no order: which of them go
// next is for a hand to find that moves around, as that of a clock.
type awake struct {
	conns []*conn
	hand  int
	limit int // maxAwake; tests lower it
}

// add takes c, of which something was heard just now, and parks others where
// there are too many.
func (w *awake) add(c *conn) {
	for range parkLooks {
		if len(w.conns) < w.limit {
			break
		}
		w.hand %= len(w.conns)
		old := w.conns[w.hand]
		if !old.heard && old.park() {
			w.drop(old)
			old.give()
			continue
		}
		old.heard = false
		w.hand++
	}
	c.heard = true
	w.conns = append(w.conns, c)
	c.place = len(w.conns)
}

// drop forgets c, if it is there.
func (w *awake) drop(c *conn) {
	if c.place == 0 {
		return
	}
	n := len(w.conns) - 1
	last := w.conns[n]
	w.conns[c.place-1], last.place = last, c.place
	w.conns[n], c.place = nil, 0
	w.conns = w.conns[:n]
}

// park puts a parked one in the place of c. It reports false where something is
// under way, or known, that parked has no place for.
func (c *conn) park() bool {
	k := c.socket
	if k.closing != nil || k.info.began == 0 || k.info.Number > math.MaxUint32 || !c.a.settled() {
		return false
	}
	p := parked{
		upgrade: k.info.Upgrade, st: c.st, began: k.info.began, number: uint32(k.info.Number), flipped: c.flipped,
	}
	for d := range k.sides {
		s := &k.sides[d]
		if s.reading != nil || !s.unused(k.info.Deflate) {
			return false
		}
		p.sides[d] = s.packed()
	}
	var to reassembly.StreamHandler = &p
	if k.info.counted() {
		var counts []byte
		for n := range k.info.counts {
			counts = binary.AppendUvarint(counts, *n)
		}
		to = &counted{p, string(counts)}
	}
	if !c.st.HandOver(c, to) {
		return false // there is something around it, as with TLS
	}
	c.told()
	return true
}

// unused reports whether the window of s is as open has made it from agreed.
func (s *side) unused(agreed *Deflate) bool {
	if s.window == nil || agreed == nil {
		return s.window == nil && agreed == nil
	}
	return s.window.empty() && !s.c.a.inflater.windows.has(s.window)
}

// conn is what p stands for, as which from was called, with these counts.
func (p *parked) conn(from reassembly.StreamHandler, counts string) *conn {
	a := p.upgrade.a
	info := a.spare.infos.take()
	info.Number, info.Stream, info.Upgrade, info.began = int(p.number), p.st, p.upgrade, p.began
	if b := []byte(counts); len(b) > 0 {
		for n := range info.counts {
			var size int
			*n, size = binary.Uvarint(b)
			b = b[size:]
		}
	}
	c := a.spare.conns.take()
	c.a, c.st, c.flipped, c.socket = a, p.st, p.flipped, a.open(info, Exact)
	for d := range p.sides {
		c.socket.sides[d].unpack(p.sides[d])
	}
	if p.st.HandOver(from, c) { // not where the stream has ended
		a.awake.add(c)
	}
	return c
}

func (p *parked) wake() *conn  { return p.conn(p, "") }
func (p *counted) wake() *conn { return p.conn(p, p.counts) }

// Data implements reassembly.StreamHandler.
func (p *parked) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	return p.wake().Data(d, b, at)
}

// Gap implements reassembly.StreamHandler.
func (p *parked) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	return p.wake().Gap(d, g, at)
}

// Conflict implements reassembly.ConflictHandler.
func (p *parked) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	return p.wake().Conflict(d, n, at)
}

// Close implements reassembly.StreamHandler.
func (p *parked) Close(why reassembly.Reason, at capture.Stamp) error {
	return p.wake().Close(why, at)
}

// Data implements reassembly.StreamHandler.
func (p *counted) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	return p.wake().Data(d, b, at)
}

// Gap implements reassembly.StreamHandler.
func (p *counted) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	return p.wake().Gap(d, g, at)
}

// Conflict implements reassembly.ConflictHandler.
func (p *counted) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	return p.wake().Conflict(d, n, at)
}

// Close implements reassembly.StreamHandler.
func (p *counted) Close(why reassembly.Reason, at capture.Stamp) error {
	return p.wake().Close(why, at)
}
