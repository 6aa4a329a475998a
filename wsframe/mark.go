package wsframe

// marks remember, for the bytes that a seeker is looking at, which positions
// were found to be headers and what came of the chain through them. A chain
// that meets another goes on as that one did, so that each position is looked
// at once, however many chains lead to it: without that, a packet in which
// every byte may be a header would cost the square of its length.
//
// One set serves all seekers in turn; it is cleared with each packet.
type marks struct {
	base int64
	at   []mark
	runs []run
}

// mark is a header at a position: which run found it, and the run's evidence
// and number of headers before it.
type mark struct {
	run           int32 // 1 is runs[0]; 0: no header was found here
	bits, headers int32
}

// run is the way of one chain through the bytes.
type run struct {
	dead   bool // an unsound header ended it
	masked bool
	// How far it came, as the candidate says.
	next          int64
	bits, headers int
	trail         []step
}

// begin makes ready for the positions from base up to end.
func (m *marks) begin(base, end int64) {
	n := int(end - base)
	if n > cap(m.at) {
		m.at = make([]mark, n)
	}
	m.base, m.at, m.runs = base, m.at[:n], m.runs[:0]
	clear(m.at)
}

// enter begins the run of a chain, and returns its number.
func (m *marks) enter() int32 {
	m.runs = append(m.runs, run{dead: true})
	return int32(len(m.runs))
}

// set marks the header at off, which c, in the given run, has come to.
func (m *marks) set(off int64, r int32, c *candidate) {
	if off >= m.base {
		m.at[off-m.base] = mark{r, int32(c.bits), int32(c.headers)}
	}
}

// leave notes how far c came in its run.
func (m *marks) leave(r int32, c *candidate) {
	m.runs[r-1] = run{false, c.masked, c.next, c.bits, c.headers, c.trail}
}

// join lets c, which has come to a position that is marked, go on as the chain
// there did. met is false where there is no mark that holds for c.
func (m *marks) join(c *candidate) (met, alive bool) {
	if c.next < m.base || c.next >= m.base+int64(len(m.at)) {
		return false, false
	}
	k := m.at[c.next-m.base]
	if k.run == 0 {
		return false, false
	}
	r := &m.runs[k.run-1]
	if r.dead {
		return true, false
	}
	if c.headers > 0 && r.masked != c.masked {
		return false, false
	}
	shift := c.bits - int(k.bits)
	trail := c.trail
	for i, s := range r.trail {
		if s.off < c.next {
			continue
		}
		if s.off > c.next {
			trail = nil // there are more between than a trail holds
		}
		trail = append(trail[max(0, len(trail)+len(r.trail)-i-maxTrail):len(trail):len(trail)], r.trail[i:]...)
		for j := len(trail) - (len(r.trail) - i); j < len(trail); j++ {
			trail[j].bits += shift
		}
		break
	}
	c.masked, c.moved, c.trail = r.masked, true, trail
	c.bits += r.bits - int(k.bits)
	c.headers += r.headers - int(k.headers)
	c.next = r.next
	return true, true
}
