package main

import (
	"fmt"
	"runtime/metrics"
	"strings"
	"time"

	"golang.org/x/term"

	"wstap/capture"
	"wstap/report"
)

// monitor tells how a live capture does while it runs: a status on a terminal,
// and a line when packets are lost or an output stands still. A nil monitor
// tells nothing.
//
// It is for the goroutine that reads: nobody else may ask the source.
type monitor struct {
	r      *run
	status func(before, now sample) string // nil without one
	last   sample

	drops, stalls notices
	told          capture.Stats // what has been told of losses
	slow          string        // the output that was waited for, "" if none was
	waited        time.Duration // for outputs, in all

	logged time.Time // when --samples wrote its last line
}

// sample is what was counted up to a time.
type sample struct {
	at                                  time.Time
	packets, bytes, connections, frames uint64
	lost                                capture.Stats
}

// sampleEvery is how often the source is asked what it lost and the status is
// shown anew. Asking takes some 20 us.
const sampleEvery = time.Second

// newMonitor returns nil for what is not live. Losses are told with -q, too:
// they are no hint, and there is no other word of them.
func (r *run) newMonitor(v view) *monitor {
	if !r.source.live {
		return nil
	}
	m := &monitor{r: r}
	m.last = m.sample(r.p.now())
	if r.f.quiet || r.f.noProgress || !term.IsTerminal(int(r.p.stderr.Fd())) {
		return m
	}
	// Lines for people on the same terminal leave no place for a status.
	if r.printsText() && !v.atEnd && term.IsTerminal(int(r.p.stdout.Fd())) {
		return m
	}
	m.status = statusLine
	if r.judges {
		m.status = func(sample, sample) string { return r.diagnosis.State() }
	}
	return m
}

func (m *monitor) sample(now time.Time) sample {
	a := m.r.analyzer.Stats()
	return sample{
		at: now, packets: m.r.passed, bytes: m.r.bytes,
		connections: a.Connections, frames: a.Frames, lost: m.r.source.stats(),
	}
}

// look is called every few milliseconds of a busy capture, and whenever an idle
// one wakes up.
func (m *monitor) look() {
	if m == nil {
		return
	}
	now := m.r.p.now()
	if now.Sub(m.last.at) < sampleEvery {
		return
	}
	before := m.last
	m.last = m.sample(now)
	m.tellLosses(now)
	if every := m.r.f.samples; every > 0 && now.Sub(m.logged) >= every {
		m.logged = now
		m.r.p.complain(m.last.String())
	}
	if m.status != nil {
		m.r.p.console.status(m.status(before, m.last))
	}
}

// stalled is called while an output does not take what was printed, by the
// goroutine that reads and cannot meanwhile.
func (m *monitor) stalled(name string, pending int) {
	m.slow = name
	m.waited += stallEvery
	now := m.r.p.now()
	m.last.lost = m.r.source.stats()
	if m.tellLosses(now) || !m.stalls.due(now) {
		return
	}
	if m.r.p.stopped() {
		m.r.p.complain(fmt.Sprintf("waiting for %s to take what was captured; Ctrl-C leaves it", name))
		return
	}
	line := "output is slow: " + name + " has not taken "
	line += string(report.AppendBytes(nil, uint64(pending))) + ", capture waits for it"
	m.r.p.complain(line)
}

// tellLosses tells how many packets have been lost since that was told last.
func (m *monitor) tellLosses(now time.Time) bool {
	lost := m.last.lost
	kernel, iface := lost.Dropped-m.told.Dropped, lost.InterfaceDropped-m.told.InterfaceDropped
	if kernel+iface == 0 || !m.drops.due(now) {
		return false
	}
	m.told = lost
	var parts []string
	if kernel > 0 {
		advice := m.biggerBuffer() + "capture less (-f), or record first and read later (-w FILE -q, then -r FILE)"
		if m.slow != "" {
			advice = "read faster, or let -T jsonl:FILE or -w FILE take it"
		}
		parts = append(parts, fmt.Sprintf("%s dropped by the kernel: %s", report.Count(kernel, "packet"), advice))
	}
	if iface > 0 {
		parts = append(parts, fmt.Sprintf("%s dropped by the interface: enlarge its ring (ethtool -G %s rx N)",
			report.Count(iface, "packet"), m.r.f.iface))
	}
	line := strings.Join(parts, "; ")
	if m.slow != "" {
		line = "output is slow: " + m.slow + " is not read, " + line
		m.slow = ""
	}
	m.r.p.complain(line)
	return true
}

// biggerBuffer advises the next size to try, if there is one.
func (m *monitor) biggerBuffer() string {
	size := m.r.f.bufferMiB
	if size == 0 {
		size = defaultBufferMiB
	}
	if size == maxBufferMiB {
		return ""
	}
	return fmt.Sprintf("enlarge its buffer (-B %d), ", min(4*size, maxBufferMiB))
}

// statusLine is the status of a capture.
func statusLine(before, now sample) string {
	seconds := max(now.at.Sub(before.at).Seconds(), 1e-3)
	perSecond := func(n uint64) uint64 { return uint64(float64(n)/seconds + 0.5) }
	b := report.AppendCount(nil, perSecond(now.packets-before.packets))
	b = append(b, " packets/s  "...)
	b = report.AppendBytes(b, perSecond(now.bytes-before.bytes))
	b = append(b, "/s  "...)
	b = append(b, report.Count(now.connections, "connection")...)
	b = append(b, "  "...)
	b = append(b, report.Count(now.frames, "frame")...)
	b = append(b, "  "...)
	b = report.AppendCount(b, now.lost.Dropped+now.lost.InterfaceDropped)
	b = append(b, " dropped"...)
	return string(b)
}

// String is what --samples writes, for those who watch wstap itself.
func (s sample) String() string {
	own := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(own)
	return fmt.Sprintf("sample packets=%d bytes=%d connections=%d frames=%d dropped=%d interface_dropped=%d goroutines=%d heap=%d",
		s.packets, s.bytes, s.connections, s.frames, s.lost.Dropped, s.lost.InterfaceDropped, own[0].Value.Uint64(), own[1].Value.Uint64())
}
