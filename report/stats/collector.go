package stats

import (
	"wstap/capture"
	"wstap/report/reply"
	"wstap/wsframe"
	"wstap/wsframe/subproto"
)

// collector follows one connection that is open.
type collector struct {
	f       *figures
	entry   *entry // nil where the connection is not told on its own
	conn    *wsframe.Conn
	last    capture.Stamp // the last frame, or the upgrade
	pings   [2]waiting
	app     [2]waiting
	waiting [2]asked
}

func (c *collector) frame(e *wsframe.Frame) {
	s := &c.f.sides[e.From]
	s.frames[e.Opcode&15]++
	s.payload += e.Length - min(e.Length, e.Missing)
	c.f.silences.between(c.conn.Number, c.last, e.M.Stamp)
	if c.last.Time.Before(e.M.Time) { // behind a gap frames are told late
		c.last = e.M.Stamp
	}
	switch {
	case e.Missing > 0:
	case e.Opcode == wsframe.OpPing:
		c.pings[e.From].send(e.Payload, e.M.Stamp, &c.f.pings[e.From])
	case e.Opcode == wsframe.OpPong:
		from := e.From.Reverse() // of the ping
		c.pings[from].answer(e.Payload, e.M.Stamp, &c.f.pings[from])
	}
}

func (c *collector) message(e *wsframe.Message) {
	s := &c.f.sides[e.From]
	s.messages++
	s.data += e.Length
	if !e.Complete {
		s.incomplete++
	} else {
		s.sizes.add(e.Length)
		if e.Compressed {
			s.deflated++
			s.deflatedWire += e.WireLength
			s.deflatedData += e.Length
		}
	}
	c.meaning(e)
}

// meaning takes what the message says of itself.
func (c *collector) meaning(e *wsframe.Message) {
	if e.Why == wsframe.ContextLost || !e.Complete && len(e.Payload) == 0 {
		c.f.names.add(nameIncomplete, e.From, e.Length)
		return
	}
	kind := subproto.Text
	if e.Opcode == wsframe.OpBinary {
		kind = subproto.Binary
	}
	m := subproto.Parse(kind, e.Payload, c.conn.Subprotocol)
	name := m.Name
	switch {
	case name != "" && !m.Excerpt:
	case kind == subproto.Binary:
		name = nameBinary
	default:
		name = nameText
	}
	c.f.names.add(name, e.From, e.Length)

	other := e.From.Reverse()
	switch ping, pong := reply.Heartbeat(m.Name); {
	case ping:
		c.app[e.From].send([]byte(m.ID), e.M.Stamp, &c.f.appPings[e.From])
		return
	case pong:
		c.app[other].answer([]byte(m.ID), e.M.Stamp, &c.f.appPings[other])
		return
	}
	if m.ID == "" {
		return
	}
	if !m.Request && c.waiting[other].answer(m.ID, e.First, &c.f.replies[other]) {
		return
	}
	if !m.Reply {
		c.waiting[e.From].Ask(m.ID, request{m.Name, e.M.Stamp})
	}
}
