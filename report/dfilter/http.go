package dfilter

import (
	"strings"

	"wstap/wsframe"
)

// ofRequest is a text of the connection's upgrade request; "" is absent.
func ofRequest(get func(h *wsframe.Head) string) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.meta.Conn == nil || x.meta.Conn.Request == nil {
			return nil, false
		}
		s := get(x.meta.Conn.Request)
		return x.text(s), s != ""
	}
}

// ofResponse is a text of its answer.
func ofResponse(get func(h *wsframe.Head) string) func(*Context) ([]byte, bool) {
	return func(x *Context) ([]byte, bool) {
		if x.meta.Conn == nil || x.meta.Conn.Response == nil {
			return nil, false
		}
		s := get(x.meta.Conn.Response)
		return x.text(s), s != ""
	}
}

// header is a field of the request's and of the response's header.
func header(name, header string) Field {
	return Field{Name: name, Type: String, Text: header + " of the upgrade", all: func(x *Context, dst []Value) []Value {
		if x.meta.Conn == nil {
			return dst
		}
		for _, h := range []*wsframe.Head{x.meta.Conn.Request, x.meta.Conn.Response} {
			if h == nil {
				continue
			}
			for i := range h.Fields {
				if strings.EqualFold(h.Fields[i].Name, header) {
					dst = append(dst, Value{Type: String, Octets: x.text(h.Fields[i].Value)})
				}
			}
		}
		return dst
	}}
}

// fullURI is the request's target with its host, as Wireshark writes it.
func fullURI(x *Context) ([]byte, bool) {
	c := x.meta.Conn
	if c == nil || c.URL == "" {
		return nil, false
	}
	start := len(x.arena)
	rest, secure := strings.CutPrefix(c.URL, "wss://")
	x.arena = append(x.arena, "http"...)
	if secure {
		x.arena = append(x.arena, 's')
	} else {
		rest = strings.TrimPrefix(rest, "ws://")
	}
	x.arena = append(x.arena, "://"...)
	x.arena = append(x.arena, rest...)
	return x.arena[start:], true
}

// httpFields are facts of the upgrade: in Wireshark those of its two packets,
// here of all frames of its connection.
func httpFields() []Field {
	text := func(name, what string, get func(*Context) ([]byte, bool)) Field {
		return Field{Name: name, Type: String, Text: what, octets: get}
	}
	part := func(get func(path, query string, found bool) string) func(*Context) ([]byte, bool) {
		return ofRequest(func(h *wsframe.Head) string { return get(strings.Cut(h.Target, "?")) })
	}
	return []Field{
		{Name: "http", Type: Protocol, Text: "the connection's upgrade was seen",
			has: func(x *Context) bool {
				c := x.meta.Conn
				return c != nil && (c.Request != nil || c.Response != nil)
			}},
		text("http.request.method", "method of the upgrade request", ofRequest(func(h *wsframe.Head) string { return h.Method })),
		text("http.request.uri", "target of the upgrade request", ofRequest(func(h *wsframe.Head) string { return h.Target })),
		text("http.request.uri.path", "its path", part(func(path, _ string, found bool) string {
			if !found {
				return "" // as Wireshark, which splits only what has a query
			}
			return path
		})),
		text("http.request.uri.query", "its query", part(func(_, query string, _ bool) string { return query })),
		text("http.request.version", "HTTP version of the upgrade request", ofRequest(func(h *wsframe.Head) string { return h.Proto })),
		text("http.request.full_uri", "http or https, host and target; see wstap.url", fullURI),
		{Name: "http.response.code", Type: Uint16, Text: "status of the answer",
			num: func(x *Context) (uint64, bool) {
				c := x.meta.Conn
				if c == nil || c.Status <= 0 {
					return 0, false
				}
				return uint64(c.Status), true
			}},
		text("http.response.phrase", "its reason phrase", ofResponse(func(h *wsframe.Head) string { return h.Phrase })),
		text("http.response.version", "its HTTP version", ofResponse(func(h *wsframe.Head) string { return h.Proto })),
		header("http.host", "Host"),
		header("http.user_agent", "User-Agent"),
		header("http.upgrade", "Upgrade"),
		header("http.connection", "Connection"),
		header("http.origin", "Origin"),
		header("http.cookie", "Cookie"),
		header("http.set_cookie", "Set-Cookie"),
		header("http.authorization", "Authorization"),
		header("http.referer", "Referer"),
		header("http.server", "Server"),
		header("http.location", "Location"),
		header("http.x_forwarded_for", "X-Forwarded-For"),
		header("http.sec_websocket_accept", "Sec-WebSocket-Accept"),
		header("http.sec_websocket_extensions", "Sec-WebSocket-Extensions"),
		header("http.sec_websocket_key", "Sec-WebSocket-Key"),
		header("http.sec_websocket_protocol", "Sec-WebSocket-Protocol"),
		header("http.sec_websocket_version", "Sec-WebSocket-Version"),
		{Name: "tls", Type: Protocol, Text: "the connection runs over TLS",
			has: func(x *Context) bool {
				c := x.meta.Conn
				return c != nil && c.Stream != nil && c.Stream.TLS != nil
			}},
		text("tls.handshake.extensions_server_name", "server name that the client asked for", func(x *Context) ([]byte, bool) {
			c := x.meta.Conn
			if c == nil || c.Stream == nil || c.Stream.TLS == nil || c.Stream.TLS.SNI == "" {
				return nil, false
			}
			return x.text(c.Stream.TLS.SNI), true
		}),
		{Name: "tls.handshake.extensions_alpn_str", Type: String, Text: "protocols that the client offered",
			all: func(x *Context, dst []Value) []Value {
				c := x.meta.Conn
				if c == nil || c.Stream == nil || c.Stream.TLS == nil {
					return dst
				}
				for _, p := range c.Stream.TLS.Offered {
					dst = append(dst, Value{Type: String, Octets: x.text(p)})
				}
				return dst
			}},
	}
}
