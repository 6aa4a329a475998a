// Package dfilter is Wireshark's display-filter language over WebSocket
// frames: the same operators, literals, functions, field names and types as in
// tshark 4.0, and what later versions added.
//
// A filter looks at one WebSocket frame at a time, where Wireshark's looks at a
// packet: a packet that completes a ping and a text has two frames here, and
// `websocket.opcode == 9 && websocket.payload.text` matches neither, though it
// matches the packet in Wireshark. The frame's packet is the one that completed
// it; frame.*, eth.*, ip.* and tcp.* are that packet's. Facts of the connection
// (http.*, tls.*) are those of all of its frames.
//
// A frame has each protocol once, so a layer other than 1 (ip.addr#2) is never
// there: where the connection runs in a tunnel, its own addresses are meant.
package dfilter

import "time"

// Options tune a filter; the zero value gives the defaults.
type Options struct {
	// Local is the time zone of dates without one; nil is UTC.
	Local *time.Location
}

// Filter is a compiled display filter. Not for concurrent use: it keeps the
// values of the last frame.
type Filter struct {
	test test
	need need
}

// Compile reads a filter and checks its types. Errors are of type *Error.
func Compile(src string, o Options) (*Filter, error) {
	f, err := compile(src, o)
	if err != nil {
		err.Expr = src
		return nil, err
	}
	return f, nil
}

func compile(src string, o Options) (*Filter, *Error) {
	tree, err := parse(src)
	if err != nil {
		return nil, err
	}
	c := &compiler{local: o.Local}
	if c.local == nil {
		c.local = time.UTC
	}
	t, err := c.test(tree)
	if err != nil {
		return nil, err
	}
	return &Filter{test: t, need: c.need}, nil
}

// Match reports whether the frame that x stands at passes the filter. x has to
// be prepared by Require before the first event.
func (f *Filter) Match(x *Context) bool { return f.test(x) }

// Require prepares x for the fields of f.
func (f *Filter) Require(x *Context) { x.require(f.need) }
