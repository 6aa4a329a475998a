package capturetest

import (
	"fmt"
	"strings"
)

// headOptions are the words behind a head that need more than a field line.
type headOptions struct {
	subprotocol string
	deflate     *string
	lower       bool
}

// headOptions reads field lines and words behind get, request, response, 101
// and upgrade into h.
func (l *line) headOptions(h *Head) (o headOptions, err error) {
	length := false // Content-Length was given or removed by hand
	for l.more() && err == nil {
		k := l.peek()
		taken := true
		switch {
		case k.quoted:
			h.Set(k.text)
			length = length || strings.EqualFold(fieldName(k.text), "Content-Length")
		case k.key == "body":
			h.Body = []byte(k.text)
		case k.key == "subprotocol":
			o.subprotocol = k.text
		case k.key == "deflate":
			o.deflate = &k.text
		case k.key == "method":
			_, rest, _ := strings.Cut(h.Start, " ")
			h.Start = k.text + " " + rest
		case k.key == "http":
			h.Start = strings.Replace(h.Start, "HTTP/1.1", "HTTP/"+k.text, 1)
		case k.key != "":
			taken = false
		case k.text == "also":
			l.at++
			if k = l.peek(); !k.quoted {
				err = fmt.Errorf("field line in quotes expected behind also, found %s", found(k))
			}
			h.Lines = append(h.Lines, k.text)
		case k.text == "deflate":
			o.deflate = new(string)
		case k.text == "chunked":
			h.Chunked = true
		case k.text == "lower":
			o.lower = true
		case strings.HasPrefix(k.text, "-"):
			length = length || strings.EqualFold(k.text[1:], "Content-Length")
			h.Remove(k.text[1:])
		default:
			taken = false
		}
		if !taken {
			break
		}
		l.at++
	}
	switch {
	case h.Chunked:
		h.Remove("Content-Length")
		h.Set("Transfer-Encoding: chunked")
	case h.Body != nil && !length:
		h.Set(fmt.Sprint("Content-Length: ", len(h.Body)))
	}
	return o, err
}

func deflateExtension(parameters string) string {
	if parameters == "" {
		return "permessage-deflate"
	}
	return "permessage-deflate; " + parameters
}

// head reads the HTTP head that word begins.
func (o *sending) head(l *line, word string) (err error) {
	c := o.conn
	var h *Head
	switch word {
	case "101":
		h = Switching(c.key)
	case "response":
		status, err := small(l.next().text, 999)
		if err != nil {
			return err
		}
		h = NewResponse(status)
		if status >= 200 && status != 204 && status != 304 {
			h.Lines = append(h.Lines, "Content-Length: 0")
		}
	default:
		method := "GET"
		if word == "request" {
			if method, err = l.bare("method"); err != nil {
				return err
			}
		}
		target, err := l.bare("target of the request")
		if err != nil {
			return err
		}
		switch {
		case word == "get":
			h = Upgrade(target, c.Host())
		case method == "CONNECT":
			h = NewRequest(method, target, target)
		default:
			h = NewRequest(method, target, c.Host())
		}
	}
	opts, err := l.headOptions(h)
	if err != nil {
		return err
	}
	if opts.subprotocol != "" {
		h.Set("Sec-WebSocket-Protocol: " + opts.subprotocol)
	}
	if opts.deflate != nil {
		h.Set("Sec-WebSocket-Extensions: " + deflateExtension(*opts.deflate))
		if o.dir == FromServer {
			c.Agree(*opts.deflate)
		}
	}
	if key := h.Get("Sec-WebSocket-Key"); key != "" {
		c.key = key
	}
	if opts.lower {
		h.Lower()
	}
	o.segment.Payload = h.Append(o.segment.Payload)
	return nil
}

// icmpCodes are type and code of ICMP errors (RFC 792, RFC 4443, RFC 1812).
var icmpCodes = map[string]struct{ v4, v6 [2]byte }{
	"net":      {[2]byte{3, 0}, [2]byte{1, 0}},
	"host":     {[2]byte{3, 1}, [2]byte{1, 3}},
	"port":     {[2]byte{3, 3}, [2]byte{1, 4}},
	"toobig":   {[2]byte{3, 4}, [2]byte{2, 0}},
	"filtered": {[2]byte{3, 13}, [2]byte{1, 1}},
	"timeout":  {[2]byte{11, 0}, [2]byte{3, 0}},
}

// runICMP sends an ICMP error about the last packet of the other end.
func (o *sending) runICMP(a Arrival) error {
	codes, ok := icmpCodes[o.icmp]
	if !ok {
		return fmt.Errorf("unknown ICMP error %s: net host port toobig filtered timeout are known", o.icmp)
	}
	quoted := o.conn.half[o.dir.Reverse()].last.Body
	if quoted == nil {
		return fmt.Errorf("no packet yet that an ICMP error could quote")
	}
	src, dst := o.conn.config.Server.Addr(), o.conn.config.Client.Addr()
	if o.dir == FromClient {
		src, dst = dst, src
	}
	if o.router.IsValid() {
		if src = o.router; src.BitLen() != dst.BitLen() {
			return fmt.Errorf("router %v is of another IP version", src)
		}
	}
	ip := ipHeader{src: src, dst: dst}
	var b []byte
	if src.Is4() {
		ip.proto = protoICMP
		header := int(quoted[0]&15) * 4
		b = append([]byte{codes.v4[0], codes.v4[1], 0, 0, 0, 0, 0, 0}, quoted[:min(header+8, len(quoted))]...)
		sum := checksum(b)
		b[2], b[3] = byte(sum>>8), byte(sum)
	} else {
		ip.proto = protoICMPv6
		b = append([]byte{codes.v6[0], codes.v6[1], 0, 0, 0, 0, 0, 0}, quoted[:min(1232, len(quoted))]...)
		sum := checksum(pseudoHeader(src, dst, protoICMPv6, len(b)), b)
		b[2], b[3] = byte(sum>>8), byte(sum)
	}
	encap := append(o.segment.Encap[:len(o.segment.Encap):len(o.segment.Encap)], o.conn.config.Encap...)
	o.conn.trace.datagram(o.dir, ip.datagram(b), encap, a)
	return nil
}
