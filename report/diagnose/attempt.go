package diagnose

import (
	"fmt"
	"net/netip"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
)

// attempt is a connection that has carried no data, as it was told last.
type attempt struct {
	reassembly.Attempt
	incident *incident // of a SYN that nobody answered
}

// icmpError is what is kept of an ICMP error.
type icmpError struct {
	at   capture.Stamp
	from netip.Addr
	text string
	seq  uint32
}

// ICMP takes an ICMP error about a TCP segment.
func (d *Diagnosis) ICMP(e capture.ICMPError) {
	d.see(e.Stamp)
	d.touch(e.Flow.Dst)
	if !e.Unreachable() || len(d.errors) >= maxPending {
		return
	}
	if _, known := d.errors[e.Flow]; !known {
		d.errors[e.Flow] = icmpError{e.Stamp, e.From, e.String(), e.Seq}
	}
}

// attempted takes what was told of an attempt.
func (d *Diagnosis) attempted(a *reassembly.Attempt) {
	d.see(a.Last)
	d.touch(a.Client)
	d.touch(a.Server)
	if a.Over {
		delete(d.attempts, a.Index)
		d.judge(a)
		return
	}
	if known := d.attempts[a.Index]; known != nil {
		known.Attempt = *a
	} else if len(d.attempts) < maxPending {
		d.attempts[a.Index] = &attempt{Attempt: *a}
	}
	// What will not change any more is told at once.
	if d.opts.Live && (refused(a) || a.SYN.Count > 3 && a.Packets[reassembly.FromServer] == 0) && d.wanted(a.Server) {
		if i, ok := d.unanswered(a); ok {
			d.early(&i)
		}
	}
}

// refused reports whether a SYN was answered by RST. An ACK in between means
// that the connection had come up.
func refused(a *reassembly.Attempt) bool {
	return a.RST.Packet != 0 && a.RSTBy == reassembly.FromServer && a.SYNACK.Count == 0 && a.ACK.Packet == 0 && a.SYN.Count > 0
}

// judge says what became of an attempt that is over.
func (d *Diagnosis) judge(a *reassembly.Attempt) {
	if !d.wanted(a.Server) && (a.Oriented || !d.wanted(a.Client)) {
		d.server(a.Server).idle++
		return
	}
	switch {
	case !a.Oriented:
		d.server(a.Server).idle++ // keep-alives of a connection that began earlier
		return
	case a.SYN.Count == 0 && a.Packets[reassembly.FromClient] == 0:
		if len(d.halves) < maxPending {
			d.halves = append(d.halves, &attempt{Attempt: *a})
		}
		return
	}
	i, ok := d.unanswered(a)
	if !ok {
		d.server(a.Server).idle++
		return
	}
	i.unit = d.unit(a.Server)
	i.unit.path = d.attemptPath(a, &i)
	p := d.add(i)
	d.early(p)
	switch {
	case i.code == PortFiltered && len(d.halves) < maxPending:
		d.halves = append(d.halves, &attempt{*a, p})
	case i.code == HandshakeHalf && a.RST.Packet != 0:
		d.aborted = append(d.aborted, p)
	}
}

// unanswered finds what is wrong with an attempt: ok is false where nothing
// is, or nothing is certain.
func (d *Diagnosis) unanswered(a *reassembly.Attempt) (i incident, ok bool) {
	i = incident{client: a.Client, server: a.Server, stream: a.Index, hasTCP: true, at: a.Last}
	answered := a.SYNACK.Count > 0
	icmp, unreachable := d.errors[capture.Flow{Src: a.Client, Dst: a.Server}]
	unreachable = unreachable && icmp.seq == a.SYNSeq
	switch {
	case refused(a):
		i.code, i.packets, i.at = PortClosed, evidence(a.SYN.First, a.RST), a.RST
		i.text = fmt.Sprintf("Nothing listens on %v: it answers SYN with RST.", a.Server)
	case answered && a.ACK.Packet == 0 && a.RST.Packet != 0 && a.RSTBy == reassembly.FromClient:
		i.code, i.packets = HandshakeHalf, evidence(a.SYN.First, a.SYNACK.First, a.RST)
		i.detail = "reset"
		i.text = fmt.Sprintf("%v answers SYN, and the client answers SYN-ACK with RST: it did not want the connection any more, or never asked for it.", a.Server)
	case answered && a.ACK.Packet == 0 && a.RST.Packet == 0 && (a.SYNACK.Count > 1 || d.since(a.SYNACK.Last) >= ackWait):
		i.code = HandshakeHalf
		i.packets = append(evidence(a.SYN.First), transmissions(a.SYNACK)...)
		i.text = fmt.Sprintf("%v answers SYN with SYN-ACK, and the client never acknowledges it.", a.Server)
		if a.SYN.Count > 1 {
			i.text += " The client repeats its SYN, so that the SYN-ACK seems not to reach it."
		}
	case answered || a.Packets[reassembly.FromServer] > 0:
		return i, false
	case a.ACK.Packet != 0:
		i.code, i.packets = OneWayCapture, evidence(a.SYN.First, a.ACK)
		i.text = oneWayText(a.Server, reassembly.FromServer)
	case unreachable:
		i.code, i.at = HostUnreachable, icmp.at
		i.packets, i.detail, i.brief = evidence(a.SYN.First, icmp.at), icmp.text+icmp.from.String(), icmp.text
		i.text = fmt.Sprintf("%v cannot be reached: %v says %s (ICMP).", a.Server, icmp.from, icmp.text)
	case a.SYN.Count > 2 || a.SYN.Count == 2 && d.since(a.SYN.Last) >= synWait:
		i.code, i.packets = PortFiltered, transmissions(a.SYN)
		i.text = fmt.Sprintf("%v does not answer: SYN was sent %d times within %s, and neither SYN-ACK nor RST came back.",
			a.Server, a.SYN.Count, duration(between(a.SYN.First.Time, a.SYN.Last.Time)))
		if a.Changed.Packet != 0 {
			i.text += fmt.Sprintf(" The SYN of packet %d has another MSS or window: something on the way rewrites it.", a.Changed.Packet)
		}
	default:
		return i, false // under way
	}
	return i, true
}

func transmissions(t reassembly.Tries) []uint64 {
	n := min(t.Count, len(t.Packets))
	return append([]uint64(nil), t.Packets[:n]...)
}

func oneWayText(server netip.AddrPort, missing reassembly.Direction) string {
	other := missing.Reverse()
	return fmt.Sprintf("Only what the %v sends was captured of connections to %v: not one packet of the %v.", other, server, missing)
}

// crossed finds SYNs and SYN-ACKs that belong together though their addresses
// differ, and tells what remains.
func (d *Diagnosis) crossed() {
	for _, half := range d.halves {
		if half.incident != nil {
			continue
		}
		var match *attempt
		for _, o := range d.halves {
			if o.incident != nil && o.SYNSeq == half.SYNACKAck && near(o, half) {
				match = o
				break
			}
		}
		if match != nil {
			match.incident.text += fmt.Sprintf(" A SYN-ACK to it came from %v to %v (packet %d): addresses or ports are rewritten one way only.",
				half.Server, half.Client, half.First.Packet)
			match.incident.packets = append(match.incident.packets, half.First.Packet)
			continue
		}
		if half.SYNACK.Count > 1 || half.Packets[reassembly.FromServer] > 2 {
			d.add(incident{
				code: OneWayCapture, unit: d.unit(half.Server), client: half.Client, server: half.Server,
				stream: half.Index, hasTCP: true, at: half.Last, packets: transmissions(half.SYNACK),
				detail: "client", text: oneWayText(half.Server, reassembly.FromClient),
			})
		}
	}
	// Who aborts a handshake may have been quicker elsewhere, as browsers are
	// that try several addresses at once.
	for _, i := range d.aborted {
		if d.server(i.server).cameUp > 0 {
			i.void = true
			i.unit.drop()
		}
	}
}

// near reports whether the SYN and the SYN-ACK share an address.
func near(syn, synack *attempt) bool {
	return syn.Client.Addr() == synack.Client.Addr() || syn.Server.Addr() == synack.Server.Addr()
}

func (d *Diagnosis) attemptPath(a *reassembly.Attempt, i *incident) *report.Path {
	p := &report.Path{Client: a.Client, Server: a.Server, Stream: a.Index}
	step := report.Step{Name: "TCP connect", State: report.Failed, At: a.First, Note: facts[i.code].outcome}
	if i.code == OneWayCapture {
		step.State, step.Note = report.Unknown, "the other direction was not captured"
	}
	p.Steps = append(p.Steps, step)
	return p
}
