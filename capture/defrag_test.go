package capture

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// cutUp cuts an IP payload into fragments of random sizes, at most most bytes.
func cutUp(r *rand.Rand, src, dst netip.Addr, proto uint8, id uint32, payload []byte, most int) (out []frame) {
	for at := 0; at < len(payload); {
		n := 8 * (1 + r.IntN(most/8))
		more := at+n < len(payload)
		if !more {
			n = len(payload) - at
		}
		out = append(out, fragmentOf(src, dst, proto, id, at, more, payload[at:at+n]))
		at += n
	}
	return out
}

func fragmentOf(src, dst netip.Addr, proto uint8, id uint32, at int, more bool, b []byte) frame {
	if src.Is4() {
		field := uint16(at / 8)
		if more {
			field |= 0x2000
		}
		return frame{etherIPv4, encodeIP4(src, dst, proto, uint16(id), field, nil, b)}
	}
	field := uint16(at)
	if more {
		field |= 1
	}
	return frame{etherIPv6, encodeIP6(src, dst, protoFragment, join([]byte{proto, 0}, be16s(field), be32s(id), b))}
}

// fragmentsOf is s in fragments.
func fragmentsOf(r *rand.Rand, s *Segment, id uint32, most int) []frame {
	return cutUp(r, s.Src.Addr(), s.Dst.Addr(), protoTCP, id, encodeTCP(s, nil), most)
}

func at(p Packet, n uint64, after time.Duration) Packet {
	p.Packet, p.Time = n, p.Time.Add(after)
	return p
}

// Segments in fragments come back whole, however these are cut, shuffled,
// doubled, tunnelled and mixed with those of other datagrams.
func TestFragmentsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	plain := wrap(func(f frame) frame { return f })
	outer := []wrap{plain, plain, tunnels["VXLAN"], tunnels["GRE"], ipTunnels["IP in IP"], ipTunnels["GTP-U"]}
	var d Decoder
	for round := range 1500 {
		var packets []Packet
		want, found := map[Flow]Segment{}, map[Flow]bool{}
		for i := range 1 + r.IntN(4) {
			s := randomSegment(r, r.IntN(2) == 0)
			want[s.Flow()] = s
			fs := fragmentsOf(r, &s, uint32(round*8+i), []int{8, 64, 600, 1400}[r.IntN(4)])
			for range r.IntN(3) { // doubled
				fs = append(fs, fs[r.IntN(len(fs))])
			}
			w := outer[r.IntN(len(outer))]
			for _, f := range fs {
				packets = append(packets, links["ethernet"](w(f)))
			}
		}
		if r.IntN(2) == 0 {
			r.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
		}
		for i, p := range packets {
			p = at(p, uint64(round*10000+i), time.Duration(round)*time.Millisecond)
			var got Segment
			switch k := d.Decode(&p, &got); k {
			case KindTCP:
				w, ok := want[got.Flow()]
				w.Stamp = p.Stamp
				if !ok || !same(&got, &w) {
					t.Fatalf("round %d:\ngot  %+v\nwant %+v", round, got, w)
				}
				found[got.Flow()] = true
			case KindFragment:
			default:
				t.Fatalf("round %d: kind %v", round, k)
			}
		}
		if len(found) != len(want) {
			t.Fatalf("round %d: %d segments of %d found, %+v", round, len(found), len(want), d.Stats())
		}
	}
	if s := d.Stats(); s.Incomplete != 0 || s.FragmentOverlaps != 0 || s.FragmentEvicted != 0 || s.FragmentTimeouts != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A tunnel's own packets in fragments, of a segment that is in fragments.
func TestFragmentsOfFragments(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		want := randomSegment(r, r.IntN(2) == 0)
		var d Decoder
		found := 0
		n := uint64(0)
		for i, inner := range fragmentsOf(r, &want, 9, 400) {
			ends := outer4
			if r.IntN(2) == 0 {
				ends = outer6
			}
			gre := join(be16s(0, inner.etherType), inner.b)
			for _, f := range cutUp(r, ends[0], ends[1], protoGRE, uint32(i), gre, 64) {
				n++
				p := at(links["linux_sll2"](f), n, 0)
				var got Segment
				switch d.Decode(&p, &got) {
				case KindTCP:
					found++
					w := want
					w.Stamp = p.Stamp
					if !same(&got, &w) {
						t.Fatalf("got  %+v\nwant %+v", got, w)
					}
				case KindFragment:
				default:
					t.Fatal("lost")
				}
			}
		}
		if found != 1 {
			t.Fatalf("found %d times", found)
		}
	}
}

// decodeAll returns the segments in packets, copied, and the decoder.
func decodeAll(packets ...Packet) ([]Segment, *Decoder) {
	d := new(Decoder)
	var all []Segment
	for i, p := range packets {
		p.Packet = uint64(i + 1)
		var s Segment
		if d.Decode(&p, &s) == KindTCP {
			s.Payload = slices.Clone(s.Payload)
			all = append(all, s)
		}
	}
	return all, d
}

// fragments is a segment with the given data in fragments of 16 bytes.
func fragments16(id uint32, data string) (out []Packet) {
	s := testSegment(false)
	s.Payload = []byte(data)
	b := encodeTCP(&s, nil)
	for at := 0; at < len(b); at += 16 {
		end := min(at+16, len(b))
		out = append(out, links["ethernet"](fragmentOf(s.Src.Addr(), s.Dst.Addr(), protoTCP, id, at, end < len(b), b[at:end])))
	}
	return out
}

func expectPayloads(t *testing.T, got []Segment, want ...string) {
	t.Helper()
	var have []string
	for _, s := range got {
		have = append(have, string(s.Payload))
	}
	if !slices.Equal(have, want) {
		t.Errorf("payloads %q, want %q", have, want)
	}
}

// data is 60 bytes: a segment of five fragments.
const data60 = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN"

func TestFragmentOverlapFirstWins(t *testing.T) {
	f := fragments16(1, data60)
	other := fragments16(1, "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX")
	got, d := decodeAll(f[0], f[1], other[1], f[2], other[2], f[3], f[4])
	expectPayloads(t, got, data60)
	if s := d.Stats(); s.FragmentOverlaps != 2 || s.FragmentDups != 0 || s.Reassembled != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestFragmentPartialOverlap(t *testing.T) {
	s := testSegment(false)
	s.Payload = []byte(data60)
	b := encodeTCP(&s, nil)
	bad := slices.Repeat([]byte{'X'}, len(b))
	cut := func(from, to int, b []byte) Packet {
		return links["ethernet"](fragmentOf(s.Src.Addr(), s.Dst.Addr(), protoTCP, 1, from, to < len(b), b[from:to]))
	}
	got, d := decodeAll(cut(16, 40, b), cut(0, 16, b), cut(32, 64, append(slices.Clone(bad[:40]), b[40:]...)), cut(24, 80, append(slices.Clone(bad[:64]), b[64:]...)))
	expectPayloads(t, got, data60)
	if s := d.Stats(); s.FragmentOverlaps != 2 {
		t.Errorf("stats %+v", s)
	}
}

// An interface pair shows every fragment twice: one segment, nothing left over.
func TestFragmentsDoubled(t *testing.T) {
	var doubled []Packet
	for _, p := range fragments16(1, data60) {
		doubled = append(doubled, p, p)
	}
	got, d := decodeAll(append(doubled, fragments16(1, data60)...)...)
	expectPayloads(t, got, data60)
	if s := d.Stats(); s.FragmentDups != 10 || s.Incomplete != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestFragmentIdentificationReused(t *testing.T) {
	second := data60[:50] + "0987654321" // some fragments are the same
	f := fragments16(1, second)
	f[0].Data[14+20+4]++ // but not the sequence number
	got, _ := decodeAll(append(fragments16(1, data60), f...)...)
	expectPayloads(t, got, data60, second)
}

func TestFragmentTimeout(t *testing.T) {
	f := fragments16(1, data60)
	for _, c := range []struct {
		after time.Duration
		found int
	}{{29 * time.Second, 1}, {31 * time.Second, 0}, {-31 * time.Second, 0}} {
		got, d := decodeAll(f[0], f[1], f[2], f[3], at(f[4], 5, c.after))
		if len(got) != c.found || d.Stats().FragmentTimeouts != uint64(1-c.found) {
			t.Errorf("after %v: %d found, %+v", c.after, len(got), d.Stats())
		}
	}
}

// Nothing is made up where the snapshot length cut fragments.
func TestFragmentsTruncated(t *testing.T) {
	f := fragments16(1, data60)
	f[2].Data = f[2].Data[:len(f[2].Data)-10]
	got, _ := decodeAll(f[4], f[3], f[2], f[1], f[0])
	expectPayloads(t, got, data60[:32+6-20])
	if len(got) == 1 && got[0].Missing != 60-18 {
		t.Errorf("missing %d", got[0].Missing)
	}
	f[0].Data = f[0].Data[:len(f[0].Data)-10] // the header too
	got, d := decodeAll(f...)
	if len(got) != 0 || d.Stats().Truncated != 1 {
		t.Errorf("%d found, %+v", len(got), d.Stats())
	}
}

func TestFragmentContradictions(t *testing.T) {
	f := fragments16(1, data60)
	long := fragments16(1, data60+data60)
	// A last fragment that ends before others, and one that goes on behind the end.
	got, d := decodeAll(f[0], long[6], f[4], long[5])
	if len(got) != 0 || d.Stats().Incomplete != 1 {
		t.Errorf("%d found, %+v", len(got), d.Stats())
	}
	got, _ = decodeAll(f[0], f[4], long[6], f[1], f[2], f[3])
	expectPayloads(t, got, data60)
	// Past the longest datagram.
	s := testSegment(false)
	p := links["ethernet"](fragmentOf(s.Src.Addr(), s.Dst.Addr(), protoTCP, 1, 65528, false, make([]byte, 16)))
	if k := new(Decoder).Decode(&p, &s); k != KindMalformed {
		t.Errorf("ping of death: %v", k)
	}
}

// Memory stays within its bounds, and what was evicted is counted.
func TestFragmentBounds(t *testing.T) {
	src, dst := outer4[0], outer4[1]
	for _, c := range []struct {
		name    string
		packets int
		packet  func(i int) frame
	}{
		{"datagrams", 3 * maxDatagrams, func(i int) frame {
			return fragmentOf(src, dst, protoTCP, uint32(i), 0, true, make([]byte, 64))
		}},
		{"far offsets", 3 * maxDatagrams, func(i int) frame {
			return fragmentOf(src, dst, protoTCP, uint32(i), 65000, true, make([]byte, 64))
		}},
		{"fragments", 3 * maxFragments, func(i int) frame {
			return fragmentOf(src, dst, protoTCP, uint32(i/8000), i%8000*8, true, make([]byte, 8))
		}},
		{"bytes", 30000, func(i int) frame {
			return fragmentOf(src, dst, protoTCP, uint32(i/40), i%40*1480, true, make([]byte, 1480))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d Decoder
			var s Segment
			for i := range c.packets {
				p := links["linux_sll2"](c.packet(i))
				d.Decode(&p, &s)
				g := &d.defrag
				if len(g.held) > maxDatagrams || g.fragments > maxFragments || g.bytes > maxFragmentBytes {
					t.Fatalf("packet %d: %d datagrams, %d fragments, %d bytes", i, len(g.held), g.fragments, g.bytes)
				}
			}
			if d.Stats().FragmentEvicted == 0 {
				t.Error("nothing evicted")
			}
			checkDefrag(t, &d.defrag)
			for d.defrag.oldest != nil {
				d.defrag.drop(d.defrag.oldest)
			}
			if g := &d.defrag; g.bytes != 0 || g.fragments != 0 || g.waiting != 0 || len(g.held) != 0 || g.newest != nil {
				t.Errorf("left: %d bytes, %d fragments, %d waiting, %d held", g.bytes, g.fragments, g.waiting, len(g.held))
			}
		})
	}
}

// checkDefrag compares the defragmenter's counts with what it holds.
func checkDefrag(t *testing.T, d *defragmenter) {
	t.Helper()
	var held, bytes, fragments int
	var waiting uint64
	for p := d.oldest; p != nil; p = p.next {
		held++
		bytes += len(p.data) + 8*len(p.seen)
		fragments += len(p.parts)
		if !p.done {
			waiting++
		}
		if d.held[p.key] != p {
			t.Fatal("list and map differ")
		}
	}
	if held != len(d.held) || bytes != d.bytes || fragments != d.fragments || waiting != d.waiting {
		t.Fatalf("held %d/%d, bytes %d/%d, fragments %d/%d, waiting %d/%d",
			held, len(d.held), bytes, d.bytes, fragments, d.fragments, waiting, d.waiting)
	}
}

// UDP that is no tunnel is not held.
func TestFragmentsOfUDPAreIgnored(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var d Decoder
	var s Segment
	for _, f := range cutUp(r, outer4[0], outer4[1], protoUDP, 1, encodeUDP(53, 1234, make([]byte, 4000)), 64) {
		p := links["ethernet"](f)
		if k := d.Decode(&p, &s); k != KindFragment {
			t.Fatal(k)
		}
	}
	if d.defrag.fragments != 1 || d.Stats().Incomplete != 0 {
		t.Errorf("%d fragments held", d.defrag.fragments)
	}
	// A tunnel may use the identification after it.
	want := testSegment(true)
	found := 0
	vxlan := encodeUDP(1234, portVXLAN, join(be32s(0x08000000, 0), encodeEthernet(encodeSegment(&want))))
	for _, f := range cutUp(r, outer4[0], outer4[1], protoUDP, 1, vxlan, 64) {
		p := links["ethernet"](f)
		if d.Decode(&p, &s) == KindTCP {
			found++
		}
	}
	if found != 1 {
		t.Errorf("found %d", found)
	}
}
