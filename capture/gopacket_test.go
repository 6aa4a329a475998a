package capture

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// gopacketParser is gopacket's decoder of the plain stack, as an oracle.
type gopacketParser struct {
	parser *gopacket.DecodingLayerParser
	eth    layers.Ethernet
	tag    layers.Dot1Q
	ip4    layers.IPv4
	ip6    layers.IPv6
	tcp    layers.TCP
	found  []gopacket.LayerType
}

func newGopacketParser() *gopacketParser {
	g := new(gopacketParser)
	g.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &g.eth, &g.tag, &g.ip4, &g.ip6, &g.tcp)
	g.parser.IgnoreUnsupported = true
	return g
}

// segment is what gopacket makes of b. It reports false where that is no TCP in
// an unfragmented IP packet, and where gopacket is no oracle: it does not look
// at the version, and counts lengths over 64 KiB in 16 bits.
func (g *gopacketParser) segment(b []byte) (s Segment, ok bool) {
	if len(b) > 65535 || g.parser.DecodeLayers(b, &g.found) != nil {
		return s, false
	}
	var src, dst netip.Addr
	for _, l := range g.found {
		switch l {
		case layers.LayerTypeIPv4:
			if g.ip4.Version != 4 {
				return s, false
			}
			src, _ = netip.AddrFromSlice(g.ip4.SrcIP.To4())
			dst, _ = netip.AddrFromSlice(g.ip4.DstIP.To4())
		case layers.LayerTypeIPv6:
			if g.ip6.Version != 6 {
				return s, false
			}
			src, _ = netip.AddrFromSlice(g.ip6.SrcIP)
			dst, _ = netip.AddrFromSlice(g.ip6.DstIP)
		case layers.LayerTypeTCP:
			t := &g.tcp
			s = Segment{
				Ends: EndsOf(Flow{netip.AddrPortFrom(src, uint16(t.SrcPort)), netip.AddrPortFrom(dst, uint16(t.DstPort))}),
				Seq:  t.Seq, Ack: t.Ack, Window: t.Window, Payload: t.Payload,
			}
			for i, set := range [...]bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
				if set {
					s.Flags |= 1 << i
				}
			}
			return s, true
		}
	}
	return s, false
}

func compareGopacket(t *testing.T, g *gopacketParser, d *Decoder, p Packet) bool {
	t.Helper()
	want, ok := g.segment(p.Data)
	if !ok {
		return false
	}
	var got Segment
	k := d.Decode(&p, &got)
	want.Stamp, want.MSS, want.Scale, want.Missing = got.Stamp, got.MSS, got.Scale, got.Missing
	if k != KindTCP || !same(&got, &want) {
		t.Fatalf("packet %d: %v\ngot  %+v\nwant %+v", p.Packet, k, got, want)
	}
	return true
}

func TestDecodeAgainstGopacket(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	g, d := newGopacketParser(), new(Decoder)
	compared := 0
	for range 20000 {
		s := randomSegment(r, r.IntN(2) == 0)
		f := encodeSegment(&s)
		for range r.IntN(3) {
			f = tags["802.1Q"](f)
		}
		p := links["ethernet"](f)
		for range r.IntN(3) { // a changed byte in some header
			p.Data[12+r.IntN(min(50, len(p.Data)-12))] = byte(r.Uint32())
		}
		if be16(p.Data[12:]) <= maxLLC { // gopacket takes lengths for LLC, as we do, but differs on the trailer
			continue
		}
		if compareGopacket(t, g, d, p) {
			compared++
		}
	}
	if compared < 10000 {
		t.Errorf("only %d compared", compared)
	}
}

// Every Ethernet packet of the corpus.
func TestCorpusAgainstGopacket(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all captures")
	}
	g, compared := newGopacketParser(), 0
	for _, path := range corpusFiles(t, corpusDir(t)) {
		f, err := Open(path)
		if err != nil {
			continue
		}
		d := new(Decoder)
		for {
			p, err := f.Next()
			if errors.Is(err, ErrIdle) {
				continue
			}
			if err != nil {
				break
			}
			if p.Link == LinkEthernet && compareGopacket(t, g, d, p) {
				compared++
			}
		}
		f.Close()
	}
	t.Logf("%d segments", compared)
}
