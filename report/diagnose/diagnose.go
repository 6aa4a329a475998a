// Package diagnose answers whether WebSocket traffic is flowing, and if not,
// which step stopped: findings with evidence, and what to check next.
//
// A Diagnosis listens at three places: as a reassembly.Handler around another
// (see Handler) it sees TCP handshakes, first bytes, losses and ends of all
// connections; as a wsframe.Sink around another what became of upgrades and
// frames; and ICMP tells of ICMP errors. It passes everything on, and adds a
// *report.Finding for each thing it found and a *report.Verdict, before the
// *report.Summary that ends a run.
//
// The rule is never to claim what the capture cannot show: one direction only,
// loss and truncation come before faults of the peers, and what was under way
// when the capture ended is no finding.
package diagnose

import (
	"fmt"
	"net/netip"
	"time"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Options tune a Diagnosis; the zero value gives the defaults.
type Options struct {
	// Servers are the only ones that are looked at; an entry without a valid
	// address stands for its port on any. None means all.
	Servers []netip.AddrPort
	// Expect are names of application messages that must come in this order on
	// each connection.
	Expect []string
	// Live tells findings as soon as they are certain, besides at the end.
	Live bool
}

// How long to wait before an absence means something.
const (
	silence     = 20 * time.Second // nothing after the upgrade
	patience    = 10 * time.Second // a request without an answer, at the capture's end
	pongWait    = 5 * time.Second
	synWait     = time.Second     // a SYN without an answer, after it was repeated
	ackWait     = 3 * time.Second // a SYN-ACK without an ACK
	slowStep    = time.Second     // a step that takes this long is called slow
	shortestCut = 5 * time.Second // of idle time that a proxy would end
)

// Bounds on what is remembered. Beyond them connections are still counted.
const (
	maxPending   = 65536 // attempts, refused logins and ICMP errors
	maxServers   = 4096
	maxPaths     = 64
	maxSuccesses = 65536
)

// Diagnosis is one run's. Not for concurrent use.
type Diagnosis struct {
	next wsframe.Sink
	opts Options

	incidents []*incident
	overflow  uint64 // incidents and servers beyond the bounds
	told      map[toldKey]bool
	pending   []wsframe.Event // findings to be told early

	servers  map[netip.AddrPort]*server
	attempts map[uint64]*attempt // by tcp.stream, until they are over or carry data
	halves   []*attempt          // of which one side only was seen
	errors   map[capture.Flow]icmpError
	streams  map[uint64]*stream
	sessions map[*wsframe.Conn]*session
	quiet    []*session // upgraded, without a frame yet

	logins    []login          // refused for want of credentials
	successes map[success]bool // upgrades granted
	tunnels   map[netip.AddrPort]bool
	refusedBy []*incident // CONNECT refused
	aborted   []*incident // handshakes that the client reset
	hangups   []*incident // that may be due to the wrong scheme
	cuts      []cut
	noKeys    []noKey

	paths   []*report.Path
	now     time.Time // the latest packet time
	last    capture.Stamp
	decoded capture.DecodeStats
	touched bool // a packet to or from one of Servers was seen
	done    bool
}

type toldKey struct {
	code   Code
	server netip.AddrPort
	detail string
}

var _ wsframe.Sink = (*Diagnosis)(nil)

// New makes a Diagnosis that passes events on to next. It closes next.
func New(next wsframe.Sink, o Options) *Diagnosis {
	return &Diagnosis{
		next: next, opts: o,
		told:      map[toldKey]bool{},
		servers:   map[netip.AddrPort]*server{},
		attempts:  map[uint64]*attempt{},
		errors:    map[capture.Flow]icmpError{},
		streams:   map[uint64]*stream{},
		sessions:  map[*wsframe.Conn]*session{},
		successes: map[success]bool{},
		tunnels:   map[netip.AddrPort]bool{},
	}
}

// Decoded takes the Decoder's counts, for a capture in which nothing was found.
// Call it before the Summary is emitted.
func (d *Diagnosis) Decoded(s capture.DecodeStats) { d.decoded = s }

// Emit implements wsframe.Sink.
func (d *Diagnosis) Emit(e wsframe.Event) error {
	m := e.Meta()
	d.see(m.Stamp)
	switch e := e.(type) {
	case *wsframe.Opened:
		d.opened(e)
	case *wsframe.Frame:
		d.frame(e)
	case *wsframe.Message:
		d.message(e)
	case *wsframe.Violation:
		d.violation(e)
	case *wsframe.Gap:
		d.gap(e)
	case *wsframe.Closed:
		d.closed(e)
	case *wsframe.Tick:
		d.tick()
	case *report.Summary:
		if err := d.finish(e); err != nil {
			return err
		}
	}
	if err := d.next.Emit(e); err != nil {
		return err
	}
	return d.flush()
}

// Close implements wsframe.Sink.
func (d *Diagnosis) Close() error { return d.next.Close() }

// see moves on the clock, which is that of the packets.
func (d *Diagnosis) see(at capture.Stamp) {
	if at.Time.After(d.now) {
		d.now = at.Time
	}
	if at.Packet > d.last.Packet {
		d.last = at
	}
}

// since is the packet time from a stamp to now; 0 without times.
func (d *Diagnosis) since(at capture.Stamp) time.Duration { return between(at.Time, d.now) }

func between(a, b time.Time) time.Duration {
	if a.IsZero() || b.IsZero() {
		return 0
	}
	return b.Sub(a)
}

// wanted reports whether a server is one that is looked at.
func (d *Diagnosis) wanted(server netip.AddrPort) bool {
	if len(d.opts.Servers) == 0 {
		return true
	}
	for _, s := range d.opts.Servers {
		if s.Port() == server.Port() && (!s.Addr().IsValid() || s.Addr() == server.Addr()) {
			return true
		}
	}
	return false
}

// early tells of an incident at once, if the capture is live.
func (d *Diagnosis) early(i *incident) {
	k := toldKey{i.code, i.server, i.detail}
	if !d.opts.Live || d.done || d.told[k] || len(d.told) >= maxGroups {
		return
	}
	d.told[k] = true
	severity := max(i.severity, facts[i.code].severity)
	if i.code == ClosedWithError {
		severity = i.severity
	}
	g := &group{code: i.code, advice: i.advice, finding: report.Finding{
		M: wsframe.Meta{Stamp: i.at, Conn: i.conn}, Severity: severity, Code: i.code.String(),
		Client: i.client, Server: i.server, Text: i.text, Early: true,
	}}
	g.add(i)
	g.finish()
	d.pending = append(d.pending, &g.finding)
}

// flush passes on what was to be told early: events come from calls that cannot
// return an error of the sink, or from within another event.
func (d *Diagnosis) flush() error {
	for len(d.pending) > 0 {
		e := d.pending[0]
		d.pending = d.pending[1:]
		if err := d.next.Emit(e); err != nil {
			return err
		}
	}
	return nil
}

// State is what is known so far, in a line.
func (d *Diagnosis) State() string {
	var tried, cameUp uint64
	for _, v := range d.servers {
		tried += v.connections()
		cameUp += v.cameUp
	}
	tried += uint64(len(d.streams) + len(d.attempts)) // those that are not decided yet
	return fmt.Sprintf("%s, %d upgraded; %s so far", report.Count(tried, "connection"), cameUp, report.Count(uint64(len(d.told)), "finding"))
}

// HasErrors reports, once the Summary was emitted, whether a finding is an
// error.
func (d *Diagnosis) HasErrors() bool {
	for _, i := range d.incidents {
		if !i.void && i.severity == report.Error {
			return true
		}
	}
	return false
}
