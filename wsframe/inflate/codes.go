package inflate

// prepare makes what does not depend on the stream: the meanings of symbols,
// and the tables of the fixed code (RFC 1951, 3.2.6).
func (d *Decoder) prepare() {
	a := &d.alphabets
	a.fill()
	var symbols [maxLengths]coding
	for i := range symbols {
		n := coding(8)
		switch {
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		symbols[i] = coding(i)<<4 | n
	}
	a.build(d.fixed.lengths[:], lengthBits, symbols[:], 0, a.lengths[:])
	for i := range maxDistances {
		symbols[i] = coding(i)<<4 | 5
	}
	a.build(d.fixed.distances[:], distanceBits, symbols[:maxDistances], 0, a.distances[:])
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
	nl, nd, nm := d.take(5)+257, d.take(5)+1, int(d.take(4))+4
	if nl > validLengths || nd > validDistances || !d.metaTable(nm) {
		return false
	}
	var symbols [validLengths + validDistances + 6]coding // 6: the longest run of what is not 0
	used := uint(0)
	held, n := d.held, d.n
	last := coding(0)
	for i := uint32(0); i < nl+nd; {
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
			last = coding(e.value())
			symbols[used] = coding(i)<<4 | last
			used += uint(last+maxCode) >> 4 // 1, unless last is 0
			i++
			continue
		}
		run := uint32(e.with(bits))
		switch {
		case e&again != 0:
			if i == 0 || i+run > nl+nd {
				return false
			}
			if last > 0 {
				for k := range run {
					symbols[used] = coding(i+k)<<4 | last
					used++
				}
			}
		case e&zeros == 0:
			return false
		default:
			last = 0
		}
		if i += run; i > nl+nd {
			return false
		}
	}
	d.held, d.n = held, n
	split := used
	for split > 0 && symbols[split-1].symbol() >= nl {
		split--
	}
	a, t := &d.alphabets, &d.dynamic
	return a.build(t.lengths[:], lengthBits, symbols[:split], 0, a.lengths[:]) &&
		a.build(t.distances[:], distanceBits, symbols[split:used], nl, a.distances[:])
}

// metaTable reads the code of code lengths, nm symbols of it.
func (d *Decoder) metaTable(nm int) bool {
	var lengths [metaSymbols]uint8
	for _, i := range metaOrder[:nm] {
		lengths[i] = uint8(d.take(3))
	}
	var symbols [metaSymbols]coding
	used := uint(0)
	for i, n := range lengths {
		symbols[used] = coding(i)<<4 | coding(n)
		used += uint(n+7) >> 3 // 1, unless n is 0
	}
	return d.alphabets.build(d.meta[:], metaBits, symbols[:used], 0, d.alphabets.meta[:])
}
