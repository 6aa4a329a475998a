package reassembly_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// dozer is a Handler whose streams sleep whenever they are told to.
type dozer struct {
	t *testing.T
	*reassemblytest.Recorder
	all   []*dozing
	slept int
}

// dozing is the handler of one of them.
type dozing struct {
	reassembly.StreamHandler
	d      *dozer
	st     *reassembly.Stream
	number int
	facts  string // of st, when it went to sleep
}

func (d *dozer) Open(s *reassembly.Stream) reassembly.StreamHandler {
	to := d.Recorder.Open(s)
	if to == nil {
		return nil
	}
	k := &dozing{StreamHandler: to, d: d, st: s, number: len(d.all)}
	d.all = append(d.all, k)
	return k
}

func (k *dozing) FIN(dir reassembly.Direction, at capture.Stamp) error {
	return k.StreamHandler.(reassembly.FINHandler).FIN(dir, at)
}

func (k *dozing) Conflict(dir reassembly.Direction, n int64, at capture.Stamp) error {
	return k.StreamHandler.(reassembly.ConflictHandler).Conflict(dir, n, at)
}

// doze has all streams sleep that can.
func (d *dozer) doze() {
	for _, k := range d.all {
		facts := factsOf(k.st)
		var note reassembly.Note
		binary.BigEndian.PutUint64(note[:], uint64(k.number))
		if k.st.Sleep(k, d, note) {
			k.facts = facts
			d.slept++
		}
	}
}

// Wake implements reassembly.Waker.
func (d *dozer) Wake(s *reassembly.Stream, n reassembly.Note) reassembly.StreamHandler {
	k := d.all[binary.BigEndian.Uint64(n[:])]
	if facts := factsOf(s); facts != k.facts {
		d.t.Errorf("woke as\n%s\nslept as\n%s", facts, k.facts)
	}
	k.st = s
	return k
}

func factsOf(s *reassembly.Stream) string {
	return fmt.Sprint(s.Index, s.Client(), s.Server(), s.Oriented, s.Begun, s.Pinned, s.Origin(), *s.Handshake(), s.Half(0), s.Half(1))
}

// overIPv6 gives the segments addresses of IPv6.
func overIPv6(segments []capture.Segment) {
	six := func(e capture.End) capture.End {
		four := e.Addr().As4()
		return capture.EndOf(netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 12: four[0], four[1], four[2], four[3]}), e.Port()))
	}
	for i := range segments {
		s := &segments[i]
		s.Src, s.Dst = six(s.Src), six(s.Dst)
	}
}

// TestSleeping: whatever comes, the calls are the same whether streams sleep in
// between or not.
func TestSleeping(t *testing.T) {
	slept := 0
	for seed := range seeds(t, 100) {
		rng := rand.New(rand.NewPCG(uint64(seed), 3))
		var segments []capture.Segment
		if seed%2 == 0 {
			segments = soup(randomSoup(uint64(seed), 300)[1:])
		} else {
			c := newConversation(uint64(seed))
			c.mangle(true)
			c.lose(rng.Float64() / 20)
			c.reorder(1 + rng.IntN(8))
			c.stamp(time.Duration(rng.IntN(5_000_000)))
			segments = c.segments
		}
		if seed%4 >= 2 {
			overIPv6(segments)
		}
		want := &reassemblytest.Recorder{Pin: true}
		wantStats := run(t, want, segments).Stats()
		got := &dozer{t: t, Recorder: &reassemblytest.Recorder{Pin: true}}
		a := reassembly.New(got, reassembly.Options{})
		for i := range segments {
			feedAll(t, a, &segments[i])
			index, wanted := a.Conversation()
			if rng.IntN(4) > 0 {
				got.doze()
			}
			if again, still := a.Conversation(); again != index || still != wanted {
				t.Fatalf("seed %d: conversation %d, %v became %d, %v", seed, index, wanted, again, still)
			}
			if err := reassembly.Check(a); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got, want)
		}
		if stats := a.Stats(); stats != wantStats {
			t.Errorf("seed %d: %+v, want %+v", seed, stats, wantStats)
		}
		slept += got.slept
	}
	if slept < 1000 {
		t.Errorf("streams slept %d times only", slept)
	}
}

// TestSleepersGo: those that sleep are evicted, expire and are closed in the same
// order as those that don't, and nothing is left of them.
func TestSleepersGo(t *testing.T) {
	var want string
	for round := range 3 {
		d := &dozer{t: t, Recorder: &reassemblytest.Recorder{Pin: true}}
		a := reassembly.New(d, reassembly.Options{})
		reassembly.SetLimits(a, 100, 24, 1<<20)
		f := feeder{now: reassemblytest.Start}
		talk := func(from, to int) {
			for i := from; i < to; i++ {
				f.now = f.now.Add(time.Hour)
				feedAll(t, a, f.of(i, capture.ACK, 1, 1, "x"))
				s := f.of(i, capture.ACK, 1, 2, "y")
				s.Ends = s.Reverse()
				feedAll(t, a, s)
				if round == 1 || round == 2 && i%3 == 0 {
					d.doze()
				}
			}
		}
		talk(0, 60)                        // 36 of which are evicted
		f.now = f.now.Add(time.Hour * 156) // 12 of which have been silent for a week by then
		talk(60, 64)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		var closed strings.Builder
		for _, c := range d.Calls {
			if c.Method == "close" {
				fmt.Fprintln(&closed, c)
			}
		}
		if round == 0 {
			want = closed.String()
			for _, how := range []string{"evicted", "timeout", "capture ended"} {
				if !strings.Contains(want, how) {
					t.Errorf("none %s:\n%s", how, want)
				}
			}
		}
		if closed.String() != want {
			t.Errorf("got\n%swant\n%s", closed.String(), want)
		}
		if round > 0 && d.slept < 20 {
			t.Errorf("streams slept %d times only", d.slept)
		}
		if records, _, _, _ := reassembly.Held(a); records != 0 {
			t.Errorf("%d conversations are left", records)
		}
	}
}

// TestSleepersAreSmall: what is kept of one, of IPv4 and IPv6.
func TestSleepersAreSmall(t *testing.T) {
	const conns = 50000
	for _, six := range []bool{false, true} {
		before := held()
		d := &sleeper{}
		a := reassembly.New(d, reassembly.Options{})
		f := &feeder{now: reassemblytest.Start}
		for i := range conns {
			for _, payload := range []string{"x", "y"} {
				s := *f.of(1<<20+i, capture.ACK, 1, 1, payload)
				if payload == "y" {
					s.Ends, s.Ack = s.Reverse(), 2
				}
				one := []capture.Segment{s}
				if six {
					overIPv6(one)
				}
				feedAll(t, a, &one[0])
			}
			d.st.ForgetHandshake()
			if !d.st.Sleep(d, d, reassembly.Note{}) {
				t.Fatal("does not sleep")
			}
		}
		most := int64(200)
		if six {
			most = 290
		}
		if n := (int64(held()) - int64(before)) / conns; n > most {
			t.Errorf("IPv6 %v: %d bytes a stream, want at most %d", six, n, most)
		}
		// Nine of ten go, and in time their memory.
		end := func(i int, flags capture.Flags) {
			one := []capture.Segment{*f.of(1<<20+i, flags, 2, 2, "")}
			if six {
				overIPv6(one)
			}
			feedAll(t, a, &one[0])
		}
		for i := range conns {
			if i%10 > 0 {
				end(i, capture.ACK|capture.RST)
			}
		}
		for range conns / 10 { // so that a sweep is worth while
			f.now = f.now.Add(100 * time.Millisecond)
			end(1, capture.ACK)
		}
		if n := (int64(held()) - int64(before)) / conns; n > most/4 {
			t.Errorf("IPv6 %v: %d bytes a stream when nine of ten have gone", six, n)
		}
		d.woken = 0
		for i := 0; i < conns; i += 10 {
			end(i, capture.ACK)
		}
		if d.woken != conns/10 {
			t.Errorf("IPv6 %v: %d woke, of %d", six, d.woken, conns/10)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// sleeper is a Handler with one handler for all streams.
type sleeper struct {
	sink
	st    *reassembly.Stream
	woken int
}

func (d *sleeper) Open(s *reassembly.Stream) reassembly.StreamHandler {
	d.st, s.Pinned = s, true
	return d
}

func (d *sleeper) Wake(*reassembly.Stream, reassembly.Note) reassembly.StreamHandler {
	d.woken++
	return d
}
