package redact

import (
	"net/url"
	"strings"
)

// URL takes the secrets out of an absolute or relative URL: the password of its
// user information, parameters of query and fragment, and tokens in the path.
func URL(s string) (out string, n int) {
	scheme, rest, ok := strings.Cut(s, "://")
	if ok {
		authority := rest
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			authority = rest[:i]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			if user, _, has := strings.Cut(authority[:at], ":"); has {
				s = scheme + "://" + user + ":" + Mark + rest[at:]
				n = 1
			}
		}
	}
	text, m := Text([]byte(s))
	if m == 0 {
		return s, n
	}
	return string(text), n + m
}

// Field takes the secrets out of an HTTP header field's value.
func Field(name, value string) (out string, n int) {
	switch {
	case value == "":
		return "", 0
	case Secret(name):
		return Mark, 1
	case strings.EqualFold(name, "Sec-WebSocket-Protocol"):
		return protocols(value)
	}
	return URL(value)
}

// Parameter takes the secret out of the value of a query parameter.
func Parameter(name, value string) (out string, n int) {
	if Secret(name) && value != "" {
		return Mark, 1
	}
	return URL(value)
}

// protocols takes tokens out of a list of subprotocols: browsers can set no
// other header field, so that some applications send their token there, alone or
// behind a name that says so.
func protocols(list string) (out string, n int) {
	all := strings.Split(list, ",")
	named := false
	for i, p := range all {
		p = strings.TrimSpace(p)
		if named || isJWT([]byte(p)) || looksRandom(p) {
			all[i] = strings.Replace(all[i], p, Mark, 1)
			n++
			named = false
			continue
		}
		named = Secret(p) || strings.EqualFold(p, "bearer")
	}
	return strings.Join(all, ","), n
}

// looksRandom reports whether a subprotocol is longer than names are and mixes
// digits with letters of both cases, as encoded tokens do.
func looksRandom(p string) bool {
	if len(p) < 32 {
		return false
	}
	var digit, lower, upper bool
	for i := range len(p) {
		c := p[i]
		digit = digit || c >= '0' && c <= '9'
		lower = lower || c >= 'a' && c <= 'z'
		upper = upper || c >= 'A' && c <= 'Z'
	}
	return digit && lower && upper
}

// unescaped is a name in a query without its percent-encoding.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
