package inflate

// prepare makes what does not depend on the stream: the meanings of symbols,
// and the tables of the fixed code (RFC 1951, 3.2.6).
func (d *Decoder) prepare() {
	a := &d.alphabets
	a.fill()
	var c census
	for i := range maxLengths {
		switch {
		case i >= 144 && i < 256:
			c.add(i, 9)
		case i >= 256 && i < 280:
			c.add(i, 7)
		default:
			c.add(i, 8)
		}
	}
	a.build(d.fixed.lengths[:], lengthBits, &c, a.lengths[:])
	c.count = [maxCode + 1]uint16{}
	for i := range maxDistances {
		c.add(i, 5)
	}
	a.build(d.fixed.distances[:], distanceBits, &c, a.distances[:])
	d.ready = true
}

// metaOrder is the order in which the lengths of the code of code lengths come
// (RFC 1951, 3.2.7).
var metaOrder = [metaSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// tables reads the codes of a dynamic block (RFC 1951, 3.2.7) and reports
// whether they are valid. Most symbols have no code: those that have one are
// listed, and the others cost nothing further.
func (d *Decoder) tables() bool {
	const validLengths, validDistances = 286, 30
	nl, nd, nm := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if nl > validLengths || nd > validDistances || !d.metaTable(nm) {
		return false
	}
	c := &d.census
	c.lengths.count, c.distances.count = [maxCode + 1]uint16{}, [maxCode + 1]uint16{}
	held, n := d.held, d.n
	last := uint(0)
	for i := 0; i < nl+nd; {
		if n < metaBits+7 {
			d.held, d.n = held, n
			d.fill()
			if d.overrun() {
				return false
			}
			held, n = d.held, d.n
		}
		e := d.meta[held&(1<<metaBits-1)]
		bits := held
		held >>= e.take()
		n -= e.take()
		if e&rare == 0 {
			last = uint(e.value())
			if i < nl {
				c.lengths.add(i, last)
			} else {
				c.distances.add(i-nl, last)
			}
			i++
			continue
		}
		run := e.with(bits)
		if i+run > nl+nd {
			return false
		}
		switch {
		case e&zeros != 0:
			last = 0
		case e&again == 0 || i == 0:
			return false
		case last > 0:
			for k := i; k < i+run; k++ {
				if k < nl {
					c.lengths.add(k, last)
				} else {
					c.distances.add(k-nl, last)
				}
			}
		}
		i += run
	}
	d.held, d.n = held, n
	a, t := &d.alphabets, &d.dynamic
	return a.build(t.lengths[:], lengthBits, &c.lengths, a.lengths[:]) &&
		a.build(t.distances[:], distanceBits, &c.distances, a.distances[:])
}

// metaTable reads the code of code lengths, nm symbols of it.
func (d *Decoder) metaTable(nm int) bool {
	var lengths [metaSymbols]uint8
	d.fill() // enough for 18 of them
	for _, i := range metaOrder[:nm] {
		lengths[i] = uint8(d.take(3))
	}
	c := &d.census.meta
	c.count = [maxCode + 1]uint16{}
	for i, n := range lengths {
		c.add(i, uint(n))
	}
	return d.alphabets.build(d.meta[:], metaBits, c, d.alphabets.meta[:])
}
