package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
)

// tokenBytes are 128 bits: nobody on this machine guesses them.
const tokenBytes = 16

// newToken makes the secret part of the address.
func newToken() string {
	var b [tokenBytes]byte
	rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// policy is the page's Content-Security-Policy: its own modules and styles, and
// nothing that a payload could bring in. Strings never become script or markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// headers are set on every answer, refusals among them.
var headers = [...][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"}, // the address holds the token
	{"Cache-Control", "no-store"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// guard lets through what the page's owner asks for, and refuses all else:
//
//   - another Host than the address that is listened on: a name that some site
//     has pointed at 127.0.0.1 (DNS rebinding);
//   - methods other than GET and HEAD, and bodies: there is nothing to change;
//   - requests that another site's page makes, by Origin (RFC 6454, 7) and by
//     Sec-Fetch-Site, which browsers set and pages cannot;
//   - a path without the token: other users of this machine.
type guard struct {
	host  string // address and port
	token string
	next  http.Handler // sees the path behind the token

	mu     sync.Mutex
	ticket string // stands for the token once; "" is none
}

func newGuard(host string, next http.Handler) *guard {
	return &guard{host: host, token: newToken(), next: next}
}

func (g *guard) url(token string) string { return "http://" + g.host + "/" + token + "/" }

// newTicket makes a ticket. One that was not used is not valid any more.
func (g *guard) newTicket() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ticket = newToken()
	return g.ticket
}

// redeem reports whether token is the ticket, which it takes.
func (g *guard) redeem(token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ticket == "" || subtle.ConstantTimeCompare([]byte(token), []byte(g.ticket)) != 1 {
		return false
	}
	g.ticket = ""
	return true
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for _, x := range headers {
		h.Set(x[0], x[1])
	}
	if r.Host != g.host {
		refuse(w, http.StatusMisdirectedRequest, "this is "+g.host+", and answers to no other name")
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "the page is read-only")
		return
	}
	if r.ContentLength != 0 {
		refuse(w, http.StatusBadRequest, "no request has a body here")
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+g.host {
		refuse(w, http.StatusForbidden, "a page of another site asked for this")
		return
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none": // none: typed, or opened by another program
	default:
		refuse(w, http.StatusForbidden, "another site led here: type the address, or paste it")
		return
	}
	token, rest, whole := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case whole && subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1:
	case whole && rest == "" && g.redeem(token):
		http.Redirect(w, r, g.url(g.token), http.StatusSeeOther)
		return
	default:
		refuse(w, http.StatusNotFound, "not found: open the whole address that wstap printed")
		return
	}
	r.URL.Path = "/" + rest
	r.URL.RawPath = ""
	g.next.ServeHTTP(w, r)
}

// refuse answers with a line of text, and ends the TCP connection.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Connection", "close")
	http.Error(w, text, status)
}
