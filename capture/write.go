package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// WriterOptions says what a Writer writes. The zero value is little-endian
// pcapng, whose bytes depend on nothing but what is written.
type WriterOptions struct {
	Format    FileFormat
	BigEndian bool
	// Application and Comment go to the header of each section (shb_userappl,
	// opt_comment) where they are not empty. pcap has no place for them.
	Application, Comment string
}

// Writer writes a capture file. Each block or record, and each header, is
// whole in one call of the underlying Write; what is written before a failure
// is a readable capture if that Write is all or nothing.
//
// A Writer keeps no bytes back and has nothing to close.
type Writer struct {
	w       io.Writer
	opts    WriterOptions
	order   binary.AppendByteOrder
	buf     []byte
	begun   bool // the header was written
	ifaces  []Interface
	section int // index of this section's first interface
}

// NewWriter returns a Writer to w. Nothing is written before the first call
// of one of its methods.
func NewWriter(w io.Writer, opts WriterOptions) *Writer {
	wr := &Writer{w: w, opts: opts, order: binary.LittleEndian}
	if opts.BigEndian {
		wr.order = binary.BigEndian
	}
	return wr
}

// AddInterface describes an interface and returns its index, which is what
// Packet.Interface has to be for its packets. A Resolution of 0 means
// nanoseconds, in pcap that of the format. A pcap file has one interface only,
// and of it keeps link type and snapshot length.
func (w *Writer) AddInterface(in Interface) (int, error) {
	if in.Link > math.MaxUint16 {
		return 0, fmt.Errorf("link type %d does not fit a capture file", in.Link)
	}
	if w.opts.Format != PCAPNG {
		if w.begun {
			return 0, fmt.Errorf("a pcap file has one interface: write pcapng")
		}
		in.Offset, in.Resolution = 0, Nanoseconds
		if w.opts.Format == PCAP {
			in.Resolution = Microseconds
		}
		if err := w.pcapHeader(in); err != nil {
			return 0, err
		}
		w.ifaces = append(w.ifaces, in)
		return 0, nil
	}
	if err := w.begin(); err != nil {
		return 0, err
	}
	if in.Resolution == 0 {
		in.Resolution = Nanoseconds
	}
	w.start(blockInterface)
	w.u16(uint16(in.Link))
	w.u16(0)
	w.u32(in.SnapLen)
	w.text(2, in.Name)        // if_name
	w.text(3, in.Description) // if_description
	w.option(9, []byte{byte(in.Resolution)})
	if in.Offset != 0 {
		w.option(14, w.order.AppendUint64(nil, uint64(in.Offset)))
	}
	w.endOfOptions()
	if err := w.finish(); err != nil {
		return 0, err
	}
	w.ifaces = append(w.ifaces, in)
	return len(w.ifaces) - 1, nil
}

// WritePacket writes a packet of an interface that was added in this section:
// Time, Data, Length and Interface count, Link and the number do not. A packet
// whose Time is the zero time becomes a Simple Packet Block where it can.
// Comments are for pcapng; pcap leaves them out.
func (w *Writer) WritePacket(p Packet, comments ...string) error {
	if p.Interface < w.section || p.Interface >= len(w.ifaces) {
		return fmt.Errorf("packet %d is of interface %d, which was not added", p.Packet, p.Interface)
	}
	if len(p.Data) > maxPacket {
		return fmt.Errorf("packet %d is %d bytes long: a capture file holds at most %d", p.Packet, len(p.Data), maxPacket)
	}
	in := w.ifaces[p.Interface]
	length := uint32(min(max(p.Length, len(p.Data)), math.MaxUint32))
	if w.opts.Format != PCAPNG {
		return w.pcapRecord(p, in, length)
	}
	if p.Time.IsZero() && len(comments) == 0 && p.Interface == w.section && len(p.Data) == simpleLen(in, length) {
		w.start(blockSimple)
		w.u32(length)
		w.padded(p.Data)
		return w.finish()
	}
	ticks, err := ticksOf(p, in)
	if err != nil {
		return err
	}
	w.start(blockEnhanced)
	w.u32(uint32(p.Interface - w.section))
	w.u32(uint32(ticks >> 32))
	w.u32(uint32(ticks))
	w.u32(uint32(len(p.Data)))
	w.u32(length)
	w.padded(p.Data)
	for _, c := range comments {
		w.text(1, c) // opt_comment
	}
	if len(comments) > 0 {
		w.endOfOptions()
	}
	return w.finish()
}

// simpleLen is the captured length that a reader derives for a Simple Packet
// Block, which holds only the length on the wire.
func simpleLen(in Interface, length uint32) int {
	if in.SnapLen != 0 {
		length = min(length, in.SnapLen)
	}
	return int(length)
}

// ticksOf is the packet's time as its interface's clock shows it.
func ticksOf(p Packet, in Interface) (uint64, error) {
	if p.Time.IsZero() {
		return 0, nil
	}
	ticks, ok := in.Resolution.ticks(p.Time, in.Offset)
	if !ok {
		return 0, fmt.Errorf("packet %d: its time %s cannot be written to a capture file", p.Packet, p.Time.Format(time.RFC3339Nano))
	}
	return ticks, nil
}

// WriteSecret writes a Decryption Secrets Block. Readers use the secrets for
// the packets behind it, so it goes before them.
func (w *Writer) WriteSecret(s Secret) error {
	if len(s.Data) > maxPacket {
		return fmt.Errorf("decryption secrets of %d bytes: a block holds at most %d", len(s.Data), maxPacket)
	}
	if err := w.begin(); err != nil {
		return err
	}
	w.start(blockSecrets)
	w.u32(uint32(s.Type))
	w.u32(uint32(len(s.Data)))
	w.padded(s.Data)
	return w.finish()
}

// WriteBlock writes a pcapng block of any type. body begins behind the block's
// total length; it is padded to a multiple of 4 bytes.
func (w *Writer) WriteBlock(kind uint32, body []byte) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.start(kind)
	w.padded(body)
	return w.finish()
}

// BeginSection begins another pcapng section, in the given byte order.
// Interfaces have to be added to it anew.
func (w *Writer) BeginSection(bigEndian bool) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.order = binary.LittleEndian
	if bigEndian {
		w.order = binary.BigEndian
	}
	w.section = len(w.ifaces)
	return w.sectionHeader()
}

// begin writes the first section header.
func (w *Writer) begin() error {
	if w.opts.Format != PCAPNG {
		return fmt.Errorf("a %s file has no blocks: write pcapng", w.opts.Format)
	}
	if w.begun {
		return nil
	}
	w.begun = true
	return w.sectionHeader()
}

func (w *Writer) sectionHeader() error {
	w.start(blockSection)
	w.u32(byteOrderMagic)
	w.u16(1)
	w.u16(0)
	w.u32(math.MaxUint32) // the section's length is not known
	w.u32(math.MaxUint32)
	w.text(1, w.opts.Comment)     // opt_comment
	w.text(4, w.opts.Application) // shb_userappl
	if w.opts.Comment != "" || w.opts.Application != "" {
		w.endOfOptions()
	}
	return w.finish()
}

// start begins a block; finish closes it.
func (w *Writer) start(kind uint32) {
	w.buf = w.buf[:0]
	w.u32(kind)
	w.u32(0) // finish fills it in
}

func (w *Writer) u16(v uint16) { w.buf = w.order.AppendUint16(w.buf, v) }
func (w *Writer) u32(v uint32) { w.buf = w.order.AppendUint32(w.buf, v) }

// padded appends b and zeros up to a multiple of 4 bytes.
func (w *Writer) padded(b []byte) {
	w.buf = append(w.buf, b...)
	w.buf = append(w.buf, make([]byte, -len(b)&3)...)
}

// text appends a text option, unless it is empty. An option holds 65 535 bytes;
// of longer texts the beginning is written.
func (w *Writer) text(code uint16, s string) {
	if len(s) > math.MaxUint16 {
		n := math.MaxUint16
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	if s != "" {
		w.option(code, []byte(s))
	}
}

func (w *Writer) option(code uint16, value []byte) {
	w.u16(code)
	w.u16(uint16(len(value)))
	w.padded(value)
}

func (w *Writer) endOfOptions() { w.u32(0) }

func (w *Writer) finish() error {
	w.u32(uint32(len(w.buf) + 4))
	copy(w.buf[4:8], w.buf[len(w.buf)-4:])
	_, err := w.w.Write(w.buf)
	return err
}
