// Package inflate decodes DEFLATE streams (RFC 1951) in memory, for messages
// that refer to those before them (RFC 7692, 7.1.1).
//
// It differs from a general decoder in three ways, each of which shows where
// messages are small and connections are many: streams are decoded into the
// window of their connection, where what they refer to lies, and are not copied
// into or out of it; only symbols that have a code are looked at, a few dozen of
// 316; and the tables of the fixed code are made once.
package inflate

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrCorrupt: the input is not a DEFLATE stream, ends within one, or refers to
// what is not in the history.
var ErrCorrupt = errors.New("corrupt deflate stream")

// Decoder decodes one stream at a time. The zero value is ready for Load. It is
// some 48 kB large, and not safe for concurrent use.
type Decoder struct {
	in   []byte // the input, and padding
	end  int    // of the input
	next int    // the first byte of in that is not in held
	held uint64 // bits taken from in and not used, the next one lowest
	n    uint   // how many of them count
	past uint   // how many bits were taken that lie behind the input; they are 0

	state state
	final bool // the block at hand is the stream's last
	left  int  // of a stored block

	lengths   []entry // the tables in force
	distances []entry

	ready     bool // what follows is filled
	alphabets alphabets
	fixed     struct {
		lengths   [1 << lengthBits]entry
		distances [1 << distanceBits]entry
	}
	dynamic struct {
		lengths   [lengthEntries]entry
		distances [distanceEntries]entry
	}
	meta   [1 << metaBits]entry
	census struct{ lengths, distances, meta census }
}

// state is what comes next in the stream.
type state uint8

const (
	header state = iota
	stored
	coded
	ended
)

const (
	// padding goes behind the input, so that 8 bytes can be read from any place.
	padding = "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
	// maxIdleInput is the size of an input buffer that is kept for reuse.
	maxIdleInput = 1 << 20
)

// Load copies in, and tail behind it, and begins with the stream there.
func (d *Decoder) Load(in []byte, tail string) {
	if !d.ready {
		d.prepare()
	}
	if cap(d.in) > maxIdleInput {
		d.in = nil
	}
	d.in = append(append(append(d.in[:0], in...), tail...), padding...)
	d.end = len(in) + len(tail)
	d.begin(0)
}

// Rest is the number of whole bytes of the input behind the stream's end.
func (d *Decoder) Rest() int { return d.end - d.next + int(d.n-d.past)/8 }

// Next begins with the stream at the next whole byte.
func (d *Decoder) Next() { d.begin(d.end - d.Rest()) }

func (d *Decoder) begin(at int) {
	d.next, d.held, d.n, d.past = at, 0, 0, 0
	d.state, d.final = header, false
}

// MinRoom is the least room that Decode can do with.
const MinRoom = 2 * lapRoom

// Decode decodes into w and returns a piece of the stream, room bytes at most
// and seldom fewer than 32 KiB: io.EOF with the last one, or ErrCorrupt with
// what came before the fault. The piece is a part of w, and stays as it is until
// Reach bytes have been decoded into w from its beginning on.
func (d *Decoder) Decode(w *Window, room int) (piece []byte, err error) {
	if w.at > ringSize-lapRoom {
		w.lap()
	}
	begin := w.at
	stop := min(begin+room, ringSize)
	for err == nil {
		switch d.state {
		case header:
			err = d.block()
		case stored:
			err = d.copyStored(w, stop)
		case coded:
			err = d.decode(w, stop)
		case ended:
			err = io.EOF
		}
		if w.at > stop-lapRoom && (d.state == stored || d.state == coded) {
			break
		}
	}
	return w.ring[begin:w.at], err
}

// fill takes bytes of the input until there are at least 56 bits; behind its end
// they are zeros.
func (d *Decoder) fill() {
	d.held |= binary.LittleEndian.Uint64(d.in[d.next:d.next+8]) << (d.n & 63)
	d.next += int(63-d.n) / 8
	d.n |= 56
	if d.next > d.end {
		d.past += uint(d.next-d.end) * 8
		d.next = d.end
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
	if d.final {
		d.state = ended
		return nil
	}
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
		d.next -= int(d.n-d.past) / 8
		d.held, d.n, d.past = 0, 0, 0
		d.state, d.left = stored, int(size)
		return nil
	}
	d.state = coded
	return nil
}

// copyStored copies what fits of a stored block.
func (d *Decoder) copyStored(w *Window, stop int) error {
	n := copy(w.ring[w.at:stop], d.in[d.next:min(d.next+d.left, d.end)])
	w.advance(w.at + n)
	d.next += n
	d.left -= n
	switch {
	case d.left == 0:
		d.state = header
	case d.next == d.end:
		return ErrCorrupt // the input ends within it
	}
	return nil
}
