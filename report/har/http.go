package har

import (
	"net/url"
	"strconv"
	"strings"

	"wstap/report"
	"wstap/report/redact"
	"wstap/wsframe"
)

// request appends the upgrade's request. Where it was not captured, what HAR
// asks for is there all the same.
func (w *Writer) request(c *wsframe.Conn) {
	target, method := c.URL, "GET"
	if target == "" {
		target = endpointURL(c.Server)
	}
	if c.Request != nil && c.Request.Method != "" {
		method = c.Request.Method
	}
	w.own(`{"method":`)
	w.head(method)
	w.key("url")
	w.head(w.url(target))
	w.httpVersion(c, c.Request)
	w.key("cookies")
	w.cookies(c.Request, "Cookie")
	w.key("headers")
	w.fields(c.Request)
	w.key("queryString")
	w.query(target)
	w.sizes(c.Request, 0)
	w.own("}")
}

// response appends the upgrade's response; status 0 where there is none.
func (w *Writer) response(c *wsframe.Conn) {
	h := c.Response
	var phrase, location, kind string
	if h != nil {
		phrase, location, kind = h.Phrase, h.Get("Location"), h.Get("Content-Type")
	}
	w.own(`{"status":`)
	w.b = strconv.AppendInt(w.b, int64(c.Status), 10)
	w.key("statusText")
	w.head(phrase)
	w.httpVersion(c, h)
	w.key("cookies")
	w.cookies(h, "Set-Cookie")
	w.key("headers")
	w.fields(h)
	w.own(`,"content":{"size":`)
	w.b = strconv.AppendInt(w.b, int64(len(c.Body)), 10)
	w.key("mimeType")
	if kind == "" || c.Upgraded {
		kind = "x-unknown"
	}
	w.head(kind)
	if c.Body != "" {
		w.key("text")
		w.head(string(w.clean([]byte(c.Body))))
	}
	w.own("}")
	w.key("redirectURL")
	w.head(w.url(location))
	body := 0
	if !c.Upgraded {
		body = -1 // its first line is known, not its size
	}
	w.sizes(h, body)
	w.own("}")
}

// url takes the secrets out of a URL, unless they are wanted.
func (w *Writer) url(s string) string {
	if w.opts.Secrets {
		return s
	}
	out, count := redact.URL(s)
	w.redacted += count
	return out
}

// field does so with a header field's value.
func (w *Writer) field(f wsframe.Field) string {
	if w.opts.Secrets {
		return f.Value
	}
	out, count := redact.Field(f.Name, f.Value)
	w.redacted += count
	return out
}

func (w *Writer) httpVersion(c *wsframe.Conn, h *wsframe.Head) {
	version := "HTTP/1.1"
	switch {
	case h != nil && h.Proto != "":
		version = h.Proto
	case c.Via == "h2":
		version = "HTTP/2"
	}
	w.key("httpVersion")
	w.head(version)
}

func (w *Writer) sizes(h *wsframe.Head, body int) {
	head := -1
	if h != nil && h.Length > 0 {
		head = h.Length
	}
	w.key("headersSize")
	w.b = strconv.AppendInt(w.b, int64(head), 10)
	w.key("bodySize")
	w.b = strconv.AppendInt(w.b, int64(body), 10)
}

// fields appends the header fields.
func (w *Writer) fields(h *wsframe.Head) {
	w.own("[")
	if h != nil {
		for i, f := range h.Fields {
			w.pair(i, f.Name, w.field(f))
		}
	}
	w.own("]")
}

// query appends the parameters of the URL's query, decoded.
func (w *Writer) query(target string) {
	_, query, _ := strings.Cut(target, "?")
	query, _, _ = strings.Cut(query, "#")
	w.own("[")
	n := 0
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = decoded(name), decoded(value)
		if !w.opts.Secrets {
			value, _ = redact.Parameter(name, value) // counted with the URL
		}
		w.pair(n, name, value)
		n++
	}
	w.own("]")
}

// decoded is a part of a query without its percent-encoding, or as it is where
// that is wrong.
func decoded(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// cookies appends the cookies of the fields of the given name (RFC 6265, 4).
func (w *Writer) cookies(h *wsframe.Head, name string) {
	w.own("[")
	n := 0
	if h != nil {
		for _, f := range h.Fields {
			if !strings.EqualFold(f.Name, name) {
				continue
			}
			for i, part := range strings.Split(f.Value, ";") {
				if i > 0 && name == "Set-Cookie" {
					break // its attributes
				}
				key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
				if !ok {
					continue
				}
				if value != "" && !w.opts.Secrets {
					value = redact.Mark // counted with the field
				}
				w.pair(n, key, value)
				n++
			}
		}
	}
	w.own("]")
}

// pair appends one object of a list of names and values.
func (w *Writer) pair(i int, name, value string) {
	if i > 0 {
		w.own(",")
	}
	w.own(`{"name":`)
	w.head(name)
	w.own(`,"value":`)
	w.head(value)
	w.own("}")
}

// head appends a string of an HTTP head.
func (w *Writer) head(s string) { w.b = report.AppendJSONHead(w.b, s) }
