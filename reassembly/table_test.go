package reassembly

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"wstap/capture"
)

// flow is the n-th of many, of IPv4 or IPv6 by turns.
func flow(n int) capture.Flow {
	a, b := netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), netip.AddrFrom4([4]byte{10, 0, 0, 1})
	if n%3 == 0 {
		a = netip.AddrFrom16([16]byte{0x20, 1, 13: byte(n >> 8), 15: byte(n)})
		b = netip.AddrFrom16([16]byte{0x20, 1, 15: 1})
	}
	return capture.Flow{Src: netip.AddrPortFrom(a, uint16(n%7)), Dst: netip.AddrPortFrom(b, 3)}
}

// TestTableIsAMap: whatever is added, replaced and removed, the table finds what
// a map would.
func TestTableIsAMap(t *testing.T) {
	for round := range 24 {
		rng := rand.New(rand.NewPCG(uint64(round), 1))
		table, model := newTable(), map[int]*record{}
		if round%2 == 0 { // so that many conversations begin at the same slot
			table.seed = seed{}
		}
		flows := 20 << (round / 2)
		for range 5000 {
			n := rng.IntN(flows)
			f := flow(n)
			if rng.IntN(2) == 0 {
				f = f.Reverse()
			}
			k, fromLow := table.keyOf(new(capture.EndsOf(f)))
			r := table.find(k)
			if r != model[n] {
				t.Fatalf("flow %d: found %v, want %v", n, r, model[n])
			}
			if rng.IntN(100) == 0 {
				table.fit()
			}
			switch {
			case r == nil:
				model[n] = table.add(k, fromLow)
			case rng.IntN(3) == 0:
				table.remove(r)
				delete(model, n)
			case rng.IntN(3) == 0:
				copied := *r
				table.replace(r, &copied)
				model[n] = &copied
			case rng.IntN(3) == 0:
				model[n] = table.add(k, fromLow)
			}
		}
		count := 0
		for range table.all {
			count++
		}
		if count != len(model) || table.known != count {
			t.Fatalf("%d records walked, %d counted, want %d", count, table.known, len(model))
		}
	}
}

// TestKeys: both directions of a conversation have one key, which gives the two
// ends back, and IPv4 that is mapped into IPv6 is IPv4.
func TestKeys(t *testing.T) {
	table := newTable()
	for _, c := range [][2]string{
		{"10.0.0.2:40000", "10.0.0.1:80"},
		{"10.0.0.1:80", "10.0.0.2:40000"},
		{"10.0.0.1:5", "10.0.0.1:6"},
		{"10.0.0.1:5", "10.0.0.1:5"},
		{"255.255.255.255:65535", "0.0.0.0:0"},
		{"[2001:db8::2]:40000", "[2001:db8::1]:80"},
		{"[2001:db8::1]:40000", "[2001:db8::1]:80"},
		{"[::ffff:10.0.0.2]:40000", "[2001:db8::1]:80"},
	} {
		f := capture.Flow{Src: netip.MustParseAddrPort(c[0]), Dst: netip.MustParseAddrPort(c[1])}
		k, low := table.keyOf(new(capture.EndsOf(f)))
		there := k.own()
		reversed := f.Reverse()
		k, lowBack := table.keyOf(new(capture.EndsOf(reversed)))
		if !k.is(&there) || low == lowBack && f.Src != f.Dst {
			t.Errorf("%v: keys differ: %+v, %+v", f, there, *k)
		}
		client, server := there.ends(low)
		got := fmt.Sprint(client, server)
		if want := fmt.Sprint(netip.AddrPortFrom(f.Src.Addr().Unmap(), f.Src.Port()), f.Dst); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	four := capture.Flow{Src: netip.MustParseAddrPort("10.0.0.2:4"), Dst: netip.MustParseAddrPort("10.0.0.1:5")}
	mapped := capture.Flow{Src: netip.MustParseAddrPort("[::ffff:10.0.0.2]:4"), Dst: netip.MustParseAddrPort("[::ffff:10.0.0.1]:5")}
	k, _ := table.keyOf(new(capture.EndsOf(four)))
	want := k.own()
	if k, _ := table.keyOf(new(capture.EndsOf(mapped))); !k.is(&want) {
		t.Errorf("mapped: %+v, want %+v", *k, want)
	}
}

// TestOldestGoFirst: conversations are evicted by age, those that are pinned
// last, also where their state has changed since they were listed.
func TestOldestGoFirst(t *testing.T) {
	table := newTable()
	pin := map[uint64]bool{3: true, 4: true, 150: true}
	for n := range 200 {
		f := flow(n)
		r := table.add(table.keyOf(new(capture.EndsOf(f))))
		st := &Stream{record: *r, Pinned: pin[r.Index]}
		st.stream, st.record.opening = st, nil
		table.replace(r, &st.record)
		table.opened(r)
	}
	var got []uint64
	for table.known > 0 {
		r := table.find(table.oldest())
		got = append(got, r.Index)
		table.remove(r)
		if r.Index == 20 { // the next in turn is pinned meanwhile
			f := flow(21)
			k, _ := table.keyOf(new(capture.EndsOf(f)))
			table.find(k).stream.Pinned, pin[21] = true, true
		}
	}
	var want []uint64
	for _, pinned := range []bool{false, true} {
		for n := range uint64(200) {
			if pin[n] == pinned {
				want = append(want, n)
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if table.oldest() != nil {
		t.Error("an empty table has an oldest")
	}
}
