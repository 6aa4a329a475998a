package report

import "io"

// bufferSize is what one write takes, in bytes: large enough that writing costs
// few system calls.
const bufferSize = 64 << 10

// Buffer is a buffered writer to which Lines append in place: a line is made
// where it leaves from. Made apart and copied it cost 120 instructions more.
//
// After an error of the writer behind it nothing more is written, and all that
// is tried returns that error.
type Buffer struct {
	w   io.Writer
	b   []byte // not written yet
	max int    // bytes from which on b is written
	err error
}

// NewBuffer returns a Buffer that writes to w in blocks of 64 KiB, and what is
// left on Flush.
func NewBuffer(w io.Writer) *Buffer {
	const line = 8 << 10 // nearly all are shorter: b grows for longer ones only
	return &Buffer{w: w, b: make([]byte, 0, bufferSize+line), max: bufferSize}
}

// unbuffered returns a Buffer that Lines leave empty.
func unbuffered(w io.Writer) *Buffer { return &Buffer{w: w, max: 1} }

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	n := 0
	for b.err == nil && len(b.b)+len(p)-n >= bufferSize {
		if len(b.b) == 0 { // as it is: nothing waits before it
			n += b.put(p[n:])
			continue
		}
		room := bufferSize - len(b.b)
		b.b = append(b.b, p[n:n+room]...)
		n += room
		b.Flush()
	}
	if b.err != nil {
		return n, b.err
	}
	b.b = append(b.b, p[n:]...)
	return len(p), nil
}

// Flush writes what has not been written yet.
func (b *Buffer) Flush() error {
	if b.err == nil && len(b.b) > 0 {
		b.put(b.b)
		b.b = b.b[:0]
	}
	return b.err
}

// full writes the whole blocks of what has not been written yet, which are one
// at least.
func (b *Buffer) full() error {
	if b.err == nil {
		n := b.put(b.b[:len(b.b)-len(b.b)%b.max])
		b.b = b.b[:copy(b.b, b.b[n:])]
	}
	return b.err
}

// put writes p and returns how many bytes were taken.
func (b *Buffer) put(p []byte) int {
	n, err := b.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		b.err, b.max = err, 0 // Lines ask at once
	}
	return n
}
