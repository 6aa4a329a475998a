package wsframe

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
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
	// minOutput is the least room that the output buffer is given, in bytes.
	minOutput = 512
)

// tails goes behind each message: the four bytes that senders take off
// (RFC 7692, 7.2.1), and an empty last block, which ends the DEFLATE stream.
const tails = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

// Inflater inflates the messages of all directions of all connections with one
// decompressor of some 40 kB, so that a direction costs no more than its
// window. The zero value is ready. It is not safe for concurrent use.
type Inflater struct {
	flate   io.ReadCloser // also a flate.Resetter
	in      bytes.Reader  // over buf
	buf     []byte        // the message at hand, and its tails
	discard []byte        // for what goes beyond the caller's limit
	windows windowList
}

// Message inflates one message, whose compressed payload comes in any number
// of pieces, and appends it to dst: the first limit bytes of it, while total
// counts all. It allocates nothing once its buffers and dst have grown.
//
// After an error, out holds what came before the fault, and w is empty. The
// error is errDeflate, errContextLost or errInflateLimit. An empty window makes
// references to what was lost fail instead of giving wrong text, so a message
// without an error is right whatever was lost before it.
//
// One compressed byte inflates to 1032 at most, so the cost is linear in the
// input, with that factor, and ends at 64 MiB of output per message.
func (z *Inflater) Message(dst []byte, w *window, compressed [][]byte, limit int) (out []byte, total uint64, err error) {
	n := z.load(compressed)
	if n == 0 {
		// An empty message is one byte, 0x00 (RFC 7692, 7.2.3.6). Senders that
		// forget it mean the same.
		return dst, 0, nil
	}
	start := len(dst)
	for restarts := 0; restarts <= restartsFree+n/restartBytes; restarts++ {
		if err := z.reset(w.history); err != nil {
			return dst, total, w.fail(err)
		}
		for {
			var p []byte
			if kept := len(dst) - start; kept < limit {
				dst = slices.Grow(dst, min(max(kept, minOutput), limit-kept))
				p = dst[len(dst):min(cap(dst), start+limit)]
			} else {
				if z.discard == nil {
					z.discard = make([]byte, 1<<maxWindowBits)
				}
				p = z.discard
			}
			k, err := z.flate.Read(p)
			if len(dst)-start < limit {
				dst = dst[:len(dst)+k]
			}
			total += uint64(k)
			z.windows.extend(w, p[:k])
			if err == io.EOF {
				break
			}
			if err != nil {
				return dst, total, w.fail(errDeflate)
			}
			if total > inflateLimit {
				return dst, total, w.fail(errInflateLimit)
			}
		}
		// The stream has ended: by our own last block, or by the sender's (a
		// block with BFINAL = 1, RFC 7692, 7.2.3.4), behind which another stream
		// begins at the next byte, unless the message ends there.
		switch rest := z.in.Len(); {
		case rest == 0, rest == len(tails):
			w.settle()
			return dst, total, nil
		case rest < len(tails):
			return dst, total, w.fail(errDeflate)
		}
	}
	return dst, total, w.fail(errInflateLimit)
}

// load joins the pieces and the tails in z.in and returns the pieces' length.
func (z *Inflater) load(compressed [][]byte) int {
	if cap(z.buf) > maxIdleInput {
		z.buf = nil
	}
	z.buf = z.buf[:0]
	for _, p := range compressed {
		z.buf = append(z.buf, p...)
	}
	n := len(z.buf)
	z.buf = append(z.buf, tails...)
	z.in.Reset(z.buf)
	return n
}

// reset makes the decompressor ready to read a stream from z.in.
func (z *Inflater) reset(dict []byte) error {
	if z.flate == nil {
		z.flate = flate.NewReaderDict(&z.in, dict)
		return nil
	}
	return z.flate.(flate.Resetter).Reset(&z.in, dict)
}

// Dropped counts the windows that were emptied to stay within 256 MiB of
// windows in all, the least recently used first.
func (z *Inflater) Dropped() uint64 { return z.windows.dropped }

// release gives up the window of a direction that has ended.
func (z *Inflater) release(w *window) { z.windows.release(w) }
