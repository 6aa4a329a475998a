package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// session is what is kept of one WebSocket.
type session struct {
	c         *wsframe.Conn
	s         *stream               // its TCP connection; nil where that is not known
	handshake *reassembly.Handshake // that of the TCP connection; nil without one
	unit      *unit

	at          capture.Stamp // when it was opened
	bytes       uint64        // of the TCP connection then
	first, last capture.Stamp // frames, but for Close
	lastGap     capture.Stamp
	closing     capture.Stamp // the first Close frame
	joined      *incident     // it was joined mid-stream
	closed      bool
	silent      bool
	broken      []*incident
	ping        [2]pings // by opcode, by who asks
	appPing     [2]pings // by name
	pongs       [2]bool  // by who answered a ping by name
	spoke       [2]capture.Stamp
	names       expectation
}

// opened takes a connection that was upgraded, refused, or never answered.
func (d *Diagnosis) opened(e *wsframe.Opened) {
	c := e.M.Conn
	if !d.wanted(c.Server) {
		if s := d.streamOf(c); s != nil && c.Upgraded {
			s.upgraded = true
		}
		return
	}
	x := &session{c: c, unit: d.unit(c.Server), at: e.M.Stamp}
	if c.Stream != nil {
		x.s, x.handshake = d.streamOf(c), c.Stream.Handshake()
		x.bytes = c.Stream.Half(0).Bytes + c.Stream.Half(1).Bytes
	}
	if x.s != nil && len(x.s.sessions) < maxPaths {
		x.s.sessions = append(x.s.sessions, x)
	}
	x.names.left = d.expected()
	switch {
	case c.Upgraded:
		d.sessions[c] = x
		d.upgraded(x)
	case c.Status != 0:
		d.refusedUpgrade(x)
	default:
		d.sessions[c] = x // judged when it is closed
	}
}

// streamOf is the TCP connection of a WebSocket; nil where it is not known.
func (d *Diagnosis) streamOf(c *wsframe.Conn) *stream {
	if c.Stream == nil {
		return nil
	}
	return d.streams[c.Stream.Index]
}

// upgraded takes a granted upgrade.
func (d *Diagnosis) upgraded(x *session) {
	c := x.c
	if c.Via == "midstream" || c.Response == nil {
		i := d.add(x.incident(JoinedMidstream, evidence(x.at), "The capture began after the upgrade: frames were recognized by their headers, and nothing is known of the handshake."))
		x.joined = i
	}
	if x.s != nil {
		x.s.upgraded = true
		for _, i := range x.s.refused { // it asked again, and was let in
			i.void = true
			i.unit.drop()
		}
		x.s.refused = nil
	}
	d.server(c.Server).cameUp++
	if len(d.successes) < maxSuccesses {
		d.successes[success{c.Client.Addr(), c.Server, c.URL}] = true
	}
	if len(d.quiet) < maxPending {
		d.quiet = append(d.quiet, x)
	}
}

// success names upgrades that were granted, and login one that was refused for
// want of credentials.
type (
	success struct {
		client netip.Addr
		server netip.AddrPort
		url    string
	}
	login struct {
		success
		incident *incident
	}
)

// incident is one of this WebSocket.
func (x *session) incident(code Code, packets []uint64, text string) incident {
	i := incident{code: code, unit: x.unit, client: x.c.Client, server: x.c.Server, conn: x.c, packets: packets, text: text, at: x.at}
	if x.c.Stream != nil {
		i.stream, i.hasTCP = x.c.Stream.Index, true
	}
	if n := len(packets); n > 0 {
		i.at.Packet = packets[n-1]
	}
	return i
}

// oneWay reports whether one direction of the TCP connection was never captured.
func (x *session) oneWay() bool { return x.s != nil && x.s.missing() != none }

func (d *Diagnosis) frame(f *wsframe.Frame) {
	x := d.sessions[f.M.Conn]
	if x == nil {
		return
	}
	if f.Opcode == wsframe.OpClose {
		if x.closing.Packet == 0 {
			x.closing = f.M.Stamp
		}
		return
	}
	if x.first.Packet == 0 {
		x.first = f.M.Stamp
	}
	x.last = f.M.Stamp
	x.spoke[f.From] = f.M.Stamp
	switch f.Opcode {
	case wsframe.OpPing:
		x.ping[f.From].sent(f.M.Stamp)
		d.overdue(x, f.From, &x.ping[f.From], false)
	case wsframe.OpPong:
		x.ping[f.From.Reverse()].answered(f.M.Stamp)
	}
}

func (d *Diagnosis) message(m *wsframe.Message) {
	x := d.sessions[m.M.Conn]
	if x == nil || m.Opcode != wsframe.OpText || !m.Complete {
		return
	}
	name := messageName(m)
	switch name {
	case "ping":
		x.appPing[m.From].sent(m.M.Stamp)
	case "pong":
		x.pongs[m.From] = true
		x.appPing[m.From.Reverse()].answered(m.M.Stamp)
	}
	x.names.take(name, m)
}

func (d *Diagnosis) gap(g *wsframe.Gap) {
	if x := d.sessions[g.M.Conn]; x != nil {
		x.lastGap = g.M.Stamp
	}
}

// violation takes a rule that was broken.
func (d *Diagnosis) violation(v *wsframe.Violation) {
	x := d.sessions[v.M.Conn]
	if x == nil {
		return
	}
	c := x.c
	switch v.Rule.Code {
	case wsframe.RuleAcceptWrong.Code, wsframe.RuleAcceptMissing.Code:
		d.badAnswer(x, v, UpgradeInvalid)
		return
	case wsframe.RuleSubprotocol.Code:
		d.badAnswer(x, v, SubprotocolMismatch)
		return
	case wsframe.RuleUpgradeHeader.Code, wsframe.RuleConnectionHeader.Code:
		if v.From == wsframe.FromServer {
			d.badAnswer(x, v, UpgradeInvalid)
			return
		}
		if !c.Upgraded {
			return // told as stripped
		}
	}
	if !c.Upgraded || x.unsure() {
		return
	}
	for _, i := range x.broken {
		if i.detail == v.From.String()+v.Rule.Code {
			if len(i.packets) < maxEvidence && !slices.Contains(i.packets, v.M.Packet) {
				i.packets = append(i.packets, v.M.Packet)
			}
			return
		}
	}
	text := fmt.Sprintf("The %v broke RFC %s: %s. Expected %s, found %s.", v.From, v.Rule.RFC, v.Rule.Text, v.Expected, v.Found)
	i := x.incident(ProtocolError, evidence(v.M.Stamp), text)
	i.at, i.detail, i.brief = v.M.Stamp, v.From.String()+v.Rule.Code, v.Rule.Code
	p := d.add(i)
	x.broken = append(x.broken, p)
	d.early(p)
}

// unsure reports whether bytes are missing, so that what looks like a fault of
// a peer may be one of the capture.
func (x *session) unsure() bool {
	if x.c.Gaps > 0 {
		return true
	}
	if x.s == nil {
		return false
	}
	return x.s.half[0].lost+x.s.half[0].cut+x.s.half[1].lost+x.s.half[1].cut > 0
}

// badAnswer takes a fault in the 101.
func (d *Diagnosis) badAnswer(x *session, v *wsframe.Violation, code Code) {
	for _, i := range x.broken {
		if i.code == code {
			i.text += fmt.Sprintf(" %s: expected %s, found %s.", capitalized(v.Rule.Text), v.Expected, v.Found)
			i.detail += v.Rule.Code
			return
		}
	}
	text := fmt.Sprintf("%v granted the upgrade of %s with an answer that a client must not accept (RFC %s). %s: expected %s, found %s.",
		x.c.Server, x.c.URL, v.Rule.RFC, capitalized(v.Rule.Text), v.Expected, v.Found)
	i := x.incident(code, evidence(x.c.Requested, x.c.Responded), text)
	i.detail, i.at, i.brief = v.Rule.Code, x.c.Responded, v.Rule.Code
	p := d.add(i)
	x.broken = append(x.broken, p)
	d.early(p)
}

func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// closed takes the end of a WebSocket, or of the wait for its upgrade.
func (d *Diagnosis) closed(e *wsframe.Closed) {
	x := d.sessions[e.M.Conn]
	if x == nil {
		return
	}
	delete(d.sessions, e.M.Conn)
	x.closed = true
	if !x.c.Upgraded {
		d.unansweredUpgrade(x, e)
		return
	}
	var worst *incident
	note := func(i incident) *incident {
		p := d.add(i)
		d.early(p)
		if worst == nil || p.severity > worst.severity {
			worst = p
		}
		return p
	}
	if len(x.broken) > 0 {
		worst = x.broken[0]
	}
	if x.oneWay() {
		d.addPath(x, e, worst)
		return
	}
	if x.quietUntil(e.M.Time) {
		note(x.silence(e.M.Stamp))
	}
	missed, unanswered := x.missed(e.M.Time, e.How != "capture ended")
	if unanswered {
		note(missed)
	}
	switch {
	case e.How == "close frame":
		if i, ok := x.errorClose(e); ok {
			note(i)
		}
	case e.How == "fin", e.How == "rst", e.How == "rst_stream", e.How == "end_stream":
		if len(x.broken) > 0 {
			x.broken[0].text += fmt.Sprintf(" The %s ended the connection with %s.", e.By, strings.ToUpper(e.How))
			break
		}
		if unanswered || x.lossAtEnd() {
			break
		}
		d.cutCandidate(x, e, note(x.abnormal(e)))
	}
	if i, ok := x.names.missing(x, e); ok {
		note(i)
	}
	d.addPath(x, e, worst)
}

// lossAtEnd reports whether bytes are missing behind the last frame: a Close
// frame may be among them.
func (x *session) lossAtEnd() bool {
	if x.lastGap.Packet != 0 && x.lastGap.Packet >= x.last.Packet {
		return true
	}
	if x.s == nil {
		return false
	}
	for d := range x.s.half {
		h := &x.s.half[d]
		if h.lostAt.Packet > x.last.Packet || h.cutAt.Packet > x.last.Packet {
			return true
		}
	}
	return x.c.Totals[0].Skipped+x.c.Totals[1].Skipped > 0
}

// errorClose judges a Close frame's code (RFC 6455, 7.4).
func (x *session) errorClose(e *wsframe.Closed) (incident, bool) {
	code := e.Code
	if code == 1000 || code == 1001 || code == 1005 {
		return incident{}, false
	}
	name := wsframe.CloseCodeName(code)
	if name != "" {
		name = " (" + name + ")"
	}
	text := fmt.Sprintf("The %s closed with %d%s", e.By, code, name)
	if e.Reason != "" {
		text += ", reason: " + e.Reason
	}
	text += "."
	if (code == 1002 || code == 1007) && len(x.broken) > 0 {
		x.broken[0].text += " " + text
		x.broken[0].packets = append(x.broken[0].packets, x.closing.Packet)
		return incident{}, false
	}
	i := x.incident(ClosedWithError, evidence(x.closing), text)
	i.at = x.closing
	i.detail, i.brief = text, fmt.Sprint(code)
	if code < 1002 || code > 1015 {
		i.severity = report.Warning
	}
	return i, true
}

// abnormal is an end without a Close frame.
func (x *session) abnormal(e *wsframe.Closed) incident {
	last := x.last
	if last.Packet == 0 {
		last = x.c.Responded
	}
	how := strings.ToUpper(e.How)
	text := fmt.Sprintf("The %s ended the connection with %s, without a Close frame.", e.By, how)
	i := x.incident(AbnormalClose, evidence(last, e.M.Stamp), text)
	i.at, i.detail, i.brief = e.M.Stamp, e.By+how, ""
	return i
}
