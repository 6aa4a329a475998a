package capturetest

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"wstap/capture"
)

// model is the plainest reassembler: bytes at their place from the SYN's
// sequence number on, the whole capture held in memory.
type model struct {
	isn     map[capture.Flow]uint32
	streams map[capture.Flow][]int // bytes, -1 for those that never came
}

// reassemble reads all packets twice, so that a SYN may come late.
func reassemble(t *testing.T, pkts []capture.Packet) model {
	t.Helper()
	m := model{make(map[capture.Flow]uint32), make(map[capture.Flow][]int)}
	for _, p := range pkts {
		if v, ok := look(p); ok && v.flags.Has(capture.SYN) {
			m.isn[v.flow] = v.seq
		}
	}
	for _, p := range pkts {
		v, ok := look(p)
		isn, known := m.isn[v.flow]
		if !ok || !known {
			continue
		}
		at := int(int32(v.seq - isn - 1))
		if v.flags.Has(capture.SYN) {
			at++
		}
		for i, c := range v.payload {
			if old := m.put(v.flow, at+i, c); old != -1 && old != int(c) {
				t.Fatalf("packet %d: byte %d of %v differs from an earlier one", p.Packet, at+i, v.flow)
			}
		}
	}
	return m
}

// put stores a byte and returns what was in its place, -1 for nothing.
func (m model) put(f capture.Flow, at int, c byte) (old int) {
	for len(m.streams[f]) <= at {
		m.streams[f] = append(m.streams[f], -1)
	}
	old = m.streams[f][at]
	m.streams[f][at] = int(c)
	return old
}

func (c *Conn) flow(d Direction) capture.Flow {
	f := capture.Flow{Src: c.config.Client, Dst: c.config.Server}
	if d == FromServer {
		return f.Reverse()
	}
	return f
}

// check compares the flows of pkts with what the connections sent.
func check(t *testing.T, what string, pkts []capture.Packet, conns []*Conn) {
	t.Helper()
	reassemble(t, pkts).check(t, what, conns)
}

func (m model) check(t *testing.T, what string, conns []*Conn) {
	t.Helper()
	for _, c := range conns {
		for d := range Direction(2) {
			want := make([]int, 0)
			for _, b := range c.Stream(d) {
				want = append(want, int(b))
			}
			if got := m.streams[c.flow(d)]; !slices.Equal(got, want) {
				t.Errorf("%s: flow %v: %d bytes, want %d, or other ones", what, c.flow(d), len(got), len(want))
			}
		}
	}
}

// sessions is a capture with three connections: IPv4, IPv6, tagged.
func sessions() ([]capture.Packet, []*Conn) {
	t := NewTrace()
	conns := []*Conn{
		t.Conn(Config{}),
		t.Conn(Config{Client: netip.MustParseAddrPort("[fd00::2]:40000"), Server: netip.MustParseAddrPort("[fd00::1]:80")}),
		t.Conn(Config{Client: netip.MustParseAddrPort("10.0.0.3:40000"), Encap: []Encap{VLAN(7, 8)}}),
	}
	for _, c := range conns {
		c.Open()
		c.Upgrade("/chat", "", "")
	}
	for i := range 30 {
		c := conns[i%3]
		c.Text(FromClient, fmt.Sprint("message ", i))
		c.Frame(FromServer, OpBinary, noise(uint64(i), i*i*2))
		c.Server(nil)
	}
	for _, c := range conns {
		c.Frame(FromClient, OpClose, nil)
		c.Close(FromServer)
	}
	return t.Packets(), conns
}

func same(a, b []capture.Packet) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		data := bytes.Equal(x.Data, y.Data)
		if !data || x.Stamp != y.Stamp || x.Link != y.Link || x.Length != y.Length || x.Interface != y.Interface {
			return false
		}
	}
	return true
}

// describe shows a segment of a connection with the ISNs 1000 and 2000.
func describe(t *testing.T, p capture.Packet) string {
	t.Helper()
	v, ok := look(p)
	if !ok {
		t.Fatalf("packet %d holds no segment", p.Packet)
	}
	isn, peer := uint32(1000), uint32(2000)
	if v.flow.Src.Port() != 40000 {
		isn, peer = peer, isn
	}
	ack := "-"
	if v.flags.Has(capture.ACK) {
		ack = fmt.Sprint(int32(v.ack - peer))
	}
	flags := ""
	for i, c := range "FSRPAUEW" {
		if v.flags&(1<<i) != 0 && c != 'A' {
			flags += string(c)
		}
	}
	if v.flags.Has(capture.ACK) {
		flags += "."
	}
	return fmt.Sprintf("[%s] %d %s %q", flags, int32(v.seq-isn), ack, v.payload)
}
