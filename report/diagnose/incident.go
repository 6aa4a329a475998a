package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Bounds. What goes beyond is counted and belongs to no group.
const (
	maxIncidents = 16384
	maxGroups    = 1024
	maxEvidence  = 16 // packets and streams named by a finding
)

// incident is one occurrence of what a finding tells.
type incident struct {
	code     Code
	severity report.Severity
	unit     *unit
	client   netip.AddrPort
	server   netip.AddrPort
	stream   uint64
	hasTCP   bool // stream means something
	conn     *wsframe.Conn
	packets  []uint64
	at       capture.Stamp // the last evidence
	// detail is what tells apart findings of one code and server; text says it,
	// advice stands in place of the code's.
	detail, text, advice string
	brief                string // behind the outcome in a verdict: "403 from nginx"
	void                 bool   // a nearer cause was found
}

// unit is one connection that was tried: what verdicts count.
type unit struct {
	server  *server
	worst   Code
	trouble bool // worst means something
	void    bool // was no connection of its own after all
	pending bool // under way when the capture ended
	counted bool // among the server's outcomes
	brief   string
	path    *report.Path
}

// evidence is a list of packet numbers: in order, each once, none zero.
func evidence(stamps ...capture.Stamp) []uint64 {
	var all []uint64
	for _, s := range stamps {
		if s.Packet != 0 {
			all = append(all, s.Packet)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// add takes an incident.
func (d *Diagnosis) add(i incident) *incident {
	if i.severity == report.Note {
		i.severity = facts[i.code].severity
	}
	if len(d.incidents) >= maxIncidents {
		d.overflow++
		if i.unit != nil && i.severity > report.Note {
			i.unit.blame(&i)
			i.unit.tally()
		}
		return &i
	}
	p := &i
	d.incidents = append(d.incidents, p)
	return p
}

// group is what becomes one finding.
type group struct {
	finding report.Finding
	code    Code
	advice  string
	clients []netip.Addr
	more    bool // clients beyond those named
	first   time.Time
}

// grouped makes the findings of all incidents that still hold, by weight.
func (d *Diagnosis) grouped() []*group {
	type key struct {
		code   Code
		server netip.AddrPort
		detail string
	}
	groups := map[key]*group{}
	var all []*group
	for _, i := range d.incidents {
		if i.void {
			continue
		}
		k := key{i.code, i.server, i.detail}
		g := groups[k]
		if g == nil {
			if len(all) == maxGroups {
				d.overflow++
				continue
			}
			g = &group{code: i.code, advice: i.advice}
			g.finding = report.Finding{
				M: wsframe.Meta{Stamp: i.at, Conn: i.conn}, Severity: i.severity, Code: i.code.String(),
				Client: i.client, Server: i.server, Text: i.text,
			}
			groups[k] = g
			all = append(all, g)
		}
		g.add(i)
	}
	for _, g := range all {
		g.finish()
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(b.finding.Severity, a.finding.Severity),
			cmp.Compare(a.code, b.code),
			cmp.Compare(b.finding.Count, a.finding.Count),
			compareAddrPort(a.finding.Server, b.finding.Server),
			cmp.Compare(a.finding.Text, b.finding.Text),
		)
	})
	return all
}

func compareAddrPort(a, b netip.AddrPort) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Port(), b.Port()))
}

func (g *group) add(i *incident) {
	f := &g.finding
	f.Count++
	if i.conn != f.M.Conn {
		f.M.Conn = nil // several
	}
	if i.at.Packet >= f.M.Packet {
		f.M.Stamp = i.at
	}
	for _, p := range i.packets {
		if len(f.Packets) < 4*maxEvidence {
			f.Packets = append(f.Packets, p)
		}
	}
	if i.hasTCP && len(f.Streams) < maxEvidence && !slices.Contains(f.Streams, i.stream) {
		f.Streams = append(f.Streams, i.stream)
	}
	if a := i.client.Addr(); a.IsValid() && !slices.Contains(g.clients, a) {
		if len(g.clients) < 3 {
			g.clients = append(g.clients, a)
		} else {
			g.more = true
		}
	}
	if f.First.Packet == 0 || len(i.packets) > 0 && i.packets[0] < f.First.Packet {
		f.First = i.at
		if len(i.packets) > 0 && i.packets[0] != i.at.Packet {
			f.First = capture.Stamp{Packet: i.packets[0]}
		}
	}
	if !i.at.Time.IsZero() && (g.first.IsZero() || i.at.Time.Before(g.first)) {
		g.first = i.at.Time
	}
}

// finish words the group.
func (g *group) finish() {
	f := &g.finding
	slices.Sort(f.Packets)
	f.Packets = slices.Compact(f.Packets)
	if len(f.Packets) > maxEvidence {
		f.Packets = f.Packets[:maxEvidence]
	}
	slices.Sort(f.Streams)
	f.First.Time = g.first
	if f.Count > 1 {
		var names []string
		for _, a := range g.clients {
			names = append(names, a.String())
		}
		from := ""
		if len(names) > 0 {
			from = ", from " + strings.Join(names, ", ")
			if g.more {
				from += " and others"
			}
		}
		f.Text += fmt.Sprintf(" (%s%s)", report.Count(f.Count, "time"), from)
	}
	f.Advice = facts[g.code].advice
	if g.advice != "" {
		f.Advice = g.advice
	}
	if !g.first.IsZero() && f.Client.IsValid() && logged[g.code] {
		f.Advice += fmt.Sprintf(" In logs, look at %s for %v.", g.first.UTC().Format("2006-01-02 15:04:05 UTC"), f.Client)
	}
}

// logged are the codes of which a server's log may tell more.
var logged = [codes]bool{
	TLSFailed: true, NoResponse: true, UpgradeStripped: true, UpgradeRefused: true, UpgradeInvalid: true,
	SubprotocolMismatch: true, ProtocolError: true, ClosedWithError: true, ExpectationMissed: true,
	PongMissing: true, AbnormalClose: true, Silent: true,
}

// Filter is a display filter that shows the evidence in Wireshark: the
// packets, or the conversations where more were seen than are named.
func Filter(f *report.Finding) string {
	if f.Count > 1 && len(f.Streams) > 0 {
		return "tcp.stream in {" + joined(f.Streams) + "}"
	}
	if len(f.Packets) == 1 {
		return fmt.Sprintf("frame.number == %d", f.Packets[0])
	}
	if len(f.Packets) > 1 {
		return "frame.number in {" + joined(f.Packets) + "}"
	}
	return ""
}

func joined(n []uint64) string {
	var b []byte
	for i, v := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = fmt.Append(b, v)
	}
	return string(b)
}
