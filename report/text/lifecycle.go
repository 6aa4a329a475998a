package text

import (
	"strings"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// opened writes the rows that begin a connection: who is connected to whom,
// and what became of the upgrade.
func (r *Rows) opened(e *wsframe.Opened) {
	c := e.M.Conn
	r.connected(c, e.M.Stamp)
	switch {
	case c.Upgraded && c.Request == nil && c.Response == nil:
		r.joined(e)
		return
	case c.Upgraded:
		r.begin(e.M.Stamp, c)
		r.arrow(wsframe.FromServer)
		r.word("upgraded", bold)
	case c.Status != 0:
		r.begin(e.M.Stamp, c)
		r.arrow(wsframe.FromServer)
		r.word("refused", red)
	default:
		r.begin(e.M.Stamp, c)
		r.word("no reply", red)
	}
	l := &r.l
	r.noLength()
	if c.Status != 0 {
		l.number(uint64(c.Status))
		if c.Status != 101 && c.Response != nil && c.Response.Phrase != "" {
			l.own(" ")
			l.foreignString(c.Response.Phrase)
		}
		if took, ok := between(c.Requested, c.Responded); ok {
			l.own(" in ")
			l.duration(took)
		}
		l.own("  ")
	}
	l.paint(bold)
	l.foreignString(c.URL)
	l.paint(reset)
	if c.Status == 0 {
		l.own("  asked in packet ")
		l.number(c.Requested.Packet)
	}
	l.named("  subprotocol ", c.Subprotocol)
	l.named("  ", c.Extensions)
	if !c.Upgraded && c.Response != nil {
		l.named("  Server: ", c.Response.Get("Server"))
		l.named("  Location: ", c.Response.Get("Location"))
	}
	l.named("  body: ", c.Body)
	if c.Partial {
		l.own("  header fields lost with earlier packets")
	}
	r.end()
}

// connected writes the row that names the two ends.
func (r *Rows) connected(c *wsframe.Conn, seen capture.Stamp) {
	s := c.Stream
	at := seen
	handshake, whole := time.Duration(0), false
	if s != nil {
		h := s.Handshake()
		at = h.First
		if handshake, whole = between(h.SYN, h.ACK); whole {
			at = h.ACK
		}
	}
	if c.H2Stream != 0 { // one of many on a TCP connection, maybe an old one
		if at = c.Requested; at.Packet == 0 {
			at = seen
		}
	}
	l := &r.l
	r.begin(at, c)
	r.word("connected", bold)
	r.noLength()
	l.paint(bold)
	l.endpoint(c.Client)
	l.own(" ")
	l.arrow(wsframe.FromClient)
	l.own(" ")
	l.endpoint(c.Server)
	l.paint(reset)
	switch {
	case c.H2Stream != 0:
		l.own("  HTTP/2 stream ")
		l.number(uint64(c.H2Stream))
	case whole:
		l.own("  TCP handshake ")
		l.duration(handshake)
	default:
		l.own("  TCP handshake not captured")
	}
	if s != nil && s.Origin().IsValid() {
		l.own("  on behalf of ")
		l.endpoint(s.Origin())
	}
	l.named("  through a CONNECT tunnel to ", c.Proxy)
	r.end()
}

// joined writes the row of a connection whose upgrade was not captured.
func (r *Rows) joined(e *wsframe.Opened) {
	r.begin(e.M.Stamp, e.M.Conn)
	r.word("mid-stream", yellow)
	r.noLength()
	r.l.own("the capture began after the upgrade: frames are recognized by their headers")
	r.end()
}

func (r *Rows) gap(e *wsframe.Gap) {
	r.begin(e.M.Stamp, e.M.Conn)
	r.arrow(e.From)
	r.word("gap", yellow)
	r.length(uint64(e.Bytes))
	l := &r.l
	l.own("bytes from the ")
	l.own(e.From.String())
	switch e.Cause {
	case reassembly.Truncated:
		l.own(" cut by the snapshot length: capture again with -s 0")
	case reassembly.Acked:
		l.own(" never captured, though the ")
		l.own(e.From.Reverse().String())
		l.own(" acknowledged them")
	case reassembly.Closed:
		l.own(" never captured before the end of the connection")
	default:
		l.own(" not captured within the bounds of reassembly")
	}
	r.end()
}

func (r *Rows) violation(e *wsframe.Violation) {
	r.begin(e.M.Stamp, e.M.Conn)
	r.arrow(e.From)
	r.word("violation", red)
	r.noLength()
	l := &r.l
	l.own("RFC ")
	l.own(e.Rule.RFC)
	l.own(" ")
	l.own(e.Rule.Text)
	l.named("; expected ", e.Expected)
	l.named("; found ", e.Found)
	r.end()
}

func (r *Rows) closed(e *wsframe.Closed) {
	c := e.M.Conn
	r.begin(e.M.Stamp, c)
	by := e.By == "client" || e.By == "server"
	if by {
		from := wsframe.FromClient
		if e.By == "server" {
			from = wsframe.FromServer
		}
		r.arrow(from)
	}
	l := &r.l
	switch e.How {
	case "rst", "rst_stream":
		r.word("reset", red)
	case "timeout":
		r.word("timeout", yellow)
	case "capture ended":
		r.word("still open", dim)
	default:
		r.word("closed", bold)
	}
	r.noLength()
	if by {
		l.own("by ")
		l.own(e.By)
	}
	switch e.How {
	case "close frame":
		l.own(" with ")
		l.number(uint64(e.Code)) // its name stands with the frame
		if e.Reason != "" {
			l.own(` "`)
			l.foreignString(e.Reason)
			l.own(`"`)
		}
	case "fin":
		l.own(" with FIN, without a Close frame")
	case "rst":
		l.own(" with RST, without a Close frame")
	case "rst_stream", "goaway":
		l.own(" with ")
		l.own(strings.ToUpper(e.How))
		l.own(" ")
		l.own(e.H2Error)
		l.own(", without a Close frame")
	case "end_stream":
		l.own(" with END_STREAM, without a Close frame")
	case "timeout":
		l.own("nothing seen for so long that it is given up")
	case "capture ended":
		l.own("when the capture ended")
	default:
		l.foreignString(e.How)
	}
	if d := c.Duration(e.M.Time); d > 0 {
		l.own("; open ")
		l.duration(d)
	}
	for d, totals := range c.Totals {
		l.own([...]string{"; ", ", "}[d])
		l.arrow(wsframe.Direction(d))
		l.own(" ")
		l.number(totals.Frames)
		l.own(" frames ")
		r.scratch = report.AppendBytes(r.scratch[:0], totals.Payload)
		l.own(string(r.scratch))
		if totals.Skipped > 0 {
			l.own(" and ")
			l.number(totals.Skipped)
			l.own(" bytes of frames whose header was lost")
		}
	}
	r.end()
}

// between is the time from a to b, where both were seen and have times.
func between(a, b capture.Stamp) (time.Duration, bool) {
	if a.Time.IsZero() || b.Time.IsZero() {
		return 0, false
	}
	return b.Time.Sub(a.Time), true
}

func (l *line) duration(d time.Duration) {
	before := len(l.b)
	l.b = report.AppendDuration(l.b, d)
	l.col += len(l.b) - before
}

// named adds what a peer sent behind a word of ours, or nothing.
func (l *line) named(word, value string) {
	if value != "" {
		l.own(word)
		l.foreignString(value)
	}
}
