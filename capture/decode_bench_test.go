package capture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func benchmarks() map[string]Packet {
	s4, s6 := testSegment(false), testSegment(true)
	s4.Payload, s6.Payload = make([]byte, 200), make([]byte, 200)
	four, six := encodeSegment(&s4), encodeSegment(&s6)
	cut := links["ethernet"](four)
	cut.Data = cut.Data[:96]
	return map[string]Packet{
		"ethernet ipv4":      links["ethernet"](four),
		"ethernet ipv6":      links["ethernet"](six),
		"ethernet vlan ipv4": links["ethernet"](tags["802.1Q"](four)),
		"sll ipv4":           links["linux_sll"](four),
		"sll2 ipv4":          links["linux_sll2"](four),
		"cut ipv4":           cut,
		"general raw ipv4":   onRaw(four),
		"general vxlan":      links["ethernet"](tunnels["VXLAN"](four)),
		"general four tunnels": links["ethernet"](tags["802.1Q"](tunnels["VXLAN"](tunnels["GRE options"](
			ipTunnels["IP in v6"](ipTunnels["GTP-U extension"](four)))))),
		"other arp": links["ethernet"](frame{etherARP, make([]byte, 46)}),
		"other udp": links["ethernet"](inUDP(53, make([]byte, 200))),
	}
}

func BenchmarkDecode(b *testing.B) {
	all := benchmarks()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			p := all[name]
			var d Decoder
			var s Segment
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(&p, &s)
			}
		})
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	for name, p := range benchmarks() {
		var d Decoder
		var s Segment
		if n := testing.AllocsPerRun(100, func() { d.Decode(&p, &s) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkFragments shows that the cost of a fragment does not grow with
// their number: time per fragment is the same for each size.
func BenchmarkFragments(b *testing.B) {
	for _, n := range []int{8, 64, 512, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			s := testSegment(false)
			s.Payload = make([]byte, n*8-tcpHeader)
			var packets []Packet
			for at := 0; at < n; at++ {
				payload := encodeTCP(&s, nil)[at*8 : at*8+8]
				packets = append(packets, links["ethernet"](fragmentOf(s.Src.Addr(), s.Dst.Addr(), protoTCP, 0, at*8, at < n-1, payload)))
			}
			r.Shuffle(n, func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
			var d Decoder
			id := uint16(0)
			for b.Loop() {
				id++
				for _, p := range packets {
					copy(p.Data[18:], be16s(id))
					d.Decode(&p, &s)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/fragment")
		})
	}
}
