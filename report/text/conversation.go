package text

import (
	"bytes"
	"io"
	"strconv"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Conversation is a Sink that writes connections as conversations: the upgrade
// and every message whole, text as it is, binary as a hex dump, each under the
// row that says who sent it and when. It is meant for one connection.
type Conversation struct {
	w io.Writer
	r *Rows
}

var _ wsframe.Sink = Conversation{}

// indent sets payloads apart from rows.
const indent = "    "

// NewConversation returns a conversation. It writes to w, unbuffered.
func NewConversation(w io.Writer, o Options) Conversation {
	return Conversation{w, NewRows(o)}
}

// Emit implements wsframe.Sink.
func (c Conversation) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		if err := c.rows(e); err != nil {
			return err
		}
		return c.upgrade(e.M.Conn)
	case *wsframe.Message:
		return c.message(e)
	case *wsframe.Frame:
		if !e.Opcode.IsControl() {
			return nil // told with its message
		}
	}
	return c.rows(e)
}

// rows writes the rows of e, as a timeline has them.
func (c Conversation) rows(e wsframe.Event) error {
	c.r.l.b = c.r.Append(c.r.l.b[:0], e)
	return c.write()
}

// begin starts a line.
func (c Conversation) begin() { c.r.l.begin(c.r.l.b[:0]) }

// end ends the line and writes it.
func (c Conversation) end() error {
	c.r.end()
	return c.write()
}

func (c Conversation) write() error {
	if len(c.r.l.b) == 0 {
		return nil
	}
	_, err := c.w.Write(c.r.l.b)
	return err
}

// Close implements wsframe.Sink. It does not close the writer.
func (c Conversation) Close() error { return nil }

// upgrade writes the two heads of the upgrade.
func (c Conversation) upgrade(conn *wsframe.Conn) error {
	if h := conn.Request; h != nil {
		start := h.Method + " " + h.Target + " " + h.Proto
		if err := c.head(conn, wsframe.FromClient, conn.Requested, start, h.Fields); err != nil {
			return err
		}
	}
	if h := conn.Response; h != nil {
		start := h.Proto + " " + strconv.Itoa(h.Status) + " " + h.Phrase
		return c.head(conn, wsframe.FromServer, conn.Responded, start, h.Fields)
	}
	return nil
}

func (c Conversation) head(conn *wsframe.Conn, d wsframe.Direction, at capture.Stamp, start string, fields []wsframe.Field) error {
	name := "request"
	if d == wsframe.FromServer {
		name = "response"
	}
	c.begin()
	c.r.begin(at, conn)
	c.r.arrow(d)
	c.r.word(name, side(d))
	if err := c.end(); err != nil {
		return err
	}
	if err := c.line([]byte(start)); err != nil {
		return err
	}
	for _, f := range fields {
		if err := c.line([]byte(f.Name + ": " + f.Value)); err != nil {
			return err
		}
	}
	return nil
}

// message writes one message under its row.
func (c Conversation) message(m *wsframe.Message) error {
	l := &c.r.l
	c.begin()
	c.r.begin(m.M.Stamp, m.M.Conn)
	c.r.arrow(m.From)
	c.r.word(wsframe.OpcodeName(m.Opcode), side(m.From))
	c.r.length(m.Length)
	l.certainty(m.Certainty)
	l.messageWarnings(m)
	l.messageMakeup(m)
	if err := c.end(); err != nil {
		return err
	}
	if m.Why == wsframe.ContextLost {
		return nil // what inflates with a wrong window is a guess
	}
	n := c.r.limit.Cut(len(m.Payload))
	b := m.Payload[:n]
	var err error
	if m.Opcode == wsframe.OpText || m.Opcode != wsframe.OpBinary && readable(b) {
		err = c.text(b)
	} else {
		err = c.dump(b)
	}
	if rest := m.Length - uint64(n); err == nil && rest > 0 && m.Length > uint64(n) {
		err = c.line([]byte("... " + report.Count(rest, "byte") + " more"))
	}
	return err
}

// text writes a text line by line.
func (c Conversation) text(b []byte) error {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		if err := c.line(bytes.TrimSuffix(line, []byte{'\r'})); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// line writes one line of what a peer sent; tabs stay tabs.
func (c Conversation) line(b []byte) error {
	l := &c.r.l
	c.begin()
	l.own(indent)
	for {
		before, after, tab := bytes.Cut(b, []byte{'\t'})
		l.b, _, _ = l.esc.Append(l.b, before, report.Unbounded)
		if !tab {
			return c.end()
		}
		l.b = append(l.b, '\t')
		b = after
	}
}

// dump writes bytes as a hex dump, 16 a line.
func (c Conversation) dump(b []byte) error {
	const row = 16
	l := &c.r.l
	for at := 0; at < len(b); at += row {
		c.begin()
		l.own(indent)
		for shift := 28; shift >= 0; shift -= 4 {
			l.b = append(l.b, hexDigits[at>>shift&15])
		}
		l.own("  ")
		l.hex(b[at:min(at+row, len(b))], row)
		if err := c.end(); err != nil {
			return err
		}
	}
	return nil
}
