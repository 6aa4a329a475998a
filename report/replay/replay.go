// Package replay writes what one side of a connection sent, byte for byte, so
// that it can be sent again.
package replay

import (
	"fmt"
	"io"

	"wstap/wsframe"
)

// Writer is a Sink that writes the head of the upgrade that one side sent, and
// its frames as they were on the wire: masked, compressed, fragmented. Where a
// connection was joined mid-stream there is no head.
//
// Header field values are written trimmed and unfolded; frames are exact. One
// with bytes that were never captured, or longer than the frame limit, is left
// out, so that those behind it stay what they are. It writes the first
// connection that it is told of.
type Writer struct {
	w       io.Writer
	from    wsframe.Direction
	conn    *wsframe.Conn
	omitted uint64
	b       []byte
}

var _ wsframe.Sink = (*Writer)(nil)

// New returns a Writer for the side from. It writes to w, unbuffered.
func New(w io.Writer, from wsframe.Direction) *Writer { return &Writer{w: w, from: from} }

// Omitted counts the frames that were left out.
func (r *Writer) Omitted() uint64 { return r.omitted }

// Emit implements wsframe.Sink.
func (r *Writer) Emit(e wsframe.Event) error {
	r.b = r.b[:0]
	switch e := e.(type) {
	case *wsframe.Opened:
		if r.conn != nil {
			return nil
		}
		r.conn = e.M.Conn
		r.head()
	case *wsframe.Frame:
		if e.M.Conn != r.conn || e.From != r.from {
			return nil
		}
		if e.Missing > 0 || uint64(len(e.Payload)) != e.Length {
			r.omitted++
			return nil
		}
		r.b = append(r.b, e.Header...)
		n := len(r.b)
		r.b = append(r.b, e.Payload...)
		if e.Masked { // RFC 6455, 5.3
			for i := range e.Payload {
				r.b[n+i] ^= e.Key[i%4]
			}
		}
	default:
		return nil
	}
	_, err := r.w.Write(r.b)
	return err
}

// head writes the request or the response of the upgrade.
func (r *Writer) head() {
	h := r.conn.Request
	if r.from == wsframe.FromServer {
		h = r.conn.Response
	}
	switch {
	case h == nil:
		return
	case r.from == wsframe.FromClient:
		r.b = fmt.Appendf(r.b, "%s %s %s\r\n", h.Method, h.Target, h.Proto)
	default:
		r.b = fmt.Appendf(r.b, "%s %d %s\r\n", h.Proto, h.Status, h.Phrase)
	}
	for _, f := range h.Fields {
		r.b = fmt.Appendf(r.b, "%s: %s\r\n", f.Name, f.Value)
	}
	r.b = append(r.b, "\r\n"...)
}

// Close implements wsframe.Sink. It does not close the writer.
func (r *Writer) Close() error { return nil }
