package wsframe

// windowBudget bounds the bytes of all windows of an Inflater together.
const windowBudget = 256 << 20

// window is the LZ77 sliding window of one direction (RFC 7692, 7.1.2): the
// last bytes that its messages inflated to. It belongs to the Inflater that it
// was first used with, and must not be copied from then on. The zero value is
// that of a direction with context takeover and a window of 32 KiB.
type window struct {
	bits int // 8 to 15; 0 means 15
	// fresh is true without context takeover (RFC 7692, 7.1.1): then each
	// message begins with an empty window.
	fresh bool
	// lost is true while bytes are missing that the sender may refer to.
	lost bool
	// ring holds what was inflated last: all of it until the ring is as long as
	// the window, from then on the oldest byte is at head.
	ring []byte
	head int
	// newer and older are the neighbors in the windowList.
	newer, older *window
}

// size is how far back the sender may refer, in bytes. 8 bits are given the
// room of 9, since zlib turns one into the other.
func (w *window) size() int {
	if w.bits == 0 {
		return 1 << maxWindowBits
	}
	return 1 << max(w.bits, 9)
}

// lose empties the window, since a compressed message was not captured whole,
// or the beginning of the connection was not. What later messages refer to may
// then be missing, until as much has been inflated anew as the window holds.
func (w *window) lose() {
	w.ring, w.head = w.ring[:0], 0
	w.lost = !w.fresh
}

// fail loses the window over err, which it returns: errContextLost in place of
// errDeflate if the window was not whole.
func (w *window) fail(err error) error {
	if err == errDeflate && w.lost {
		err = errContextLost
	}
	w.lose()
	return err
}

// settle notes that a message was inflated to its end.
func (w *window) settle() {
	if len(w.ring) >= w.size() {
		w.lost = false
	}
}

// windowList holds the windows that have memory, ordered by last use, and
// bounds the sum of it. The zero value is ready.
type windowList struct {
	newest, oldest *window
	held           int    // bytes
	budget         int    // bytes; 0 means windowBudget
	dropped        uint64 // windows emptied for want of room
}

// ends are the two parts of the history: what came last, and what came before.
func (w *window) ends() (newer, older []byte) { return w.ring[:w.head], w.ring[w.head:] }

// extend appends p to the history of w, as far as w keeps any.
func (l *windowList) extend(w *window, p []byte) {
	if w.fresh || len(p) == 0 {
		return
	}
	size := w.size()
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if n := min(len(p), size-len(w.ring)); n > 0 {
		if len(w.ring)+n > cap(w.ring) && !l.grow(w, len(w.ring)+n) {
			return
		}
		w.ring = append(w.ring, p[:n]...)
		p = p[n:]
	}
	n := copy(w.ring[w.head:], p)
	w.head += n
	if n < len(p) {
		w.head = copy(w.ring, p[n:])
	}
	if l.newest != w {
		l.unlink(w)
		l.pushNewest(w)
	}
}

// grow gives w room for n bytes, and for more if more is to be expected. It
// reports false, and w is empty, where the budget is too small for w alone.
func (l *windowList) grow(w *window, n int) bool {
	room := min(max(n, 2*cap(w.ring), 512), w.size())
	if !l.reserve(w, room-cap(w.ring)) {
		return false
	}
	w.ring = append(make([]byte, 0, room), w.ring...)
	return true
}

// reserve accounts for n more bytes of w, and drops the windows that have gone
// unused the longest where there are too many.
func (l *windowList) reserve(w *window, n int) bool {
	budget := l.budget
	if budget == 0 {
		budget = windowBudget
	}
	l.held += n
	for l.held > budget {
		v := l.oldest
		if v == w {
			v = w.newer
		}
		if v == nil {
			l.held -= n
			l.drop(w)
			return false
		}
		l.drop(v)
	}
	return true
}

// drop takes the memory of w away, which loses it.
func (l *windowList) drop(w *window) {
	l.release(w)
	w.lose()
	l.dropped++
}

// release takes the memory of w away.
func (l *windowList) release(w *window) {
	l.held -= cap(w.ring)
	w.ring = nil
	l.unlink(w)
}

// unlink takes w out of the list; it need not be in it.
func (l *windowList) unlink(w *window) {
	if w.newer != nil {
		w.newer.older = w.older
	} else if l.newest == w {
		l.newest = w.older
	}
	if w.older != nil {
		w.older.newer = w.newer
	} else if l.oldest == w {
		l.oldest = w.newer
	}
	w.newer, w.older = nil, nil
}

func (l *windowList) pushNewest(w *window) {
	w.older = l.newest
	if l.newest != nil {
		l.newest.newer = w
	}
	l.newest = w
	if l.oldest == nil {
		l.oldest = w
	}
}
