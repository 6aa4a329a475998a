package diagnose

import (
	"fmt"
	"strings"

	"wstap/report"
)

// verdict is the sentence on one server.
func (v *server) verdict() string {
	n := v.connections()
	name := v.addr.String()
	if !v.addr.IsValid() {
		name = "other servers"
	}
	for c := range codes {
		if o := v.outcomes[c]; o.count == n && n > 0 {
			if s := unanimous(c, name, n, &o); s != "" {
				return s
			}
		}
	}
	text := fmt.Sprintf("%s to %s", report.Count(n, "connection"), name)
	return text + v.parts()
}

// parts lists the outcomes: ", 2 healthy, 1 refused: 403 from nginx".
func (v *server) parts() string {
	text := ""
	if v.healthy() == v.connections() {
		if v.healthy() == 1 {
			return ", healthy"
		}
		return ", all healthy"
	}
	if h := v.healthy(); h > 0 {
		text += fmt.Sprintf(", %d healthy", h)
	}
	for c := range codes {
		o := v.outcomes[c]
		if o.count == 0 {
			continue
		}
		text += ", "
		if v.connections() > 1 {
			text += fmt.Sprint(o.count) + " "
		}
		text += facts[c].outcome
		if o.brief != "" && !o.mixed {
			text += ": " + o.brief
		}
	}
	if v.pending > 0 {
		text += ", "
		if v.connections() > 1 {
			text += fmt.Sprint(v.pending) + " "
		}
		text += "under way when the capture ended"
	}
	return text
}

// unanimous is the sentence where all n connections came to the same end.
func unanimous(c Code, name string, n uint64, o *outcome) string {
	each := "SYN"
	if n > 1 {
		each = "each SYN"
	}
	switch c {
	case PortClosed:
		return fmt.Sprintf("nothing listens on %s: %s is answered by RST", name, each)
	case PortFiltered:
		return fmt.Sprintf("%s does not answer: %s stays without SYN-ACK or RST", name, each)
	case HostUnreachable:
		return fmt.Sprintf("%s cannot be reached: ICMP says %s", name, o.brief)
	case HandshakeHalf:
		return fmt.Sprintf("no connection to %s comes about: its SYN-ACK is never acknowledged", name)
	}
	return ""
}

// verdicts are the sentences on all servers, and the one on the whole.
func (d *Diagnosis) verdicts() (text string, all []report.ServerVerdict) {
	var whole server
	var tried []*server
	for _, v := range d.ordered() {
		if v.connections() == 0 {
			continue
		}
		tried = append(tried, v)
		all = append(all, report.ServerVerdict{Server: v.addr, Text: v.verdict(), Connections: v.connections(), Healthy: v.healthy()})
		whole.units += v.connections()
		whole.troubled += v.troubled
		whole.pending += v.pending
		for c := range v.outcomes {
			o := &whole.outcomes[c]
			o.count += v.outcomes[c].count
			o.mixed = o.mixed || v.outcomes[c].count > 0
		}
	}
	switch len(tried) {
	case 0:
		return d.nothingTried(), nil
	case 1:
		return all[0].Text, all
	}
	return fmt.Sprintf("%s to %d servers", report.Count(whole.units, "connection"), len(tried)) + whole.parts(), all
}

// nothingTried is the verdict where no WebSocket was asked for.
func (d *Diagnosis) nothingTried() string {
	if len(d.opts.Servers) > 0 && !d.touched {
		text := fmt.Sprintf("no packet to or from %s was seen", d.target())
		if s := d.seen(); s != "" {
			return text + "; instead: " + s
		}
		return text
	}
	s := d.seen()
	if s == "" {
		return "no WebSocket was seen, and no TCP either"
	}
	return "no WebSocket was seen; instead: " + s
}

// target names what --server asks for.
func (d *Diagnosis) target() string {
	var names []string
	for _, s := range d.opts.Servers {
		if s.Addr().IsValid() {
			names = append(names, s.String())
		} else {
			names = append(names, fmt.Sprintf("port %d", s.Port()))
		}
	}
	return strings.Join(names, ", ")
}

// seen lists what there was in place of WebSockets.
func (d *Diagnosis) seen() string {
	const most = 6
	var parts []string
	more := 0
	for _, v := range d.ordered() {
		var what []string
		for _, k := range []struct {
			n    uint64
			name string
		}{{v.websocket, "WebSocket"}, {v.tls, "TLS"}, {v.tunnels, "proxy tunnels"}, {v.http, "HTTP without an upgrade"}, {v.other, "something else"}, {v.idle, "connections without data"}} {
			if k.n > 0 {
				what = append(what, k.name)
			}
		}
		if len(what) == 0 {
			continue
		}
		if len(parts) == most {
			more++
			continue
		}
		name := v.addr.String()
		if !v.addr.IsValid() {
			name = "other servers"
		}
		parts = append(parts, fmt.Sprintf("%s on %s", strings.Join(what, " and "), name))
	}
	if more > 0 {
		parts = append(parts, report.Count(uint64(more), "other port"))
	}
	if n := d.decoded.Other; n > 0 && len(parts) == 0 {
		parts = append(parts, report.Count(n, "packet")+" that are not TCP")
	}
	if n := d.decoded.Unknown; n > 0 && len(parts) == 0 {
		parts = append(parts, report.Count(n, "packet")+" of a kind that is not understood")
	}
	return strings.Join(parts, ", ")
}
