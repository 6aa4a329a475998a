package wsframe

import (
	"crypto/sha1"
	"encoding/base64"
	"strconv"
	"strings"
)

// fault is one rule that a handshake breaks.
type fault struct {
	Rule            Rule
	Expected, Found string
}

// acceptKey is the Sec-WebSocket-Accept that proves the reading of key
// (RFC 6455, 4.2.2 item 5.4). Key is taken as sent, valid or not.
func acceptKey(key string) (accept [28]byte) {
	var room [64]byte // for a valid key and what is put behind it
	proof := append(append(room[:0], strings.TrimSpace(key)...), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...)
	sum := sha1.Sum(proof)
	base64.StdEncoding.Encode(accept[:], sum[:])
	return accept
}

// checkRequest holds a request against RFC 6455, 4.1 and 4.2.1. A request with
// either the key or the Upgrade token counts as an upgrade, since proxies
// strip one or the other; no other has faults.
func checkRequest(h *Head) (isUpgrade bool, faults []fault) {
	token := h.HasToken("Upgrade", "websocket")
	if !token && !h.Has("Sec-WebSocket-Key") {
		return false, nil
	}
	add := func(rule Rule, expected, found string) {
		faults = append(faults, fault{rule, expected, found})
	}
	if h.Method != "GET" {
		add(RuleHTTPMethod, "GET", h.Method)
	}
	if h.Proto < "HTTP/1.1" { // isHTTPVersion: one digit each, so the order of strings is theirs
		add(RuleHTTPVersion, "HTTP/1.1 or higher", h.Proto)
	}
	if !h.Has("Host") {
		add(RuleHost, "a Host header", "none")
	}
	if !token {
		add(RuleUpgradeHeader, "Upgrade: websocket", found(h, "Upgrade"))
	}
	if !h.HasToken("Connection", "Upgrade") {
		add(RuleConnectionHeader, "Connection: Upgrade", found(h, "Connection"))
	}
	if key := h.Joined("Sec-WebSocket-Key"); !keyValid(key) {
		add(RuleKey, "16 bytes in base64, once", found(h, "Sec-WebSocket-Key"))
	}
	if h.Joined("Sec-WebSocket-Version") != "13" {
		add(RuleVersion, "13", found(h, "Sec-WebSocket-Version"))
	}
	return true, faults
}

// keyValid reports whether key is the base64 form of 16 bytes (RFC 6455, 4.1
// item 7). Two joined keys are not.
func keyValid(key string) bool {
	if len(key) != 24 {
		return false
	}
	var raw [18]byte
	n, err := base64.StdEncoding.Decode(raw[:], []byte(key))
	return err == nil && n == 16
}

// found is the field's value for a fault's Found, "none" without one.
func found(h *Head, name string) string {
	if !h.Has(name) {
		return "none"
	}
	return quoted(h.Joined(name))
}

// quoted is what a peer sent, for a fault: quoted, and cut at 120 bytes.
func quoted(s string) string {
	const longest = 120
	if len(s) > longest {
		return strconv.Quote(s[:longest]) + "..."
	}
	return strconv.Quote(s)
}

// handshakeResult is what a response to an upgrade request settled.
type handshakeResult struct {
	Accept      Accept
	Subprotocol string // as the server chose it
	Extensions  string // as the server agreed to them
	Deflate     *Deflate
	Faults      []fault
}

// checkResponse holds the response to an upgrade request against RFC 6455, 4.1
// and 4.2.2, and RFC 7692, 7.1. req is nil where the request was not seen;
// then nothing is said of what would need it. Only a 101 has faults.
func checkResponse(req, resp *Head) handshakeResult {
	var r handshakeResult
	if resp.Status != 101 {
		r.Subprotocol, r.Extensions = chosen(resp)
		return r
	}
	add := func(rule Rule, expected, found string) {
		r.Faults = append(r.Faults, fault{rule, expected, found})
	}
	if !resp.HasToken("Upgrade", "websocket") {
		add(RuleUpgradeHeader, "Upgrade: websocket", found(resp, "Upgrade"))
	}
	if !resp.HasToken("Connection", "Upgrade") {
		add(RuleConnectionHeader, "Connection: Upgrade", found(resp, "Connection"))
	}
	keyed := req != nil && req.Has("Sec-WebSocket-Key")
	var want [28]byte // the accept value, where keyed
	if keyed {
		want = acceptKey(req.Get("Sec-WebSocket-Key"))
	}
	switch got := resp.Joined("Sec-WebSocket-Accept"); {
	case got == "":
		r.Accept = AcceptMissing
		expected := "Sec-WebSocket-Accept"
		if keyed {
			expected = quoted(string(want[:]))
		}
		add(RuleAcceptMissing, expected, "none")
	case !keyed:
		r.Accept = AcceptUnknown
	case got == string(want[:]):
		r.Accept = AcceptValid
	default:
		r.Accept = AcceptWrong
		add(RuleAcceptWrong, quoted(string(want[:])), quoted(got))
	}
	r.agree(req, resp)
	return r
}

// agree reads what the server chose of what the client offered, whichever HTTP
// carried it.
func (r *handshakeResult) agree(req, resp *Head) {
	r.Subprotocol, r.Extensions = chosen(resp)
	if resp.Has("Sec-WebSocket-Protocol") && req != nil && !offersSubprotocol(req, r.Subprotocol) {
		r.Faults = append(r.Faults, fault{RuleSubprotocol, "one of " + found(req, "Sec-WebSocket-Protocol"), quoted(r.Subprotocol)})
	}
	var faults []fault
	r.Deflate, faults = negotiated(req, resp)
	r.Faults = append(r.Faults, faults...)
}

// chosen are the subprotocol and the extensions that a response names.
func chosen(resp *Head) (subprotocol, extensions string) {
	return resp.Joined("Sec-WebSocket-Protocol"), resp.Joined("Sec-WebSocket-Extensions")
}

// offersSubprotocol reports whether the request offers name. Subprotocol names
// are compared as they stand (RFC 6455, 4.1 and 11.5).
func offersSubprotocol(req *Head, name string) bool {
	for v := range strings.SplitSeq(req.Joined("Sec-WebSocket-Protocol"), ",") {
		if strings.TrimSpace(v) == name {
			return name != ""
		}
	}
	return false
}

// requestURL is the URL that the request h asks for: "ws" or "wss", the host,
// path and query (RFC 6455, 3). The authority of an absolute-form target comes
// before Host (RFC 9112, 3.2.2). Without both it is empty ("ws:///chat"), for
// the caller to fill in.
func requestURL(h *Head, tls bool) string {
	scheme, host, path := "ws://", h.Get("Host"), h.Target
	if tls {
		scheme = "wss://"
	}
	if absolute, rest, ok := strings.Cut(h.Target, "://"); ok && isToken(absolute) {
		host, path = rest, ""
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			host, path = rest[:i], rest[i:]
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + strings.TrimPrefix(path, "*")
	}
	return scheme + host + path
}
