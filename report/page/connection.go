package page

import (
	"bytes"
	"strconv"

	"wstap/capture"
	"wstap/report"
	"wstap/report/redact"
	"wstap/wsframe"
)

// appendConnection appends a connection of the index: the keys of its object in
// the event stream, and what has become of it.
func (e *Encoder) appendConnection(b []byte, c *conn) []byte {
	told := e.redacted(c.conn)
	opened := wsframe.Opened{M: wsframe.Meta{Stamp: capture.Stamp{Packet: c.meta.Packet}, Conn: told}}
	o := object{b: append(b, bytes.TrimSuffix(e.index.line(&opened), []byte("}\n"))...)}
	o.time("time", c.meta.Time)
	o.flag("upgraded", told.Upgraded)
	if h := told.Request; h != nil {
		o.text("method", valid(h.Method))
		o.text("target", valid(h.Target))
		o.text("request_version", valid(h.Proto))
	}
	if h := told.Response; h != nil {
		o.text("phrase", valid(h.Phrase))
		o.text("response_version", valid(h.Proto))
	}
	e.steps(&o, told)
	if c.conn.Deflate != nil {
		o.flag("deflate", true)
	}
	if x := c.closed; x != nil {
		o.key("closed")
		closed := object{b: append(o.b, '{')}
		closed.text("by", x.By)
		if x.Code != 0 {
			closed.number("code", uint64(x.Code))
			closed.text("reason", x.Reason)
		}
		closed.text("how", x.How)
		closed.text("h2_error", x.H2Error)
		closed.text("text", e.clean(report.Remark(x)))
		closed.time("time", x.M.Time)
		closed.number("packet", x.M.Packet)
		o.b = closed.end()
	}
	o.key("totals")
	totals := object{b: append(o.b, '{')}
	for d, t := range told.Totals {
		totals.key(wsframe.Direction(d).String())
		side := object{b: append(totals.b, '{')}
		side.number("frames", t.Frames)
		side.number("messages", t.Messages)
		side.number("control", t.Control)
		side.number("bytes", t.Payload)
		side.number("message_bytes", t.Data)
		totals.b = side.end()
	}
	o.b = totals.end()
	o.number("gaps", told.Gaps)
	o.number("violations", told.Violations)
	if t := &c.trips; t.n > 0 {
		o.key("rtt")
		rtt := object{b: append(o.b, '{')}
		rtt.number("min", uint64(t.min))
		rtt.number("median", uint64(t.median()))
		rtt.number("max", uint64(t.max))
		rtt.number("n", t.n)
		o.b = rtt.end()
	}
	return o.end()
}

// steps adds what preceded the first frame, each with its time and packet.
func (e *Encoder) steps(o *object, c *wsframe.Conn) {
	o.key("steps")
	steps := object{b: append(o.b, '{')}
	step := func(name string, at capture.Stamp) {
		if at.Packet == 0 || at.Time.IsZero() {
			return
		}
		steps.key(name)
		steps.b = appendNanoseconds(append(steps.b, '['), at.Time)
		steps.b = strconv.AppendUint(append(steps.b, ','), at.Packet, 10)
		steps.b = append(steps.b, ']')
	}
	if s := c.Stream; s != nil {
		h := s.Handshake()
		step("tcp", h.SYN)
		done := h.ACK
		if done.Packet == 0 {
			done = h.SYNACK
		}
		step("tcp_done", done)
		if t := s.TLS; t != nil {
			step("tls", t.ClientHello)
			step("tls_done", t.ServerHello)
		}
	}
	step("request", c.Requested)
	step("response", c.Responded)
	o.b = steps.end()
}

// redacted is a copy of what the index tells of c, without secrets.
func (e *Encoder) redacted(c *wsframe.Conn) *wsframe.Conn {
	told := *c
	if e.opts.Secrets {
		return &told
	}
	upgrade := *c.Upgrade
	told.Upgrade = &upgrade
	told.URL, _ = redact.URL(c.URL)
	told.Subprotocol, _ = redact.Field("Sec-WebSocket-Protocol", c.Subprotocol)
	told.Extensions, _ = redact.URL(c.Extensions)
	if body, n := redact.Text([]byte(c.Body)); n > 0 {
		told.Body = string(body)
	}
	told.Request, told.Response = redactedHead(c.Request), redactedHead(c.Response)
	return &told
}

func redactedHead(h *wsframe.Head) *wsframe.Head {
	if h == nil {
		return nil
	}
	told := *h
	told.Target, _ = redact.URL(h.Target)
	phrase, _ := redact.Text([]byte(h.Phrase))
	told.Phrase = string(phrase)
	told.Fields = make([]wsframe.Field, len(h.Fields))
	for i, f := range h.Fields {
		name, _ := redact.URL(f.Name)
		value, _ := redact.Field(f.Name, f.Value)
		told.Fields[i] = wsframe.Field{Name: name, Value: value}
	}
	return &told
}
