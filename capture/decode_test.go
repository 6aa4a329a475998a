package capture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestDecodeLinkTypes(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		f := encodeSegment(&want)
		all := maps.Clone(links)
		maps.Copy(all, ipLinks)
		for name, link := range all {
			t.Run(fmt.Sprint(name, " six=", six), func(t *testing.T) { decodeOne(t, link(f), want) })
		}
	}
}

func TestDecodeTags(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		f := encodeSegment(&want)
		for name, tag := range overIP {
			for link, on := range links {
				t.Run(fmt.Sprint(name, " on ", link, " six=", six), func(t *testing.T) { decodeOne(t, on(tag(f)), want) })
			}
		}
		for name, tag := range tags {
			for link, on := range links {
				t.Run(fmt.Sprint(name, " on ", link, " six=", six), func(t *testing.T) {
					decodeOne(t, on(tag(f)), want)
					decodeOne(t, on(tags["802.1ad"](tag(f))), want)
					decodeOne(t, on(tag(overIP["PPPoE"](f))), want)
				})
			}
		}
	}
}

func TestDecodeTunnels(t *testing.T) {
	for _, six := range []bool{false, true} {
		want := testSegment(six)
		f := encodeSegment(&want)
		all := maps.Clone(tunnels)
		maps.Copy(all, ipTunnels)
		for name, tunnel := range all {
			t.Run(fmt.Sprint(name, " six=", six), func(t *testing.T) {
				decodeOne(t, links["ethernet"](tunnel(f)), want)
				decodeOne(t, links["linux_sll2"](tags["802.1Q"](tunnel(f))), want)
			})
		}
	}
}

func TestTunnelsTooDeep(t *testing.T) {
	s := testSegment(false)
	f := encodeSegment(&s)
	for range MaxTunnels {
		f = tunnels["VXLAN"](f)
	}
	decodeOne(t, links["ethernet"](f), s)
	var d Decoder
	p := links["ethernet"](tunnels["GRE"](f))
	if k := d.Decode(&p, &s); k != KindUnknown || d.Stats().TooDeep != 1 {
		t.Errorf("kind %v, stats %+v", k, d.Stats())
	}
}

// A segment comes back the same out of any stack of encapsulations.
func TestDecodeAnyStack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(m map[string]wrap) (string, wrap) {
		k := slices.Sorted(maps.Keys(m))[r.IntN(len(m))]
		return k, m[k]
	}
	var d Decoder
	for range 20000 {
		want := randomSegment(r, r.IntN(2) == 0)
		f := encodeSegment(&want)
		stack := []string{}
		add := func(m map[string]wrap) {
			k, w := pick(m)
			f, stack = w(f), append(stack, k)
		}
		for range r.IntN(MaxTunnels + 1) {
			switch {
			case isIP(f) && r.IntN(2) == 0:
				add(ipTunnels)
			case isIP(f) || f.etherType >= etherTypeMin:
				if r.IntN(4) == 0 {
					add(tags)
				}
				add(tunnels)
			}
		}
		if isIP(f) && r.IntN(4) == 0 && len(f.b) < 1400 {
			add(overIP)
		}
		for range r.IntN(3) {
			add(tags)
		}
		all := links
		if isIP(f) && r.IntN(2) == 0 {
			all = ipLinks
		}
		link := slices.Sorted(maps.Keys(all))[r.IntN(len(all))]
		p := all[link](f)
		want.Stamp = p.Stamp
		var got Segment
		if k := d.Decode(&p, &got); k != KindTCP {
			t.Fatalf("%v on %s: kind %v", stack, link, k)
		}
		if !same(&got, &want) {
			t.Fatalf("%v on %s:\ngot  %+v\nwant %+v", stack, link, got, want)
		}
	}
}
