package wsframe

import "errors"

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
	// A message may be cut into DEFLATE streams by blocks with BFINAL = 1. Their
	// number is bounded by restartsFree and one more for each restartBytes of the
	// message.
	restartsFree = 16
	restartBytes = 1 << 10
)

// tails goes behind each message: the four bytes that senders take off
// (RFC 7692, 7.2.1), and an empty last block, which ends the DEFLATE stream.
const tails = "\x00\x00\xff\xff" + "\x01\x00\x00\xff\xff"

// Inflater inflates the messages of all directions of all connections with one
// decoder of some 48 kB, so that a direction costs no more than its window. The
// zero value is ready. It is not safe for concurrent use.
type Inflater struct {
	unpacker
	windows windowList
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
	o := output{kept: dst, start: len(dst), limit: limit}
	err = z.message(&o, w, &z.windows, compressed)
	o.own()
	z.windows.trim()
	return o.kept, o.total, err
}

// Dropped counts the windows that were emptied to stay within 256 MiB of
// windows in all, the least recently used first.
func (z *Inflater) Dropped() uint64 { return z.windows.dropped }

// release gives up the window of a direction that has ended.
func (z *Inflater) release(w *window) { z.windows.release(w) }
