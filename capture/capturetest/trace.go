package capturetest

import (
	"fmt"
	"sort"
	"time"

	"wstap/capture"
)

// maxScenario bounds the bytes that a scenario sends, so that no short text
// grows without end. Traces made by Go calls have no bound.
const maxScenario = 32 << 20

// Trace is a capture in the making: what was sent is appended packet by
// packet, and Packets returns what the capture holds of it. Its fields may be
// changed between packets.
type Trace struct {
	Link      capture.LinkType // NewTrace: Ethernet
	Snaplen   int              // bytes kept of each packet; 0 keeps all
	Interface int
	// Clock is the time of the next packet, Step what each packet adds to it.
	Clock time.Time
	Step  time.Duration

	// arrive, if set, decides for each packet instead of its sender.
	arrive func() Arrival
	sent   []sentPacket
	conns  int
	bytes  int
	limit  int // of bytes; 0 is none
	err    error
}

// sentPacket is one packet on the wire and how it came into the capture.
type sentPacket struct {
	packet capture.Packet
	late   int
}

// Arrival says how a packet comes into the capture. The zero value is: once,
// whole, at its time.
type Arrival struct {
	Lost  bool // it is not in the capture
	Twice bool // it is there twice, one behind the other
	Late  int  // it comes behind the following Late packets
	Snap  int  // only its first Snap bytes are captured; 0 is all
	Pad   int  // the frame is padded to Pad bytes; the padding is 0xaa
}

// NewTrace is an empty Ethernet capture that begins at 2026-01-02T03:04:05Z,
// with 1 ms between packets.
func NewTrace() *Trace {
	return &Trace{Link: capture.LinkEthernet, Clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Step: time.Millisecond}
}

// Wait lets d pass between the packet before and the next one.
func (t *Trace) Wait(d time.Duration) {
	if t.bytes > 0 {
		d -= t.Step
	}
	t.Clock = t.Clock.Add(d)
}

// Err is the first error of any packet that could not be written, such as a
// VLAN tag on a link type that has none.
func (t *Trace) Err() error { return t.err }

// Datagram appends d, wrapped by encaps.
func (t *Trace) Datagram(d Datagram, encaps []Encap, a Arrival) { t.datagram(0, d, encaps, a) }

// datagram sends d from side 0 (client) or 1 of the link.
func (t *Trace) datagram(side Direction, d Datagram, encaps []Encap, a Arrival) {
	src, dst := mac{2, 0, 0, 0, 0, 1}, mac{2, 0, 0, 0, 0, 2}
	if side == FromServer {
		src, dst = dst, src
	}
	all, err := wrapAll(d, encaps)
	if err != nil {
		t.fail(err)
	}
	for _, d := range all {
		b, err := linkFrame(t.Link, src, dst, d)
		if err != nil {
			t.fail(err)
			return
		}
		for len(b) < a.Pad {
			b = append(b, 0xaa)
		}
		t.Raw(b, a)
	}
}

// Raw appends a packet of which b is everything, link-layer header included.
func (t *Trace) Raw(b []byte, a Arrival) {
	if t.arrive != nil {
		lost := a.Lost
		a = t.arrive()
		a.Lost = a.Lost || lost
	}
	if t.bytes += len(b); t.limit > 0 && t.bytes > t.limit {
		t.fail(fmt.Errorf("more than %d MiB of packets", t.limit>>20))
		return
	}
	p := capture.Packet{Data: b, Link: t.Link, Length: len(b), Interface: t.Interface}
	p.Time = t.Clock
	t.Clock = t.Clock.Add(t.Step)
	for _, n := range []int{t.Snaplen, a.Snap} {
		if n > 0 && n < len(p.Data) {
			p.Data = p.Data[:n]
		}
	}
	if a.Lost {
		return
	}
	t.sent = append(t.sent, sentPacket{p, a.Late})
	if a.Twice {
		t.sent = append(t.sent, sentPacket{p, a.Late})
	}
}

func (t *Trace) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// Packets is the capture: the caller's own copies, numbered from 1, in order
// of arrival, their times ascending. A late packet takes the time of the place
// to which it comes.
func (t *Trace) Packets() []capture.Packet {
	order := make([]int, len(t.sent))
	for i := range order {
		order[i] = i
	}
	// A packet that is n late stands behind packet i+n: its key is just above.
	key := func(i int) int {
		if t.sent[i].late > 0 {
			return 2*(i+t.sent[i].late) + 1
		}
		return 2 * i
	}
	sort.SliceStable(order, func(a, b int) bool { return key(order[a]) < key(order[b]) })
	out := make([]capture.Packet, len(order))
	for n, i := range order {
		out[n] = t.sent[i].packet
		out[n].Time = t.sent[n].packet.Time
	}
	return clone(out)
}

// clone copies pkts with their bytes and numbers them from 1.
func clone(pkts []capture.Packet) []capture.Packet {
	out := make([]capture.Packet, len(pkts))
	for i, p := range pkts {
		p.Data = append([]byte(nil), p.Data...)
		p.Packet = uint64(i + 1)
		out[i] = p
	}
	return out
}
