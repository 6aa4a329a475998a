package reassembly_test

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// sink is a Handler that does nothing, as cheaply as can be.
type sink struct{ pin bool }

func (k sink) Open(s *reassembly.Stream) reassembly.StreamHandler {
	s.Pinned = k.pin
	s.ForgetHandshake()
	return k
}
func (sink) Advance(time.Time) error { return nil }
func (sink) Data(reassembly.Direction, []byte, capture.Stamp) error {
	return nil
}
func (sink) Gap(reassembly.Direction, reassembly.Gap, capture.Stamp) error { return nil }
func (sink) Close(reassembly.Reason, capture.Stamp) error                  { return nil }

// load prepares segments outside of what is measured.
func load(conns int) (a *reassembly.Assembler, f *feeder, flows []capture.Ends) {
	a = reassembly.New(sink{}, reassembly.Options{})
	f = &feeder{now: reassemblytest.Start}
	for i := range conns {
		s := f.of(i, capture.SYN, 0, 0, "")
		flows = append(flows, s.Ends)
		_ = a.Segment(s)
		s.Ends, s.Flags, s.Ack = s.Reverse(), capture.SYN|capture.ACK, 1
		_ = a.Segment(s)
	}
	return a, f, flows
}

func inOrder(b *testing.B, conns int) {
	a, f, flows := load(conns)
	seq := make([]uint32, conns)
	payload := make([]byte, 100)
	s := &f.s
	s.Flags, s.Ack, s.Payload = capture.ACK|capture.PSH, 1, payload
	b.ReportAllocs()
	b.ResetTimer()
	x := uint32(1)
	for range b.N {
		x = x*1664525 + 1013904223
		n := int(uint64(x) * uint64(conns) >> 32)
		f.now = f.now.Add(time.Microsecond)
		s.Time, s.Packet = f.now, s.Packet+1
		s.Ends, s.Seq = flows[n], 1+seq[n]
		seq[n] += uint32(len(payload))
		if err := a.Segment(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInOrder1(b *testing.B)   { inOrder(b, 1) }
func BenchmarkInOrder500(b *testing.B) { inOrder(b, 500) }

func BenchmarkOutOfOrder(b *testing.B) {
	a, f, flows := load(1)
	s := &f.s
	s.Flags, s.Ack, s.Payload, s.Ends = capture.ACK, 1, make([]byte, 100), flows[0]
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		i ^= 3 // the fourth of each four comes first
		f.now = f.now.Add(time.Microsecond)
		s.Time, s.Packet, s.Seq = f.now, s.Packet+1, 1+uint32(i*100)
		if err := a.Segment(s); err != nil {
			b.Fatal(err)
		}
	}
}

// held is the heap in use.
func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkSYNFlood(b *testing.B) {
	before := held()
	a := reassembly.New(sink{}, reassembly.Options{})
	f := &feeder{now: reassemblytest.Start}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		f.now = f.now.Add(time.Microsecond)
		_ = a.Segment(f.of(i, capture.SYN, 0, 0, ""))
	}
	b.StopTimer()
	b.ReportMetric(float64(held()-before)/float64(min(b.N, reassembly.MaxOpenings)), "B/opening")
	runtime.KeepAlive(a)
}

// A million connections that have carried data and are idle.
func BenchmarkIdle(b *testing.B) {
	const conns = 1 << 20
	for range b.N {
		before := held()
		a := reassembly.New(sink{pin: true}, reassembly.Options{})
		f := &feeder{now: reassemblytest.Start}
		for i := range conns {
			_ = a.Segment(f.of(i, capture.ACK|capture.PSH, 1, 1, "x"))
		}
		b.ReportMetric(float64(held()-before)/conns, "B/idle")
		runtime.KeepAlive(a)
	}
}

// BenchmarkLinear feeds n and 2n segments of what costs most, and reports
// time(2n)/time(n): 2 is linear. It takes the best of several runs.
func BenchmarkLinear(b *testing.B) {
	const n = 100000
	kinds := []struct {
		name string
		feed func(a *reassembly.Assembler, f *feeder, n int)
	}{
		{"reverse order", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n { // in runs of a thousand
				_ = a.Segment(f.of(0, capture.ACK, 1+uint32(i/1000*1000+999-i%1000), 1, "x"))
			}
		}},
		{"alternating holes", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n {
				_ = a.Segment(f.of(0, capture.ACK, 2+uint32(2*i), 1, "x"))
			}
		}},
		{"SYN flood", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n {
				_ = a.Segment(f.of(i, capture.SYN, 0, 0, ""))
			}
		}},
		{"one port pair reused", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n {
				_ = a.Segment(f.of(0, capture.SYN, uint32(2*i), 0, "x"))
			}
		}},
		{"all pinned, evicted", func(a *reassembly.Assembler, f *feeder, n int) {
			reassembly.SetLimits(a, 1000, 5000, 1<<28)
			for i := range n {
				_ = a.Segment(f.of(i, capture.ACK, 1, 1, "x"))
			}
		}},
		{"many timers", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n {
				f.now = f.now.Add(time.Millisecond)
				_ = a.Segment(f.of(i/2%20000, capture.ACK, 1+uint32(i&1+i/40000)*5, 1, "x"))
			}
		}},
		{"sweeps", func(a *reassembly.Assembler, f *feeder, n int) {
			for i := range n {
				f.now = f.now.Add(31 * time.Second / 16)
				_ = a.Segment(f.of(i, capture.ACK, 1, 1, "x"))
			}
		}},
	}
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			measure := func(n int) time.Duration {
				best := time.Duration(1 << 62)
				for range 3 {
					runtime.GC()
					a := reassembly.New(sink{pin: true}, reassembly.Options{})
					f := &feeder{now: reassemblytest.Start}
					_ = a.Segment(f.of(0, capture.SYN, 0, 0, ""))
					start := time.Now()
					k.feed(a, f, n)
					best = min(best, time.Since(start))
				}
				return best
			}
			for range b.N {
				once, twice := measure(n), measure(2*n)
				b.ReportMetric(float64(twice)/float64(once), "time(2n)/time(n)")
				b.ReportMetric(float64(once)/n, "ns/segment")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// What nearly all segments are allocates nothing, whichever stream they are of.
func TestInOrderAllocatesNothing(t *testing.T) {
	const conns = 50
	for _, k := range []struct {
		name    string
		six     bool
		handler reassembly.Handler
		size    uint32
	}{
		{"IPv4", false, sink{}, 100},
		{"IPv6", true, sink{}, 100},
		{"acknowledgments", false, sink{}, 0},
		{"ignored", false, ignoring{}, 100},
	} {
		t.Run(k.name, func(t *testing.T) {
			a := reassembly.New(k.handler, reassembly.Options{})
			f := &feeder{now: reassemblytest.Start}
			var flows []capture.Ends
			for i := range conns {
				s := f.of(i, capture.ACK, 0, 1, "x") // makes the stream
				if k.six {
					s.Src = capture.EndOf(netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}), 40000))
					s.Dst = capture.EndOf(netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 2}), 80))
				}
				flows = append(flows, s.Ends)
				feedAll(t, a, s)
			}
			s := &f.s
			s.Payload = make([]byte, k.size)
			i := uint32(0)
			next := func() {
				f.now = f.now.Add(time.Microsecond)
				s.Time, s.Packet = f.now, s.Packet+1
				s.Ends, s.Seq = flows[i%conns], 1+i/conns*k.size
				i++
				if err := a.Segment(s); err != nil {
					t.Fatal(err)
				}
			}
			if n := testing.AllocsPerRun(2000, next); n != 0 {
				t.Errorf("%v allocations a segment", n)
			}
			if got := a.Stats(); got.Stale+got.Gaps != 0 {
				t.Errorf("not in order: %+v", got)
			}
		})
	}
}

// ignoring wants nothing.
type ignoring struct{ sink }

func (ignoring) Open(*reassembly.Stream) reassembly.StreamHandler { return nil }

// TestIdleStreamsAreSmall: what is kept of a connection that is idle, its slot in
// the table included, and of one that is of no interest.
func TestIdleStreamsAreSmall(t *testing.T) {
	const conns = 100000
	for _, k := range []struct {
		handler reassembly.Handler
		most    int64
	}{{sink{pin: true}, 230}, {ignoring{}, 100}} {
		before := held()
		a := reassembly.New(k.handler, reassembly.Options{})
		f := &feeder{now: reassemblytest.Start}
		for i := range conns {
			feedAll(t, a, f.of(i, capture.ACK|capture.PSH, 1, 1, "x"))
		}
		if n := (int64(held()) - int64(before)) / conns; n > k.most {
			t.Errorf("%T: %d bytes a stream, want at most %d", k.handler, n, k.most)
		}
		runtime.KeepAlive(a)
	}
}
