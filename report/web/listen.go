package web

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// maxConnections bounds the TCP connections that are open at a time: a browser
// uses six for each of its pages.
const maxConnections = 64

// Listen listens on an address of this machine's own, as 127.0.0.1:0 or
// [::1]:8090; port 0 takes any that is free. Other addresses are refused: what is
// captured is for whoever runs wstap. Names are not resolved.
func Listen(address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return nil, &AddressError{fmt.Sprintf("%q: want an address of this machine and a port, as in 127.0.0.1:8090", address)}
	case !at.Addr().Unmap().IsLoopback():
		return nil, &AddressError{fmt.Sprintf("%s can be reached by others: want 127.0.0.1:%d (for another machine, ssh -L %[2]d:127.0.0.1:%[2]d)", at, at.Port())}
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", at, cause(err))
	}
	return &bounded{Listener: l, slots: make(chan struct{}, maxConnections)}, nil
}

// AddressError is an address that is not listened on.
type AddressError struct{ text string }

// Error implements error.
func (e *AddressError) Error() string { return e.text }

// cause is what a network error says last: the address stands before it already.
func cause(err error) error {
	for {
		next, ok := err.(interface{ Unwrap() error })
		if !ok || next.Unwrap() == nil {
			return err
		}
		err = next.Unwrap()
	}
}

// bounded is a listener of which only so many connections are open at a time.
// Those beyond are closed at once: a browser tries again.
type bounded struct {
	net.Listener
	slots chan struct{}
}

// Accept implements net.Listener.
func (l *bounded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &slotted{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
		default:
			c.Close()
		}
	}
}

// slotted is a connection that gives its slot back.
type slotted struct {
	net.Conn
	free func()
}

// Close implements net.Conn.
func (c *slotted) Close() error {
	defer c.free()
	return c.Conn.Close()
}
