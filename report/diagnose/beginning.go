package diagnose

import (
	"bytes"
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// beginning is what one direction of a connection begins with.
type beginning uint8

const (
	nothing beginning = iota
	httpMessage
	http2
	tlsHandshake
	tlsAlert
	tlsOther // a record of a connection that began before the capture
	unknownBytes
)

// kind is what a direction begins with, as far as it is there.
func (s *stream) kind(dir reassembly.Direction) beginning {
	b := s.half[dir].begin
	switch {
	case len(b) == 0:
		return nothing
	case len(b) >= 3 && b[0] == recordHandshake && b[1] == 3:
		return tlsHandshake
	case len(b) >= 3 && b[0] == recordAlert && b[1] == 3:
		return tlsAlert
	case len(b) >= 3 && (b[0] == recordData || b[0] == recordCCS) && b[1] == 3 && b[2] <= 4:
		return tlsOther
	case bytes.HasPrefix(b, []byte("PRI * HTTP/2")):
		return http2
	case isHTTP(b):
		return httpMessage
	case undecided(b):
		return nothing
	}
	return unknownBytes
}

// undecided reports whether b is too short to tell what it begins.
func undecided(b []byte) bool {
	if len(b) < 3 && b[0] >= recordCCS && b[0] <= recordData {
		return true
	}
	return len(b) < len("HTTP/1.1") && len(bytes.Trim(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-/1.")) == 0
}

func isTLS(b []byte) bool {
	return len(b) >= 3 && b[0] >= recordCCS && b[0] <= recordData && b[1] == 3 && b[2] <= 4
}

// isHTTP reports whether b begins an HTTP/1.x message (RFC 9112, 3 and 4).
func isHTTP(b []byte) bool {
	if bytes.HasPrefix(b, []byte("HTTP/1.")) {
		return true
	}
	method, rest, ok := bytes.Cut(b, []byte(" "))
	if !ok || len(method) < 3 || len(method) > 16 || len(bytes.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-")) > 0 {
		return false
	}
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	return !whole || bytes.Contains(line, []byte(" HTTP/1."))
}

// line is the first line of what a direction begins with.
func (s *stream) line(dir reassembly.Direction) string {
	line, _, _ := bytes.Cut(s.half[dir].begin, []byte("\n"))
	return strings.TrimRight(string(line), "\r")
}

// The TLS record types (RFC 8446, 5.1).
const (
	recordCCS       = 20
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23
)

// records follows the record layer of one direction by its headers (RFC 8446,
// 5.1), up to where the handshake is over.
type records struct {
	head  [7]byte // of the record: header, and an alert's two bytes
	have  int
	left  int // bytes of the record still to come
	lost  bool
	hello bool // a handshake record was seen
	// alert is the first that was sent in the clear, at its packet.
	alert   [2]byte
	alertAt capture.Stamp
	ccs     bool
	// sealed is the length of the first encrypted record.
	sealed   int
	sealedAt capture.Stamp
	// finished: the handshake's last message was sent, or data.
	finished bool
	// carried: a record of application data was sent.
	carried bool
}

func (r *records) feed(b []byte, at capture.Stamp) {
	for len(b) > 0 && !r.lost && !r.carried {
		switch {
		case r.have < 5:
			r.head[r.have] = b[0]
			r.have++
			b = b[1:]
			if r.have == 5 {
				r.begin(at)
			}
		case r.head[0] == recordAlert:
			r.head[r.have] = b[0]
			r.have++
			r.left--
			b = b[1:]
			if r.left == 0 && !r.ccs && r.alertAt.Packet == 0 {
				r.alert, r.alertAt = [2]byte{r.head[5], r.head[6]}, at
			}
		default:
			n := min(r.left, len(b))
			r.left -= n
			b = b[n:]
		}
		if r.have >= 5 && r.left == 0 {
			r.have = 0
		}
	}
}

// begin takes the header of a record.
func (r *records) begin(at capture.Stamp) {
	r.left = int(r.head[3])<<8 | int(r.head[4])
	switch r.head[0] {
	case recordHandshake:
		r.hello = true
		r.finished = r.ccs // Finished in TLS 1.2 (RFC 5246, 7.4.9)
	case recordCCS:
		r.ccs = true
	case recordAlert:
		if r.left != 2 {
			r.head[0] = 0 // encrypted
		}
	case recordData:
		if r.sealed == 0 {
			r.sealed, r.sealedAt = r.left, at
		}
		// The first in TLS 1.3 is Finished, unless it is as short as an alert: 2
		// bytes, the content type, and a tag of 16 at the most.
		r.carried = r.finished
		r.finished = r.finished || r.left >= 40
	default:
		r.lost = true // no TLS after all
	}
}

// established reports whether both ends have come through the TLS handshake:
// the client sends its Finished last, or first.
func (s *stream) established() bool {
	c, v := &s.half[reassembly.FromClient].records, &s.half[reassembly.FromServer].records
	return c.finished && v.hello || s.st.TLS != nil && s.st.TLS.Decrypted
}
