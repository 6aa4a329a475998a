package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// session is what is kept of one WebSocket.
type session struct {
	c    *wsframe.Conn
	s    *stream // its TCP connection; nil where that is not known
	unit *unit

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
		x.s = d.streamOf(c)
		x.bytes = c.Stream.Halves[0].Bytes + c.Stream.Halves[1].Bytes
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

// refusedUpgrade takes an upgrade that was answered with another status.
func (d *Diagnosis) refusedUpgrade(x *session) {
	c := x.c
	text, brief := refusal(c)
	code, packets := UpgradeRefused, evidence(c.Requested, c.Responded)
	var advice string
	switch missing := stripped(c); {
	case toTLS(c):
		code = SchemeMismatch
		text = fmt.Sprintf("Plain HTTP (ws://) was sent to %v, which wants TLS: %s", c.Server, text)
	case missing != "":
		code = UpgradeStripped
		text = fmt.Sprintf("The upgrade request has a Sec-WebSocket-Key and no %s: a proxy on the way took it out. %s", missing, text)
	default:
		advice = refusalAdvice(c)
	}
	i := x.incident(code, packets, text)
	i.brief, i.detail, i.advice, i.at = brief, text, advice, c.Responded
	p := d.add(i)
	d.addPath(x, nil, p)
	if code == UpgradeRefused && (c.Status == 401 || c.Status == 407) {
		if x.s != nil {
			x.s.refused = append(x.s.refused, p)
		}
		if len(d.logins) < maxPending {
			d.logins = append(d.logins, login{success{c.Client.Addr(), c.Server, c.URL}, p})
		}
		return
	}
	d.early(p)
}

// refusal says in a sentence, and in a few words, who refused and how.
func refusal(c *wsframe.Conn) (text, brief string) {
	status := fmt.Sprint(c.Status)
	if c.Response != nil && c.Response.Phrase != "" {
		status += " " + c.Response.Phrase
	}
	brief = fmt.Sprint(c.Status)
	text = fmt.Sprintf("%v refused the upgrade of %s with %s", c.Server, c.URL, status)
	if c.Response != nil {
		if v := c.Response.Get("Server"); v != "" {
			brief += " from " + v
			text += ", Server: " + v
		}
		if v := c.Response.Joined("Via"); v != "" {
			text += ", Via: " + v
		}
		if v := c.Response.Get("Location"); v != "" {
			text += ", Location: " + v
		}
	}
	if c.Body != "" {
		text += ". It says: " + c.Body
	}
	return strings.TrimSuffix(text, ".") + ".", brief
}

// refusalAdvice is what a status hints at.
func refusalAdvice(c *wsframe.Conn) string {
	switch c.Status {
	case 200:
		return "The server answers as to a page: it knows no WebSocket under this path."
	case 301, 302, 303, 307, 308:
		return "Connect to the address that Location names: WebSocket clients in browsers do not follow."
	case 400:
		return "The server finds the request itself wrong: compare version, key and Host with RFC 6455, 4.1."
	case 401:
		return "Credentials are missing or wrong."
	case 403:
		return "The server knows the path and forbids it: look at the Origin header, at credentials, and at rules of a proxy or firewall."
	case 404:
		return "There is no WebSocket under this path: compare it with the server's configuration."
	case 407:
		return "The proxy wants credentials."
	case 426:
		if c.Request != nil && c.Request.Joined("Sec-WebSocket-Version") != "13" {
			return "The server wants another Sec-WebSocket-Version."
		}
	case 429:
		return "The server limits the rate of connections."
	case 502, 503, 504:
		return "A proxy answers in place of the server behind it, which it cannot reach: look there."
	}
	return ""
}

// toTLS reports whether a server says that it wanted TLS.
func toTLS(c *wsframe.Conn) bool {
	if c.Status != 400 && c.Status != 497 {
		return false
	}
	s := strings.ToLower(c.Body)
	return strings.Contains(s, "http request to an https server") ||
		strings.Contains(s, "plain http") && (strings.Contains(s, "https") || strings.Contains(s, "ssl") || strings.Contains(s, "tls"))
}

// stripped names the header fields that an upgrade request has lost on its way.
func stripped(c *wsframe.Conn) string {
	r := c.Request
	if r == nil || !r.Has("Sec-WebSocket-Key") || c.Via == "h2" {
		return ""
	}
	var missing []string
	if !r.HasToken("Upgrade", "websocket") {
		missing = append(missing, "Upgrade")
	}
	if !r.HasToken("Connection", "Upgrade") {
		missing = append(missing, "Connection: Upgrade")
	}
	return strings.Join(missing, " and no ")
}

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
	note := func(i incident) {
		p := d.add(i)
		d.early(p)
		if worst == nil || p.severity > worst.severity {
			worst = p
		}
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
		i := x.abnormal(e)
		note(i)
		d.cutCandidate(x, e, d.lastIncident())
	}
	if i, ok := x.names.missing(x, e); ok {
		note(i)
	}
	d.addPath(x, e, worst)
}

func (d *Diagnosis) lastIncident() *incident {
	if len(d.incidents) == 0 {
		return nil
	}
	return d.incidents[len(d.incidents)-1]
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

// unansweredUpgrade takes the end of a connection whose upgrade request got no
// answer.
func (d *Diagnosis) unansweredUpgrade(x *session, e *wsframe.Closed) {
	c, s := x.c, x.s
	asked := evidence(c.Requested)
	waited, at := between(c.Requested.Time, e.M.Time), e.M.Stamp
	under := e.How == "capture ended" || e.How == "timeout" || e.How == "evicted" || e.How == "port reused"
	if s != nil && under {
		if f := s.half[reassembly.FromClient].fin; f.Packet > c.Requested.Packet { // the client has given up
			under, waited = false, between(c.Requested.Time, f.Time)
			at = f
		}
	}
	var i incident
	switch {
	case s != nil && s.missing() != none:
		d.addPath(x, e, nil)
		return // told with the stream
	case s != nil && s.kind(reassembly.FromServer) == tlsAlert || s != nil && s.kind(reassembly.FromServer) == tlsHandshake:
		i = x.incident(SchemeMismatch, evidence(c.Requested, s.half[reassembly.FromServer].first),
			fmt.Sprintf("Plain HTTP (ws://) was sent to %v, which answers with TLS.", c.Server))
	case s != nil && s.half[reassembly.FromServer].lost+s.half[reassembly.FromServer].cut > 0, s != nil && s.half[reassembly.FromServer].early:
		x.unit.wait()
		d.addPath(x, e, nil)
		return // the answer may be among what is missing
	case stripped(c) != "" && !under:
		i = x.incident(UpgradeStripped, asked, fmt.Sprintf("The upgrade request has a Sec-WebSocket-Key and no %s: a proxy on the way took it out. It was not answered.", stripped(c)))
	case e.By == "server":
		i = x.incident(NoResponse, evidence(c.Requested, at),
			fmt.Sprintf("%v ended the connection with %s instead of answering the upgrade request for %s.", c.Server, strings.ToUpper(e.How), c.URL))
		i.brief = "hung up"
		i.detail = "hung up"
		if s != nil {
			if f := s.half[reassembly.FromServer].fin; f.Packet != 0 {
				i.packets = evidence(c.Requested, f)
			}
		}
	case !under || waited >= patience:
		i = x.incident(NoResponse, asked, fmt.Sprintf("%v never answered the upgrade request for %s, for %s.", c.Server, c.URL, duration(waited)))
		if !under {
			i.packets = evidence(c.Requested, at)
		}
		i.detail = "waited"
	default:
		x.unit.wait()
		return
	}
	i.at = at
	p := d.add(i)
	if i.code == NoResponse {
		d.hangups = append(d.hangups, p)
	} else {
		d.early(p)
	}
	d.addPath(x, e, p)
}

func duration(t time.Duration) string { return string(report.AppendDuration(nil, t)) }
