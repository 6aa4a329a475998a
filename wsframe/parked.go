package wsframe

import (
	"encoding/binary"
	"math"

	"wstap/reassembly"
)

const (
	// maxAwake is how many WebSockets that may be parked are not: those of which
	// something was heard last. They take 4 MiB more than as many parked ones.
	maxAwake = 8192
	// parkLooks is at how many is looked for one to park where another joins.
	parkLooks = 4
)

var _ reassembly.Waker = (*Analyzer)(nil)

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
	c.place = uint32(len(w.conns))
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

// park has the stream sleep, and leaves it what is to be known of the WebSocket.
// It reports false where something is under way, or known, that a note has no
// place for.
func (c *conn) park() bool {
	k := &c.socket
	if k.closing != nil || k.info.kind == 0 || k.info.Number > math.MaxUint32 || !c.a.settled() {
		return false
	}
	var room [128]byte
	b := binary.BigEndian.AppendUint16(room[:0], k.info.kind)
	b = binary.BigEndian.AppendUint32(b, uint32(k.info.Number))
	b = binary.BigEndian.AppendUint64(b, uint64(k.info.began))
	for d := range k.sides {
		s := &k.sides[d]
		if s.reading != nil || !s.unused(k.info.Deflate) {
			return false
		}
		b = append(b, byte(s.standing))
	}
	if c.flipped {
		b[len(b)-1] |= noteFlipped
	}
	for n := range k.info.counts {
		b = binary.AppendUvarint(b, *n)
	}
	var note reassembly.Note
	if copy(note[:], b) < len(b) {
		return false
	}
	c.told()
	return c.st.Sleep(c, c.a, note) // false where there is something around it, as with TLS
}

// noteFlipped is conn.flipped, in the byte of the second side.
const noteFlipped = 0x80

// unused reports whether the window of s is as open has made it from agreed.
func (s *side) unused(agreed *Deflate) bool {
	if s.window == nil || agreed == nil {
		return s.window == nil && agreed == nil
	}
	return s.window.empty() && !s.c.a.inflater.windows.has(s.window)
}

// Wake implements reassembly.Waker: it undoes park, with another conn and
// another Conn that say the same.
func (a *Analyzer) Wake(st *reassembly.Stream, note reassembly.Note) reassembly.StreamHandler {
	info, b := a.spare.infos.take(), note[:]
	info.Stream, info.Upgrade = st, a.kinds[binary.BigEndian.Uint16(b)-1]
	info.Number = int(binary.BigEndian.Uint32(b[2:]))
	info.began = int64(binary.BigEndian.Uint64(b[6:]))
	c := a.spare.conns.take()
	c.a, c.st = a, st
	c.socket.open(info, Exact)
	for d := range c.socket.sides {
		c.socket.sides[d].standing = standing(b[14+d] &^ noteFlipped)
	}
	c.flipped = b[15]&noteFlipped != 0
	b = b[16:]
	for n := range info.counts {
		var size int
		*n, size = binary.Uvarint(b)
		b = b[size:]
	}
	a.awake.add(c)
	return c
}
