package pcapng

import (
	"net/netip"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// comments turns events into packet comments.
type comments struct {
	// certainty is that of each direction's frame before: a frame that was found
	// again is told once.
	certainty map[*wsframe.Conn]*[2]wsframe.Certainty
}

// note is what is to be said of a packet. Events that packet time brought about
// name the packet that was at hand, which may be another connection's: then the
// comment goes on the next packet of its own.
type note struct {
	stream, packet uint64
	text           string
}

// of is the comment on e; its text is empty where there is none to make.
func (c *comments) of(e wsframe.Event) note {
	m := e.Meta()
	n := note{packet: m.Packet}
	if m.Conn != nil && m.Conn.Stream != nil {
		n.stream = m.Conn.Stream.Index
	}
	switch e := e.(type) {
	case *wsframe.Frame:
		if !c.refound(e) {
			return note{}
		}
		n.packet = e.First.Packet
	case *wsframe.Closed:
		delete(c.certainty, m.Conn)
		if e.How == "close frame" || e.How == "capture ended" {
			return note{}
		}
	case *report.Finding:
		if e.Early || len(e.Packets) == 0 || len(e.Streams) == 0 {
			return note{}
		}
		if m.Conn == nil {
			n.stream = e.Streams[0]
		}
		n.text, n.packet = e.Severity.String()+" "+e.Code+": "+e.Text, e.Packets[0]
	}
	if n.text == "" {
		n.text = report.Remark(e)
	}
	if n.text == "" {
		return note{}
	}
	// Readers show comments as they stand.
	line, _, _ := report.Escaper{}.Append([]byte("wstap: "), []byte(n.text), report.Unbounded)
	n.text = string(line)
	return n
}

// refound reports whether f is the first of its direction that was found again
// behind a gap.
func (c *comments) refound(f *wsframe.Frame) bool {
	before := c.certainty[f.M.Conn]
	if before == nil {
		if f.Certainty == wsframe.Exact {
			return false
		}
		if c.certainty == nil {
			c.certainty = make(map[*wsframe.Conn]*[2]wsframe.Certainty)
		}
		before = new([2]wsframe.Certainty)
		c.certainty[f.M.Conn] = before
	}
	changed := before[f.From] != f.Certainty
	before[f.From] = f.Certainty
	return changed && f.Certainty == wsframe.Resynced
}

// flowOf names a conversation whichever end sent the packet. IPv4 addresses in
// IPv6 are the same as without.
func flowOf(f capture.Flow) capture.Flow {
	f.Src, f.Dst = unmapped(f.Src), unmapped(f.Dst)
	if f.Dst.Compare(f.Src) < 0 {
		return f.Reverse()
	}
	return f
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
