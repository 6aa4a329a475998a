package capture

import "io"

// blockSize is how much is read at a time. From 64 KiB to 1 MiB a read of a
// file in the page cache costs the same per packet, and beyond that it no
// longer fits the second-level cache.
const blockSize = 256 << 10

// window is the part of the input that is in memory. Records are parsed and
// lent in place: a record that straddles the end of a block is moved to the
// front before the rest of it is read, all others are never copied.
//
// Nothing is consumed before it is there as a whole, so a reader that gets
// ErrIdle in the middle of a record simply starts over at its beginning.
type window struct {
	r       io.Reader
	buf     []byte
	lo, hi  int   // buf[lo:hi] is read and not yet consumed
	base    int64 // input offset of buf[0]
	pending int64 // bytes still to be skipped, before buf[lo:hi] counts
	err     error // why r gave no more; never ErrIdle
}

// offset is the input offset of the first byte that is not consumed.
func (w *window) offset() int64 { return w.base + int64(w.lo) + w.pending }

// end is the input offset behind the last byte that was read.
func (w *window) end() int64 { return w.base + int64(w.hi) }

// unread is how many bytes are there and not consumed.
func (w *window) unread() int { return w.hi - w.lo }

// skip consumes n bytes, whether they are there yet or not. n may be larger
// than memory: the bytes are dropped as they come.
func (w *window) skip(n int64) { w.pending += n }

// need reads until n bytes are unread. It fails with the reader's error, and
// then what is there stays unread.
func (w *window) need(n int) error {
	for w.pending > 0 {
		d := min(w.pending, int64(w.unread()))
		w.lo += int(d)
		w.pending -= d
		if w.pending == 0 {
			break
		}
		if err := w.fill(); err != nil {
			return err
		}
	}
	for w.unread() < n {
		if err := w.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads once. The buffer grows only when it is full of one record, so
// its size follows the bytes that came, never a length that a file declares.
func (w *window) fill() error {
	if w.err != nil {
		return w.err
	}
	switch {
	case w.lo == w.hi:
		w.base += int64(w.lo)
		w.lo, w.hi = 0, 0
	case w.hi == len(w.buf) && w.lo > 0:
		w.base += int64(w.lo)
		w.hi = copy(w.buf, w.buf[w.lo:w.hi])
		w.lo = 0
	case w.hi == len(w.buf):
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	if w.buf == nil {
		w.buf = make([]byte, blockSize)
	}
	for range 100 { // as bufio: a reader that never makes progress is broken
		n, err := w.r.Read(w.buf[w.hi:])
		w.hi += n
		if err != nil && err != ErrIdle {
			w.err = err
		}
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	w.err = io.ErrNoProgress
	return w.err
}
