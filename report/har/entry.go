package har

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// entry is what is kept of an open connection.
type entry struct {
	conn      *wsframe.Conn
	seen      time.Time             // first event
	handshake *reassembly.Handshake // nil where there is no stream
	end       time.Time             // latest event
	rows      []byte                // JSON objects, with commas between
	shown     int                   // of the rows, those that count against the limit
	left      uint64                // rows that were not kept
	cut       uint64                // rows whose payload was cut
	closing   bool                  // a Close frame has its row
	note      string
}

// writeEntry writes n as JSON. The rows, which may be many, are not copied.
func (w *Writer) writeEntry(n *entry) error {
	c := n.conn
	t := timingsOf(n)
	w.own(`{"_resourceType":"websocket","startedDateTime":"`)
	w.b = t.start.UTC().AppendFormat(w.b, "2006-01-02T15:04:05.000000Z")
	w.own(`","time":`)
	w.milliseconds(t.total())
	w.own(`,"request":`)
	w.request(c)
	w.own(`,"response":`)
	w.response(c)
	w.own(`,"cache":{},"timings":`)
	w.timings(t)
	if ip := c.Server.Addr(); ip.IsValid() {
		w.key("serverIPAddress")
		w.ownString(ip.Unmap().WithZone("").String())
	}
	if c.Server.Port() != 0 {
		w.key("connection")
		w.ownString(strconv.Itoa(int(c.Server.Port())))
	}
	w.own(`,"_webSocketMessages":[`)
	if err := w.flush(); err != nil {
		return err
	}
	if _, err := w.w.Write(n.rows); err != nil {
		return err
	}
	w.own("]")
	w.key("comment")
	w.ownString(string(w.clean([]byte(w.comment(n)))))
	w.own("}")
	return w.flush()
}

// comment says which connection of the capture this is, and what is not shown.
func (w *Writer) comment(n *entry) string {
	c := n.conn
	parts := []string{fmt.Sprintf("connection %d of the capture", c.Number)}
	if c.Stream != nil {
		parts = append(parts, fmt.Sprintf("tcp.stream %d", c.Stream.Index))
	}
	if c.Client.IsValid() {
		parts = append(parts, "client "+c.Client.String())
	}
	if c.Proxy != "" {
		parts = append(parts, "through a CONNECT tunnel to "+c.Proxy)
	}
	if n.note != "" {
		parts = append(parts, n.note)
	}
	if c.Via == "midstream" {
		parts = append(parts, "upgrade not captured: the URL is made of the server's address")
	}
	if n.cut > 0 {
		parts = append(parts, report.Count(n.cut, "payload")+" cut by --payload-limit")
	}
	if n.left > 0 {
		parts = append(parts, fmt.Sprintf("%s left out: more than --har-limit %d, or than memory is for", report.Count(n.left, "row"), w.opts.Rows))
	}
	return strings.Join(parts, "; ")
}

// timing is how an entry's time divides. Nothing of it is left out: what
// precedes the upgrade's response is the TCP handshake, then TLS, then the
// request; receive lasts until the connection's end.
type timing struct {
	start                             time.Time
	connect, ssl, send, wait, receive time.Duration // -1 where not known
}

const unknown = time.Duration(-1)

func timingsOf(n *entry) timing {
	c := n.conn
	t := timing{start: n.seen, connect: unknown, ssl: unknown}
	at := n.seen
	if c.Requested.Packet != 0 && !c.Requested.Time.IsZero() {
		t.start, at = c.Requested.Time, c.Requested.Time
		if begun, up, ok := connected(n.handshake, at); ok {
			t.start = begun
			t.connect = up.Sub(begun)
			if c.Stream.TLS != nil {
				t.ssl = at.Sub(up)
				t.connect += t.ssl // HAR counts it into both
			} else {
				t.send = at.Sub(up)
			}
		}
	}
	if r := c.Responded.Time; c.Responded.Packet != 0 && r.After(at) {
		t.wait = r.Sub(at)
		at = r
	}
	if t.receive = n.end.Sub(at); t.receive < 0 || n.end.IsZero() {
		t.receive = 0
	}
	if t.start.IsZero() { // a capture without times
		t.start = time.Unix(0, 0)
	}
	return t
}

// connected is when the TCP handshake before a request began and when it was
// over for the client.
func connected(h *reassembly.Handshake, request time.Time) (begun, up time.Time, ok bool) {
	if h == nil || h.SYN.Packet == 0 {
		return begun, up, false
	}
	for _, s := range []capture.Stamp{h.SYNACK, h.ACK} {
		if s.Packet != 0 {
			up = s.Time
		}
	}
	begun = h.SYN.Time
	return begun, up, !begun.IsZero() && !up.Before(begun) && !request.Before(up)
}

func (t timing) total() time.Duration { return max(t.connect, 0) + t.send + t.wait + t.receive }

// timings appends the timings. Developer tools show a request that was never
// blocked as stalled for all of its time.
func (w *Writer) timings(t timing) {
	w.own(`{"blocked":0.01,"dns":-1`)
	for _, part := range []struct {
		name string
		d    time.Duration
	}{{"connect", t.connect}, {"ssl", t.ssl}, {"send", t.send}, {"wait", t.wait}, {"receive", t.receive}} {
		w.key(part.name)
		if part.d < 0 {
			w.own("-1")
		} else {
			w.milliseconds(part.d)
		}
	}
	w.own("}")
}

// endpointURL stands for the URL of an upgrade that was not captured.
func endpointURL(a netip.AddrPort) string {
	if !a.IsValid() {
		return "ws://unknown/"
	}
	return "ws://" + netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()).String() + "/"
}

func (w *Writer) own(s string)       { w.b = append(w.b, s...) }
func (w *Writer) ownString(s string) { w.b = report.AppendJSON(w.b, []byte(s)) }
func (w *Writer) key(name string)    { w.b = append(append(append(w.b, `,"`...), name...), `":`...) }

func (w *Writer) milliseconds(d time.Duration) {
	w.b = strconv.AppendFloat(w.b, float64(d)/float64(time.Millisecond), 'f', -1, 64)
}

func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}
