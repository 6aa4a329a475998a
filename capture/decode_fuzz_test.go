package capture

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

var fuzzLinks = []LinkType{
	LinkEthernet, LinkNull, LinkPPP, LinkRawBSD, LinkRawOpen, LinkPPPHDLC, LinkPPPoE, LinkRaw, LinkCHDLC, LinkLoop,
	LinkLinuxSLL, LinkUser2, LinkIPv4, LinkIPv6, LinkNFLOG, LinkIPoIB, LinkPKTAP, LinkLinuxSLL2, 105,
}

// within reports whether part lies in whole.
func within(part, whole []byte) bool {
	if len(part) == 0 {
		return true
	}
	if len(whole) == 0 {
		return false
	}
	at := uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&whole[0]))
	return at+uintptr(len(part)) <= uintptr(len(whole))
}

// checkDecode decodes p and checks what holds of every packet.
func checkDecode(t *testing.T, d *Decoder, p Packet) (Segment, Kind) {
	t.Helper()
	before := slices.Clone(p.Data)
	stale := Segment{Seq: 1, Ack: 2, Flags: 3, Window: 4, Scale: 5, MSS: 6, Missing: 7, Payload: []byte{8}}
	s := stale
	k := d.Decode(&p, &s)
	if !bytes.Equal(before, p.Data) {
		t.Fatal("wrote to lent bytes")
	}
	// The fast path is a shortcut, not another opinion.
	fastly, general := stale, stale
	fastly.Stamp, general.Stamp = p.Stamp, p.Stamp
	if quick := new(Decoder).fast(p.Link, p.Data, &fastly); quick != undecided {
		w := walk{d: new(Decoder), s: &general, at: p.Stamp}
		if k := w.link(p.Link, view{p.Data, max(p.Length, len(p.Data))}); k != quick || !same(&fastly, &general) {
			t.Fatalf("fast    %v %+v\ngeneral %v %+v", quick, fastly, k, general)
		}
	} else if !same(&fastly, &general) {
		t.Fatal("undecided, but the segment was changed")
	}
	if k != KindTCP {
		if !same(&s, &stale) {
			t.Fatalf("%v, but the segment was changed", k)
		}
		return s, k
	}
	if !within(s.Payload, p.Data) && !within(s.Payload, d.defrag.joined) {
		t.Fatal("the payload is neither in the packet nor in the decoder's buffer")
	}
	if s.Missing < 0 || len(s.Payload)+s.Missing > max(65535, p.Length, len(p.Data)) {
		t.Fatalf("payload %d, missing %d of a packet of %d (%d captured)", len(s.Payload), s.Missing, p.Length, len(p.Data))
	}
	if s.Stamp != p.Stamp || !s.Src.AddrPort().IsValid() || !s.Dst.AddrPort().IsValid() || s.Src.Addr().Is4() != s.Dst.Addr().Is4() || s.Scale < -1 || s.Scale > 14 {
		t.Fatalf("segment %+v", s)
	}
	return s, k
}

func FuzzDecode(f *testing.F) {
	s4, s6 := testSegment(false), testSegment(true)
	index := func(l LinkType) uint8 { return uint8(slices.Index(fuzzLinks, l)) }
	for _, s := range []Segment{s4, s6} {
		plain := encodeSegment(&s)
		for _, m := range []map[string]wrap{tags, overIP, tunnels, ipTunnels} {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				p := links["ethernet"](m[name](plain))
				f.Add(index(p.Link), uint16(p.Length), p.Data)
			}
		}
		for _, m := range []map[string]func(frame) Packet{links, ipLinks} {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				p := m[name](plain)
				f.Add(index(p.Link), uint16(p.Length), p.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, link uint8, length uint16, b []byte) {
		d := new(Decoder)
		p := onWire(fuzzLinks[int(link)%len(fuzzLinks)], b)
		p.Length = int(length)
		s, k := checkDecode(t, d, p)
		payload := slices.Clone(s.Payload)
		again, k2 := checkDecode(t, d, p)
		if k != k2 || k == KindTCP && !bytes.Equal(again.Payload, payload) {
			if d.Stats().Fragments == 0 { // a datagram of one fragment is complete but once
				t.Fatalf("%v, then %v", k, k2)
			}
		}
		st := d.Stats()
		if st.TCP+st.Other+st.Fragment+st.Unknown+st.Malformed+st.Truncated != 2 {
			t.Fatalf("stats %+v", st)
		}
		checkDefrag(t, &d.defrag)
	})
}

// Packets with a few bytes changed: the headers are still deep, but lie.
func TestDecodeDamagedPackets(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var stacks []Packet
	for _, six := range []bool{false, true} {
		s := testSegment(six)
		plain := encodeSegment(&s)
		for _, m := range []map[string]wrap{tags, overIP, tunnels, ipTunnels} {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				stacks = append(stacks, links["ethernet"](m[name](plain)), links["linux_sll2"](tunnels["VXLAN"](m[name](plain))))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(ipLinks)) {
			stacks = append(stacks, ipLinks[name](plain))
		}
		for _, f := range fragmentsOf(r, &s, 3, 16) {
			stacks = append(stacks, links["ethernet"](f), links["ethernet"](tunnels["GRE"](f)))
		}
	}
	var d Decoder
	for range 30000 {
		p := stacks[r.IntN(len(stacks))]
		p.Data = slices.Clone(p.Data)
		for range 1 + r.IntN(3) {
			p.Data[r.IntN(len(p.Data))] = byte(r.Uint32())
		}
		if r.IntN(4) == 0 {
			p.Data = p.Data[:r.IntN(len(p.Data))]
		}
		checkDecode(t, &d, p)
	}
	checkDefrag(t, &d.defrag)
}

// modelDatagram is a plain model of defragmentation, byte by byte.
type modelDatagram struct {
	b     [256]int // the byte plus one, 0 where none has come
	total int
}

// add returns the datagram when the fragment completes it.
func (m *modelDatagram) add(offset int, more bool, b []byte) []byte {
	ends := offset + len(b)
	high, fresh := 0, false
	for i, c := range m.b {
		if c != 0 {
			high = i + 1
		}
		fresh = fresh || c == 0 && i >= offset && i < ends
	}
	switch {
	case m.total != 0 && (ends > m.total || !more && ends != m.total),
		m.total == 0 && !more && (ends+7)/8 < (high+7)/8,
		!fresh && (more || m.total != 0):
		return nil
	}
	if !more {
		m.total = ends
	}
	for i, c := range b {
		if m.b[offset+i] == 0 {
			m.b[offset+i] = int(c) + 1
		}
	}
	if m.total == 0 {
		return nil
	}
	var whole []byte
	for _, c := range m.b[:m.total] {
		if c == 0 {
			return nil
		}
		whole = append(whole, byte(c-1))
	}
	return whole
}

// FuzzFragments compares with the model: each 3 bytes of script are a fragment.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{0x00, 0x14, 1, 0x81, 0x24, 2, 0x00, 0x24, 1}, false)
	f.Add([]byte{0x82, 0x13, 1, 0x01, 0x12, 2, 0x00, 0x11, 3, 0x00, 0x12, 4}, true)
	f.Fuzz(func(t *testing.T, script []byte, six bool) {
		ends := outer4
		if six {
			ends = outer6
		}
		d := new(defragmenter)
		var stats DecodeStats
		models := map[datagram]*modelDatagram{}
		for n := 0; len(script) >= 3 && n < 64; n++ {
			more, offset, size, fill := script[0]&0x80 == 0, int(script[0]&0x0f)*8, int(script[1]&0x3f), script[2]
			key := datagram{src: ends[0], dst: ends[1], id: uint32(script[1] >> 7)}
			script = script[3:]
			if more {
				size &^= 7
			}
			if size == 0 {
				continue
			}
			b := slices.Repeat([]byte{fill}, size)
			p := d.find(key, testTime, &stats)
			fr := fragment{view: view{b, size}, offset: offset, more: more, proto: protoTCP}
			pt := part{offset: offset, more: more, wire: size, captured: size, sum: uint64(fill)}
			m := models[key]
			if m == nil {
				m = new(modelDatagram)
				models[key] = m
			}
			want := m.add(offset, more, b)
			whole := d.add(p, fr, pt, &stats)
			if whole != (want != nil) {
				t.Fatalf("fragment %d: whole %v, want %v", n, whole, want != nil)
			}
			if whole {
				if got := d.join(p); !bytes.Equal(got.b, want) || got.wire != len(want) {
					t.Fatalf("fragment %d:\ngot  %q\nwant %q", n, got.b, want)
				}
				d.drop(p)
				delete(models, key)
			}
			checkDefrag(t, d)
		}
	})
}
