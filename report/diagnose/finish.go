package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"wstap/reassembly"
	"wstap/report"
	"wstap/wsframe"
)

// finish draws the conclusions that need the whole capture, and tells all.
func (d *Diagnosis) finish(e *report.Summary) error {
	if d.done {
		return nil
	}
	d.done = true
	d.see(e.M.Stamp)
	d.unsettled()
	d.lateKeys()
	d.crossed()
	d.loggedIn()
	d.proxies()
	d.schemes()
	d.recurring(false)
	if n := e.Capture.Dropped + e.Capture.InterfaceDropped; n > 0 {
		d.add(incident{
			code: CaptureLoss, at: e.M.Stamp, packets: evidence(e.M.Stamp), detail: "dropped",
			text: fmt.Sprintf("%s were dropped before they could be read: what is missing above may be among them.", report.Count(n, "packet")),
		})
	}
	d.tally()
	text, servers := d.verdicts()
	groups := d.grouped()
	if len(groups) == 0 && len(servers) == 0 {
		d.add(incident{code: NoWebSocket, at: e.M.Stamp, text: capitalized(text) + "."})
		groups = d.grouped()
	}
	for _, g := range groups {
		if err := d.next.Emit(&g.finding); err != nil {
			return err
		}
	}
	v := &report.Verdict{M: wsframe.Meta{Stamp: e.M.Stamp}, Text: text, Servers: servers, Untold: d.overflow}
	ways := d.waysFailed()
	for _, p := range d.paths {
		if !slices.Contains(ways, p) {
			ways = append(ways, p)
		}
	}
	for _, p := range ways {
		v.Paths = append(v.Paths, *p)
	}
	return d.next.Emit(v)
}

// unsettled settles what is still open: TLS that waited for keys.
func (d *Diagnosis) unsettled() {
	var left []*stream
	for _, s := range d.streams {
		left = append(left, s)
	}
	slices.SortFunc(left, func(a, b *stream) int { return cmp.Compare(a.st.Index, b.st.Index) })
	for _, s := range left {
		s.settle(reassembly.Reason{How: reassembly.End}, d.last)
	}
}

// loggedIn takes back refusals for want of credentials where the same client
// was let in afterwards.
func (d *Diagnosis) loggedIn() {
	for _, l := range d.logins {
		if d.successes[l.success] {
			l.incident.void = true
			l.incident.unit.drop()
		}
	}
}

// proxies takes back refused tunnels of proxies that grant others: browsers ask
// for many that nobody misses.
func (d *Diagnosis) proxies() {
	for _, i := range d.refusedBy {
		if d.tunnels[i.server] {
			i.void = true
			i.unit.drop()
		}
	}
}

// schemes finds that a server that hung up speaks TLS, or does not, on other
// connections.
func (d *Diagnosis) schemes() {
	for _, i := range d.hangups {
		if i.void {
			continue
		}
		v := d.server(i.server)
		switch {
		case i.conn != nil && i.brief == "hung up" && i.conn.Stream != nil && i.conn.Stream.TLS == nil && v.spokeTLS && !v.spokePlain:
			i.code = SchemeMismatch
			i.text = fmt.Sprintf("Plain HTTP (ws://) was sent to %v, which speaks TLS on other connections. %s", i.server, i.text)
			i.brief = ""
		case i.conn == nil && v.spokePlain && !v.spokeTLS:
			i.code = SchemeMismatch
			i.text = fmt.Sprintf("TLS (wss://) was sent to %v, which speaks plain HTTP on other connections. %s", i.server, i.text)
			i.brief = ""
		}
	}
}
