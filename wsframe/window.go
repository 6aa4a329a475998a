package wsframe

import (
	"sync/atomic"

	"wstap/wsframe/inflate"
)

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
	// whole holds what was inflated last, and messages are inflated into it. It is
	// nil where the window is less than 32 KiB; and, while there is not plenty of
	// memory, until more than a few KiB were inflated.
	whole *inflate.Window
	place place
	// ring holds it where whole is nil: all that was inflated until the ring is as
	// long as the window, from then on the oldest byte is at head.
	ring []byte
	head int
	// first and last are its messages that wait to be inflated.
	first, last *job
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

// empty reports whether nothing was inflated yet, nor lost.
func (w *window) empty() bool { return w.memory() == 0 && !w.lost && w.first == nil }

// memory is what w takes, in bytes.
func (w *window) memory() int {
	if w.whole != nil {
		return wholeBytes
	}
	return cap(w.ring)
}

// history is the number of bytes that w holds.
func (w *window) history() int {
	if w.whole != nil {
		return w.whole.Len()
	}
	return len(w.ring)
}

// lose empties the window, since a compressed message was not captured whole,
// or the beginning of the connection was not. What later messages refer to may
// then be missing, until as much has been inflated anew as the window holds.
func (w *window) lose() {
	if w.whole != nil {
		w.whole.Forget()
	}
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
	if w.history() >= w.size() {
		w.lost = false
	}
}

// windowList holds the windows that have memory, ordered by last use, and
// bounds the sum of it. The zero value is ready.
type windowList struct {
	newest, oldest *window
	slabs          slabs
	held           atomic.Int64 // bytes
	budget         int          // bytes; 0 means windowBudget
	dropped        uint64       // windows emptied for want of room
}

// has reports whether w is among them.
func (l *windowList) has(w *window) bool { return l.newest == w || w.newer != nil }

// touch notes that w is being used. While there is plenty, new windows are whole
// at once: of memory that is new, they take no more than they use.
func (l *windowList) touch(w *window) {
	if w.fresh || l.newest == w {
		return
	}
	if w.memory() == 0 && w.size() == inflate.Reach && l.held.Load() < l.bound()/4 {
		l.complete(w, nil)
	}
	l.unlink(w)
	l.pushNewest(w)
}

// maxYoung is the size of the largest ring of a window of 32 KiB.
const maxYoung = 4 << 10

// copyTo copies to v what w holds, which is not whole.
func (w *window) copyTo(v *inflate.Window) {
	v.Forget()
	v.Append(w.ring[w.head:])
	v.Append(w.ring[:w.head])
}

// extend appends p to the history of w, as far as w keeps any. Different windows
// may be extended at once; the budget may be passed until trim is called.
func (l *windowList) extend(w *window, p []byte) {
	if w.fresh || len(p) == 0 {
		return
	}
	size := w.size()
	if len(p) > size {
		p = p[len(p)-size:]
	}
	if w.whole != nil {
		w.whole.Append(p)
		return
	}
	if n := min(len(p), size-len(w.ring)); n > 0 {
		if need := len(w.ring) + n; need > cap(w.ring) {
			room := min(max(need, 8*cap(w.ring), 512), size)
			if size == inflate.Reach && room > maxYoung {
				l.complete(w, p)
				return
			}
			l.held.Add(int64(room - cap(w.ring)))
			w.ring = append(make([]byte, 0, room), w.ring...)
		}
		w.ring = append(w.ring, p[:n]...)
		p = p[n:]
	}
	n := copy(w.ring[w.head:], p)
	w.head += n
	if n < len(p) {
		w.head = copy(w.ring, p[n:])
	}
}

// complete makes w whole, and appends p.
func (l *windowList) complete(w *window, p []byte) {
	l.held.Add(int64(wholeBytes - cap(w.ring)))
	v, place := l.slabs.take()
	w.copyTo(v)
	v.Append(p)
	w.whole, w.place, w.ring, w.head = v, place, nil, 0
}

// bound is what all windows may hold, in bytes.
func (l *windowList) bound() int64 {
	if l.budget == 0 {
		return windowBudget
	}
	return int64(l.budget)
}

// trim drops the windows that have gone unused the longest until the others are
// within the budget.
func (l *windowList) trim() {
	for l.held.Load() > l.bound() && l.oldest != nil {
		if w := l.oldest; w.memory() > 0 {
			l.drop(w)
		} else {
			l.unlink(w)
		}
	}
}

// drop takes the memory of w away, which loses it.
func (l *windowList) drop(w *window) {
	l.release(w)
	w.lose()
	l.dropped++
}

// release takes the memory of w away.
func (l *windowList) release(w *window) {
	l.held.Add(-int64(w.memory()))
	if w.whole != nil {
		l.slabs.give(w.place)
	}
	w.whole, w.place, w.ring, w.head = nil, place{}, nil, 0
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
