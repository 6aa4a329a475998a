package wsframe

import (
	"bytes"
	"errors"
	"strings"
)

// Bounds on a message head (RFC 9112, 2.1). Both are far above what servers
// accept (8 to 32 KiB), so that a head that reaches them is no use to anyone.
const (
	maxHeadBytes = 64 << 10 // start line, field lines and their line ends
	maxHeadLines = 256      // start line included
)

var (
	// errNotHTTP: the bytes are no HTTP/1.x message head.
	errNotHTTP = errors.New("not an http/1.x message head")
	// errHeadTooLong: the head passed maxHeadBytes or maxHeadLines.
	errHeadTooLong = errors.New("http head longer than 64 KiB or 256 lines")
)

// headReader collects one message head from a stream, however it is cut. The
// zero value is ready. Nothing that it returns points into its buffer. A head
// that comes in one piece, as nearly all do, stays where it is: it has to be
// parsed before what was fed goes.
//
// It is lenient where RFC 9112 lets a recipient be: lines may end in a bare LF
// (2.2), empty lines before the start line are skipped (2.2), and folded field
// lines are unfolded (5.2).
type headReader struct {
	buf     []byte
	lent    bool // buf is part of what is being fed
	line    int  // where the current line begins in buf
	lines   int  // complete lines in buf
	first   int  // where the start line ends in buf, its line end included
	skipped int  // bytes of empty lines before the start line
	glance
}

// feed takes the next bytes of the stream. It returns how many of them belong
// to the head, never more, and whether the head is complete. The error is
// errNotHTTP or errHeadTooLong; after one, reset is the only call that helps.
func (r *headReader) feed(b []byte) (n int, done bool, err error) {
	if r.buf == nil {
		r.buf, r.lent = b[:0:0], true
	}
	n, done, err = r.collect(b)
	if r.lent && !done {
		r.buf, r.lent = append(make([]byte, 0, max(256, min(len(b), maxHeadBytes))), r.buf...), false
	}
	return n, done, err
}

func (r *headReader) collect(b []byte) (n int, done bool, err error) {
	for n < len(b) {
		room := maxHeadBytes - r.skipped - len(r.buf)
		i := bytes.IndexByte(b[n:], '\n')
		part := b[n:]
		if i >= 0 {
			part = b[n : n+i+1]
		}
		if len(part) > room {
			return n, false, errHeadTooLong
		}
		n += len(part)
		if r.lent {
			r.buf = b[n-len(part)-len(r.buf) : n : n]
		} else {
			r.buf = append(r.buf, part...)
		}
		if r.lines == 0 && len(r.buf) >= plausibleWithin &&
			plausibleResponse(r.buf) == implausible && plausibleRequest(r.buf) == implausible {
			return n, false, errNotHTTP
		}
		if i < 0 {
			return n, false, nil
		}
		line := trimEOL(r.buf[r.line:])
		switch {
		case len(line) == 0 && r.lines == 0:
			r.skipped += len(r.buf)
			r.buf = r.buf[:0]
			continue
		case len(line) == 0:
			return n, true, nil
		case r.lines == 0 && !namesHTTP(line):
			return n, false, errNotHTTP
		case r.lines == 0:
			r.first = len(r.buf)
		default:
			r.note(line)
		}
		r.lines++
		r.line = len(r.buf)
		if r.lines > maxHeadLines {
			return n, false, errHeadTooLong
		}
	}
	return n, false, nil
}

// namesHTTP reports whether a version of HTTP is in a start line: at its end, as
// in requests, or at its beginning, if not elsewhere.
func namesHTTP(line []byte) bool {
	const name = "HTTP/"
	n := len(line) - len(name+"1.1")
	return n >= 0 && string(line[n:n+len(name)]) == name || bytes.Contains(line, []byte(name))
}

// reset makes r ready for the next head. The buffer is given back, since a
// connection may stay open for days.
func (r *headReader) reset() { *r = headReader{} }

// request parses the collected head as a request (RFC 9112, 3). The words of
// the request line may be parted by several spaces, and spaces within the target
// are kept. What h held is gone, its fields' memory used again.
func (r *headReader) request(h *Head) error {
	start, fields := r.cut()
	method, rest, ok := strings.Cut(start, " ")
	last := strings.LastIndexByte(rest, ' ')
	if !ok || last < 0 || !isToken(method) {
		return errNotHTTP
	}
	*h = Head{Method: method, Target: strings.Trim(rest[:last], " "), Proto: rest[last+1:], Length: len(r.buf), Fields: h.Fields[:0]}
	if !isHTTPVersion(h.Proto) || h.Target == "" {
		return errNotHTTP
	}
	h.Fields = parseFields(h.Fields, fields)
	return nil
}

// response parses the collected head as a response (RFC 9112, 4). The reason
// phrase, and the space before it, may be absent. h is as with request.
func (r *headReader) response(h *Head) error {
	start, fields := r.cut()
	proto, rest, _ := strings.Cut(start, " ")
	code, phrase, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if !isHTTPVersion(proto) || len(code) != 3 {
		return errNotHTTP
	}
	*h = Head{Phrase: phrase, Proto: proto, Length: len(r.buf), Fields: h.Fields[:0]}
	for _, c := range []byte(code) {
		if c < '0' || c > '9' {
			return errNotHTTP
		}
		h.Status = h.Status*10 + int(c-'0')
	}
	h.Fields = parseFields(h.Fields, fields)
	return nil
}

// plainRequest reports whether the collected head is a request that asks for no
// other protocol and whose response, too, is like most: what glance tells is all
// that there is to know.
func (r *headReader) plainRequest() bool {
	start := trimEOL(r.buf[:r.first])
	i := bytes.IndexByte(start, ' ')
	if r.rare || i <= 0 || i > len("OPTIONS") || !plainTarget(start[i:]) {
		return false
	}
	switch string(start[:i]) {
	case "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
		return true
	}
	return false
}

// plainTarget reports whether b, behind a method, is a space, a target without
// spaces, a space and an HTTP-version.
func plainTarget(b []byte) bool {
	i := len(b) - len(" HTTP/1.1")
	return i > 1 && b[i] == ' ' && bytes.IndexByte(b[1:i], ' ') < 0 && isHTTPVersion(string(b[i+1:]))
}

// plainResponse is the status of the collected head where it is a response of
// which glance tells all that there is to know; 0 where it is not.
func (r *headReader) plainResponse() (status int) {
	const code = len("HTTP/1.1 ")
	b := trimEOL(r.buf[:r.first])
	if r.rare || len(b) < code+3 || b[code-1] != ' ' || len(b) > code+3 && b[code+3] != ' ' || !isHTTPVersion(string(b[:code-1])) {
		return 0
	}
	n, ok := decimal(b[code : code+3])
	if !ok {
		return 0
	}
	return int(n)
}

// cut copies what was collected into one string, which all of the Head's
// strings then share, and parts the start line from the field lines.
func (r *headReader) cut() (start, fields string) {
	start, fields, _ = strings.Cut(string(r.buf), "\n")
	return trimRight(start), fields
}

// parseFields parses field lines (RFC 9112, 5), in order, and appends them to
// fields, which is empty. Lines without a colon or a name are left out.
func parseFields(fields []Field, s string) []Field {
	for s != "" {
		var line string
		line, s, _ = strings.Cut(s, "\n")
		line = trimRight(line)
		if line == "" {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' { // obs-fold, RFC 9112 5.2
			// A fold with nothing to continue is ignored (RFC 9112, 2.2).
			if len(fields) > 0 {
				f := &fields[len(fields)-1]
				f.Value = strings.TrimLeft(f.Value+" "+fieldValue(line), " ")
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		// Whitespace before the colon is an error that senders make, and that
		// proxies take out of responses (RFC 9112, 5.1).
		for name != "" && isOWS(name[len(name)-1]) {
			name = name[:len(name)-1]
		}
		if !ok || name == "" {
			continue
		}
		fields = append(fields, Field{Name: name, Value: fieldValue(value)})
	}
	return fields
}

// fieldValue trims optional whitespace, and replaces each bare CR by a space
// (RFC 9112, 2.2).
func fieldValue(s string) string {
	for s != "" && (isOWS(s[0]) || s[0] == '\r') {
		s = s[1:]
	}
	s = trimRight(s)
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r", " ")
	}
	return s
}

// trimRight is s without the whitespace and CR at its end. A set of characters, as
// the strings package takes, costs more than most lines have to trim.
func trimRight(s string) string {
	for s != "" && (isOWS(s[len(s)-1]) || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}

// isOWS reports whether c is whitespace that RFC 9110, 5.6.3, allows around values.
func isOWS(c byte) bool { return c == ' ' || c == '\t' }

// verdict is what the first bytes of a stream tell about its protocol.
type verdict uint8

const (
	undecided   verdict = iota // more bytes are needed
	implausible                // it cannot be
	plausible                  // it looks like it
)

// plausibleWithin is the number of bytes within which plausibleRequest and
// plausibleResponse decide. The longest registered methods have 16 letters but
// no WebSocket begins with one; 15 and the space fit.
const plausibleWithin = 16

// plausibleRequest tells whether a stream that begins with b can be HTTP/1.x
// requests: a method of letters, '-' and '_', then a space.
func plausibleRequest(b []byte) verdict {
	for i, c := range skipEmptyLines(b) {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case c == ' ' && i > 0:
			return plausible
		case (c == '-' || c == '_') && i > 0:
		default:
			return implausible
		}
	}
	if len(b) >= plausibleWithin {
		return implausible
	}
	return undecided
}

// plausibleResponse tells whether a stream that begins with b can be HTTP/1.x
// responses: "HTTP/1.".
func plausibleResponse(b []byte) verdict {
	const prefix = "HTTP/1."
	s := skipEmptyLines(b)
	n := min(len(s), len(prefix))
	switch {
	case string(s[:n]) != prefix[:n]:
		return implausible
	case n == len(prefix):
		return plausible
	case len(b) >= plausibleWithin:
		return implausible
	}
	return undecided
}

// skipEmptyLines cuts b to the bytes that are looked at, and takes the line
// ends off that RFC 9112, 2.2 lets precede a start line.
func skipEmptyLines(b []byte) []byte {
	b = b[:min(len(b), plausibleWithin)]
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// trimEOL takes LF or CRLF off the end of a line.
func trimEOL(line []byte) []byte {
	if n := len(line) - 1; n >= 0 && line[n] == '\n' {
		line = line[:n]
	}
	if n := len(line) - 1; n >= 0 && line[n] == '\r' {
		line = line[:n]
	}
	return line
}

// isHTTPVersion reports whether s is an HTTP-version (RFC 9112, 2.3).
func isHTTPVersion(s string) bool {
	return len(s) == 8 && s[:5] == "HTTP/" && s[6] == '.' &&
		s[5] >= '0' && s[5] <= '9' && s[7] >= '0' && s[7] <= '9'
}

// isToken reports whether s is a token (RFC 9110, 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
