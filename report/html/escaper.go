package html

import "io"

// escape stands before a byte that is 64 more than the one meant.
const escape = '='

// escaped reports whether an HTML parser would not hand on c as it is, or might
// take it for markup: it replaces NUL and takes CR for a line feed; without a
// less-than sign there is no end tag and no comment (HTML, 13.2.5.4).
func escaped(c byte) bool { return c == 0 || c == '\r' || c == '<' || c == escape }

// escaper writes bytes as the content of a script element.
type escaper struct {
	w   io.Writer
	buf []byte
}

// escaperBuffer is how much is written at once.
const escaperBuffer = 32 << 10

// Write implements io.Writer.
func (e *escaper) Write(b []byte) (int, error) {
	for _, c := range b {
		if escaped(c) {
			e.buf = append(e.buf, escape)
			c += 64
		}
		e.buf = append(e.buf, c)
	}
	if len(e.buf) < escaperBuffer {
		return len(b), nil
	}
	return len(b), e.flush()
}

func (e *escaper) flush() error {
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}
