package capture

import (
	"bytes"
	"fmt"
	"io"
	"strings"
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

func (f *File) nextPcapng(p *Packet) error {
	for !f.commonBlock(p) {
		if ok, err := f.nextBlock(p); ok || err != nil {
			return err
		}
	}
	return nil
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
		if holdsPacket(u32(f.in.buf[f.in.lo:], f.big)) {
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
	switch kind {
	case blockSection, blockInterface, blockSecrets, blockEnhanced, blockPacket, blockSimple:
	default:
		w.skip(int64(total) - 4)
		f.trailer = total
		return false, nil
	}
	body, err := f.blockBody(kind, total)
	if err != nil {
		return false, err
	}
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
	w.lo += int(total)
	if !holdsPacket(kind) {
		return false, nil
	}
	p.Packet = f.count(p.Length, len(p.Data))
	return true, nil
}

// blockBody reads the block at the present offset whole, and lends what is
// between its head and its trailer. It consumes nothing.
func (f *File) blockBody(kind, total uint32) ([]byte, error) {
	if total > maxBlock {
		return nil, f.damaged(fmt.Sprintf("a block of %d bytes is not plausible", total), nil)
	}
	n := int(total)
	if f.in.unread() < n {
		if err := f.in.need(n); err != nil {
			inside := notPacket
			if holdsPacket(kind) {
				inside = f.inPacket()
			}
			return nil, f.fault(err, inside)
		}
	}
	block := f.in.buf[f.in.lo:][:n]
	if u32(block[n-4:], f.big) != total {
		return nil, f.damaged(lengthsDiffer, nil)
	}
	return block[blockHeadLen : n-4 : n-4], nil
}

func holdsPacket(kind uint32) bool {
	return kind == blockEnhanced || kind == blockSimple || kind == blockPacket
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
