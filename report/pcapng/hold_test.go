package pcapng_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/pcapng"
	"wstap/wsframe"
)

// bench is a Hold with packets made by hand.
type bench struct {
	t   *testing.T
	m   memory
	out *pcapng.Output
	h   *pcapng.Hold
	n   uint64
	now time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Unix(1e9, 0)}
	var err error
	b.out, err = pcapng.NewOutput(&b.m, pcapng.Options{Interfaces: func() []capture.Interface {
		return []capture.Interface{{Link: capture.LinkRaw}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.h = pcapng.NewHold(b.out)
	return b
}

// packet passes a packet of a stream, whose number its data tells.
func (b *bench) packet(stream uint64, wanted bool, size int) uint64 {
	b.t.Helper()
	b.n++
	data := make([]byte, size)
	data[0], data[1], data[2] = byte(b.n), byte(b.n>>8), byte(b.n>>16)
	p := capture.Packet{Stamp: capture.Stamp{Time: b.now, Packet: b.n}, Data: data, Length: size, Link: capture.LinkRaw}
	if err := b.h.Packet(p, capture.KindTCP, stream, wanted, nil); err != nil {
		b.t.Fatal(err)
	}
	clear(data) // it was lent
	return b.n
}

func (b *bench) show(stream uint64) {
	b.t.Helper()
	c := &wsframe.Conn{Stream: reassembly.NewStream(stream, netip.AddrPort{}, netip.AddrPort{}, reassembly.Handshake{}), Upgrade: &wsframe.Upgrade{}}
	if err := b.h.Shown().Emit(&wsframe.Opened{M: wsframe.Meta{Conn: c}}); err != nil {
		b.t.Fatal(err)
	}
}

// written ends it and lists the packets of the file.
func (b *bench) written() (list []uint64) {
	b.t.Helper()
	if err := b.h.Close(); err != nil {
		b.t.Fatal(err)
	}
	if err := b.out.Close(); err != nil {
		b.t.Fatal(err)
	}
	for _, p := range read(b.t, b.m.files[1].Bytes()) {
		list = append(list, uint64(p.Data[0])|uint64(p.Data[1])<<8|uint64(p.Data[2])<<16)
	}
	return list
}

func (b *bench) limit(name string) uint64 {
	for _, l := range b.h.Limits() {
		if l.Name == name {
			return l.Count
		}
	}
	b.t.Fatalf("no limit %s", name)
	return 0
}

func (b *bench) is(want ...uint64) {
	b.t.Helper()
	if got := b.written(); !slices.Equal(got, want) {
		b.t.Errorf("packets %v are written, want %v", got, want)
	}
}

func TestOrderIsThatOfTheCapture(t *testing.T) {
	b := newBench(t)
	b.packet(1, true, 40)
	b.packet(2, true, 40)
	b.packet(1, true, 40)
	b.show(2)
	b.packet(2, true, 40)
	b.show(1)
	b.packet(1, true, 40)
	b.is(1, 2, 3, 4, 5)
}

func TestIgnoredStreamsAreNotWritten(t *testing.T) {
	b := newBench(t)
	b.packet(1, true, 40)
	b.packet(2, true, 40)
	b.show(2)
	b.packet(1, false, 40)
	b.packet(2, true, 40)
	b.packet(2, false, 40) // the last ACK behind the end
	b.packet(3, true, 40)  // never decided
	b.is(2, 4, 5)
}

// A connection that says nothing for long keeps its handshake, and holds up the
// others for a while only.
func TestOpeningOutlivesTheQueue(t *testing.T) {
	b := newBench(t)
	b.packet(1, true, 40)
	b.packet(2, true, 40)
	b.show(2)
	b.now = b.now.Add(time.Minute)
	b.packet(2, true, 40)
	b.show(1)
	b.packet(1, true, 40)
	b.is(2, 3, 1, 4)
	if n := b.limit("write-hold"); n != 0 {
		t.Errorf("%d packets are lost", n)
	}
}

func TestShownTooLateIsCounted(t *testing.T) {
	b := newBench(t)
	for range 100 {
		b.packet(1, true, 40)
		b.now = b.now.Add(10 * time.Second)
	}
	b.show(1)
	b.packet(1, true, 40)
	got := b.written()
	// The first 64 were kept, one was still held.
	if n := b.limit("write-hold"); len(got) != 66 || got[63] != 64 || got[64] != 100 || n != 35 {
		t.Errorf("%d packets are written, %d lost: %v", len(got), n, got)
	}
}

// TestMemoryIsBounded: by the bytes held, and by those of undecided connections.
func TestMemoryIsBounded(t *testing.T) {
	b := newBench(t)
	for i := range uint64(2000) {
		b.packet(i, true, 60000)
	}
	if n := b.limit("write-undecided"); n < 1000 {
		t.Errorf("%d connections were given up", n)
	}
	b.show(1999)
	b.is(2000)
}
