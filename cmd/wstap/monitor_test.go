package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/wsframe"
)

// monitored is a live run whose clock and losses are set by hand.
type monitored struct {
	*monitor
	now  time.Time
	lost capture.Stats
	said strings.Builder
}

func newMonitored(f *flags) *monitored {
	x := &monitored{now: time.Unix(1000, 0)}
	p := &program{
		console: console{w: &x.said}, getenv: func(string) string { return "" },
		now: func() time.Time { return x.now }, stopped: func() bool { return false },
	}
	r := &run{p: p, f: f, analyzer: wsframe.NewAnalyzer(nil, wsframe.Options{})}
	r.source.stats = func() capture.Stats { return x.lost }
	x.monitor = &monitor{r: r}
	x.last = x.sample(x.now)
	return x
}

// after lets time pass and returns what is said then.
func (x *monitored) after(d time.Duration) string {
	x.now = x.now.Add(d)
	x.said.Reset()
	x.look()
	return strings.TrimSuffix(x.said.String(), "\n")
}

// TestLossesAreTold: at once, with what to do, and then at growing intervals.
func TestLossesAreTold(t *testing.T) {
	x := newMonitored(&flags{iface: "eth0", bufferMiB: 1024})
	if got := x.after(time.Minute); got != "" {
		t.Errorf("without losses: %q", got)
	}
	x.lost = capture.Stats{Dropped: 1234, InterfaceDropped: 1}
	want := "wstap: 1 234 packets dropped by the kernel: enlarge its buffer (-B 2047), capture less (-f), or record first and read later (-w FILE -q, then -r FILE); " +
		"1 packet dropped by the interface: enlarge its ring (ethtool -G eth0 rx N)"
	if got := x.after(time.Second); got != want {
		t.Errorf("said %q\nwant %q", got, want)
	}
	var told []string
	for s := range 3600 {
		x.lost.Dropped++
		if said := x.after(time.Second); said != "" {
			count, _, _ := strings.Cut(strings.TrimPrefix(said, "wstap: "), " dropped")
			told = append(told, fmt.Sprintf("%d s: %s", s+1, count))
		}
	}
	if want := []string{"10 s: 10 packets", "70 s: 60 packets", "430 s: 360 packets",
		"1030 s: 600 packets", "1630 s: 600 packets", "2230 s: 600 packets", "2830 s: 600 packets", "3430 s: 600 packets"}; !slices.Equal(told, want) {
		t.Errorf("told %q\nwant %q", told, want)
	}
	if got := x.after(time.Hour); !strings.HasPrefix(got, "wstap: 170 packets dropped") {
		t.Errorf("what was left to tell: %q", got)
	}
	x.after(time.Hour)
	x.lost.Dropped++
	if got := x.after(time.Second); !strings.HasPrefix(got, "wstap: 1 packet dropped") {
		t.Errorf("when it begins again: %q", got)
	}
}

// TestSlowOutputIsTold: with the losses that it leads to, and the reason for them.
func TestSlowOutputIsTold(t *testing.T) {
	x := newMonitored(&flags{iface: "eth0", quiet: true})
	x.stalled("stdout", 16<<20)
	if got, want := x.said.String(), "wstap: output is slow: stdout has not taken 16.8 MB, capture waits for it\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	x.said.Reset()
	x.now = x.now.Add(stallEvery)
	x.lost.Dropped = 7
	x.stalled("stdout", 16<<20)
	if got, want := x.said.String(), "wstap: output is slow: stdout is not read, 7 packets dropped by the kernel: read faster, or let -T jsonl:FILE or -w FILE take it\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

// TestStatusLine: rates are those of the last second or so, counts are of all.
func TestStatusLine(t *testing.T) {
	before := sample{at: time.Unix(1000, 0), packets: 1000, bytes: 1e6}
	now := sample{
		at: time.Unix(1002, 0), packets: 21_001, bytes: 3e6, connections: 1, frames: 12_345,
		lost: capture.Stats{Dropped: 3, InterfaceDropped: 4},
	}
	want := "10 001 packets/s  1.0 MB/s  1 connection  12 345 frames  7 dropped"
	if got := statusLine(before, now); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestStatusGivesWay: a line takes the status's place, which comes again.
func TestStatusGivesWay(t *testing.T) {
	x := newMonitored(&flags{iface: "eth0"})
	x.status = func(sample, sample) string { return "all is well" }
	if got := x.after(time.Second); got != "\rall is well\x1b[K" {
		t.Errorf("status is %q", got)
	}
	if got := x.after(sampleEvery / 2); got != "" {
		t.Errorf("too early: %q", got)
	}
	x.r.p.complain("eth0 is down")
	if got := x.said.String(); got != "\r\x1b[Kwstap: eth0 is down\n" {
		t.Errorf("a line over it is %q", got)
	}
	x.r.p.console.width = func() int { return 8 }
	if got := x.after(time.Second); got != "\rall is \x1b[K" {
		t.Errorf("on a narrow terminal: %q", got)
	}
}
