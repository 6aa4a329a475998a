package diagnose

import (
	"fmt"
	"strings"
	"time"

	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
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
