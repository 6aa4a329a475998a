// Package stats measures connections: frames and messages by opcode and by
// name, bytes and rates each way, sizes, compression, handshakes, round trips
// of pings, the time that answers took, and silences.
//
// What it holds is bounded: the first 1000 connections are told one by one, the
// rest only in the figures of all; names, pings, requests and sizes have
// bounds of their own.
package stats

import (
	"io"
	"time"

	"wstap/report"
	"wstap/wsframe"
)

// maxConns is how many connections are told one by one.
const maxConns = 1000

// Format is how the figures are written.
type Format uint8

// The formats.
const (
	// Text is for people.
	Text Format = iota
	// JSON is one object: "connections" and "all".
	JSON
	// JSONLines is an object on a line for each connection, and one for all.
	JSONLines
)

// Options shape the output.
type Options struct {
	Format Format
	// ASCII writes -> and <- for the arrows and escapes all that is not ASCII.
	ASCII bool
}

// Writer is a Sink that writes its figures when it is closed.
type Writer struct {
	w    io.Writer
	o    Options
	open map[*wsframe.Conn]*collector
	kept []*entry
	rest figures // of connections that are not kept, and their number
	more uint64

	first, last time.Time // of the capture
	most        int       // connections open at once
}

var _ wsframe.Sink = (*Writer)(nil)

// entry is a connection that is told on its own.
type entry struct {
	figures
	number, status  int
	stream          uint64
	client, server  wsframe.Endpoint
	url, proto, via string
	by, how         string // of its end
	code            uint16
}

// New returns a Writer. It writes to w on Close.
func New(w io.Writer, o Options) *Writer {
	return &Writer{w: w, o: o, open: make(map[*wsframe.Conn]*collector)}
}

// Emit implements wsframe.Sink.
func (w *Writer) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *report.Started:
		w.first = e.M.Time
	case *report.Summary:
		w.last = e.M.Time
	case *wsframe.Opened:
		w.opened(e)
	case *wsframe.Frame:
		if c := w.open[e.M.Conn]; c != nil {
			c.frame(e)
		}
	case *wsframe.Message:
		if c := w.open[e.M.Conn]; c != nil {
			c.message(e)
		}
	case *wsframe.Closed:
		w.closed(e)
	}
	return nil
}

func (w *Writer) opened(e *wsframe.Opened) {
	conn := e.M.Conn
	f := &w.rest
	var k *entry
	if len(w.kept) < maxConns {
		k = &entry{
			number: conn.Number, status: conn.Status, client: conn.Client, server: conn.Server,
			url: conn.URL, proto: conn.Subprotocol, via: conn.Via,
		}
		if conn.Stream != nil {
			k.stream = conn.Stream.Index
		}
		w.kept = append(w.kept, k)
		f = &k.figures
	} else {
		w.more++
	}
	f.handshakes(conn)
	if !conn.Upgraded {
		f.refused++
		f.transport(conn)
		return
	}
	w.open[conn] = &collector{f: f, entry: k, conn: conn, last: conn.Responded}
	w.most = max(w.most, len(w.open))
}

func (w *Writer) closed(e *wsframe.Closed) {
	c := w.open[e.M.Conn]
	if c == nil {
		return
	}
	delete(w.open, e.M.Conn)
	c.f.silences.between(c.conn.Number, c.last, e.M.Stamp)
	c.f.ended(c.conn, e.M.Time)
	if k := c.entry; k != nil {
		k.by, k.how, k.code = e.By, e.How, e.Code
	}
}

// Close implements wsframe.Sink. It does not close the writer.
func (w *Writer) Close() error {
	switch m := w.model(); w.o.Format {
	case JSON:
		return writeJSON(w.w, m)
	case JSONLines:
		return writeJSONLines(w.w, m)
	default:
		return writeText(w.w, m, w.o.ASCII)
	}
}
