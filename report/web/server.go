// Package web is the live page: an HTTP server on an address of this machine's
// own, which serves the modules of package page as files and the rows of a
// capture as server-sent events, while it is read and after.
//
// What it shows is as secret as the capture, so that the address holds a random
// token, only loopback is listened on, and requests that other sites' pages make
// are refused; see guard. It is read-only. Browsers cannot slow the capture down,
// nor make memory grow; see Hub.
package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Options shape a Server.
type Options struct {
	// Assets are the page: index.html and what it links.
	Assets fs.FS
	// Now tells the time, for the deadlines of browsers that do not read.
	Now func() time.Time
	// Local is the time zone of dates in filters; nil is UTC.
	Local *time.Location
	// Export writes the packets of the connections with the given numbers as
	// pcapng, all for none. It may be called by several goroutines, and ends when
	// ctx does. Where it is nil, NoExport says why.
	Export   func(ctx context.Context, w io.Writer, conns []int) error
	NoExport string
}

// Bounds on requests.
const (
	maxHeaderBytes = 64 << 10 // filters and numbers of connections stand in the address
	headerTime     = 5 * time.Second
	idleTime       = 2 * time.Minute
)

// Server serves one Hub.
type Server struct {
	hub   *Hub
	opts  Options
	guard *guard
	http  http.Server
	abort context.CancelFunc // of all requests

	streams  chan struct{} // a slot for each event stream
	heavy    chan struct{} // a slot for each request that takes a processor
	stopping chan struct{}
	served   chan error     // what ended the listener
	conns    sync.WaitGroup // the goroutines of TCP connections
}

// Serve answers requests for h until Shutdown. l is what Listen returned, and is
// the Server's from here on.
func Serve(h *Hub, l net.Listener, o Options) *Server {
	ctx, abort := context.WithCancel(context.Background())
	s := &Server{
		hub: h, opts: o, abort: abort,
		streams:  make(chan struct{}, maxStreams),
		heavy:    make(chan struct{}, maxHeavy),
		stopping: make(chan struct{}),
		served:   make(chan error, 1),
	}
	s.guard = newGuard(l.Addr().String(), s.routes())
	s.http = http.Server{
		Handler:           s.guard,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.count,
		// What a client does wrong is answered, and is no business of the terminal.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { s.served <- s.http.Serve(l) }()
	return s
}

// URL is the page's address. Who knows it can read what is captured.
func (s *Server) URL() string { return s.guard.url(s.guard.token) }

// Ticket is an address that leads to the page once, for programs whose command
// line all users of the machine can see.
func (s *Server) Ticket() string { return s.guard.url(s.guard.newTicket()) }

// count keeps track of connections. All begin in the goroutine that accepts.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// Shutdown ends the Server, once. Browsers are told what they have not heard
// yet, until ctx ends; then all connections are closed. When it returns, no
// goroutine of the Server's runs. An error is one that ended the Server before.
func (s *Server) Shutdown(ctx context.Context) error {
	close(s.stopping)
	for range maxStreams { // until all slots are ours
		select {
		case s.streams <- struct{}{}:
		case <-ctx.Done():
		}
	}
	s.abort()
	_ = s.http.Close() // the listener is closed in any case
	err := <-s.served
	s.conns.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// routes are the paths behind the token.
func (s *Server) routes() http.Handler {
	asset, filter := s.timely(s.asset), s.timely(s.filter)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/events":
			s.events(w, r)
		case "/filter":
			filter(w, r)
		case "/export":
			s.export(w, r)
		default:
			asset(w, r)
		}
	})
}

// types are those of assets. What the system takes a module for may be another,
// and then browsers refuse it.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
}

// asset serves a file of the page.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	b, err := fs.ReadFile(s.opts.Assets, name)
	if err != nil {
		refuse(w, http.StatusNotFound, "no such file")
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

// timely cuts off a browser that does not read an answer.
func (s *Server) timely(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.patience(http.NewResponseController(w))
		next(w, r)
	}
}

// patience sets the time until which what is written next has to be read.
func (s *Server) patience(c *http.ResponseController) {
	// Only a closed connection fails, and then writing does too.
	_ = c.SetWriteDeadline(s.opts.Now().Add(patience))
}
