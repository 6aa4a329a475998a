package main

import (
	"fmt"
	"strings"

	"golang.org/x/term"

	"wstap/report"
	"wstap/wsframe"
)

// summary is the last event.
func (r *run) summary() *report.Summary {
	a, s, d, t := r.analyzer.Stats(), r.assembler.Stats(), r.decoder.Stats(), r.keys.handler.Stats()
	sum := &report.Summary{
		M:           wsframe.Meta{Stamp: r.last},
		Capture:     r.source.stats(),
		Streams:     s.Streams,
		Connections: a.Connections,
		Frames:      a.Frames,
		Messages:    a.Messages,
	}
	limits := []report.LimitHit{
		{Name: "fragments-evicted", Count: d.FragmentEvicted},
		{Name: "tunnels-too-deep", Count: d.TooDeep},
		{Name: "openings-evicted", Count: s.OpeningsEvicted},
		{Name: "streams-evicted", Count: s.StreamsEvicted},
		{Name: "queue", Count: s.QueueLimit},
		{Name: "queued-bytes", Count: s.QueuedLimit},
		{Name: "head", Count: a.HeadLimit},
		{Name: "heads", Count: a.HeadsCut},
		{Name: "pipelined-requests", Count: a.PendingLimit},
		{Name: "hold", Count: a.HoldLimit},
		{Name: "h2-streams", Count: a.StreamLimit},
		{Name: "connect-tunnels", Count: a.TunnelLimit},
		{Name: "frame", Count: a.FrameLimit},
		{Name: "holes", Count: a.HoleLimit},
		{Name: "message", Count: a.MessageLimit},
		{Name: "fragments", Count: a.FragmentLimit},
		{Name: "inflate-windows", Count: a.WindowsDropped},
		{Name: "search", Count: a.SeekLimit},
		{Name: "gaps-untold", Count: a.GapLimit},
		{Name: "buffered", Count: a.BufferLimit},
		{Name: "tls-held", Count: t.HoldLimit},
		{Name: "tls-held-in-all", Count: t.HeldLimit},
		{Name: "tls-search", Count: t.SearchLimit},
	}
	var waits uint64
	for _, q := range r.queues() {
		waits += q.full
	}
	limits = append(limits, report.LimitHit{Name: "output-queue", Count: waits})
	for _, l := range append(limits, r.writer.limits()...) {
		if l.Count > 0 {
			sum.Limits = append(sum.Limits, l)
		}
	}
	return sum
}

// tell writes to stderr what a person wants to know at the end: what was there,
// or why nothing was found and what to try.
func (r *run) tell(v view) {
	if r.f.quiet {
		return
	}
	s := r.summary()
	if s.Connections == 0 {
		if r.printsText() {
			r.p.complain(r.nothing(s) + dropped(s))
		}
		return
	}
	if uint64(v.number) > s.Connections {
		r.p.complain(fmt.Sprintf("no connection %d: there are %s, which wstap connections lists",
			v.number, report.Count(s.Connections, "connection")))
		return
	}
	if v.absent != nil {
		if text := v.absent(); text != "" {
			r.p.complain(text)
			return
		}
	}
	if r.source.live || r.printsText() && term.IsTerminal(int(r.p.stdout.Fd())) {
		line := found(s)
		if m := r.monitor; m != nil && m.waited > 0 {
			line += "; capture waited " + string(report.AppendDuration(nil, m.waited)) + " for a slow output"
		}
		r.p.complain(line)
	}
}

func (r *run) printsText() bool { return r.f.printsText() }

// printsText reports whether there is an output for people.
func (f *flags) printsText() bool {
	for _, o := range f.outputs {
		if o.format == "text" {
			return true
		}
	}
	return len(f.outputs) == 0
}

// found is the summary in a line.
func found(s *report.Summary) string {
	parts := []string{
		report.Count(s.Capture.Packets, "packet"),
		report.Count(s.Connections, "connection"),
		report.Count(s.Frames, "frame"),
		report.Count(s.Messages, "message"),
	}
	line := strings.Join(parts, ", ")
	if n := s.Capture.Truncated; n > 0 {
		line += fmt.Sprintf("; %s cut by the snapshot length (capture with -s 0)", report.Count(n, "packet"))
	}
	line += dropped(s)
	for _, l := range s.Limits {
		line += fmt.Sprintf("; limit %s reached %s", l.Name, report.Count(l.Count, "time"))
	}
	return line
}

// dropped is what never came here of a live capture, "" if all did.
func dropped(s *report.Summary) (line string) {
	if n := s.Capture.Dropped; n > 0 {
		line += fmt.Sprintf("; %s dropped by the kernel (raise -B)", report.Count(n, "packet"))
	}
	if n := s.Capture.InterfaceDropped; n > 0 {
		line += fmt.Sprintf("; %s dropped by the interface", report.Count(n, "packet"))
	}
	return line
}

// nothing says what was seen in place of WebSocket, and what to try next.
func (r *run) nothing(s *report.Summary) string {
	d := r.decoder.Stats()
	switch {
	case s.Capture.Packets == 0:
		if r.f.captureFilter != "" && r.source.live {
			return "no packet matched the capture filter"
		}
		return "the capture holds no packets"
	case r.passed == 0:
		return fmt.Sprintf("none of %s matches the capture filter", report.Count(s.Capture.Packets, "packet"))
	case d.TCP == 0 && d.Unknown > d.Other:
		return fmt.Sprintf("no TCP in %s: %d of them have a link type or protocol that wstap does not know",
			report.Count(r.passed, "packet"), d.Unknown)
	case d.TCP == 0:
		return fmt.Sprintf("no TCP in %s: was it captured on the right interface?", report.Count(r.passed, "packet"))
	}
	seen := fmt.Sprintf("no WebSocket in %s with %s", report.Count(r.passed, "packet"), report.Count(s.Streams, "TCP stream"))
	if n := r.analyzer.Stats().Encrypted; n > 0 {
		return fmt.Sprintf("%s, and %s that could not be read: bring the keys with --keylog FILE; wstap connections lists them",
			seen, report.Count(n, "TLS stream"))
	}
	return seen + ": if the capture began after the upgrade, name the server's port: -d tcp.port==8080,websocket"
}
