package wsframe

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

// errBadBody: the chunked coding (RFC 9112, 7.1) cannot be followed, so that
// nobody knows where the next message begins.
var errBadBody = errors.New("http body cannot be delimited")

// errLineTooLong: a chunk-size or trailer line passed maxChunkLine, or the
// trailer maxHeadLines.
var errLineTooLong = errors.New("http chunk line longer than 4 KiB, or trailer of more than 256 lines")

// Bounds on what bodyReader collects.
const (
	maxChunkLine = 4 << 10 // a chunk-size line with its extensions, in bytes
	maxFirstLine = 200     // of a body, kept for reports, in bytes
)

// framing is how the end of a body is found (RFC 9112, 6.3).
type framing uint8

const (
	noBody framing = iota
	knownLength
	chunked
	untilClose
)

// bodyReader finds the end of a message body without keeping it. The zero
// value is that of a message without a body.
type bodyReader struct {
	framing framing
	part    chunkPart
	// left counts the bytes of the body (knownLength) or of the chunk's data.
	left int64
	// line holds a chunk-size or trailer line that a packet boundary cut.
	line     []byte
	trailers int
	// note is an oddity of the framing that request smuggling lives on.
	note string

	keepFirst bool
	firstLine []byte
}

// chunkPart is where in the chunked coding (RFC 9112, 7.1) a body is.
type chunkPart uint8

const (
	chunkSize chunkPart = iota
	chunkData
	chunkEnd
	chunkTrailer
)

// requestBody is the body that follows the request h.
func requestBody(h *Head) bodyReader {
	b := delimit(h)
	if b.framing == untilClose && !h.Has("Transfer-Encoding") && !h.Has("Content-Length") {
		b.framing = noBody // RFC 9112, 6.3 rule 7
	}
	return b
}

// responseBody is the body that follows the response h to a request of that
// method, which is "" where the request was not seen.
func responseBody(h *Head, method string) bodyReader {
	switch {
	case bodiless(method, h.Status):
		return bodyReader{}
	case method == "CONNECT" && h.Status/100 == 2: // rule 2: a tunnel follows
		return bodyReader{}
	}
	b := delimit(h)
	b.keepFirst = !h.Has("Content-Encoding") || h.HasToken("Content-Encoding", "identity")
	if te := h.Joined("Transfer-Encoding"); te != "" && !strings.EqualFold(te, "chunked") {
		b.keepFirst = false
	}
	return b
}

// bodiless reports whether no body follows a response, whatever its fields say
// (RFC 9112, 6.3 rule 1).
func bodiless(method string, status int) bool {
	return method == "HEAD" || status/100 == 1 || status == 204 || status == 304
}

// delimit applies rules 3 to 8 of RFC 9112, 6.3, without what tells requests
// from responses.
func delimit(h *Head) bodyReader {
	if h.Has("Transfer-Encoding") {
		b := bodyReader{framing: untilClose}
		if h.Has("Content-Length") {
			b.note = "Content-Length beside Transfer-Encoding" // rule 3: the latter counts
		}
		codings := strings.Split(h.Joined("Transfer-Encoding"), ",")
		if strings.EqualFold(strings.TrimSpace(codings[len(codings)-1]), "chunked") { // rule 4
			b.framing = chunked
		}
		return b
	}
	if !h.Has("Content-Length") {
		return bodyReader{framing: untilClose} // rule 8
	}
	n, ok := contentLength(h)
	switch {
	case !ok: // rule 5: there is no way to go on; both ends have to close
		return bodyReader{framing: untilClose, note: "Content-Length invalid or repeated with other values"}
	case n == 0:
		return bodyReader{}
	}
	return bodyReader{framing: knownLength, left: n}
}

// contentLength is the value that all Content-Length fields and list members
// agree on (RFC 9112, 6.3 rule 5).
func contentLength(h *Head) (n int64, ok bool) {
	n = -1
	for v := range strings.SplitSeq(h.Joined("Content-Length"), ",") {
		v = strings.TrimSpace(v)
		if v == "" || strings.Trim(v, "0123456789") != "" {
			return 0, false
		}
		m, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, false
		}
		if n >= 0 && m != n {
			return 0, false
		}
		n = m
	}
	return n, n >= 0
}

// feed takes the next bytes behind the head. It returns how many belong to the
// body, never more, and whether the body has ended, which a body without bytes
// has at once. The error is errBadBody or errLineTooLong.
func (b *bodyReader) feed(p []byte) (n int, done bool, err error) {
	switch b.framing {
	case noBody:
		return 0, true, nil
	case untilClose:
		b.keep(p)
		return len(p), false, nil
	case knownLength:
		n = b.data(p)
		return n, b.left == 0, nil
	}
	for {
		switch b.part {
		case chunkData:
			n += b.data(p[n:])
			if b.left > 0 {
				return n, false, nil
			}
			b.part = chunkEnd
		default:
			line, m, err := b.takeLine(p[n:])
			n += m
			if line == nil || err != nil {
				return n, false, err
			}
			done, err := b.chunkLine(line)
			b.line = b.line[:0]
			if done || err != nil {
				return n, done, err
			}
		}
	}
}

// skip passes over n bytes that were never captured. It returns whether the
// body has ended with them, and ok == false where they may have held the
// body's end: then nothing is known of what follows.
func (b *bodyReader) skip(n int64) (done, ok bool) {
	b.keepFirst = false
	switch {
	case b.framing == untilClose:
		return false, true
	case b.framing == knownLength && n <= b.left:
		b.left -= n
		return b.left == 0, true
	case b.framing == chunked && b.part == chunkData && n <= b.left:
		b.left -= n
		if b.left == 0 {
			b.part = chunkEnd
		}
		return false, true
	}
	return b.framing == noBody, b.framing == noBody && n == 0
}

// first is the first line of a response's body that is not blank, at most 200
// bytes of it, as sent; "" where the body is encoded or its beginning was lost.
func (b *bodyReader) first() string {
	return string(bytes.TrimSpace(b.firstLine))
}

// data passes over the body bytes at the beginning of p.
func (b *bodyReader) data(p []byte) int {
	n := int(min(int64(len(p)), b.left))
	b.left -= int64(n)
	b.keep(p[:n])
	return n
}

// keep collects the body's first line.
func (b *bodyReader) keep(p []byte) {
	if !b.keepFirst || len(p) == 0 {
		return
	}
	if len(b.firstLine) == 0 {
		p = bytes.TrimLeft(p, " \t\r\n")
	}
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		p, b.keepFirst = p[:i], false
	}
	if room := maxFirstLine - len(b.firstLine); len(p) >= room {
		p, b.keepFirst = p[:room], false
	}
	b.firstLine = append(b.firstLine, p...)
}

// takeLine returns the next line of p, without its end, or nil where p ends
// first, and how many bytes it took. A line that an earlier call began is
// completed. The line is valid until the next call.
func (b *bodyReader) takeLine(p []byte) (line []byte, n int, err error) {
	i := bytes.IndexByte(p, '\n')
	n = i + 1
	if i < 0 {
		n = len(p)
	}
	if len(b.line)+n > maxChunkLine {
		return nil, n, errLineTooLong
	}
	if i >= 0 && len(b.line) == 0 {
		return trimEOL(p[:n]), n, nil
	}
	b.line = append(b.line, p[:n]...)
	if i < 0 {
		return nil, n, nil
	}
	return trimEOL(b.line), n, nil
}

// chunkLine takes a line of the chunked coding and tells whether it ends the
// body.
func (b *bodyReader) chunkLine(line []byte) (done bool, err error) {
	switch b.part {
	case chunkEnd:
		if len(line) != 0 {
			return false, errBadBody
		}
		b.part = chunkSize
	case chunkSize:
		size, ok := parseChunkSize(line)
		switch {
		case !ok:
			return false, errBadBody
		case size == 0:
			b.part = chunkTrailer
		default:
			b.part, b.left = chunkData, size
		}
	case chunkTrailer:
		if len(line) == 0 {
			return true, nil
		}
		if b.trailers++; b.trailers > maxHeadLines {
			return false, errLineTooLong
		}
	}
	return false, nil
}

// parseChunkSize reads the size in front of a chunk's extensions (RFC 9112,
// 7.1 and 7.1.1).
func parseChunkSize(line []byte) (n int64, ok bool) {
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, " \t") // bad whitespace, RFC 9112 7.1.1
	if len(line) == 0 {
		return 0, false
	}
	for _, c := range line {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		if n > math.MaxInt64>>5 {
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, true
}
