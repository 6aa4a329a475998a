package decrypt

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"

	"wstap/reassembly"
)

// finding is what a stream seems to begin with.
type finding uint8

const (
	other finding = iota
	more          // bytes are needed
	tlsRecord
	proxyHeader
	connectRequest
)

// maxBegin is how many bytes of a beginning are looked at: a PROXY header of
// version 1 has 107 at most.
const maxBegin = 128

// recognize looks at the first bytes of one direction of a stream. Where the
// stream was joined midway any record may come first.
func recognize(b []byte, midstream bool, d reassembly.Direction) finding {
	switch {
	case b[0] == typeHandshake || midstream && b[0] >= typeCCS && b[0] <= typeApplication:
		return recognizeRecord(b, midstream)
	case b[0] == 'C':
		return prefix(b, "CONNECT ", connectRequest)
	case b[0] == 'P' && d == reassembly.FromClient:
		if f := prefix(b, "PROXY ", proxyHeader); f != proxyHeader {
			return f
		}
		if n, _ := parseProxyHeader(b); n > 0 {
			return proxyHeader
		}
		if len(b) < maxProxyLine && bytes.IndexByte(b, '\n') < 0 {
			return more
		}
	case b[0] == '\r' && d == reassembly.FromClient:
		if f := prefix(b, proxySignature, proxyHeader); f != proxyHeader {
			return f
		}
		if n, _ := parseProxyHeader(b); n > 0 {
			return proxyHeader
		}
		if len(b) < 16 || b[12]>>4 == 2 && len(b) < 16+proxyAddresses(b) {
			return more
		}
	}
	return other
}

// prefix tells whether b begins with p, which means f, or may yet.
func prefix(b []byte, p string, f finding) finding {
	switch n := min(len(b), len(p)); {
	case string(b[:n]) != p[:n]:
		return other
	case n < len(p):
		return more
	}
	return f
}

// recognizeRecord tells a TLS record by its header and, where the stream is
// seen from its beginning, the hello in it (RFC 8446, 5.1, 4).
func recognizeRecord(b []byte, midstream bool) finding {
	if len(b) > 1 && b[1] != 3 || len(b) > 2 && b[2] > 4 {
		return other
	}
	need := 6
	if midstream {
		need = 5
	}
	if len(b) < need {
		return more
	}
	if !plausibleHeader(b) {
		return other
	}
	if !midstream && b[5] != msgClientHello && b[5] != msgServerHello {
		return other
	}
	return tlsRecord
}

// plausibleHeader reports whether b, of 5 bytes at least, may begin a record.
func plausibleHeader(b []byte) bool {
	n := int(binary.BigEndian.Uint16(b[3:]))
	switch {
	case b[0] < typeCCS || b[0] > typeApplication || b[1] != 3 || b[2] > 4 || n > maxFragment:
		return false
	case b[0] == typeCCS:
		return n >= 1 && n < 256
	case b[0] == typeAlert:
		return n >= 2 && n < 1024
	}
	return n > 0
}

// The PROXY protocol (www.haproxy.org/download/2.9/doc/proxy-protocol.txt, 2).
const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
	maxProxyLine   = 107
)

// parseProxyHeader reads a PROXY protocol header of version 1 or 2, and returns
// its length and the client that it names, if any. The length is 0 where b
// begins with none, or with too little of one.
func parseProxyHeader(b []byte) (length int, client netip.AddrPort) {
	if bytes.HasPrefix(b, []byte(proxySignature)) {
		if len(b) < 16 || b[12]>>4 != 2 || len(b) < 16+proxyAddresses(b) {
			return 0, client
		}
		length = 16 + int(binary.BigEndian.Uint16(b[14:]))
		size := 4
		if b[13]>>4 == 2 {
			size = 16
		}
		// A local connection's addresses, a health check's, name nobody.
		if proxyAddresses(b) > 0 && b[12]&15 == 1 {
			addr, _ := netip.AddrFromSlice(b[16 : 16+size])
			client = netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[16+2*size:]))
		}
		return length, client
	}
	end := bytes.Index(b[:min(len(b), maxProxyLine)], []byte("\r\n"))
	if end < 0 || !bytes.HasPrefix(b, []byte("PROXY ")) {
		return 0, client
	}
	if f := strings.Split(string(b[:end]), " "); len(f) == 6 && (f[1] == "TCP4" || f[1] == "TCP6") {
		if addr, err := netip.ParseAddrPort(netipJoin(f[2], f[4])); err == nil {
			client = addr
		}
	}
	return end + 2, client
}

// netipJoin is an address and port in the form that net/netip parses.
func netipJoin(addr, port string) string {
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return addr + ":" + port
}

// proxyAddresses is the length of the addresses in a version 2 header, of which
// 16 bytes are there: 0 for families that name no TCP ports.
func proxyAddresses(b []byte) int {
	n := 0
	switch b[13] {
	case 0x11:
		n = 12
	case 0x21:
		n = 36
	}
	if int(binary.BigEndian.Uint16(b[14:])) < n {
		return 0
	}
	return n
}
