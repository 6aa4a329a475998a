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
	}
	if word == "101" {
		c.agree(h.Get("Sec-WebSocket-Extensions"))
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
