package wsframe_test

import (
	"fmt"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// parking is a Source that parks all WebSockets between two packets.
type parking struct {
	capture.Source
	a      *wsframe.Analyzer
	parked int
}

func (p *parking) Next() (capture.Packet, error) {
	p.parked += wsframe.Park(p.a)
	return p.Source.Next()
}

// TestParked: what is told does not depend on whether a connection was parked,
// at whatever packet.
func TestParked(t *testing.T) {
	traces := tracesOf(t, "*", 20, 5)
	parked := 0
	for name, packets := range traces {
		for _, cores := range []int{0, 2} {
			t.Run(fmt.Sprint(name, ", cores ", cores), func(t *testing.T) {
				o := wsframe.Options{Brief: true, Cores: cores}
				want := wsframetest.Recorder{Packets: true}
				wantStats, _ := wsframetest.Run(t, capturetest.NewSource(packets), &want, o)
				got := wsframetest.Recorder{Packets: true}
				p := parking{Source: capturetest.NewSource(packets), a: wsframe.NewAnalyzer(&got, o)}
				stats, _ := wsframetest.Feed(t, &p, p.a)
				parked += p.parked
				if got.String() != want.String() {
					t.Fatalf("\n%s", diff(want.String(), got.String()))
				}
				if stats != wantStats {
					t.Errorf("%+v, want %+v", stats, wantStats)
				}
				if n := wsframe.Park(p.a); n > 0 {
					t.Errorf("%d are still kept", n)
				}
			})
		}
	}
	if parked < 100 {
		t.Errorf("only %d were parked", parked)
	}
}

// totals sums what Closed events tell, for each connection.
type totals struct{ closed map[int]string }

func (s *totals) Emit(e wsframe.Event) error {
	if e, ok := e.(*wsframe.Closed); ok {
		c := e.M.Conn
		s.closed[c.Number] = fmt.Sprint(e.How, c.Totals, c.Violations, c.Gaps, c.Duration(e.M.Time), c.Stream.Index)
	}
	return nil
}

func (s *totals) Close() error { return nil }

// TestParkedByOthers: those of which something is heard park those of which
// nothing is, and all of them keep their counts.
func TestParkedByOthers(t *testing.T) {
	const n = 200
	var want map[int]string
	for _, limit := range []int{n, n / 2, 10, 1} {
		sink := totals{closed: map[int]string{}}
		p := newPipe(t, &sink, wsframe.Options{Brief: true})
		wsframe.SetMaxAwake(p.analyzer, limit)
		for i := range n {
			p.upgrade(i, i%2 == 0)
		}
		for i := range 20 * n {
			p.send(i*i%n, 1, []byte{0x81, 2, 'h', 'i'})
			if i%7 == 0 {
				p.send(i%n, 1, []byte{0x89, 0}) // Ping
			}
			if i%50 == 0 {
				p.send(i%n, 1, []byte{0x83, 0}) // a reserved opcode
			}
		}
		p.close()
		if want == nil {
			want = sink.closed
		}
		for number, got := range sink.closed {
			if got != want[number] {
				t.Fatalf("at most %d awake: connection %d: %s, want %s", limit, number, got, want[number])
			}
		}
		if len(sink.closed) != n {
			t.Errorf("at most %d awake: %d were closed", limit, len(sink.closed))
		}
	}
}
