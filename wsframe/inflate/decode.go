package inflate

import "encoding/binary"

// decode decodes a coded block (RFC 1951, 3.2.3) into w until its end, or until
// the next symbol may not fit before stop.
//
// It works on copies of the decoder's state, which stay in registers, and fills
// the bits so that there are 48 where a match begins, the most that it takes:
// 15+5 for its length and 15+13 for its distance. Of n only the lowest 6 bits
// have a meaning: so whole entries can be subtracted from it.
func (d *Decoder) decode(w *Window, stop int) error {
	if d.past > 0 {
		return d.decodeSlowly(w, stop)
	}
	in, next, end, held, n := d.in, d.next, d.end, d.held, uint32(d.n)
	lengths, distances := d.lengths, d.distances
	firstLengths, firstDistances := (*[1 << lengthBits]entry)(lengths), (*[1 << distanceBits]entry)(distances)
	ring, at, top := &w.ring, w.at, w.top
	if top == 0 {
		top = ringSize
	}
	before := w.kept - w.at // at+before is how far back a match may refer
	ok := true
	last := min(stop, ringSize) - lapRoom // where a symbol may begin

	for at <= last {
		held |= binary.LittleEndian.Uint64(in[next:next+8]) << (n & 63)
		next += int((n ^ 63) >> 3 & 7)
		n |= 56
		if next > end { // not all of these bits are of the input
			break
		}

		e := firstLengths[held&(1<<lengthBits-1)]
		if e >= literal { // literals come in runs: up to four a turn
			for range 3 {
				held >>= e & 63
				n -= uint32(e)
				ring[at] = byte(e >> 16)
				at++
				if e = firstLengths[held&(1<<lengthBits-1)]; e < literal {
					break
				}
			}
			if e >= literal {
				held >>= e & 63
				n -= uint32(e)
				ring[at] = byte(e >> 16)
				at++
				continue
			}
			held |= binary.LittleEndian.Uint64(in[next:next+8]) << (n & 63)
			next += int((n ^ 63) >> 3 & 7)
			n |= 56
			if next > end {
				break
			}
		}
		if e&rare != 0 {
			if e&subtable != 0 {
				held >>= lengthBits
				n -= lengthBits
				e = lengths[e.value()+int(held&(1<<e.code()-1))]
			}
			if e >= literal {
				held >>= e & 63
				n -= uint32(e)
				ring[at] = byte(e >> 16)
				at++
				continue
			}
			if e&rare != 0 {
				if ok = e&endBlock != 0; ok {
					held >>= e & 63
					n -= uint32(e)
					d.state = header
				}
				break
			}
		}
		bits := held
		held >>= e & 63
		n -= uint32(e)
		length := e.with(bits)

		e = firstDistances[held&(1<<distanceBits-1)]
		if e&rare != 0 {
			if e&subtable != 0 {
				held >>= distanceBits
				n -= distanceBits
				e = distances[e.value()+int(held&(1<<e.code()-1))]
			}
			if e&rare != 0 {
				ok = false
				break
			}
		}
		bits = held
		held >>= e & 63
		n -= uint32(e)
		distance := e.with(bits)
		if distance > at+before {
			ok = false
			break
		}

		from := at - distance
		from += top & (from >> 63)
		if length <= stride && distance >= stride/2 && from <= top-stride {
			// What is written beyond the match is written over later.
			*(*[stride / 2]byte)(ring[at:]) = *(*[stride / 2]byte)(ring[from:])
			*(*[stride / 2]byte)(ring[at+stride/2:]) = *(*[stride / 2]byte)(ring[from+stride/2:])
			at += length
			continue
		}
		at = w.copyMatch(at, distance, length)
	}

	d.next, d.held, d.n = next, held, uint(n&63)
	if next > end {
		d.past = uint(next-end) * 8
		d.next = end
	}
	w.advance(at)
	switch {
	case !ok:
		return ErrCorrupt
	case d.state == header:
		return nil
	}
	return d.decodeSlowly(w, stop)
}

// decodeSlowly goes on where the input ends, until the block does, or the next
// symbol may not fit before stop.
func (d *Decoder) decodeSlowly(w *Window, stop int) error {
	for w.at <= stop-lapRoom {
		d.fill()
		e, bits := d.symbol(d.lengths, lengthBits)
		switch {
		case d.overrun():
			return ErrCorrupt
		case e >= literal:
			w.ring[w.at] = byte(e >> 16)
			w.advance(w.at + 1)
			continue
		case e&endBlock != 0:
			d.state = header
			return nil
		case e&rare != 0:
			return ErrCorrupt
		}
		length := e.with(bits)
		e, bits = d.symbol(d.distances, distanceBits)
		distance := e.with(bits)
		if e&rare != 0 || d.overrun() || distance > w.kept {
			return ErrCorrupt
		}
		w.advance(w.copyMatch(w.at, distance, length))
	}
	return nil
}

// symbol takes a code and its extra bits, which stand at the beginning of bits.
func (d *Decoder) symbol(table []entry, root uint) (e entry, bits uint64) {
	e = table[d.held&(1<<root-1)]
	if e&subtable != 0 {
		d.held >>= root
		d.n -= root
		e = table[e.value()+int(d.held&(1<<e.code()-1))]
	}
	bits = d.held
	d.held >>= e.take()
	d.n -= e.take()
	return e, bits
}
