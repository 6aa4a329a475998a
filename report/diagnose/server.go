package diagnose

import (
	"cmp"
	"net/netip"
	"slices"

	"wstap/reassembly"
	"wstap/report"
)

// server is what is kept of one server's port.
type server struct {
	addr   netip.AddrPort
	units  uint64 // connections that were tried
	cameUp uint64 // upgrades granted
	// What was seen besides: connections by what they carry.
	http, tls, other, idle, websocket, tunnels uint64

	troubled uint64
	void     uint64
	pending  uint64 // under way when the capture ended
	outcomes [codes]outcome

	spokeTLS, spokePlain bool         // its answers, on any connection
	path                 *report.Path // of the first healthy connection
}

// outcome is how often connections came to one end.
type outcome struct {
	count uint64
	brief string
	mixed bool // brief differs
}

// server finds or makes what is kept of a server. Beyond the bound all others
// share one.
func (d *Diagnosis) server(addr netip.AddrPort) *server {
	v := d.servers[addr]
	if v == nil {
		if len(d.servers) >= maxServers {
			addr = netip.AddrPort{}
			if v = d.servers[addr]; v != nil {
				return v
			}
		}
		v = &server{addr: addr}
		d.servers[addr] = v
	}
	return v
}

// unit counts a connection that was tried.
func (d *Diagnosis) unit(addr netip.AddrPort) *unit {
	v := d.server(addr)
	v.units++
	return &unit{server: v}
}

// drop takes back a unit: it was no connection of its own.
func (u *unit) drop() {
	if !u.void {
		u.void = true
		u.server.void++
	}
}

// wait notes that the capture ended before it was clear what became of a unit.
func (u *unit) wait() {
	if !u.pending {
		u.pending = true
		u.server.pending++
	}
}

// count notes what a connection carried.
func (v *server) count(s *stream) {
	switch s.kind(reassembly.FromServer) {
	case tlsHandshake:
		v.spokeTLS = true
	case httpMessage:
		v.spokePlain = true
	}
	switch {
	case s.upgraded || len(s.sessions) > 0:
		v.websocket++
	case s.tls:
		v.tls++
	case s.tunneled:
		v.tunnels++
	case s.kind(reassembly.FromClient) == httpMessage || s.kind(reassembly.FromServer) == httpMessage:
		v.http++
	default:
		v.other++
	}
}

// blame makes i what became of the unit, if nothing worse did.
func (u *unit) blame(i *incident) {
	worse := i.severity > facts[u.worst].severity || i.severity == facts[u.worst].severity && i.code < u.worst
	if !u.trouble || worse {
		u.worst, u.trouble, u.brief = i.code, true, i.brief
	}
}

// tally counts what became of the unit, once.
func (u *unit) tally() {
	if u.counted || u.void || !u.trouble {
		return
	}
	u.counted = true
	u.server.troubled++
	o := &u.server.outcomes[u.worst]
	o.count++
	if o.count == 1 {
		o.brief = u.brief
	} else if o.brief != u.brief {
		o.mixed = true
	}
}

// tally sums up the outcomes of all connections.
func (d *Diagnosis) tally() {
	for _, i := range d.incidents {
		if i.unit != nil && !i.void && i.severity > report.Note {
			i.unit.blame(i)
		}
	}
	for _, i := range d.incidents {
		if i.unit != nil {
			i.unit.tally()
		}
	}
}

// connections counts those that were tried, and healthy those without trouble.
func (v *server) connections() uint64 { return v.units - min(v.void, v.units) }
func (v *server) healthy() uint64 {
	return v.connections() - min(v.troubled+v.pending, v.connections())
}

// ordered are the servers that connections were tried to, by address.
func (d *Diagnosis) ordered() []*server {
	var all []*server
	for _, v := range d.servers {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b *server) int {
		return cmp.Or(a.addr.Addr().Compare(b.addr.Addr()), cmp.Compare(a.addr.Port(), b.addr.Port()))
	})
	return all
}
