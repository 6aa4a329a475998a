package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// sameAhead reads a capture packet by packet, decoding by the general way alone,
// and beside it by File.Decode where that will: both have to see the same. It
// returns how many packets were decoded ahead. r says how many at once.
func sameAhead(t *testing.T, name string, open func() (*File, error), r *rand.Rand) (ahead int) {
	t.Helper()
	f, err := open()
	g, err2 := open()
	if fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%s: %v, then %v", name, err, err2)
	}
	if err != nil {
		return 0
	}
	defer f.Close()
	defer g.Close()
	var d, e Decoder
	var p Packet
	var s Segment
	into := make([]Decoded, 70)
	for {
		some := into[:1+r.IntN(len(into))]
		n := g.Decode(&e, some)
		ahead += n
		for i := range some[:n] {
			if err := f.NextInto(&p); err != nil {
				t.Fatalf("%s: packet %d was decoded ahead, but: %v", name, some[i].Packet, err)
			}
			d.pieces = d.pieces[:0]
			k := d.general(&p, &s)
			got := &some[i]
			if got.Kind != k || got.Stamp != p.Stamp || k == KindTCP && !same(&got.Segment, &s) || k != KindTCP && k != KindOther {
				t.Fatalf("%s: packet %d:\ngot  %+v\nwant %v %+v", name, p.Packet, got, k, s)
			}
			if _, ok := d.ICMPError(); ok {
				t.Fatalf("%s: packet %d is an ICMP error", name, p.Packet)
			}
			if len(f.Secrets()) != len(g.Secrets()) {
				t.Fatalf("%s: packet %d: %d secrets, want %d", name, p.Packet, len(g.Secrets()), len(f.Secrets()))
			}
		}
		if n == len(some) {
			continue
		}
		var q Packet
		err, err2 := f.NextInto(&p), g.NextInto(&q)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%s: after packet %d: got %v, want %v", name, f.Stats().Packets, err2, err)
		}
		if err == ErrIdle {
			continue
		}
		if err != nil {
			break
		}
		samePackets(t, []Packet{q}, []Packet{p})
		var u Segment
		d.pieces = d.pieces[:0]
		if k, l := d.general(&p, &s), e.Decode(&q, &u); k != l || k == KindTCP && !same(&u, &s) || !slices.Equal(d.pieces, e.pieces) {
			t.Fatalf("%s: packet %d:\ngot  %v %+v\nwant %v %+v", name, p.Packet, l, u, k, s)
		}
	}
	if n := g.Decode(&e, into); n != 0 {
		t.Fatalf("%s: %d packets behind the end", name, n)
	}
	if f.Stats() != g.Stats() || d.Stats() != e.Stats() {
		t.Fatalf("%s:\ngot  %+v %+v\nwant %+v %+v", name, g.Stats(), e.Stats(), f.Stats(), d.Stats())
	}
	return ahead
}

// commonPackets are those of many shapes: most of them common.
func commonPackets(r *rand.Rand) (all []Packet) {
	for range 6 {
		for _, six := range []bool{false, true} {
			s := randomSegment(r, six)
			f := encodeSegment(&s)
			cut := links["ethernet"](f)
			cut.Data = cut.Data[:max(60, len(cut.Data)-20)]
			all = append(all, links["ethernet"](f), cut, links["ethernet"](tags["802.1Q"](f)), links["ethernet"](inUDP(443, s.Payload)),
				links["ethernet"](tunnels["VXLAN"](f)), links["ethernet"](inUDP(443, nil)), links["ethernet"](frame{etherARP, make([]byte, 46)}))
			s.Flags |= SYN
			all = append(all, links["ethernet"](encodeSegment(&s)))
			for _, part := range fragmentsOf(r, &s, 3, 600) {
				all = append(all, links["ethernet"](part))
			}
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// pieces is a file that gives a few bytes at a time.
type pieces struct {
	bytes.Reader
	most int
}

func (p *pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.most)]) }

// Packets decoded ahead are those that Next and the general way tell, in every
// form of file, also a damaged one, and wherever blocks end.
func TestDecodeAhead(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	packets := commonPackets(r)
	for _, w := range writings {
		var file bytes.Buffer
		wr := NewWriter(&file, w.opts)
		if _, err := wr.AddInterface(Interface{Link: LinkEthernet}); err != nil {
			t.Fatal(err)
		}
		for i, p := range packets {
			if i == len(packets)/2 && w.opts.Format == PCAPNG {
				if err := wr.WriteSecret(Secret{SecretTLS, []byte("CLIENT_RANDOM 00 00\n")}); err != nil {
					t.Fatal(err)
				}
			}
			if err := wr.WritePacket(p); err != nil {
				t.Fatal(err)
			}
		}
		intact := file.Bytes()
		want := 0
		if !w.opts.BigEndian {
			want = len(packets) / 4
		}
		for i := range 150 {
			b := slices.Clone(intact)
			for range min(i, r.IntN(4)) {
				at := r.IntN(len(b))
				if r.IntN(4) == 0 { // where more depends on it
					at = r.IntN(60)
				}
				b[at] = byte(r.Uint32() >> (r.IntN(4) * 8))
			}
			if i%5 == 4 {
				b = b[:r.IntN(len(b))]
			}
			most := len(b)
			if i%2 == 1 {
				most = 1 + r.IntN(5000)
			}
			open := func() (*File, error) { return NewReader(&pieces{*bytes.NewReader(b), most}, "test") }
			if n := sameAhead(t, fmt.Sprint(w.name, " ", i), open, r); i == 0 && (n < want || want == 0 && n > 0) {
				t.Errorf("%s: of %d packets %d were decoded ahead", w.name, len(packets), n)
			}
		}
	}
}

// In a pcap file of before 2.3 the lengths may be exchanged.
func TestDecodeAheadOfOldFiles(t *testing.T) {
	s := testSegment(false)
	data := string(links["ethernet"](encodeSegment(&s)).Data)
	n := uint32(len(data))
	for _, minor := range []uint16{2, 3, 4} {
		b := pcapBytes(binary.LittleEndian, pcapMagic, minor, 1, 1_700_000_000, 5_000_000, n, n, data)
		open := func() (*File, error) { return NewReader(bytes.NewReader(b), "test") }
		want := 0
		if minor > 3 {
			want = 1
		}
		if got := sameAhead(t, "old", open, rand.New(rand.NewPCG(1, 2))); got != want {
			t.Errorf("version 2.%d: %d packets decoded ahead, want %d", minor, got, want)
		}
	}
}

// A record that is too long stays so where it is in memory whole, as it may be
// behind a packet of 16 MiB.
func TestDecodeAheadOfTooLongPackets(t *testing.T) {
	segment := testSegment(false)
	common := links["ethernet"](encodeSegment(&segment)).Data
	b := pcapBytes(binary.LittleEndian, pcapMagic, 4, 1, 0, 0, 0, 0, "")[:pcapHeaderLen]
	add := func(n int) {
		for _, v := range []uint32{1_700_000_000, 0, uint32(n), uint32(n)} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(append(b, common...), make([]byte, n-len(common))...)
	}
	b = slices.Grow(b, 3*maxPacket+1000)
	add(maxPacket)
	add(maxPacket - 2*pcapRecordLen) // these two fill the window
	add(len(common))
	add(maxPacket + 1)
	open := func() (*File, error) { return NewReader(bytes.NewReader(b), "test") }
	sameAhead(t, "too long", open, rand.New(rand.NewPCG(1, 2)))
}

// segments is a file of n packets.
func segments(t *testing.T, n int) []byte {
	t.Helper()
	var file bytes.Buffer
	wr := NewWriter(&file, WriterOptions{Format: PCAP})
	if _, err := wr.AddInterface(Interface{Link: LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	for range n {
		s := testSegment(false)
		if err := wr.WritePacket(links["ethernet"](encodeSegment(&s))); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// A pipe gives what has come; a File that was closed or is at its end nothing.
func TestDecodeAheadWhereThereIsNothing(t *testing.T) {
	file := segments(t, 3)
	var d Decoder
	into := make([]Decoded, 8)
	piped, err := NewReader(struct{ io.Reader }{bytes.NewReader(file)}, "pipe")
	if err != nil {
		t.Fatal(err)
	}
	if n := piped.Decode(&d, into); n != 0 {
		t.Errorf("%d packets before the header", n)
	}
	for err = ErrIdle; errors.Is(err, ErrIdle); {
		_, err = piped.Next()
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := piped.Decode(&d, into); n != 2 {
		t.Errorf("%d packets behind the first of a pipe, want 2", n)
	}
	piped.Close()

	f, err := NewReader(bytes.NewReader(file), "file")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if n := f.Decode(&d, into); n != 0 {
		t.Errorf("%d packets of a closed file", n)
	}
}

// The same over the captures of the corpus.
func TestDecodeAheadOfCorpus(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	packets, ahead := uint64(0), 0
	for _, path := range corpusFiles(t, corpusDir(t)) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var last *File
		ahead += sameAhead(t, path, func() (f *File, err error) {
			f, err = NewReader(bytes.NewReader(b), path)
			last = f
			return f, err
		}, r)
		if last != nil {
			packets += last.Stats().Packets
		}
	}
	t.Logf("%d of %d packets decoded ahead", ahead, packets)
	if uint64(ahead) < packets/4 {
		t.Error("hardly any")
	}
}

func TestDecodeAheadDoesNotAllocate(t *testing.T) {
	file := segments(t, 1000)
	f, err := NewReader(bytes.NewReader(file), "test")
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	into := make([]Decoded, 8)
	f.NextInto(new(Packet))
	if n := testing.AllocsPerRun(100, func() { f.Decode(&d, into) }); n != 0 || d.Stats().TCP != 101*8 {
		t.Errorf("%v allocations, %d segments", n, d.Stats().TCP)
	}
}
