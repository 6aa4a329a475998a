package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"
)

// The pcap format (draft-ietf-opsawg-pcap): a file header, then records.
const (
	pcapHeaderLen = 24
	pcapRecordLen = 16

	pcapMagic     = 0xa1b2c3d4 // microseconds
	pcapMagicNano = 0xa1b23c4d
)

// otherMagics are those of relatives of pcap whose records differ, by the
// number they give when read in the byte order of the file.
var otherMagics = map[uint32]string{
	0xa1b2cd34: "a modified pcap (Kuznetzov's, magic 0xa1b2cd34)",
	0xa1b234cd: "a modified pcap (Mesquita's, magic 0xa1b234cd)",
	0xa12b3c4d: "a modified pcap (Navtel's, magic 0xa12b3c4d)",
	0xa1e2cb12: "a modified pcap (magic 0xa1e2cb12)",
	0xa1b2c3cb: "a file of BPF programs (magic 0xa1b2c3cb)",
	0x1c0001ac: "an IXIA hardware capture (magic 0x1c0001ac)",
	0x1c0001ab: "an IXIA software capture (magic 0x1c0001ab)",
}

func isPcap(b []byte) bool {
	for _, m := range []uint32{binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)} {
		if m == pcapMagic || m == pcapMagicNano {
			return true
		}
	}
	return false
}

// isModifiedPcap names a relative of pcap that is not read.
func isModifiedPcap(b []byte) (string, bool) {
	if len(b) < 4 {
		return "", false
	}
	if s, ok := otherMagics[binary.LittleEndian.Uint32(b)]; ok {
		return s, true
	}
	s, ok := otherMagics[binary.BigEndian.Uint32(b)]
	return s, ok
}

func (f *File) openPcap() error {
	if err := f.in.need(pcapHeaderLen); err != nil {
		return f.fault(err, "the file header")
	}
	h := f.in.buf[f.in.lo:][:pcapHeaderLen]
	magic := binary.BigEndian.Uint32(h)
	f.big = magic == pcapMagic || magic == pcapMagicNano
	f.format, f.res = PCAP, Microseconds
	if u32(h, f.big) == pcapMagicNano {
		f.format, f.res = PCAPNano, Nanoseconds
	}
	major, minor := u16(h[4:], f.big), u16(h[6:], f.big)
	if major != 2 {
		return f.damaged(fmt.Sprintf("pcap version %d.%d is not known, only 2.x", major, minor), nil)
	}
	// Before 2.3 the two lengths of a record stood the other way round; at 2.3
	// programs disagreed. The captured one is the smaller.
	f.swapped = minor <= 3
	f.plain = !f.big && !f.swapped
	// The network field holds the link type in its low 16 bits; above it are
	// the length of the frame check sequence and reserved bits.
	f.link = LinkType(u32(h[20:], f.big) & 0xffff)
	f.ifaces = []Interface{{Link: f.link, SnapLen: u32(h[16:], f.big), Resolution: f.res}}
	f.in.lo += pcapHeaderLen
	f.opened = true
	return nil
}

func (f *File) nextPcap(p *Packet) error {
	w := &f.in
	b := w.buf[w.lo:w.hi]
	if len(b) < pcapRecordLen {
		if err := w.need(pcapRecordLen); err != nil {
			if err == io.EOF && w.unread() == 0 {
				f.err = err
				return err
			}
			return f.fault(err, f.inPacket())
		}
		b = w.buf[w.lo:w.hi]
	}
	h := (*[pcapRecordLen]byte)(b)
	sec, frac := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:])
	captured, length := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	if f.big {
		sec, frac = bits.ReverseBytes32(sec), bits.ReverseBytes32(frac)
		captured, length = bits.ReverseBytes32(captured), bits.ReverseBytes32(length)
	}
	if f.swapped && captured > length {
		captured, length = length, captured
	}
	if captured > maxPacket {
		return f.damaged(fmt.Sprintf("a packet of %d bytes is not plausible", captured), nil)
	}
	n := pcapRecordLen + int(captured)
	if len(b) < n {
		if err := w.need(n); err != nil {
			return f.fault(err, f.inPacket())
		}
		b = w.buf[w.lo:w.hi]
	}
	if captured == 0 && sec == pcapMagic {
		return f.damaged("another pcap file begins here: join captures with mergecap, not cat", nil)
	}
	p.Time = time.Unix(int64(sec), int64(f.nanoseconds(frac))).UTC()
	p.Data = b[pcapRecordLen:n:n]
	p.Link, p.Interface = f.link, 0
	p.Length = wireLength(length, int(captured))
	p.Packet = f.count(p.Length, int(captured))
	w.lo += n
	return nil
}

// nanoseconds are those of the field of a record that holds a fraction of a second.
func (f *File) nanoseconds(fraction uint32) uint32 {
	if f.res == Microseconds {
		return min(fraction, 1<<22) * 1000 // a broken one must not wrap around
	}
	return fraction
}
