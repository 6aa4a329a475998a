package jsonl

import (
	"unicode/utf8"

	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

func (w *Encoder) connection(e *wsframe.Opened) {
	c := e.M.Conn
	w.begin("connection", &e.M)
	if c.Stream != nil {
		w.unsigned(`,"tcp_stream":`, c.Stream.Index)
	}
	if c.H2Stream != 0 {
		w.unsigned(`,"h2_stream":`, uint64(c.H2Stream))
	}
	w.endpoint(`,"client":`, c.Client)
	w.endpoint(`,"server":`, c.Server)
	if c.Stream != nil && c.Stream.Origin().IsValid() {
		w.endpoint(`,"proxied_client":`, c.Stream.Origin())
	}
	w.text(`,"via":`, c.Via)
	w.head(`,"proxy":`, c.Proxy)
	w.head(`,"url":`, c.URL)
	if c.Status != 0 {
		w.integer(`,"status":`, int64(c.Status))
	}
	w.head(`,"subprotocol":`, c.Subprotocol)
	w.head(`,"extensions":`, c.Extensions)
	if c.Accept != wsframe.AcceptUnknown {
		w.text(`,"accept":`, c.Accept.String())
	}
	w.head(`,"body":`, c.Body)
	if c.Partial {
		w.own(`,"headers_partial":true`)
	}
	w.fields(`,"request_headers":`, c.Request)
	w.fields(`,"response_headers":`, c.Response)
	if c.Stream != nil && c.Stream.TLS != nil {
		w.tls(c.Stream.TLS)
	}
}

func (w *Encoder) encrypted(e *wsframe.Encrypted) {
	w.begin("encrypted", &e.M)
	w.unsigned(`,"tcp_stream":`, e.Stream.Index)
	w.endpoint(`,"client":`, e.Stream.Client())
	w.endpoint(`,"server":`, e.Stream.Server())
	w.tls(e.Stream.TLS)
}

func (w *Encoder) tls(t *reassembly.TLSInfo) {
	w.text(`,"tls":{"version":`, t.Version)
	w.text(`,"cipher":`, t.Cipher)
	w.head(`,"sni":`, t.SNI)
	w.head(`,"alpn":`, t.ALPN)
	w.text(`,"state":`, t.State)
	w.own("}")
}

func (w *Encoder) endpoint(key string, e wsframe.Endpoint) {
	w.own(key)
	w.own(`{"ip":"`)
	if ip := e.Addr(); ip.IsValid() {
		w.b = ip.AppendTo(w.b)
	}
	w.integer(`","port":`, int64(e.Port()))
	w.own("}")
}

// head appends a key of the HTTP head, unless it is empty.
func (w *Encoder) head(key, s string) {
	if s != "" {
		w.own(key)
		w.b = report.AppendJSONHead(w.b, s)
	}
}

func (w *Encoder) fields(key string, h *wsframe.Head) {
	if h == nil {
		return
	}
	w.own(key)
	w.own("[")
	for i, f := range h.Fields {
		if i > 0 {
			w.own(",")
		}
		w.own("[")
		w.b = report.AppendJSONHead(w.b, f.Name)
		w.own(",")
		w.b = report.AppendJSONHead(w.b, f.Value)
		w.own("]")
	}
	w.own("]")
}

func (w *Encoder) frame(f *wsframe.Frame) {
	w.begin("frame", &f.M)
	w.from(f.From)
	w.unsigned(`,"first_packet":`, f.First.Packet)
	w.unsigned(`,"opcode":`, uint64(f.Opcode))
	w.own(`,"name":"`)
	w.own(wsframe.OpcodeName(f.Opcode))
	w.own(`"`)
	w.boolean(`,"fin":`, f.Fin)
	w.unsigned(`,"rsv":`, uint64(f.Rsv))
	w.boolean(`,"masked":`, f.Masked)
	if f.Masked {
		w.own(`,"masking_key":"`)
		for _, c := range f.Key {
			w.b = append(w.b, hexDigits[c>>4], hexDigits[c&15])
		}
		w.own(`"`)
	}
	w.unsigned(`,"length":`, f.Length)
	w.unsigned(`,"missing":`, f.Missing)
	w.own(`,"certainty":"`)
	w.own(f.Certainty.String())
	w.own(`"`)
	switch {
	case f.Opcode == wsframe.OpClose:
		w.closeBody(f)
	case f.Opcode.IsControl():
		w.payload(f.Payload, utf8.Valid(f.Payload))
	}
}

// closeBody appends a Close frame's code and reason; a body that they do not
// tell in full, in base64 besides.
func (w *Encoder) closeBody(f *wsframe.Frame) {
	if f.Code != 0 {
		w.integer(`,"code":`, int64(f.Code))
		w.own(`,"reason":`)
		w.b = report.AppendJSON(w.b, f.Reason)
	}
	if f.Code == 0 && len(f.Payload) > 0 || !utf8.Valid(f.Reason) {
		w.payload(f.Payload, false)
	}
}

func (w *Encoder) message(m *wsframe.Message) {
	w.begin("message", &m.M)
	w.from(m.From)
	w.unsigned(`,"first_packet":`, m.First.Packet)
	w.unsigned(`,"opcode":`, uint64(m.Opcode))
	w.integer(`,"frames":`, int64(m.Frames))
	w.boolean(`,"compressed":`, m.Compressed)
	if m.Inferred {
		w.own(`,"inferred":true`)
	}
	w.unsigned(`,"wire_length":`, m.WireLength)
	w.unsigned(`,"length":`, m.Length)
	w.own(`,"certainty":"`)
	w.own(m.Certainty.String())
	w.own(`"`)
	if m.Why != wsframe.ContextLost { // what inflates with a wrong window is a guess
		checked := m.Opcode == wsframe.OpText && m.Complete
		w.payload(m.Payload, m.Opcode != wsframe.OpBinary && !m.InvalidUTF8 && (checked || utf8.Valid(m.Payload)))
	}
	if m.InvalidUTF8 {
		w.own(`,"invalid_utf8":true`)
	}
	w.scratch = m.AppendSummary(w.scratch[:0])
	if len(w.scratch) > 0 && (w.limit.Cut(len(m.Payload)) == len(m.Payload) || !report.Excerpts(m.Payload, w.scratch)) {
		w.own(`,"summary":`)
		w.b = report.AppendJSON(w.b, w.scratch)
	}
	w.boolean(`,"complete":`, m.Complete)
	if !m.Complete {
		w.own(`,"reason":"`)
		w.own(m.Why.String())
		w.own(`"`)
	}
}

// payload appends b under "text" or "base64", as far as the limit allows.
func (w *Encoder) payload(b []byte, text bool) {
	n := w.limit.Cut(len(b))
	cut := n < len(b)
	if text {
		n = cutRune(b, n)
	}
	if !cut || n > 0 {
		if text {
			w.own(`,"text":`)
			w.b = report.AppendJSON(w.b, b[:n])
		} else {
			w.own(`,"base64":`)
			w.b = appendBase64(w.b, b[:n])
		}
	}
	if cut {
		w.own(`,"payload_cut":true`)
	}
}

func (w *Encoder) closed(e *wsframe.Closed) {
	w.begin("close", &e.M)
	w.text(`,"by":`, e.By)
	if e.Code != 0 {
		w.integer(`,"code":`, int64(e.Code))
		w.text(`,"reason":`, e.Reason)
	}
	w.text(`,"how":`, e.How)
	if e.H2Error != "" {
		w.text(`,"h2_error":`, e.H2Error)
	}
	for d, t := range e.M.Conn.Totals {
		w.own(`,"from_`)
		w.own(wsframe.Direction(d).String())
		w.unsigned(`":{"frames":`, t.Frames)
		w.unsigned(`,"messages":`, t.Messages)
		w.unsigned(`,"control":`, t.Control)
		w.unsigned(`,"payload_bytes":`, t.Payload)
		w.unsigned(`,"message_bytes":`, t.Data)
		w.unsigned(`,"skipped_bytes":`, t.Skipped)
		w.own("}")
	}
	w.unsigned(`,"gaps":`, e.M.Conn.Gaps)
	w.unsigned(`,"violations":`, e.M.Conn.Violations)
}

func (w *Encoder) summary(e *report.Summary) {
	w.begin("summary", &e.M)
	w.unsigned(`,"packets":`, e.Capture.Packets)
	w.unsigned(`,"truncated":`, e.Capture.Truncated)
	w.unsigned(`,"dropped":`, e.Capture.Dropped)
	w.unsigned(`,"interface_dropped":`, e.Capture.InterfaceDropped)
	w.unsigned(`,"tcp_streams":`, e.Streams)
	w.unsigned(`,"connections":`, e.Connections)
	w.unsigned(`,"frames":`, e.Frames)
	w.unsigned(`,"messages":`, e.Messages)
	w.own(`,"limits":{`)
	for i, l := range e.Limits {
		if i > 0 {
			w.own(",")
		}
		w.b = report.AppendJSON(w.b, []byte(l.Name))
		w.unsigned(":", l.Count)
	}
	w.own("}")
}
