package stats

import (
	"fmt"
	"io"
	"testing"
	"time"

	"wstap/capture"
	"wstap/wsframe"
)

func at(n int) capture.Stamp {
	return capture.Stamp{Time: time.Unix(int64(n), 0), Packet: uint64(n)}
}

// TestNamesAreBounded: the first ones are counted, and none is lost.
func TestNamesAreBounded(t *testing.T) {
	var n, all names
	for i := range 2 * maxNames {
		n.add(fmt.Sprintf("name %04d", i), wsframe.FromClient, 10)
		n.add("name 0000", wsframe.FromServer, 1)
	}
	all.merge(&n)
	all.merge(&n)
	for i, n := range []names{n, all} {
		sorted := n.sorted()
		if len(sorted) != maxNames+1 {
			t.Errorf("%d names", len(sorted))
		}
		last := sorted[len(sorted)-1]
		if want := uint64((i + 1) * maxNames); last.name != nameOther || last.messages[0] != want || last.bytes[0] != 10*want {
			t.Errorf("the last is %+v", last)
		}
		if first := sorted[0]; first.name != "name 0000" {
			t.Errorf("the first is %+v", first)
		}
	}
}

// TestConnectionsAreBounded: those beyond are in the figures of all.
func TestConnectionsAreBounded(t *testing.T) {
	w := New(io.Discard, Options{})
	const n = maxConns + 7
	for i := range n {
		c := &wsframe.Conn{Number: i + 1, Upgrade: &wsframe.Upgrade{Upgraded: true, Responded: at(i)}}
		m := wsframe.Meta{Stamp: at(i + 1), Conn: c}
		w.Emit(&wsframe.Opened{M: m})
		w.Emit(&wsframe.Frame{M: m, Opcode: wsframe.OpPing, Fin: true})
		w.Emit(&wsframe.Closed{M: m, By: "client", How: "fin"})
	}
	if len(w.open) != 0 {
		t.Errorf("%d connections are still held", len(w.open))
	}
	m := w.model()
	if len(m.Connections) != maxConns || m.All.Connections != n || m.All.Client.Frames != n || m.All.MostOpen != 1 || m.All.Open.Count != n {
		t.Errorf("%d told, all %+v", len(m.Connections), m.All)
	}
}

func TestLongestSilencesAreKept(t *testing.T) {
	var s, other silences
	for _, lasted := range []int{3, 9, 1, 7, 7, 2} {
		s.between(1, at(10), at(10+lasted))
	}
	for _, lasted := range []int{8, 1} {
		other.between(2, at(20), at(20+lasted))
	}
	s.between(1, at(50), at(40)) // told late
	s.between(1, capture.Stamp{}, at(40))
	s.merge(&other)
	var got []time.Duration
	for _, x := range s {
		got = append(got, x.lasted)
	}
	if fmt.Sprint(got) != "[9s 8s 7s]" {
		t.Errorf("got %v", got)
	}
}
