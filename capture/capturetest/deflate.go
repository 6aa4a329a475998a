package capturetest

import "math/bits"

// Deflater compresses messages for permessage-deflate (RFC 7692, 7.2.1), one
// per direction of a connection. It writes fixed Huffman blocks (RFC 1951,
// 3.2.6) found by a greedy search, so that its output never changes.
type Deflater struct {
	// Bits is the LZ77 window's size as a power of 2, 8 to 15; 0 means 15.
	Bits    int
	history []byte
}

// Reset empties the window (no context takeover).
func (d *Deflater) Reset() { d.history = d.history[:0] }

// Append adds the compressed form of p to dst, ended by an empty stored block
// as Z_SYNC_FLUSH does, its last four bytes 00 00 ff ff included.
func (d *Deflater) Append(dst, p []byte) []byte {
	w := bitWriter{out: dst}
	if len(p) > 0 {
		w.bits(0b010, 3) // BFINAL 0, BTYPE 01
		d.block(&w, p)
	}
	w.bits(0, 3)
	w.align()
	return append(w.out, 0, 0, 0xff, 0xff)
}

// Message adds a whole message to dst, its last four bytes removed as RFC
// 7692, 7.2.1 demands.
func (d *Deflater) Message(dst, p []byte) []byte {
	dst = d.Append(dst, p)
	return dst[:len(dst)-4]
}

// Final adds a message whose last block has BFINAL set (RFC 7692, 7.2.3.4).
func (d *Deflater) Final(dst, p []byte) []byte {
	w := bitWriter{out: dst}
	w.bits(0b011, 3) // BFINAL 1, BTYPE 01
	d.block(&w, p)
	w.align()
	return append(w.out, 0)
}

// Stored adds a message as one stored block (RFC 7692, 7.2.3.3); p must be
// shorter than 64 KiB.
func (d *Deflater) Stored(dst, p []byte) []byte {
	n := len(p)
	dst = append(dst, 0, byte(n), byte(n>>8), ^byte(n), ^byte(n>>8))
	d.remember(p)
	return append(append(dst, p...), 0)
}

func (d *Deflater) window() int {
	if d.Bits == 0 {
		return 1 << 15
	}
	return 1 << d.Bits
}

func (d *Deflater) remember(p []byte) {
	d.history = append(d.history, p...)
	if over := len(d.history) - d.window(); over > 0 {
		d.history = append(d.history[:0], d.history[over:]...)
	}
}

// block writes p as symbols with the end-of-block code behind them.
func (d *Deflater) block(w *bitWriter, p []byte) {
	buf := append(d.history[:len(d.history):len(d.history)], p...)
	last := make(map[[3]byte]int) // where three bytes stood last
	at := func(i int) [3]byte { return [3]byte{buf[i], buf[i+1], buf[i+2]} }
	for i := 0; i < len(d.history) && i+3 <= len(buf); i++ {
		last[at(i)] = i
	}
	for i := len(d.history); i < len(buf); {
		n := 0
		if i+3 <= len(buf) {
			if j, ok := last[at(i)]; ok && i-j <= d.window() {
				for n < 258 && i+n < len(buf) && buf[j+n] == buf[i+n] {
					n++
				}
				w.match(n, i-j)
			}
		}
		if n == 0 {
			w.symbol(int(buf[i]))
			n = 1
		}
		for ; n > 0; n-- {
			if i+3 <= len(buf) {
				last[at(i)] = i
			}
			i++
		}
	}
	w.symbol(256)
	d.remember(p)
}

// bitWriter packs bits beginning with the least significant (RFC 1951, 3.1.1).
type bitWriter struct {
	out  []byte
	acc  uint32
	used int
}

func (w *bitWriter) bits(v uint32, n int) {
	w.acc |= v << w.used
	for w.used += n; w.used >= 8; w.used -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

func (w *bitWriter) align() {
	if w.used > 0 {
		w.bits(0, 8-w.used)
	}
}

// code writes a Huffman code: these come most significant bit first.
func (w *bitWriter) code(v uint32, n int) { w.bits(bits.Reverse32(v)>>(32-n), n) }

// symbol writes a literal, length or end-of-block symbol in the fixed code.
func (w *bitWriter) symbol(s int) {
	switch {
	case s < 144:
		w.code(uint32(0x30+s), 8)
	case s < 256:
		w.code(uint32(0x190+s-144), 9)
	case s < 280:
		w.code(uint32(s-256), 7)
	default:
		w.code(uint32(0xc0+s-280), 8)
	}
}

// match writes a length (3 to 258) and a distance (1 to 32768); RFC 1951, 3.2.5.
func (w *bitWriter) match(length, distance int) {
	if length == 258 {
		w.symbol(285)
	} else if v := length - 3; v < 8 {
		w.symbol(257 + v)
	} else {
		extra := bits.Len(uint(v)) - 3
		w.symbol(257 + 4*extra + v>>extra)
		w.bits(uint32(v&(1<<extra-1)), extra)
	}
	if v := distance - 1; v < 4 {
		w.code(uint32(v), 5)
	} else {
		extra := bits.Len(uint(v)) - 2
		w.code(uint32(2*extra+v>>extra), 5)
		w.bits(uint32(v&(1<<extra-1)), extra)
	}
}
