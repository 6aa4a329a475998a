package diagnose_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/diagnose"
	"wstap/wsframe"
)

// A scan of a network, each SYN refused: what is found is bounded, what is
// beyond is counted, and it is told in order.
func TestScanIsBounded(t *testing.T) {
	out := &findings{}
	d := diagnose.New(out, diagnose.Options{})
	a := reassembly.New(d.Handler(wsframe.NewAnalyzer(d, wsframe.Options{})), reassembly.Options{})
	var s capture.Segment
	start := time.Unix(1700000000, 0)
	const hosts = 40000
	for i := range hosts {
		host := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(1+i/65536))
		client := netip.MustParseAddrPort("10.0.0.2:40000")
		s = capture.Segment{Ends: capture.EndsOf(capture.Flow{Src: client, Dst: host}), Seq: 7, Flags: capture.SYN, Scale: -1}
		s.Packet, s.Time = uint64(2*i+1), start.Add(time.Duration(i)*time.Millisecond)
		if err := a.Segment(&s); err != nil {
			t.Fatal(err)
		}
		s = capture.Segment{Ends: capture.EndsOf(capture.Flow{Src: host, Dst: client}), Ack: 8, Flags: capture.RST | capture.ACK, Scale: -1}
		s.Packet, s.Time = uint64(2*i+2), start.Add(time.Duration(i)*time.Millisecond)
		if err := a.Segment(&s); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Emit(&report.Summary{M: wsframe.Meta{Stamp: s.Stamp}}); err != nil {
		t.Fatal(err)
	}
	if n := len(out.all); n == 0 || n > 1100 {
		t.Errorf("%d findings", n)
	}
	if n := len(out.verdict.Servers); n == 0 || n > 4100 {
		t.Errorf("%d servers", n)
	}
	if want := "40 000 connections to "; !strings.HasPrefix(out.verdict.Text, want) {
		t.Errorf("%q", out.verdict.Text)
	}
	if strings.Contains(out.verdict.Text, "healthy") || out.verdict.Untold == 0 {
		t.Errorf("%q, %d untold", out.verdict.Text, out.verdict.Untold)
	}
	if !d.HasErrors() {
		t.Error("no error among them")
	}
}

// Live, a finding is told once, while the capture goes on.
func TestLiveFindingsAreTold(t *testing.T) {
	var b strings.Builder
	b.WriteString("# live\n")
	for i := range 5 {
		fmt.Fprintf(&b, "conn A%d 10.0.0.2:%d > 10.0.0.1:8080\nA%[1]d > syn\nA%[1]d < rstack seq=0\n", i, 40000+i)
	}
	b.WriteString("conn U 10.0.0.2:50000 > 10.0.0.1:8081\nU open\nU upgrade /chat\nconn Q 10.0.0.2:50001 > 10.0.0.1:9999\n+25s Q open\nQ > \"x\"\n+2s U < text \"at last\"\n")
	s, err := capturetest.Parse("live", b.String())
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, s.Packets(), diagnose.Options{Live: true}, nil)
	var early []string
	for _, f := range got.early {
		early = append(early, f.Severity.String()+" "+f.Code)
	}
	if want := "error port-closed, warning silent"; strings.Join(early, ", ") != want {
		t.Errorf("told early %q, want %q", early, want)
	}
	if got.early[0].M.Packet != 2 {
		t.Errorf("port-closed was told at packet %d", got.early[0].M.Packet)
	}
}
