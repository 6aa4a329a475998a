package capture

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// The block types of pcapng that are read (draft-ietf-opsawg-pcapng, 4). All
// others are skipped.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockSecrets   = 10
)

const (
	// blockHeadLen is a block's type and total length; the length is repeated
	// in the last 4 bytes.
	blockHeadLen = 8
	blockMinLen  = blockHeadLen + 4
	// blockMagicLen is how much of a section header tells its byte order.
	blockMagicLen = blockHeadLen + 4

	byteOrderMagic uint32 = 0x1a2b3c4d

	// maxBlock bounds the blocks that are read: the largest packet, and 1 MiB
	// for its options. Blocks that are skipped may have any length.
	maxBlock = maxPacket + 1<<20
)

func isPcapng(b []byte) bool { return u32(b, false) == blockSection }

func (f *File) nextPcapng() (Packet, error) {
	var p Packet
	for {
		if ok, err := f.nextBlock(&p); ok || err != nil {
			return p, err
		}
	}
}

// firstBlocks reads what stands before the first packet, so that Interfaces
// has something to tell from the start.
func (f *File) firstBlocks() error {
	var p Packet
	for {
		if err := f.endSkipped(); err != nil {
			return err
		}
		if f.in.need(blockHeadLen) != nil {
			return nil // Next will say it
		}
		switch u32(f.in.buf[f.in.lo:], f.big) {
		case blockEnhanced, blockPacket, blockSimple:
			return nil
		}
		if _, err := f.nextBlock(&p); err != nil {
			return err
		}
	}
}

// endSkipped checks the end of the block before, if it was skipped.
func (f *File) endSkipped() error {
	if f.trailer == 0 {
		return nil
	}
	if err := f.in.need(4); err != nil {
		return f.fault(err, notPacket)
	}
	if u32(f.in.buf[f.in.lo:], f.big) != f.trailer {
		return f.damaged(lengthsDiffer, nil)
	}
	f.in.lo += 4
	f.trailer = 0
	return nil
}

// nextBlock reads one block. It reports whether it was a packet, and if so
// fills in p.
func (f *File) nextBlock(p *Packet) (bool, error) {
	w := &f.in
	if err := f.endSkipped(); err != nil {
		return false, err
	}
	if w.unread() < blockMagicLen {
		if err := w.need(blockMagicLen); err != nil {
			if err == io.EOF && w.unread() == 0 {
				f.err = err
				return false, err
			}
			return false, f.fault(err, "the head of a block")
		}
	}
	head := w.buf[w.lo:][:blockMagicLen]
	kind := u32(head, f.big)
	if kind == blockSection { // the same in both byte orders
		if err := f.byteOrder(head[blockHeadLen:]); err != nil {
			return false, err
		}
	}
	total := u32(head[4:], f.big)
	if total < blockMinLen || total%4 != 0 {
		return false, f.damaged(fmt.Sprintf("a block cannot be %d bytes long", total), nil)
	}
	inside := notPacket
	switch kind {
	case blockEnhanced, blockPacket, blockSimple:
		inside = ""
	case blockSection, blockInterface, blockSecrets:
	default:
		w.skip(int64(total) - 4)
		f.trailer = total
		return false, nil
	}
	if total > maxBlock {
		return false, f.damaged(fmt.Sprintf("a block of %d bytes is not plausible", total), nil)
	}
	n := int(total)
	if w.unread() < n {
		if err := w.need(n); err != nil {
			if inside == "" {
				inside = f.inPacket()
			}
			return false, f.fault(err, inside)
		}
	}
	block := w.buf[w.lo : w.lo+n : w.lo+n]
	if u32(block[n-4:], f.big) != total {
		return false, f.damaged(lengthsDiffer, nil)
	}
	body := block[blockHeadLen : n-4 : n-4]
	var reason string
	switch kind {
	case blockEnhanced:
		reason = f.enhanced(p, body)
	case blockPacket:
		reason = f.obsolete(p, body)
	case blockSimple:
		reason = f.simple(p, body)
	case blockSection:
		reason = f.beginSection(body)
	case blockInterface:
		reason = f.addInterface(body)
	case blockSecrets:
		reason = f.addSecret(body)
	}
	if reason != "" {
		return false, f.damaged(reason, nil)
	}
	w.lo += n
	if inside != "" {
		return false, nil
	}
	p.Packet = f.count(p.Length, len(p.Data))
	return true, nil
}

const (
	lengthsDiffer = "the two lengths of a block differ"
	blockTooShort = "a block is too short for its type"
	notPacket     = "a block that is not a packet"
)

// byteOrder learns the byte order of the section that begins here.
func (f *File) byteOrder(magic []byte) error {
	switch byteOrderMagic {
	case u32(magic, false):
		f.big = false
	case u32(magic, true):
		f.big = true
	default:
		return f.damaged("a section header without a byte-order magic", nil)
	}
	return nil
}

// beginSection reads a Section Header Block: interfaces are numbered anew.
func (f *File) beginSection(body []byte) (reason string) {
	if len(body) < 16 {
		return blockTooShort
	}
	// Minor versions 0 and 2 mean the same (4.1).
	if major, minor := u16(body[4:], f.big), u16(body[6:], f.big); major != 1 {
		return fmt.Sprintf("pcapng version %d.%d is not known, only 1.x", major, minor)
	}
	f.section = len(f.ifaces)
	return ""
}

// addInterface reads an Interface Description Block.
func (f *File) addInterface(body []byte) (reason string) {
	if len(body) < 8 {
		return blockTooShort
	}
	if len(f.ifaces) == maxInterfaces {
		return fmt.Sprintf("more than %d interfaces", maxInterfaces)
	}
	in := Interface{
		Link:       LinkType(u16(body, f.big)),
		SnapLen:    u32(body[4:], f.big),
		Resolution: Microseconds,
	}
	const (
		ifName, ifDescription, ifTsResol, ifTsOffset = 2, 3, 9, 14
	)
	for opts := body[8:]; len(opts) >= 4; {
		code, n := u16(opts, f.big), int(u16(opts[2:], f.big))
		if code == 0 || n > len(opts)-4 {
			break // the end, or a damaged option: the rest is not essential
		}
		v := opts[4 : 4+n]
		switch {
		case code == ifName:
			in.Name = label(v)
		case code == ifDescription:
			in.Description = label(v)
		case code == ifTsResol && n >= 1:
			in.Resolution = Resolution(v[0])
		case code == ifTsOffset && n >= 8:
			in.Offset = int64(u64(v, f.big))
		}
		opts = opts[min(4+(n+3)&^3, len(opts)):]
	}
	f.ifaces = append(f.ifaces, in)
	return ""
}

// label is a name from a file: UTF-8, and short enough to keep many of.
func label(b []byte) string {
	b, _, _ = bytes.Cut(b[:min(len(b), 256)], []byte{0})
	return strings.ToValidUTF8(string(b), "")
}

// addSecret reads a Decryption Secrets Block.
func (f *File) addSecret(body []byte) (reason string) {
	if len(body) < 8 {
		return blockTooShort
	}
	kind, n := u32(body, f.big), u32(body[4:], f.big)
	if uint64(n) > uint64(len(body)-8) {
		return "decryption secrets longer than their block"
	}
	f.secrets.add(SecretType(kind), body[8:8+n])
	return ""
}

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
