package reassembly_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// feeder makes segments of as many connections as wanted, without end.
type feeder struct {
	s   capture.Segment
	now time.Time
}

// of is the next segment, of client number n.
func (f *feeder) of(n int, flags capture.Flags, seq, ack uint32, payload string) *capture.Segment {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], 0x0a000000+uint32(n>>14))
	f.s.Packet++
	f.s.Time = f.now
	f.s.Ends = capture.EndsOf(capture.Flow{
		Src: netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(1024+n&0x3fff)),
		Dst: reassemblytest.Server,
	})
	f.s.Flags, f.s.Seq, f.s.Ack, f.s.Window, f.s.Scale = flags, seq, ack, 65535, -1
	f.s.Payload = []byte(payload)
	return &f.s
}

func feedAll(t *testing.T, a *reassembly.Assembler, s *capture.Segment) {
	t.Helper()
	if err := a.Segment(s); err != nil {
		t.Fatal(err)
	}
}

func TestSYNFloodIsBounded(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	var f feeder // without timestamps: no sweep ever comes
	const n = 3 * reassembly.MaxOpenings
	for i := range n {
		feedAll(t, a, f.of(i, capture.SYN, 0, 0, ""))
	}
	records, openings, entries, _ := reassembly.Held(a)
	if openings != reassembly.MaxOpenings || records != openings {
		t.Errorf("%d records, %d openings", records, openings)
	}
	if entries > 5*reassembly.MaxOpenings {
		t.Errorf("%d list entries", entries)
	}
	if got := a.Stats(); got.OpeningsEvicted != n-reassembly.MaxOpenings || got.Streams != n {
		t.Errorf("%+v", got)
	}
	// The same ports over and over are one record, however often reused.
	b := reassembly.New(r, reassembly.Options{})
	for i := range uint32(n) {
		feedAll(t, b, f.of(0, capture.SYN, i*3, 0, ""))
	}
	if records, openings, entries, _ := reassembly.Held(b); records != 1 || openings != 1 || entries > 10000 {
		t.Errorf("%d records, %d openings, %d entries", records, openings, entries)
	}
}

// A connection that waits for its first data is not evicted by those that
// have theirs.
func TestOpeningsCountOnlyThoseWithoutData(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	reassembly.SetLimits(a, 2, 1000, 1<<20)
	var f feeder
	feedAll(t, a, f.of(0, capture.SYN, 0, 0, ""))
	for i := 1; i < 100; i++ {
		feedAll(t, a, f.of(i, capture.SYN, 0, 0, ""))
		feedAll(t, a, f.of(i, capture.ACK, 1, 1, "x"))
	}
	if got := a.Stats().OpeningsEvicted; got != 0 {
		t.Errorf("%d evicted", got)
	}
}

func TestEvictionSparesThePinned(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	reassembly.SetLimits(a, 100, 4, 1<<20)
	var f feeder
	for i := range 8 {
		r.Pin = i < 2 || i >= 5
		feedAll(t, a, f.of(i, capture.ACK, 1, 1, "x"))
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	var closed []string
	for _, c := range r.Calls {
		if c.Method == "close" {
			closed = append(closed, c.String())
		}
	}
	want := []string{
		"2 close evicted #5", "3 close evicted #6", "4 close evicted #7", // not pinned, oldest first
		"0 close evicted #8", // then the pinned
		"1 close capture ended #8", "5 close capture ended #8", "6 close capture ended #8", "7 close capture ended #8",
	}
	if !slices.Equal(closed, want) {
		t.Errorf("got  %q\nwant %q", closed, want)
	}
	if got := a.Stats().StreamsEvicted; got != 4 {
		t.Errorf("%d evicted", got)
	}
}

func TestExpiry(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	f := feeder{now: reassemblytest.Start}
	for i := range 4 {
		r.Pin = i == 1
		feedAll(t, a, f.of(i, capture.ACK, 1, 1, "x"))
	}
	r.Pin = false
	feedAll(t, a, f.of(9, capture.SYN, 1, 0, ""))
	for range 4 {
		f.now = f.now.Add(time.Hour)
		feedAll(t, a, f.of(10, capture.ACK, 1, 1, "x"))
	}
	want := "0 close timeout #9\n2 close timeout #9\n3 close timeout #9\n"
	var got strings.Builder
	for _, c := range r.Calls {
		if c.Method == "close" {
			fmt.Fprintln(&got, c)
		}
	}
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", &got, want)
	}
	if records, openings, _, _ := reassembly.Held(a); records != 2 || openings != 0 {
		t.Errorf("%d records, %d openings left", records, openings)
	}
}

// TestClosedConversationsAgeOut: a host that ever new clients talk to stays level.
func TestClosedConversationsAgeOut(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	f := feeder{now: time.Unix(1767225600, 0)}
	const rate, minutes = 20, 20 // connections a second
	most := 0
	for n := range rate * 60 * minutes {
		f.now = f.now.Add(time.Second / rate)
		feedAll(t, a, f.of(n, capture.SYN, 0, 0, ""))
		feedAll(t, a, f.of(n, capture.ACK, 1, 1, "GET"))
		feedAll(t, a, f.of(n, capture.RST|capture.ACK, 4, 1, ""))
		records, _, _, _ := reassembly.Held(a)
		most = max(most, records)
	}
	// Two minutes, and half a minute between two sweeps.
	if most > 155*rate || most < 120*rate {
		t.Errorf("up to %d records at %d connections a second", most, rate)
	}
}

func TestQueueOfADirectionIsBounded(t *testing.T) {
	for _, size := range []int{1, 1400, 60000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r := &reassemblytest.Recorder{}
			a := reassembly.New(r, reassembly.Options{})
			f := feeder{now: reassemblytest.Start}
			feedAll(t, a, f.of(0, capture.SYN, 0, 0, ""))
			payload := strings.Repeat("x", size)
			for i := range 3000 {
				off := uint32(2 + i*(size+1)) // a byte missing before each
				feedAll(t, a, f.of(0, capture.ACK, off, 1, payload))
				if err := reassembly.Check(a); err != nil {
					t.Fatal(err)
				}
			}
			if a.Stats().QueueLimit == 0 {
				t.Error("the bound was not reached")
			}
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			if got := a.Stats(); got.GapBytes != 3000 || reassembly.Queued(a) != 0 {
				t.Errorf("%+v, %d queued", got, reassembly.Queued(a))
			}
		})
	}
}

// Chunks of one byte are counted with what they really cost.
func TestAllQueuesTogetherAreBounded(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	const bound = 1 << 16
	reassembly.SetLimits(a, 1000, 1000, bound)
	f := feeder{now: reassemblytest.Start}
	for i := range 20000 {
		n := i % 100
		feedAll(t, a, f.of(n, capture.SYN, 0, 0, ""))
		feedAll(t, a, f.of(n, capture.ACK, uint32(3+i/100*2), 1, "x"))
		if got := reassembly.Queued(a); got > bound {
			t.Fatalf("%d queued", got)
		}
	}
	if a.Stats().QueuedLimit == 0 {
		t.Error("the bound was not reached")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := reassembly.Queued(a); got != 0 {
		t.Errorf("%d queued after Close", got)
	}
}

// A stream that is over leaves no timer, even where packet time stands still.
func TestTimersEndWithTheirStream(t *testing.T) {
	a := reassembly.New(&reassemblytest.Recorder{}, reassembly.Options{})
	var f feeder
	for i := range uint32(1000) {
		feedAll(t, a, f.of(0, capture.SYN, i*100, 0, ""))
		feedAll(t, a, f.of(0, capture.ACK, i*100+5, 1, "x"))
	}
	if _, _, _, timers := reassembly.Held(a); timers != 1 {
		t.Errorf("%d timers", timers)
	}
}

// Whichever call a handler answers with ErrIgnore, or a stream it refuses at
// Open, the transcript ends with that call.
func TestErrIgnore(t *testing.T) {
	const script = handshake + `
		c A  1 1 "abc"
		c A  7 1 "ghi"
		c A  7 1 "gXi"
		s FA 1 10
		+11s s A 2 10
		c FA 10 1`
	const all = `
		0 open #1
		0 client "abc" #4
		0 client conflict 1 #6
		0 client gap 3 acked #7
		0 client "ghi" #5
		0 server fin #7
		0 close fin by server #9
	`
	lines := strings.Split(strings.TrimSpace(all), "\n")
	for n := 1; n <= len(lines); n++ {
		for _, answer := range []error{nil, reassembly.ErrIgnore, fmt.Errorf("as asked: %w", reassembly.ErrIgnore)} {
			calls := 0
			r := &reassemblytest.Recorder{Answer: func(reassemblytest.Call) error {
				if calls++; calls == n {
					return answer
				}
				return nil
			}}
			run(t, r, reassemblytest.Script(script))
			want := lines
			if answer != nil {
				want = lines[:n]
			}
			compare(t, r, strings.Join(want, "\n"))
		}
	}
}

// A fault of the handler comes back from the call that met it.
func TestHandlerFaults(t *testing.T) {
	fault := errors.New("disk full")
	script := handshake + `
		c A  1 1 "abc"
		c A  7 1 "ghi"
		c A  7 1 "gXi"
		s FA 1 10
		+11s s A 2 10
		c FA 10 1
		port 40001
		c S 0 "open"`
	for _, method := range []string{"data", "gap", "fin", "conflict", "close"} {
		r := &reassemblytest.Recorder{Answer: func(c reassemblytest.Call) error {
			if c.Method == method {
				return fault
			}
			return nil
		}}
		a := reassembly.New(r, reassembly.Options{})
		var got error
		for _, s := range reassemblytest.Script(script) {
			if got = a.Segment(&s); got != nil {
				break
			}
		}
		if !errors.Is(got, fault) {
			t.Errorf("%s: got %v", method, got)
		}
	}
	var want = errors.New("clock")
	a := reassembly.New(failingClock{want}, reassembly.Options{})
	if err := a.Advance(reassemblytest.Start); !errors.Is(err, want) {
		t.Errorf("Advance: %v", err)
	}
}

type failingClock struct{ err error }

func (failingClock) Open(*reassembly.Stream) reassembly.StreamHandler { return nil }
func (f failingClock) Advance(time.Time) error                        { return f.err }

// Streams still open are closed in order of their numbers.
func TestCloseOrder(t *testing.T) {
	r := &reassemblytest.Recorder{}
	a := reassembly.New(r, reassembly.Options{})
	f := feeder{now: reassemblytest.Start}
	for i := range 200 {
		feedAll(t, a, f.of(i, capture.SYN, 0, 0, ""))
	}
	for i := 199; i >= 0; i-- {
		feedAll(t, a, f.of(i, capture.ACK, 1, 1, "x"))
	}
	r.Calls = nil
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range r.Calls {
		if c.Stream != uint64(i) || c.Method != "close" || c.Why.How != reassembly.End {
			t.Fatalf("call %d: %v", i, c)
		}
	}
	if len(r.Calls) != 200 {
		t.Errorf("%d calls", len(r.Calls))
	}
}

// An acknowledgment of bytes that were not yet sent, but lie in the window, is
// no gap as long as those bytes do come.
func TestForgedACKInTheWindow(t *testing.T) {
	script := handshake + `
		c A 1 1 "x"
		s A 1 301`
	var gaps strings.Builder
	for i := range 300 {
		script += fmt.Sprintf("\nc A %d 1 \"x\"", 2+i)
	}
	r := &reassemblytest.Recorder{}
	run(t, r, reassemblytest.Script(script))
	for _, c := range r.Calls {
		if c.Method == "gap" {
			fmt.Fprintln(&gaps, c)
		}
	}
	if gaps.Len() > 0 {
		t.Errorf("gaps where nothing is missing:\n%s", &gaps)
	}
}

// Where many segments are lost, holes do not wait for one another: what is held
// back stays what the reordering allowance asks for.
func TestManyHolesWaitTogether(t *testing.T) {
	a := reassembly.New(&reassemblytest.Recorder{}, reassembly.Options{})
	f := feeder{now: reassemblytest.Start}
	server := func(ack uint32) *capture.Segment {
		s := f.of(0, capture.ACK, 1, ack, "")
		s.Ends = s.Reverse()
		return s
	}
	feedAll(t, a, f.of(0, capture.SYN, 0, 0, ""))
	most := 0
	for i := range uint32(5000) {
		f.now = f.now.Add(time.Millisecond)
		if i%10 != 3 {
			feedAll(t, a, f.of(0, capture.ACK, 1+i, 1, "x"))
		}
		feedAll(t, a, server(2+i))
		most = max(most, reassembly.Queued(a)/reassembly.ChunkCost)
	}
	if most > 150 {
		t.Errorf("%d segments held back", most)
	}
	if got := a.Stats(); got.QueueLimit != 0 {
		t.Errorf("%+v", got)
	}
}
