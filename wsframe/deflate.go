package wsframe

import (
	"errors"
	"io"
	"slices"

	"wstap/wsframe/inflate"
)

// Deflate holds the parameters of permessage-deflate in force (RFC 7692, 7.1).
type Deflate struct {
	ClientNoContextTakeover, ServerNoContextTakeover bool
	ClientMaxWindowBits, ServerMaxWindowBits         int // 8 to 15
}

// maxWindowBits is the largest LZ77 window, 32 KiB (RFC 7692, 7.1.2).
const maxWindowBits = 15

// window is the state of direction d at the beginning of a connection.
func (p *Deflate) window(d Direction) window {
	if d == FromClient {
		return window{bits: p.ClientMaxWindowBits, fresh: p.ClientNoContextTakeover}
	}
	return window{bits: p.ServerMaxWindowBits, fresh: p.ServerNoContextTakeover}
}

// Errors of Inflater.Message. After each the window is empty.
var (
	// errDeflate: the message is not a valid DEFLATE stream.
	errDeflate = errors.New("corrupt deflate stream")
	// errContextLost: the same, but with a window that is not whole, which is
	// the likely cause.
	errContextLost = errors.New("compression context lost")
	// errInflateLimit: the message inflates to more than is worth counting, or
	// is cut into more streams than are worth following.
	errInflateLimit = errors.New("inflated message too long")
)

// Bounds of an Inflater.
const (
	inflateLimit = 64 << 20 // bytes counted of one message, kept or not
	// A message may be cut into DEFLATE streams by blocks with BFINAL = 1.
	// Each costs a copy of the window, so their number is bounded by
	// restartsFree and one more for each restartBytes of the message.
	restartsFree = 16
	restartBytes = 1 << 10
	// maxIdleInput is the size of an input buffer that is kept for reuse.
	maxIdleInput = 1 << 20
	// minOutput is the least room that the output buffer is given, in bytes, if
	// the limit allows: the decoder is quick while there is room.
	minOutput = 4096
)

// tails goes behind each message: the four bytes that senders take off
// (RFC 7692, 7.2.1), and an empty last block, which ends the DEFLATE stream.
const tails = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

// Inflater inflates the messages of all directions of all connections with one
// decoder of some 28 kB, so that a direction costs no more than its window. The
// zero value is ready. It is not safe for concurrent use.
type Inflater struct {
	unpacker
	windows windowList
}

// unpacker inflates messages whose windows are in somebody's windowList. Many
// may work at once, each on windows of its own.
type unpacker struct {
	flate  inflate.Decoder
	buf    []byte // the message at hand, and its tails
	beyond []byte // what goes beyond the caller's limit, and the 32 KiB before it
}

// Message inflates one message, and appends it to dst: the first limit bytes of it, while total
// counts all. It allocates nothing once its buffers and dst have grown.
//
// After an error, out holds what came before the fault, and w is empty. The
// error is errDeflate, errContextLost or errInflateLimit. An empty window makes
// references to what was lost fail instead of giving wrong text, so a message
// without an error is right whatever was lost before it.
//
// One compressed byte inflates to 1032 at most, so the cost is linear in the
// input, with that factor, and ends at 64 MiB of output per message.
func (z *Inflater) Message(dst []byte, w *window, compressed []byte, limit int) (out []byte, total uint64, err error) {
	z.windows.touch(w)
	out, total, err = z.message(dst, w, &z.windows, compressed, limit)
	z.windows.trim()
	return out, total, err
}

// message is Message, but for the order and the budget of the windows.
func (z *unpacker) message(dst []byte, w *window, l *windowList, compressed []byte, limit int) (out []byte, total uint64, err error) {
	n := z.load(compressed)
	if n == 0 {
		// An empty message is one byte, 0x00 (RFC 7692, 7.2.3.6). Senders that
		// forget it mean the same.
		return dst, 0, nil
	}
	o := output{kept: dst, start: len(dst), limit: limit, beyond: z.beyond[:0]}
	in := z.buf
	for restarts := 0; restarts <= restartsFree+n/restartBytes; restarts++ {
		z.flate.Reset(in)
		err := o.stream(&z.flate, w)
		z.beyond = o.beyond
		if err != nil {
			return o.kept, o.total, w.fail(err)
		}
		// The stream has ended: by our own last block, or by the sender's (a
		// block with BFINAL = 1, RFC 7692, 7.2.3.4), behind which another stream
		// begins at the next byte, unless the message ends there.
		switch rest := z.flate.Rest(); {
		case rest == 0, rest == len(tails):
			l.extend(w, o.latest())
			w.settle()
			return o.kept, o.total, nil
		case rest < len(tails):
			return o.kept, o.total, w.fail(errDeflate)
		default:
			in = in[len(in)-rest:]
		}
	}
	return o.kept, o.total, w.fail(errInflateLimit)
}

// load copies the message and the tails to z.buf and returns the message's length.
func (z *unpacker) load(compressed []byte) int {
	if cap(z.buf) > maxIdleInput {
		z.buf = nil
	}
	z.buf = append(append(z.buf[:0], compressed...), tails...)
	return len(compressed)
}

// output is what a message inflates to: its first bytes are kept, those beyond
// the limit only as far back as the message may refer to.
type output struct {
	kept   []byte // from start on
	start  int
	limit  int
	over   bool   // beyond takes what comes
	beyond []byte // the last bytes, at least 32 KiB once there are as many
	total  uint64
}

// stream takes one stream's output.
func (o *output) stream(d *inflate.Decoder, w *window) error {
	const reach = 1 << maxWindowBits
	newer, older := w.ends()
	for {
		to := &o.beyond
		var room []byte
		switch kept := len(o.kept) - o.start; {
		case o.over:
			if len(o.beyond) == cap(o.beyond) {
				o.beyond = o.beyond[:copy(o.beyond, o.beyond[len(o.beyond)-reach:])]
			}
			room = o.beyond
		case kept == o.limit:
			if o.beyond == nil {
				o.beyond = make([]byte, 0, 2*reach)
			}
			o.over = true
			o.beyond = append(o.beyond, o.kept[max(o.start, len(o.kept)-reach):]...)
			continue
		default:
			if cap(o.kept)-len(o.kept) < minOutput {
				o.kept = slices.Grow(o.kept, min(max(kept, minOutput), o.limit-kept))
			}
			to = &o.kept
			room = o.kept[o.start:len(o.kept):min(cap(o.kept), o.start+o.limit)]
		}
		out, err := d.Decode(room, newer, older)
		grown := len(out) - len(room)
		*to = (*to)[:len(*to)+grown]
		o.total += uint64(grown)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return errDeflate
		case o.total > inflateLimit:
			return errInflateLimit
		}
	}
}

// latest are the last bytes of the message, as many as later ones may refer to.
func (o *output) latest() []byte {
	if o.over {
		return o.beyond
	}
	return o.kept[o.start:]
}

// Dropped counts the windows that were emptied to stay within 256 MiB of
// windows in all, the least recently used first.
func (z *Inflater) Dropped() uint64 { return z.windows.dropped }

// release gives up the window of a direction that has ended.
func (z *Inflater) release(w *window) { z.windows.release(w) }
