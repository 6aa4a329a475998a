package capture_test

import (
	"net/netip"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
)

// icmpErrors decodes a scenario and collects the errors that it holds.
func icmpErrors(t *testing.T, scenario string) []capture.ICMPError {
	t.Helper()
	s, err := capturetest.Parse("icmp", scenario)
	if err != nil {
		t.Fatal(err)
	}
	var d capture.Decoder
	var seg capture.Segment
	var all []capture.ICMPError
	for _, p := range s.Packets() {
		if d.Decode(&p, &seg) != capture.KindOther {
			continue
		}
		if e, ok := d.ICMPError(); ok {
			all = append(all, e)
		}
	}
	return all
}

func TestICMPErrorsNameTheQuotedFlow(t *testing.T) {
	for _, tt := range []struct {
		name, client, server, code, text string
		unreachable                      bool
	}{
		{"host", "10.0.0.2:40000", "10.0.0.1:8080", "host from=10.0.0.254", "host unreachable", true},
		{"network", "10.0.0.2:40000", "10.0.0.1:8080", "net", "network unreachable", true},
		{"port", "10.0.0.2:40000", "10.0.0.1:8080", "port", "port unreachable", true},
		{"firewall", "10.0.0.2:40000", "10.0.0.1:8080", "filtered", "communication administratively prohibited", true},
		{"loop", "10.0.0.2:40000", "10.0.0.1:8080", "timeout", "time to live exceeded in transit", true},
		{"path MTU", "10.0.0.2:40000", "10.0.0.1:8080", "toobig", "fragmentation needed", false},
		{"IPv6 host", "[fd00::2]:40000", "[fd00::1]:8080", "host", "address unreachable", true},
		{"IPv6 network", "[fd00::2]:40000", "[fd00::1]:8080", "net", "no route to destination", true},
		{"IPv6 loop", "[fd00::2]:40000", "[fd00::1]:8080", "timeout", "time to live exceeded in transit", true},
		{"IPv6 path MTU", "[fd00::2]:40000", "[fd00::1]:8080", "toobig", "packet too big", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := icmpErrors(t, "conn A "+tt.client+" > "+tt.server+" isn=1000,2000\nA > syn\nA < icmp "+tt.code+"\nudp 10.0.0.2:1 > 10.0.0.1:2 \"x\"\n")
			if len(all) != 1 {
				t.Fatalf("%d errors, want 1", len(all))
			}
			e := all[0]
			want := capture.Flow{Src: netip.MustParseAddrPort(tt.client), Dst: netip.MustParseAddrPort(tt.server)}
			if e.Flow != want || e.Seq != 1000 || e.Packet != 2 {
				t.Errorf("about %v, seq %d, in packet %d", e.Flow, e.Seq, e.Packet)
			}
			if e.String() != tt.text || e.Unreachable() != tt.unreachable {
				t.Errorf("%q, unreachable %t", e.String(), e.Unreachable())
			}
			from := want.Dst.Addr()
			if tt.name == "host" {
				from = netip.MustParseAddr("10.0.0.254")
			}
			if e.From != from {
				t.Errorf("from %v, want %v", e.From, from)
			}
		})
	}
}

// An error that was cut off is none, and none is left over from a packet before.
func TestICMPErrorsCutOffAreNone(t *testing.T) {
	s, err := capturetest.Parse("icmp", "conn A 10.0.0.2:40000 > 10.0.0.1:8080\nA > syn\nA < icmp host\n")
	if err != nil {
		t.Fatal(err)
	}
	p := s.Packets()[1]
	var d capture.Decoder
	var seg capture.Segment
	for n := len(p.Data); n >= 0; n-- {
		d.Decode(&p, &seg)
		if _, ok := d.ICMPError(); !ok {
			t.Fatal("the whole packet holds no error")
		}
		cut := p
		cut.Data = p.Data[:n]
		d.Decode(&cut, &seg)
		if _, ok := d.ICMPError(); ok != (n == len(p.Data)) {
			t.Errorf("%d of %d bytes: %t", n, len(p.Data), ok)
		}
	}
}
