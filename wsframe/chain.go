package wsframe

import (
	"cmp"
	"slices"
)

// candidate is a chain of headers that may be frames.
type candidate struct {
	start, next int64 // of its first frame, and behind its last
	headers     int
	bits        int
	masked      bool
	atPacket    bool
	trail       []step // its headers, the latest maxTrail of them
	moved       bool   // since chains were merged last
}

// step is a header of a chain, and the evidence before it.
type step struct {
	off  int64
	bits int
}

// follow lets each candidate go on from header to header; those that meet an
// unsound one are dropped.
func (k *seeker) follow() {
	if len(k.candidates) == 0 || k.due >= k.end {
		return
	}
	n := 0
	for i := range k.candidates {
		c := &k.candidates[i]
		if c.next >= k.end || k.advance(c) {
			if i != n {
				k.candidates[n] = *c
			}
			n++
		}
	}
	clear(k.candidates[n:])
	k.candidates = k.candidates[:n]
	k.merge()
	k.survey()
}

// survey brings up to date what is known of all candidates.
func (k *seeker) survey() {
	k.changed = true
	k.due, k.oldest = 1<<63-1, 1<<63-1
	for i := range k.candidates {
		c := &k.candidates[i]
		k.due, k.oldest = min(k.due, c.next), min(k.oldest, c.start)
	}
}

// drop lets go of candidates.
func (k *seeker) drop(which func(*candidate) bool) {
	k.candidates = slices.DeleteFunc(k.candidates, func(c candidate) bool { return which(&c) })
	k.survey()
}

// advance follows one chain as far as the bytes reach.
func (k *seeker) advance(c *candidate) bool {
	m := &k.a.marks
	run := m.enter()
	for c.next < k.end {
		if met, alive := m.join(c); met {
			if !alive {
				return false
			}
			break
		}
		b, last := k.at(c.next, maxHeader)
		r := k.rules
		if c.headers > 0 {
			r.mask = 0
			if c.masked {
				r.mask = 1
			}
		}
		ok, more := r.sound(b)
		if more {
			if !last {
				return false // a gap within the header ends the chain
			}
			break
		}
		if !ok {
			return false
		}
		m.set(c.next, run, c)
		k.step(c, b)
	}
	m.leave(run, c)
	return true
}

// step takes the sound header that b begins with.
func (k *seeker) step(c *candidate, b []byte) {
	h, length := parseHeader(b)
	n := headerLength(b)
	if len(c.trail) == maxTrail {
		c.trail = slices.Delete(c.trail, 0, maxTrail/2)
	}
	c.trail, c.moved = append(c.trail, step{c.next, c.bits}), true
	c.masked = h.Masked
	c.headers++
	c.bits += headerBits
	if k.mask >= 0 || c.headers > 1 {
		c.bits += maskBits
	}
	fit := maxFitBits
	switch b[1] & 0x7f {
	case 126:
		c.bits += mediumBits
	case 127:
		c.bits += longBits
	default:
		fit = shortFit
	}
	if h.OpCode == OpText && length <= maxContent {
		b, _ = k.at(c.next, n+int(length))
		c.bits += contentBits(h, b[n:], length)
	}
	begin := c.next
	c.next += int64(n) + int64(length)
	c.bits += min(fit, k.fitBits(begin, c.next))
}

// scan looks for new candidates in the packet added last.
func (k *seeker) scan() {
	last := &k.held[len(k.held)-1]
	for ; k.scanned < k.end; k.scanned++ {
		atPacket := k.scanned == last.off && last.size >= minPacket
		if !atPacket && !k.anywhere {
			k.scanned = k.end
			return
		}
		var b []byte
		if k.scanned >= last.off {
			b = last.data[k.scanned-last.off:]
		} else {
			b, _ = k.at(k.scanned, maxHeader)
		}
		ok, more := k.sound(b)
		if more {
			return
		}
		if !ok {
			continue
		}
		c := candidate{start: k.scanned, next: k.scanned, atPacket: atPacket}
		if k.advance(&c) {
			k.propose(c)
		}
	}
}

// propose adds a candidate: as part of the chain that it has run into, or in
// place of the weakest where there are many.
func (k *seeker) propose(c candidate) {
	weakest := 0
	for i := range k.candidates {
		o := &k.candidates[i]
		if o.next == c.next && o.masked == c.masked {
			*o = k.meet(*o, c)
			k.changed, k.oldest = true, min(k.oldest, o.start)
			return
		}
		if w := &k.candidates[weakest]; o.bits < w.bits || o.bits == w.bits && o.next > w.next {
			weakest = i
		}
	}
	c.moved = false
	switch {
	case len(k.candidates) == 0:
		k.due, k.oldest = c.next, c.start
		fallthrough
	case len(k.candidates) < maxCandidates:
		k.candidates = append(k.candidates, c)
	case k.candidates[weakest].bits < c.bits:
		k.candidates = append(slices.Delete(k.candidates, weakest, weakest+1), c)
	default:
		return
	}
	k.changed, k.due, k.oldest = true, min(k.due, c.next), min(k.oldest, c.start)
}

// merge makes one of chains that have run into each other.
func (k *seeker) merge() {
	for i := 0; i < len(k.candidates); i++ {
		if !k.candidates[i].moved {
			continue
		}
		k.candidates[i].moved = false
		for j := 0; j < len(k.candidates); {
			if a, b := &k.candidates[i], &k.candidates[j]; i == j || a.next != b.next || a.masked != b.masked {
				j++
				continue
			}
			k.candidates[i] = k.meet(k.candidates[i], k.candidates[j])
			k.candidates = slices.Delete(k.candidates, j, j+1)
			if j < i {
				i--
			}
		}
	}
}

// meet joins two chains that go on as one. What each holds before the meeting
// proves nothing of itself by what follows: it stays only on evidence of its
// own.
func (k *seeker) meet(a, b candidate) candidate {
	at := a.next
	for i, j := len(a.trail)-1, len(b.trail)-1; i >= 0 && j >= 0 && a.trail[i].off == b.trail[j].off; i, j = i-1, j-1 {
		at = a.trail[i].off
	}
	x, y := k.surplus(&a, at), k.surplus(&b, at)
	switch {
	case x >= 0 && x >= y:
		return a
	case y >= 0:
		return b
	}
	// Neither: the chain begins where they met.
	c := a
	before, _ := a.before(at)
	c.start, c.bits, c.atPacket = at, a.bits-before, false
	c.trail = slices.DeleteFunc(slices.Clone(a.trail), func(s step) bool { return s.off < at })
	for i := range c.trail {
		c.trail[i].bits -= before
	}
	c.headers = len(c.trail)
	c.atPacket = k.beginsPacket(at)
	return c
}

// beginsPacket reports whether off is where a packet's bytes begin.
func (k *seeker) beginsPacket(off int64) bool {
	_, found := slices.BinarySearchFunc(k.held, off, func(p packet, off int64) int { return cmp.Compare(p.off, off) })
	return found
}

// before is the evidence of a chain's headers before off, and the last of them.
func (c *candidate) before(off int64) (n int, last int64) {
	last = c.start
	for _, s := range c.trail {
		if s.off >= off {
			return s.bits, last
		}
		last = s.off
	}
	return c.bits, last
}

// surplus is by how much the part of a chain before off is believed; negative
// where it is not. That it ends just there tells as much as a length that fits.
func (k *seeker) surplus(c *candidate, off int64) int {
	if c.start == off {
		return 0
	}
	n, last := c.before(off)
	if !k.beginsPacket(off) { // where it counted already
		if off-last < 126 {
			n += shortFit
		} else {
			n += meetBits
		}
	}
	if c.atPacket {
		return n - trustPrefixAtPacket
	}
	return n - trustPrefix
}
