package wsframe

import (
	"strconv"
	"strings"

	"wstap/wsframe/h2"
)

// h2Head is the head of an HTTP/2 message. Its pseudo-header fields (RFC 9113,
// 8.3) stand among the fields, as they were sent, and fill the start line that
// HTTP/1.1 would have.
func h2Head(b *h2.Headers) *Head {
	h := &Head{Proto: "HTTP/2", Length: b.Length, Fields: make([]Field, len(b.Fields))}
	for i, f := range b.Fields {
		h.Fields[i] = Field{Name: f.Name, Value: f.Value}
		switch f.Name {
		case ":method":
			h.Method = f.Value
		case ":path":
			h.Target = f.Value
		case ":status":
			if n, err := strconv.ParseUint(f.Value, 10, 16); err == nil && len(f.Value) == 3 {
				h.Status = int(n)
			}
		}
	}
	return h
}

// checkConnect holds an extended CONNECT for a WebSocket against RFC 8441, 3 to
// 5. There is no key: the stream itself shows that the server understood.
// allowed is whether the server may have said that it takes such requests.
func checkConnect(h *Head, allowed bool) (faults []fault) {
	add := func(rule Rule, expected, found string) {
		faults = append(faults, fault{rule, expected, found})
	}
	if !allowed {
		add(RuleConnectProtocol, "SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 from the server before", "none")
	}
	for _, name := range []string{":scheme", ":authority", ":path"} {
		if h.Get(name) == "" {
			add(RuleConnectPseudo, name, found(h, name))
		}
	}
	if h.Joined("Sec-WebSocket-Version") != "13" {
		add(RuleVersion, "13", found(h, "Sec-WebSocket-Version"))
	}
	return faults
}

// checkConnected is checkResponse for a success over HTTP/2 (RFC 8441, 5.1).
func checkConnected(req, resp *Head) handshakeResult {
	var r handshakeResult
	r.agree(req, resp)
	return r
}

// connectURL is the URL that an extended CONNECT asks for (RFC 8441, 5: the
// scheme is that of HTTP).
func connectURL(h *Head) string {
	scheme := "ws://"
	if s := h.Get(":scheme"); s == "https" || s == "wss" {
		scheme = "wss://"
	}
	path := h.Target
	if !strings.HasPrefix(path, "/") {
		path = "/" + strings.TrimPrefix(path, "*")
	}
	return scheme + h.Get(":authority") + path
}
