package report

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Escaper makes what a peer sent fit for a terminal: the only way by which
// foreign bytes reach one. What it lets through is printable and moves the
// cursor to the right, nothing else. In place of the rest stand
//
//	\n \r \t     for these three
//	\x1b         for the other C0 controls, DEL and bytes that are not UTF-8
//	\u202e       for C1 controls, line and paragraph separators, bidirectional
//	             and zero-width format characters, private use and unassigned
//	             code points; \u{e0001} beyond the first plane
//
// Backslashes stay as they are, since JSON is full of them: the text is for
// people, and programs have the event stream.
type Escaper struct {
	// ASCII escapes everything beyond ASCII, for locales without UTF-8.
	ASCII bool
}

// maxMarks is how many combining marks in a row are let through: languages
// stack three, and more can cover the lines above and below.
const maxMarks = 3

// Unbounded is the number of columns that stands for no bound.
const Unbounded = int(^uint(0) >> 1)

// Append appends src, escaped, as far as it fits into cols terminal columns.
// It returns the extended buffer, the columns used and the bytes of src taken,
// which never end within a UTF-8 sequence.
func (e Escaper) Append(dst, src []byte, cols int) (out []byte, used, n int) {
	return e.resume(dst, src, cols, 0, 0)
}

// resume is Append where used columns hold the first n bytes of src already, of
// which the last is no combining mark.
func (e Escaper) resume(dst, src []byte, cols, used, n int) ([]byte, int, int) {
	marks := 0
	// Marks on the last rune that fits belong to it.
	for n < len(src) && (used < cols || n > 0 && src[n] >= utf8.RuneSelf) {
		if run, beyond := e.run(src[n:][:min(len(src)-n, cols-used)]); run > 0 {
			dst = append(dst, src[n:n+run]...)
			n += run
			used += run - beyond
			marks = 0
			continue
		}
		r, size := utf8.DecodeRune(src[n:])
		valid := r != utf8.RuneError || size > 1
		width := 0
		if valid && !e.ASCII && r >= 0xa0 && unicode.IsPrint(r) {
			width = columns(r)
			marks++
			if width > 0 {
				marks = 0
			}
			if marks <= maxMarks {
				if used+width > cols {
					break
				}
				dst = append(dst, src[n:n+size]...)
				n += size
				used += width
				continue
			}
		}
		before := len(dst)
		if valid {
			dst = appendEscape(dst, r)
		} else {
			dst = appendHexByte(dst, src[n])
		}
		width = len(dst) - before
		if used+width > cols {
			dst = dst[:before]
			break
		}
		n += size
		used += width
		marks = 0
	}
	return dst, used, n
}

// AppendCut appends src, escaped, into at most cols columns, with an ellipsis
// at the end where it did not fit or where more says that src itself is only a
// beginning. It returns the extended buffer and the columns used.
func (e Escaper) AppendCut(dst, src []byte, cols int, more bool) (out []byte, used int) {
	room := cols - e.ellipsisColumns()
	if room < 0 {
		return dst, 0
	}
	n, beyond := e.run(src[:min(len(src), room)])
	dst, used = append(dst, src[:n]...), n-beyond
	if n == len(src) && !more { // as most are
		return dst, used
	}
	dst, used, n = e.resume(dst, src, room, used, n)
	if n == len(src) && !more {
		return dst, used
	}
	const most = 512 // bytes that fit behind what is there, an escape that did not among them
	if !more && len(src)-n <= most {
		// What is left may fit into the place kept for the ellipsis.
		before := len(dst)
		rest, w, m := e.Append(dst, src[n:], cols-used)
		if n+m == len(src) {
			return rest, used + w
		}
		dst = rest[:before]
	}
	return append(dst, e.Ellipsis()...), used + e.ellipsisColumns()
}

// AppendPlain is AppendCut of what is printable ASCII.
func (e Escaper) AppendPlain(dst, src []byte, cols int, more bool) (out []byte, used int) {
	room := cols - e.ellipsisColumns()
	if room < 0 {
		return dst, 0
	}
	if !more && len(src) <= cols {
		return append(dst, src...), len(src)
	}
	src = src[:min(len(src), room)]
	return append(append(dst, src...), e.Ellipsis()...), len(src) + e.ellipsisColumns()
}

// Columns is the width in terminal columns of b, and clean where nothing in it
// needs escaping, so that Append would append it as it is. Only the simplest is
// looked for: clean is false for some texts that Append would not change.
func (e Escaper) Columns(b []byte) (cols int, clean bool) {
	n, beyond := e.run(b)
	return n - beyond, n == len(b)
}

// Ellipsis is what stands for text that was cut off.
func (e Escaper) Ellipsis() string {
	if e.ASCII {
		return "..."
	}
	return "…"
}

// ellipsisColumns is Columns of Ellipsis.
func (e Escaper) ellipsisColumns() int {
	if e.ASCII {
		return 3
	}
	return 1
}

// Columns is the width in terminal columns of a printable string.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// run is the length of the run at the start of b that stands as it is, one
// column a character: printable ASCII, and between it common characters, of
// which it counts the bytes beyond the first.
func (e Escaper) run(b []byte) (n, beyond int) {
	for n < len(b) {
		bad := uint64(0)
		for ; n <= len(b)-8; n += 8 {
			if bad = unfit(binary.LittleEndian.Uint64(b[n:])); bad != 0 {
				break
			}
		}
		if bad == 0 {
			if bad = unfit(lastBytes(b, n)); bad == 0 {
				return len(b), beyond
			}
		}
		n += bits.TrailingZeros64(bad) >> 3
		size := common(b[n:])
		if size == 0 || e.ASCII {
			break
		}
		n += size
		beyond += size - 1
	}
	return n, beyond
}

// unfit has the top bit set of the first byte in x that is not printable ASCII,
// and perhaps of others behind it.
func unfit(x uint64) uint64 {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	// A byte sets its top bit in x if it is not ASCII, in x+1 if it is DEL, and
	// not in x+0x60 if it is below the space. Nothing is carried upward but from
	// a byte that is not ASCII, so that the first is right.
	return (x | (x + ones) | ^(x + ones*0x60)) & highs
}

// lastBytes are those of b from n on, at most 8, the first in the lowest byte,
// and spaces behind them.
func lastBytes(b []byte, n int) uint64 {
	short := n + 8 - len(b)
	x := uint64(0)
	if len(b) >= 8 {
		x = binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * short)
	} else {
		for i := len(b) - 1; i >= n; i-- {
			x = x<<8 | uint64(b[i])
		}
	}
	return x | spaces<<(64-8*short)
}

// common is the length in bytes of the character that b begins with, 0 where it
// is none of U+00A1 to U+02FF, but for the soft hyphen U+00AD, and U+2010 to
// U+2027: the letters of "café" and the quotes around it. All of them are
// printable, and none is wide or a mark.
func common(b []byte) int {
	switch {
	case len(b) < 2 || b[0] < 0xc2 || b[1]&0xc0 != 0x80:
	case b[0] <= 0xcb:
		if b[0] > 0xc2 || b[1] > 0xa0 && b[1] != 0xad {
			return 2
		}
	case len(b) >= 3 && b[0] == 0xe2 && b[1] == 0x80 && b[2] >= 0x90 && b[2] <= 0xa7:
		return 3
	}
	return 0
}

const hexDigits = "0123456789abcdef"

func appendHexByte(dst []byte, c byte) []byte {
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

func appendEscape(dst []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r < 0x80:
		return appendHexByte(dst, byte(r))
	case r < 0x10000:
		return append(dst, '\\', 'u', hexDigits[r>>12], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
	}
	dst = append(dst, `\u{`...)
	shift := 16
	if r >= 0x100000 {
		shift = 20
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[r>>shift&15])
	}
	return append(dst, '}')
}
