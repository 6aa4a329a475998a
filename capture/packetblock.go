package capture

import (
	"fmt"
	"math"
	"time"
)

// enhanced reads an Enhanced Packet Block.
func (f *File) enhanced(p *Packet, body []byte) (reason string) {
	const head = 20
	if len(body) < head {
		return blockTooShort
	}
	return f.packet(p, u32(body, f.big), body[4:], body[head:])
}

// obsolete reads a Packet Block, which older programs wrote.
func (f *File) obsolete(p *Packet, body []byte) (reason string) {
	const head = 20
	if len(body) < head {
		return blockTooShort
	}
	return f.packet(p, uint32(u16(body, f.big)), body[4:], body[head:])
}

// packet reads what the two blocks have in common: the time and the lengths.
func (f *File) packet(p *Packet, id uint32, head, data []byte) (reason string) {
	captured, length := u32(head[8:], f.big), u32(head[12:], f.big)
	if uint64(id) >= uint64(len(f.ifaces)-f.section) {
		return fmt.Sprintf("a packet of interface %d, which the file does not describe", id)
	}
	if uint64(captured) > uint64(len(data)) {
		return fmt.Sprintf("a packet of %d bytes in a block with room for %d", captured, len(data))
	}
	p.Interface = f.section + int(id)
	in := &f.ifaces[p.Interface]
	p.Link = in.Link
	p.Time = in.Resolution.time(uint64(u32(head, f.big))<<32|uint64(u32(head[4:], f.big)), in.Offset)
	p.Data = data[:captured:captured]
	p.Length = wireLength(length, len(p.Data))
	return ""
}

// simple reads a Simple Packet Block: of the section's first interface, and
// without a time. Its captured length is not written down (4.4).
func (f *File) simple(p *Packet, body []byte) (reason string) {
	if len(body) < 4 {
		return blockTooShort
	}
	if f.section == len(f.ifaces) {
		return "a packet of interface 0, which the file does not describe"
	}
	in := &f.ifaces[f.section]
	snap := in.SnapLen
	if snap == 0 {
		snap = math.MaxUint32
	}
	length := u32(body, f.big)
	n := min(uint64(snap), uint64(length), uint64(len(body)-4))
	p.Interface = f.section
	p.Time = time.Time{}
	p.Link = in.Link
	p.Data = body[4 : 4+n : 4+n]
	p.Length = wireLength(length, len(p.Data))
	return ""
}
