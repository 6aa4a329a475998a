package inflate

// prepare makes what does not depend on the stream: the meanings of symbols,
// and the tables of the fixed code (RFC 1951, 3.2.6).
func (d *Decoder) prepare() {
	d.symbols.fill()
	var lengths [maxLengths]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	build(d.fixed.lengths[:], lengthBits, lengths[:], d.symbols.lengths[:])
	for i := range maxDistances {
		lengths[i] = 5
	}
	build(d.fixed.distances[:], distanceBits, lengths[:maxDistances], d.symbols.distances[:])
	d.ready = true
}

// metaOrder is the order in which the lengths of the code of code lengths come
// (RFC 1951, 3.2.7).
var metaOrder = [metaSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// tables reads the codes of a dynamic block (RFC 1951, 3.2.7) and reports
// whether they are valid.
func (d *Decoder) tables() bool {
	const validLengths, validDistances = 286, 30
	nl, nd, nm := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if nl > validLengths || nd > validDistances {
		return false
	}
	var meta [metaSymbols]uint8
	for _, i := range metaOrder[:nm] {
		meta[i] = uint8(d.take(3))
	}
	if !build(d.meta[:], metaBits, meta[:], d.symbols.meta[:]) {
		return false
	}
	var lengths [validLengths + validDistances + 138]uint8 // 138: the longest run
	for i := 0; i < nl+nd; {
		if d.n < 14 {
			d.fill()
			if d.overrun() {
				return false
			}
		}
		e := d.meta[d.held&(1<<metaBits-1)]
		if e == 0 {
			return false
		}
		d.held >>= e.length()
		d.n -= e.length()
		symbol := e.value()
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		var value uint8
		var run int
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, run = lengths[i-1], 3+int(d.take(2))
		case 17:
			run = 3 + int(d.take(3))
		default:
			run = 11 + int(d.take(7))
		}
		for k := range run {
			lengths[i+k] = value
		}
		i += run
		if i > nl+nd {
			return false
		}
	}
	return build(d.dynamic.lengths[:], lengthBits, lengths[:nl], d.symbols.lengths[:]) &&
		build(d.dynamic.distances[:], distanceBits, lengths[nl:nl+nd], d.symbols.distances[:])
}
