package diagnose

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wstap/capture"
	"wstap/wsframe"
)

// signalling are the messages by which a WebRTC call server's session comes
// about, in their order; a name may have alternatives.
var signalling = []string{"connection|connect", "getUserData", "getVersion", "registered"}

// ProfileSignalling is the name that stands for the messages of a WebRTC call
// server's session in Options.Expect. It also reads what such a server says of
// failures and media.
const ProfileSignalling = "signalling"

// expectation follows the application messages of a WebSocket.
type expectation struct {
	left []string // not seen yet, in order
	seen string   // the last of those that were
	at   capture.Stamp

	fails    []string // what messages of the name fail say
	failAt   capture.Stamp
	statuses []string
	sdp, ice bool
	address  netip.Addr // that the client's SDP names for media
}

// Bounds on what is quoted of messages.
const (
	maxQuoted  = 120 // bytes
	maxQuotes  = 8
	maxScanned = 64 << 10 // bytes of a message looked at for SDP and ICE
)

// messageName is what an application calls its message: the first word of
// what people are shown of it.
func messageName(m *wsframe.Message) string {
	name, _, _ := strings.Cut(m.Summary(), " ")
	if strings.EqualFold(name, "ping") || strings.EqualFold(name, "pong") {
		return strings.ToLower(name)
	}
	return name
}

func (x *expectation) take(name string, m *wsframe.Message) {
	if len(x.left) == 0 && x.seen == "" {
		return
	}
	if len(x.left) > 0 && slices.Contains(strings.Split(x.left[0], "|"), name) {
		x.left, x.seen, x.at = x.left[1:], name, m.M.Stamp
	}
	b := m.Payload[:min(len(m.Payload), maxScanned)]
	switch name {
	case "fail":
		if len(x.fails) < maxQuotes {
			x.fails = append(x.fails, data(b))
			x.failAt = m.M.Stamp
		}
	case "notifyStreamStatusEvent":
		if len(x.statuses) < maxQuotes {
			x.statuses = append(x.statuses, data(b))
		}
	}
	x.sdp = x.sdp || bytes.Contains(b, []byte("v=0\\r\\n")) || bytes.Contains(b, []byte("v=0\r\n"))
	if m.From == wsframe.FromClient && !x.address.IsValid() {
		x.address = connectionData(b)
	}
	x.ice = x.ice || bytes.Contains(b, []byte("candidate:")) || bytes.Contains(b, []byte("a=ice-ufrag"))
}

// missing finds the expected message that did not come.
func (x *expectation) missing(s *session, e *wsframe.Closed) (i incident, ok bool) {
	if s.c.Via == "midstream" {
		return i, false // it may have come before the capture began
	}
	if len(x.fails) > 0 {
		i = s.incident(ExpectationMissed, evidence(x.failAt), "The application says fail: "+strings.Join(x.fails, "; ")+".")
		i.at, i.detail, i.brief = x.failAt, "fail", "fail"
		return i, true
	}
	last := x.at
	if last.Packet == 0 {
		last = s.at
	}
	if len(x.left) == 0 || s.unsure() || e.How == "capture ended" && between(last.Time, e.M.Time) < patience {
		return i, false
	}
	after := "the upgrade"
	if x.seen != "" {
		after = x.seen
	}
	text := fmt.Sprintf("The message %s did not come after %s.", strings.ReplaceAll(x.left[0], "|", " (or ")+strings.Repeat(")", strings.Count(x.left[0], "|")), after)
	if more := len(x.left) - 1; more > 0 {
		text += fmt.Sprintf(" Nor did what was expected behind it: %s.", strings.Join(x.left[1:], ", "))
	}
	i = s.incident(ExpectationMissed, evidence(last, e.M.Stamp), text)
	i.at, i.detail, i.brief = e.M.Stamp, text, x.left[0]
	return i, true
}

// media says in words what was seen of the setting up of media; "" for nothing.
func (x *expectation) media(client netip.Addr) string {
	var parts []string
	if len(x.statuses) > 0 {
		parts = append(parts, "stream status "+x.statuses[len(x.statuses)-1])
	}
	switch {
	case x.sdp && x.ice:
		parts = append(parts, "SDP with ICE")
	case x.sdp:
		parts = append(parts, "SDP without ICE: media may find no way through a NAT")
	}
	if a := x.address; a.IsValid() && !a.IsUnspecified() && a != client {
		parts = append(parts, fmt.Sprintf("the client's SDP names %v, TCP shows %v: a NAT or a proxy is between", a, client))
	}
	return strings.Join(parts, "; ")
}

// data is what a message {"message":NAME,"data":[...]} says besides its name, cut;
// of another the whole.
func data(b []byte) string {
	if _, rest, ok := bytes.Cut(b, []byte(`"data":[`)); ok {
		b = bytes.TrimSuffix(rest, []byte("]}"))
	}
	return string(b[:min(len(b), maxQuoted)])
}

// connectionData is the address in SDP's line c= (RFC 8866, 5.7), invalid
// without one.
func connectionData(b []byte) netip.Addr {
	for _, kind := range [...]string{"c=IN IP4 ", "c=IN IP6 "} {
		if _, rest, ok := bytes.Cut(b, []byte(kind)); ok {
			end := bytes.IndexAny(rest, "\\\r\n\" /")
			if end < 0 {
				return netip.Addr{}
			}
			a, _ := netip.ParseAddr(string(rest[:end])) // what is no address is not told
			return a
		}
	}
	return netip.Addr{}
}

// expected are the names to wait for.
func (d *Diagnosis) expected() []string {
	if len(d.opts.Expect) == 1 && d.opts.Expect[0] == ProfileSignalling {
		return signalling
	}
	return d.opts.Expect
}
