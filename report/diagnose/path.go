package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// addPath keeps the way that a WebSocket, or the request for one, came.
func (d *Diagnosis) addPath(x *session, e *wsframe.Closed, worst *incident) {
	x.unit.path = x.path(e, worst)
	if worst == nil && len(d.paths) < maxPaths && d.server(x.c.Server).healthyPath(x.unit.path) {
		d.paths = append(d.paths, x.unit.path)
	}
}

// healthyPath keeps the first healthy way to a server for comparison.
func (v *server) healthyPath(p *report.Path) bool {
	first := v.path == nil
	if first {
		v.path = p
	}
	return first
}

// step words one step that took from a to b.
func step(name string, a, b capture.Stamp, note string) report.Step {
	s := report.Step{Name: name, At: b, Note: note}
	if took := between(a.Time, b.Time); a.Packet != 0 && took > 0 {
		if took >= slowStep {
			s.State = report.Slow
		}
		s.Note = strings.TrimSuffix("in "+duration(took)+", "+note, ", ")
	}
	return s
}

func unknown(name, why string) report.Step {
	return report.Step{Name: name, State: report.Unknown, Note: why}
}

func failed(name string, at capture.Stamp, why string) report.Step {
	return report.Step{Name: name, State: report.Failed, At: at, Note: why}
}

// path is the way of this WebSocket.
func (x *session) path(e *wsframe.Closed, worst *incident) *report.Path {
	c := x.c
	p := &report.Path{Client: c.Client, Server: c.Server, Conn: c.Number, URL: c.URL}
	if c.Stream != nil {
		p.Stream = c.Stream.Index
		p.Steps = append(p.Steps, x.connectStep())
	}
	if c.Proxy != "" {
		p.Steps = append(p.Steps, report.Step{Name: "proxy tunnel", Note: "CONNECT " + c.Proxy})
	}
	if t := c.Stream; t != nil && t.TLS != nil {
		s := step("TLS", t.TLS.ClientHello, t.TLS.ServerHello, strings.TrimSpace(t.TLS.Version+" "+t.TLS.SNI))
		if t.TLS.ClientHello.Packet == 0 {
			s = unknown("TLS", "its handshake was not captured")
		}
		p.Steps = append(p.Steps, s)
	}
	if c.Request == nil {
		p.Steps = append(p.Steps, unknown("upgrade request", "the capture began later"))
	} else {
		p.Steps = append(p.Steps, report.Step{Name: "upgrade request", At: c.Requested, Note: c.Request.Method + " " + c.Request.Target + x.forwarded()})
	}
	switch {
	case c.Response != nil && c.Upgraded:
		s := step("response", c.Requested, c.Responded, fmt.Sprint(c.Status))
		if worst != nil && (worst.code == UpgradeInvalid || worst.code == SubprotocolMismatch) {
			s.State = report.Failed
			s.Note += ", invalid"
		}
		p.Steps = append(p.Steps, s)
	case c.Response != nil:
		s := step("response", c.Requested, c.Responded, fmt.Sprint(c.Status))
		s.State = report.Failed
		p.Steps = append(p.Steps, s)
		return p
	case c.Upgraded:
		p.Steps = append(p.Steps, unknown("response", "it was not captured"))
	case worst == nil:
		p.Steps = append(p.Steps, unknown("response", "not captured, or still under way"))
		return p
	default:
		p.Steps = append(p.Steps, failed("response", capture.Stamp{}, "none"))
		return p
	}
	if x.first.Packet == 0 {
		state := report.Unknown
		if worst != nil && worst.code == Silent {
			state = report.Failed
		}
		p.Steps = append(p.Steps, report.Step{Name: "first frame", State: state, Note: "none"})
	} else {
		s := step("first frame", x.at, x.first, "")
		s.State = report.Reached // who speaks first is the application's business
		p.Steps = append(p.Steps, s)
	}
	if k := x.keepAliveStep(worst); k.Name != "" {
		p.Steps = append(p.Steps, k)
	}
	if m := x.names.media(c.Client.Addr()); m != "" {
		p.Steps = append(p.Steps, report.Step{Name: "media", At: x.names.at, Note: m})
	}
	if e != nil {
		p.Steps = append(p.Steps, closeStep(e, worst))
	}
	return p
}

// forwarded says where a proxy says that the request came from; "" without one.
func (x *session) forwarded() string {
	r := x.c.Request
	for _, name := range [...]string{"Forwarded", "X-Forwarded-For", "X-Real-IP"} {
		if v := r.Joined(name); v != "" {
			return fmt.Sprintf(", through a proxy, which names the client: %s %s", name, v)
		}
	}
	if t := x.c.Stream; t != nil && t.Origin().IsValid() {
		return fmt.Sprintf(", through a proxy, which names the client: %v", t.Origin())
	}
	if v := r.Joined("Via"); v != "" {
		return ", through a proxy: Via " + v
	}
	return ""
}

// connectStep is the TCP handshake.
func (x *session) connectStep() report.Step {
	t := x.handshake
	switch {
	case t.SYN.Packet == 0 && t.SYNACK.Packet == 0:
		return unknown("TCP connect", "the capture began later")
	case x.s != nil && x.s.missing() == reassembly.FromServer:
		return unknown("TCP connect", "the server's direction was not captured")
	case x.s != nil && x.s.missing() == reassembly.FromClient:
		return unknown("TCP connect", "the client's direction was not captured")
	}
	return step("TCP connect", t.SYN, firstOf(t.ACK, t.SYNACK), "")
}

// keepAliveStep sums up pings; without a name where there were none.
func (x *session) keepAliveStep(worst *incident) report.Step {
	var asked, answered uint64
	var least, most time.Duration
	var last capture.Stamp
	for _, p := range []*pings{&x.ping[0], &x.ping[1], &x.appPing[0], &x.appPing[1]} {
		if p.answers > 0 && (answered == 0 || p.least < least) {
			least = p.least
		}
		asked += p.count
		answered += p.answers
		most = max(most, p.most)
		if p.last.Packet > last.Packet {
			last = p.last
		}
	}
	if asked == 0 {
		return report.Step{}
	}
	s := report.Step{Name: "keep-alive", At: last, Note: fmt.Sprintf("%s, %d answered", report.Count(asked, "ping"), answered)}
	if answered > 0 {
		s.Note += fmt.Sprintf(" in %s to %s", duration(least), duration(most))
	}
	if worst != nil && worst.code == PongMissing {
		s.State = report.Failed
	}
	return s
}

// closeStep is the end.
func closeStep(e *wsframe.Closed, worst *incident) report.Step {
	s := report.Step{Name: "close", At: e.M.Stamp}
	switch {
	case e.How == "close frame":
		s.Note = fmt.Sprintf("by the %s with %d", e.By, e.Code)
		if worst != nil && worst.code == ClosedWithError {
			s.State = report.Failed
		}
	case e.How == "capture ended":
		return unknown("close", "still open when the capture ended")
	case e.By == "client" || e.By == "server":
		s.Note = fmt.Sprintf("by the %s with %s, without a Close frame", e.By, strings.ToUpper(e.How))
		s.State = report.Failed
	default:
		s.State, s.Note = report.Unknown, e.How
	}
	return s
}

// tlsPath is the way of a connection that came no further than TLS.
func (d *Diagnosis) tlsPath(s *stream, i *incident) *report.Path {
	p := &report.Path{Client: s.st.Client(), Server: s.st.Server(), Stream: s.st.Index}
	p.Steps = append(p.Steps,
		step("TCP connect", s.handshake.SYN, firstOf(s.handshake.ACK, s.handshake.SYNACK), ""),
		failed("TLS", i.at, facts[i.code].outcome))
	return p
}

// waysFailed are the paths of connections in trouble, the first of each group.
func (d *Diagnosis) waysFailed() []*report.Path {
	type key struct {
		code   Code
		server *server
		detail string
	}
	seen := map[key]bool{}
	var all []*report.Path
	for _, i := range d.incidents {
		if i.void || i.unit == nil || i.unit.void || i.unit.path == nil || len(all) == maxPaths {
			continue
		}
		if k := (key{i.code, i.unit.server, i.detail}); !seen[k] {
			seen[k] = true
			if !slices.Contains(all, i.unit.path) {
				all = append(all, i.unit.path)
			}
		}
	}
	return all
}
