package reassembly_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// conversation is the model: what two ends said, and how it went over the wire.
type conversation struct {
	rng      *rand.Rand
	sent     [2][]byte
	need     [2][]int // by byte, how much of the other direction came before it
	segments []capture.Segment
	isn      [2]uint32
	first    reassembly.Direction // who closed first
}

// newConversation makes requests and responses of random lengths, each segment
// with the acknowledgment number that its sender would write.
func newConversation(seed uint64) *conversation {
	c := &conversation{rng: rand.New(rand.NewPCG(seed, 1))}
	for d := range c.isn {
		c.isn[d] = c.rng.Uint32()
		if c.rng.IntN(2) == 0 { // so that it wraps
			c.isn[d] = -uint32(c.rng.IntN(20000))
		}
	}
	c.put(0, capture.SYN, 0, 0, false)
	c.put(1, capture.SYN|capture.ACK, 0, 0, false)
	c.put(0, capture.ACK, 0, 0, true)
	for range 4 + c.rng.IntN(40) {
		d := reassembly.Direction(c.rng.IntN(2))
		n := 1 + c.rng.IntN(4000)
		if c.rng.IntN(3) == 0 {
			n = 1 + c.rng.IntN(20)
		}
		c.send(d, n)
		if c.rng.IntN(2) == 0 {
			c.put(d.Reverse(), capture.ACK, len(c.sent[1-d]), 0, true)
		}
	}
	c.first = reassembly.Direction(c.rng.IntN(2))
	for i, d := range []reassembly.Direction{c.first, c.first.Reverse()} {
		c.put(d, capture.ACK|capture.FIN, len(c.sent[d]), 0, true)
		c.segments[len(c.segments)-1].Ack += uint32(i) // of the other FIN
	}
	return c
}

// send has d send n more bytes, in segments of any length.
func (c *conversation) send(d reassembly.Direction, n int) {
	for n > 0 {
		k := min(n, 1+c.rng.IntN(1460))
		for range k {
			c.sent[d] = append(c.sent[d], byte(c.rng.Uint32()))
			c.need[d] = append(c.need[d], len(c.sent[1-d]))
		}
		n -= k
		c.put(d, capture.ACK, len(c.sent[d])-k, k, true)
	}
}

// put appends a segment of n bytes from offset off on.
func (c *conversation) put(d reassembly.Direction, flags capture.Flags, off, n int, begun bool) {
	s := capture.Segment{Flags: flags, Seq: c.isn[d] + uint32(off), Window: 65535, Scale: -1}
	s.Ends = capture.EndsOf(capture.Flow{Src: reassemblytest.Client, Dst: reassemblytest.Server})
	if d == reassembly.FromServer {
		s.Ends = s.Reverse()
	}
	if begun {
		s.Seq++
	}
	if flags.Has(capture.SYN) {
		s.Scale = 7
	}
	if flags.Has(capture.ACK) {
		s.Ack = c.isn[1-d] + 1 + uint32(len(c.sent[1-d]))
	}
	s.Payload = c.sent[d][off : off+n]
	c.segments = append(c.segments, s)
}

// direction of a segment, and the offset of its first byte.
func (c *conversation) at(s *capture.Segment) (d reassembly.Direction, off int) {
	if s.Src.AddrPort() == reassemblytest.Server {
		d = reassembly.FromServer
	}
	return d, int(int32(s.Seq - c.isn[d] - 1))
}

// mangle cuts the segments anew, repeats some, with other boundaries too, and
// sprinkles keep-alives; what is said stays as it was.
func (c *conversation) mangle(retransmit bool) {
	out := slices.Clone(c.segments[:3])
	cut := c.rng.IntN(4) // of how many
	for _, s := range c.segments[3:] {
		d, off := c.at(&s)
		for len(s.Payload) > 1 && cut > 0 && c.rng.IntN(4) < cut {
			head := s
			n := 1 + c.rng.IntN(len(s.Payload)-1)
			head.Payload, head.Flags = s.Payload[:n], s.Flags&^capture.FIN
			out = append(out, head)
			s.Payload, s.Seq = s.Payload[n:], s.Seq+uint32(n)
		}
		out = append(out, s)
		end := off + len(s.Payload)
		switch c.rng.IntN(8) {
		case 0: // twice, as a mirror port has it
			out = append(out, s)
		case 1: // sent again with other boundaries
			if retransmit && end > 0 && !s.Flags.Has(capture.FIN) {
				again := s
				from := c.rng.IntN(end)
				to := from + 1 + c.rng.IntN(min(end-from, 3000))
				again.Seq, again.Payload = c.isn[d]+1+uint32(from), c.sent[d][from:to]
				out = append(out, again)
			}
		case 2: // keep-alive, of one byte or none
			if retransmit && end > 0 && !s.Flags.Has(capture.FIN) {
				alive := s
				alive.Seq = c.isn[d] + uint32(end)
				alive.Payload = c.sent[d][end-1 : end-1+c.rng.IntN(2)]
				out = append(out, alive)
			}
		}
	}
	c.segments = out
}

// reorder moves segments by fewer than window places; not the handshake.
func (c *conversation) reorder(window int) {
	type keyed struct {
		key int
		s   capture.Segment
	}
	list := make([]keyed, 0, len(c.segments))
	for i, s := range c.segments[3:] {
		list = append(list, keyed{i + c.rng.IntN(window), s})
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return a.key - b.key })
	for i := range list {
		c.segments[3+i] = list[i].s
	}
	if c.rng.IntN(4) == 0 {
		c.segments[0], c.segments[1] = c.segments[1], c.segments[0]
	}
}

// lose takes out segments with probability p; not the handshake.
func (c *conversation) lose(p float64) {
	kept := slices.Clone(c.segments[:3])
	for _, s := range c.segments[3:] {
		if c.rng.Float64() >= p {
			kept = append(kept, s)
		}
	}
	c.segments = kept
}

// stamp numbers the segments and spaces them.
func (c *conversation) stamp(space time.Duration) {
	for i := range c.segments {
		c.segments[i].Stamp = capture.Stamp{
			Time:   reassemblytest.Start.Add(time.Duration(i) * space),
			Packet: uint64(i + 1),
		}
	}
}

// seeds are the seeds of a property test: few unless WSTAP_SEEDS says how many.
func seeds(t *testing.T, few int) int {
	if n, err := strconv.Atoi(os.Getenv("WSTAP_SEEDS")); err == nil {
		return n
	}
	if testing.Short() {
		return few / 4
	}
	return few
}

// However a conversation arrives, the same bytes come out, causes before their
// effects, and nothing is missing.
func TestAnyArrival(t *testing.T) {
	for seed := range seeds(t, 100) {
		c := newConversation(uint64(seed))
		c.mangle(true)
		// Within the policy's 64 segments, or within its 50 ms.
		window, space := 1+c.rng.IntN(31), time.Duration(c.rng.IntN(5_000_000))
		if c.rng.IntN(2) == 0 {
			window, space = 64, 100*time.Microsecond
		}
		c.reorder(window)
		c.stamp(space)
		r := &reassemblytest.Recorder{}
		run(t, r, c.segments)
		if err := c.check(r, 0); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := c.complete(r); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// check demands that what was handed on is right, wherever it stands, and
// that no byte went before its cause, give or take slack bytes of that.
func (c *conversation) check(r *reassemblytest.Recorder, slack int) error {
	if len(r.Faults) > 0 {
		return fmt.Errorf("%v", r.Faults)
	}
	var stand [2]int
	for _, call := range r.Calls {
		d := call.Dir
		n := len(call.Data)
		off := int(call.Offset)
		if n > 0 {
			if off+n > len(c.sent[d]) || !bytes.Equal(call.Data, c.sent[d][off:off+n]) {
				return fmt.Errorf("%v: not what was sent at %d", call, off)
			}
			if need := c.need[d][off+n-1]; need-stand[1-d] > slack {
				return fmt.Errorf("%v at %d: handed on when the other direction stood at %d, its sender had received %d",
					call, off, stand[1-d], need)
			}
		}
		stand[d] = off + n + int(call.Gap.Bytes)
	}
	return nil
}

// complete demands every byte and an orderly end.
func (c *conversation) complete(r *reassemblytest.Recorder) error {
	var got [2]int
	for _, call := range r.Calls {
		if call.Method == "gap" {
			return fmt.Errorf("%v though nothing was lost", call)
		}
		got[call.Dir] += len(call.Data)
	}
	if got[0] != len(c.sent[0]) || got[1] != len(c.sent[1]) {
		return fmt.Errorf("%d and %d bytes of %d and %d", got[0], got[1], len(c.sent[0]), len(c.sent[1]))
	}
	last := r.Calls[len(r.Calls)-1]
	if want := (reassembly.Reason{How: reassembly.FINs, By: c.first}); last.Method != "close" || last.Why != want {
		return fmt.Errorf("ended with %v, want a FIN by %v first", last, c.first)
	}
	return nil
}

// With losses, bytes and gaps tile the stream: every captured byte is handed
// on at its place, and the gaps are just what no packet holds.
func TestLosses(t *testing.T) {
	for seed := range seeds(t, 100) {
		c := newConversation(uint64(seed))
		// A retransmission hides when the original was sent, if that is lost.
		retransmit := c.rng.IntN(2) == 0
		c.mangle(retransmit)
		c.reorder(1 + c.rng.IntN(31))
		c.lose([]float64{0.01, 0.05, 0.2, 0.6}[c.rng.IntN(4)])
		c.stamp(time.Duration(c.rng.IntN(5_000_000)))
		r := &reassemblytest.Recorder{}
		run(t, r, c.segments)
		slack := 1 // an acknowledged byte with nothing behind it is taken for a FIN
		if retransmit {
			slack = math.MaxInt
		}
		if err := c.check(r, slack); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := c.tiles(r, !retransmit); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// tiles checks that, and with exact set that no byte of a gap was captured,
// which a late retransmission may be.
func (c *conversation) tiles(r *reassemblytest.Recorder, exact bool) error {
	var held [2][]bool // by byte, whether it was captured
	var end [2]int     // as far as the capture tells
	var fin [2]bool
	for d := range held {
		held[d] = make([]bool, len(c.sent[d]))
	}
	for i := range c.segments {
		s := &c.segments[i]
		d, off := c.at(s)
		for k := range s.Payload {
			held[d][off+k] = true
		}
		if len(s.Payload) > 0 {
			end[d] = max(end[d], off+len(s.Payload))
		}
		if s.Flags.Has(capture.FIN) {
			fin[d], end[d] = true, len(c.sent[d])
		}
		if acked := int(s.Ack - c.isn[1-d] - 1); s.Flags.Has(capture.ACK) {
			end[1-d] = max(end[1-d], min(acked, len(c.sent[1-d])))
		}
	}
	var stand [2]int
	for _, call := range r.Calls {
		d, off := call.Dir, int(call.Offset)
		if n := int(call.Gap.Bytes); n > 0 {
			for x := off; x < min(off+n, len(held[d])); x++ {
				if exact && held[d][x] {
					return fmt.Errorf("%v: byte %d was captured", call, x)
				}
			}
			if extra := off + n - len(held[d]); extra > 1 || extra == 1 && fin[d] {
				return fmt.Errorf("%v at %d passes the end at %d", call, off, len(held[d]))
			}
		}
		stand[d] = max(stand[d], off+len(call.Data)+int(call.Gap.Bytes))
	}
	for d := range stand {
		// One acknowledged byte at the very end can't be told from a FIN.
		if len(r.Calls) > 0 && stand[d] < end[d] && !(stand[d] == end[d]-1 && !held[d][stand[d]]) {
			return fmt.Errorf("direction %d ends at %d, captured up to %d", d, stand[d], end[d])
		}
	}
	return nil
}
