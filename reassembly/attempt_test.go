package reassembly_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// attempts is a Handler that writes down what it is told of attempts, and
// which streams were opened.
type attempts struct {
	told   []string
	opened []uint64
}

func (h *attempts) Open(st *reassembly.Stream) reassembly.StreamHandler {
	h.opened = append(h.opened, st.Index)
	return nil
}

func (h *attempts) Advance(time.Time) error { return nil }

func (h *attempts) Attempt(a *reassembly.Attempt) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", a.Index)
	for _, p := range []struct {
		name  string
		tries reassembly.Tries
	}{{"syn", a.SYN}, {"synack", a.SYNACK}} {
		if p.tries.Count > 0 {
			fmt.Fprintf(&b, " %s%v", p.name, p.tries.Packets[:min(p.tries.Count, 8)])
		}
	}
	if a.ACK.Packet != 0 {
		fmt.Fprintf(&b, " ack@%d", a.ACK.Packet)
	}
	if a.RST.Packet != 0 {
		fmt.Fprintf(&b, " rst@%d by %v", a.RST.Packet, a.RSTBy)
	}
	if a.FIN.Packet != 0 {
		fmt.Fprintf(&b, " fin@%d by %v", a.FIN.Packet, a.FINBy)
	}
	if a.Changed.Packet != 0 {
		fmt.Fprintf(&b, " changed@%d", a.Changed.Packet)
	}
	if a.Over {
		fmt.Fprintf(&b, " over: %v", a.Why.How)
	}
	h.told = append(h.told, b.String())
	return nil
}

func TestAttempts(t *testing.T) {
	const conn = "conn A 10.0.0.2:40000 > 10.0.0.1:8080\n"
	for _, tt := range []struct {
		name, scenario string
		last           []string // the last that was told of each attempt
		opened         []uint64
	}{
		{"refused by RST", "A > syn\nA < rstack seq=0", []string{"0 syn[1] rst@2 by server over: rst"}, nil},
		{"never answered", "A > syn\n+1s A > syn\n+2s A > syn", []string{"0 syn[1 2 3] over: capture ended"}, nil},
		{"captured twice", "twice A > syn\n+1s twice A > syn", []string{"0 syn[1 3] over: capture ended"}, nil},
		{"half open", "A > syn\nA < synack\n+1s A < synack", []string{"0 syn[1] synack[2 3] over: capture ended"}, nil},
		{"no data", "A open\nA close", []string{"0 syn[1] synack[2] ack@3 fin@4 by client over: capture ended"}, nil},
		{"SYN-ACK not captured", "A > syn\nlost A < synack\nA > ack", []string{"0 syn[1] ack@2 over: capture ended"}, nil},
		{"server's side only", "lost A > syn\nA < synack\n+1s A < synack", []string{"0 synack[1 2] over: capture ended"}, nil},
		{"data", "A open\nA > \"hello\"", nil, []uint64{0}},
		{"rewritten SYN", "conn B 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000000,2000000 mss=1460\nB > syn\nconn B 10.0.0.2:40000 > 10.0.0.1:8080 isn=1000000,2000000 mss=1400\n+1s B > syn",
			[]string{"0 syn[1 2] changed@2 over: capture ended"}, nil},
		{"ports reused", "A > syn\nA < rstack seq=0\nconn A 10.0.0.2:40000 > 10.0.0.1:8080 isn=77,88\n+1s A > syn\nA < rstack seq=0",
			[]string{"0 syn[1] rst@2 by server over: rst", "1 syn[3] rst@4 by server over: rst"}, nil},
		{"given up long ago", "A > syn\nconn B 10.0.0.3:40000 > 10.0.0.1:8080\n+900s B > syn\n+1s B > syn\n+31s B > syn",
			[]string{"0 syn[1] over: timeout", "1 syn[2 3 4] over: capture ended"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := capturetest.Parse("attempt", conn+tt.scenario+"\n")
			if err != nil {
				t.Fatal(err)
			}
			h := &attempts{}
			a := reassembly.New(h, reassembly.Options{})
			(&reassemblytest.Driver{Assembler: a}).Run(t, capturetest.NewSource(s.Packets()), nil, nil)
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			var over []string
			for _, l := range h.told {
				if strings.Contains(l, "over:") {
					over = append(over, l)
				}
			}
			if !slices.Equal(over, tt.last) || !slices.Equal(h.opened, tt.opened) {
				t.Errorf("told at last %q, want %q; opened %v\nall: %q", over, tt.last, h.opened, h.told)
			}
		})
	}
}

// Each attempt that the bounds push out is told of, once.
func TestAttemptsEvicted(t *testing.T) {
	h := &attempts{}
	a := reassembly.New(h, reassembly.Options{})
	reassembly.SetLimits(a, 10, 100, 1<<20)
	for i := range 50 {
		s := capture.Segment{Flags: capture.SYN, Seq: 1, Scale: -1}
		s.Packet, s.Time = uint64(i+1), time.Unix(int64(i), 0)
		s.Src = capture.EndOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 2}), uint16(i+1)))
		s.Dst = capture.EndOf(netip.MustParseAddrPort("10.0.0.1:8080"))
		if err := a.Segment(&s); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	over := map[string]int{}
	for _, l := range h.told {
		if name, why, ok := strings.Cut(l, " over: "); ok {
			over[why]++
			over[name[:strings.Index(name, " ")]]++
		}
	}
	if over["evicted"] != 40 || over["capture ended"] != 10 || over["7"] != 1 || over["49"] != 1 {
		t.Errorf("%v", over)
	}
}
