// Package inflate decodes DEFLATE streams (RFC 1951) in memory, for messages
// that refer to those before them (RFC 7692, 7.1.1).
//
// It differs from a general decoder in three ways, each of which shows where
// messages are small and connections are many: what came before is read where
// it lies, in the window of the connection, and is not copied into the decoder
// first (32 KiB a message); input and output are slices, so that nothing is
// called per byte; and the tables of the fixed code are made once.
package inflate

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrCorrupt: the input is not a DEFLATE stream, ends within one, or refers to
// what is not in the history.
var ErrCorrupt = errors.New("corrupt deflate stream")

// Decoder decodes one stream at a time. The zero value is ready for Reset. It
// is some 28 kB large, and not safe for concurrent use.
type Decoder struct {
	in   []byte
	next int    // the first byte of in that is not in held
	held uint64 // bits taken from in and not used, the next one lowest
	n    uint   // how many of them count
	past uint   // of these, bits that lie behind the end of in

	state state
	final bool // the block at hand is the stream's last
	// What is left of a stored block, or of a match that did not fit.
	left     int
	distance int

	lengths   []entry // the tables in force
	distances []entry

	ready   bool // the tables below are filled
	symbols symbols
	fixed   struct {
		lengths   [1 << lengthBits]entry
		distances [1 << distanceBits]entry
	}
	dynamic struct {
		lengths   [lengthEntries]entry
		distances [distanceEntries]entry
	}
	meta [1 << metaBits]entry
}

// state is what comes next in the stream.
type state uint8

const (
	header state = iota
	stored
	coded
	match
	ended
)

// Reset begins with the stream at the start of in, which is lent until the
// stream has ended.
func (d *Decoder) Reset(in []byte) {
	if !d.ready {
		d.prepare()
	}
	d.in, d.next, d.held, d.n, d.past = in, 0, 0, 0, 0
	d.state, d.final = header, false
}

// Rest is the number of whole bytes of the input behind the stream's end.
func (d *Decoder) Rest() int { return len(d.in) - d.next + int(d.n-d.past)/8 }

// Decode appends to out, whose capacity bounds it, and returns io.EOF at the
// end of the stream, ErrCorrupt, or nil where out is full. All bytes of out are
// history; newer and older are what came before it, in reverse order of time: a
// ring has two ends. After ErrCorrupt, out holds what came before the fault.
func (d *Decoder) Decode(out, newer, older []byte) ([]byte, error) {
	for {
		var err error
		switch d.state {
		case header:
			if d.final {
				d.state = ended
				continue
			}
			err = d.block()
		case stored:
			out, err = d.copyStored(out)
		case match:
			out, d.left, err = copyMatch(out, newer, older, d.distance, d.left)
			if d.left == 0 {
				d.state = coded
			}
		case coded:
			out, err = d.decode(out, newer, older)
		case ended:
			return out, io.EOF
		}
		if err != nil {
			return out, err
		}
		if len(out) == cap(out) && d.state != header {
			return out, nil
		}
	}
}

// fill takes bytes of the input until there are at least 56 bits; behind its end
// they are zeros.
func (d *Decoder) fill() {
	if d.next+8 <= len(d.in) {
		d.held |= binary.LittleEndian.Uint64(d.in[d.next:]) << d.n
		d.next += int(63-d.n) / 8
		d.n |= 56
		return
	}
	for d.n < 56 {
		if d.next < len(d.in) {
			d.held |= uint64(d.in[d.next]) << d.n
			d.next++
		} else {
			d.past += 8
		}
		d.n += 8
	}
}

// take returns the next k bits, at most 32.
func (d *Decoder) take(k uint) uint32 {
	if d.n < k {
		d.fill()
	}
	v := uint32(d.held & (1<<k - 1))
	d.held >>= k
	d.n -= k
	return v
}

// overrun reports whether bits were used that the input does not have.
func (d *Decoder) overrun() bool { return d.n < d.past }

// block reads the header of a block (RFC 1951, 3.2.3).
func (d *Decoder) block() error {
	d.final = d.take(1) == 1
	switch kind := d.take(2); {
	case d.overrun() || kind == 3:
		return ErrCorrupt
	case kind == 1:
		d.lengths, d.distances = d.fixed.lengths[:], d.fixed.distances[:]
	case kind == 2:
		if !d.tables() || d.overrun() {
			return ErrCorrupt
		}
		d.lengths, d.distances = d.dynamic.lengths[:], d.dynamic.distances[:]
	default:
		// Stored: at the next byte (RFC 1951, 3.2.4).
		d.take(d.n % 8)
		size := d.take(16)
		if complement := d.take(16); d.overrun() || size != complement^0xffff {
			return ErrCorrupt
		}
		d.state, d.left = stored, int(size)
		return nil
	}
	d.state = coded
	return nil
}

// copyStored copies what fits of a stored block.
func (d *Decoder) copyStored(out []byte) ([]byte, error) {
	for d.left > 0 && d.n > 0 && len(out) < cap(out) {
		out = append(out, byte(d.take(8)))
		d.left--
	}
	if d.overrun() {
		return out, ErrCorrupt
	}
	k := min(d.left, cap(out)-len(out), len(d.in)-d.next)
	if d.n == 0 {
		d.held = 0 // above n it may hold bytes that are passed here
		out = append(out, d.in[d.next:d.next+k]...)
		d.next += k
		d.left -= k
	}
	switch {
	case d.left == 0:
		d.state = header
	case len(out) < cap(out):
		return out, ErrCorrupt // the input ends within it
	}
	return out, nil
}
