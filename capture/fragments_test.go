package capture_test

import (
	"slices"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
)

// TestFragmentsAreNamed: the packets whose fragments made a segment are told
// with it, once, and none with a segment that came whole.
func TestFragmentsAreNamed(t *testing.T) {
	for _, name := range []string{"ip-fragments", "ip6-fragments", "plain-session"} {
		pkts := capturetest.Load(t, "../testdata/scenario/"+name+".txt")
		var dec capture.Decoder
		var seg capture.Segment
		var waiting, named []uint64
		for _, p := range pkts {
			switch dec.Decode(&p, &seg) {
			case capture.KindFragment:
				waiting = append(waiting, p.Stamp.Packet)
			case capture.KindTCP:
				named = append(named, dec.Fragments()...)
				continue
			}
			if n := len(dec.Fragments()); n > 0 {
				t.Errorf("%s: packet %d, which completes nothing, names %d fragments", name, p.Stamp.Packet, n)
			}
		}
		slices.Sort(named)
		if !slices.Equal(named, waiting) || len(named) == 0 != (name == "plain-session") {
			t.Errorf("%s: fragments %v are named, %v have waited", name, named, waiting)
		}
	}
}
