package inflate

import "encoding/binary"

const (
	maxMatch = 258
	// A code and its extra bits take 48 bits at most: 15+5 and 15+13.
	maxSymbols = 48
)

// decode decodes a coded block (RFC 1951, 3.2.3) until its end, or until out is
// full; then a match that did not fit is left for copyMatch.
//
// It works on copies of the decoder's state, which stay in registers, and fills
// the bits once a round: 56 are enough for a literal and a match behind it.
func (d *Decoder) decode(out, newer, older []byte) ([]byte, error) {
	in, next, held, n := d.in, d.next, d.held, d.n
	lengths, distances := d.lengths, d.distances[:1<<distanceBits]
	full := d.distances
	buf, at := out[:cap(out)], len(out)
	lengthRoot := (*[1 << lengthBits]entry)(lengths)

	// The quick way, while there is room for any match and input for any code.
	for next+8 <= len(in) && at+maxMatch+16 <= len(buf) {
		held |= binary.LittleEndian.Uint64(in[next:]) << n
		next += int(63-n) / 8
		n |= 56

		e := lengthRoot[held&(1<<lengthBits-1)]
		if e&subtable != 0 {
			held >>= lengthBits
			n -= lengthBits
			e = lengths[e.value()+uint32(held&(1<<e.extra()-1))]
		}
		if e&literal != 0 {
			held >>= e.length()
			n -= e.length()
			buf[at] = byte(e.value())
			at++
			// Literals come in runs: two more short ones fit into the bits at hand.
			for range 2 {
				e = lengthRoot[held&(1<<lengthBits-1)]
				if e&(literal|subtable) != literal {
					break
				}
				held >>= e.length()
				n -= e.length()
				buf[at] = byte(e.value())
				at++
			}
			continue
		}
		if e&endBlock != 0 {
			held >>= e.length()
			n -= e.length()
			d.next, d.held, d.n, d.state = next, held, n, header
			return buf[:at], nil
		}
		if e == 0 {
			return buf[:at], ErrCorrupt
		}
		held >>= e.length()
		length := int(e.value()) + int(held&(1<<e.extra()-1))
		held >>= e.extra()
		n -= e.length() + e.extra()

		e = distances[held&(1<<distanceBits-1)]
		if e&subtable != 0 {
			held >>= distanceBits
			n -= distanceBits
			e = full[e.value()+uint32(held&(1<<e.extra()-1))]
		}
		if e == 0 {
			return buf[:at], ErrCorrupt
		}
		held >>= e.length()
		distance := int(e.value()) + int(held&(1<<e.extra()-1))
		held >>= e.extra()
		n -= e.length() + e.extra()

		from := at - distance
		switch {
		case from < 0:
			// In the history: in the part that is wanted, with 8 bytes to spare, or
			// across an end.
			h := newer
			if from += len(h); from < 0 {
				h = older
				from += len(h)
			}
			if from >= 0 && from+length+8 <= len(h) {
				for i := 0; i < length; i += 8 {
					binary.LittleEndian.PutUint64(buf[at+i:], binary.LittleEndian.Uint64(h[from+i:]))
				}
				at += length
				continue
			}
			b, _, err := copyMatch(buf[:at], newer, older, distance, length)
			if err != nil {
				return b, err
			}
			at = len(b)
		case distance >= 8:
			// Eight bytes at a time; what is written beyond the match is
			// written over later.
			for end := at + length; at < end; {
				binary.LittleEndian.PutUint64(buf[at:], binary.LittleEndian.Uint64(buf[from:]))
				at += 8
				from += 8
				if at >= end {
					at = end
				}
			}
		default:
			for range length {
				buf[at] = buf[from]
				at++
				from++
			}
		}
	}
	d.next, d.held, d.n = next, held, n
	return d.decodeSlowly(buf[:at], newer, older)
}

// decodeSlowly goes on where input or room may end at any byte, until the block
// ends, out is full, or the quick way is open again.
func (d *Decoder) decodeSlowly(out, newer, older []byte) ([]byte, error) {
	for len(out) < cap(out) {
		if d.n < maxSymbols {
			d.fill()
		}
		e := d.symbol(d.lengths, lengthBits)
		switch {
		case d.overrun() || e == 0:
			return out, ErrCorrupt
		case e&literal != 0:
			out = append(out, byte(e.value()))
			continue
		case e&endBlock != 0:
			d.state = header
			return out, nil
		}
		length := int(e.value() + d.take(e.extra()))
		if e = d.symbol(d.distances, distanceBits); e == 0 {
			return out, ErrCorrupt
		}
		distance := int(e.value() + d.take(e.extra()))
		if d.overrun() {
			return out, ErrCorrupt
		}
		var err error
		out, length, err = copyMatch(out, newer, older, distance, length)
		if err != nil {
			return out, err
		}
		if length > 0 {
			d.state, d.left, d.distance = match, length, distance
			return out, nil
		}
	}
	return out, nil
}

// symbol takes a code.
func (d *Decoder) symbol(table []entry, root uint) entry {
	e := table[d.held&(1<<root-1)]
	if e&subtable != 0 {
		d.held >>= root
		d.n -= root
		e = table[e.value()+uint32(d.held&(1<<e.extra()-1))]
	}
	d.held >>= e.length()
	d.n -= e.length()
	return e
}

// copyMatch appends length bytes from distance back, as far as there is room,
// and returns how many are left. The match may begin in the history and end in
// what it has just written.
func copyMatch(out, newer, older []byte, distance, length int) ([]byte, int, error) {
	if back := distance - len(out); back > 0 {
		if back > len(newer)+len(older) {
			return out, length, ErrCorrupt
		}
		if back > len(newer) {
			from := len(older) - (back - len(newer))
			k := min(length, len(older)-from, cap(out)-len(out))
			out = append(out, older[from:from+k]...)
			length -= k
			back -= k
		}
		if length > 0 && back > 0 && back <= len(newer) {
			from := len(newer) - back
			k := min(length, back, cap(out)-len(out))
			out = append(out, newer[from:from+k]...)
			length -= k
		}
	}
	for length > 0 && len(out) < cap(out) {
		from := len(out) - distance
		if from < 0 { // there was no room for what lies in the history
			break
		}
		k := min(length, distance, cap(out)-len(out))
		out = append(out, out[from:from+k]...)
		length -= k
	}
	return out, length, nil
}
