package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// maxPacket bounds the captured length of one packet in bytes. tcpdump and
// Wireshark stop at 256 KiB, Linux hands out up to 512 KiB (BIG TCP); a length
// beyond this is no packet but a damaged file.
const maxPacket = 16 << 20

// File reads packets from a pcap or pcapng capture, which may be packed with
// gzip or zstd. It reads regular files where they stand. From anything else (a
// pipe, a socket, a terminal) a goroutine reads, so that Next can say ErrIdle.
type File struct {
	name   string
	in     window
	input  *input
	feed   *feed // nil for regular files
	format FileFormat
	opened bool // the file header was read
	big    bool // numbers are big-endian (pcapng: in this section)
	err    error

	stats   Stats
	ifaces  []Interface
	section int // pcapng: index of this section's first interface
	secrets secrets

	link    LinkType   // pcap: of all packets
	res     Resolution // pcap: of all packets
	swapped bool       // pcap: the two lengths may be exchanged
	plain   bool       // pcap: they are not, and numbers are little-endian
	trailer uint32     // pcapng: the total length expected next, 0 for none
}

var _ IntoSource = (*File)(nil)

// Open opens a capture file; "-" is the standard input. A regular file whose
// header cannot be read fails here. Anything else fails at the first Next, as
// its first byte may be long in coming; Open does not wait for it, nor for the
// writer of a FIFO.
func Open(path string) (*File, error) {
	if path == "-" {
		return NewReader(os.Stdin, "stdin")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, plain(path, err)
	}
	if info.Mode().Type() == fs.ModeNamedPipe {
		return newFile(&fifo{path: path}, path, 0, true)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, plain(path, err)
	}
	f, err := NewReader(file, path)
	if err != nil {
		file.Close()
		return nil, err
	}
	f.input.closer = file
	return f, nil
}

// NewReader reads a capture from r; name stands for it in messages. Close does
// not close r.
//
// Whether r may keep Next waiting decides how it is read: a regular file or
// any other io.Seeker directly, everything else by a goroutine that goes on
// until r fails or, after Close, until the read that is under way returns.
func NewReader(r io.Reader, name string) (*File, error) {
	_, seeks := r.(io.Seeker)
	var size int64
	if file, ok := r.(*os.File); ok {
		info, err := file.Stat()
		if err != nil {
			return nil, plain(name, err)
		}
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: name a capture file in it", name)
		}
		seeks = info.Mode().IsRegular()
		size = info.Size()
	}
	return newFile(r, name, size, !seeks)
}

func newFile(r io.Reader, name string, size int64, waits bool) (*File, error) {
	f := &File{name: name, input: &input{r: r, size: size}}
	if c, ok := r.(*fifo); ok {
		f.input.closer = c
	}
	if waits {
		f.feed = newFeed(f.input)
		f.in.r = f.feed
		return f, nil
	}
	f.in.r = f.input
	if err := f.open(); err != nil {
		return nil, err
	}
	if f.format == PCAPNG {
		if err := f.firstBlocks(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// plain is an error of the os package in the form that is printed, without the
// name of the system call. errors.Is still finds fs.ErrNotExist and the like.
func plain(name string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Next returns the next packet; its Data points into the File's buffer. The
// error is io.EOF at the end, ErrIdle when a pipe has had nothing for 50 ms, and
// otherwise a *TruncatedError, a *FormatError or an error of reading. All but
// ErrIdle are final.
func (f *File) Next() (p Packet, err error) {
	err = f.NextInto(&p)
	return p, err
}

// NextInto implements IntoSource; see Next.
func (f *File) NextInto(p *Packet) error {
	if f.err != nil {
		return f.err
	}
	if !f.opened {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.format == PCAPNG {
		return f.nextPcapng(p)
	}
	return f.nextPcap(p)
}

// Close releases the input. The bytes that were lent are invalid after it.
func (f *File) Close() error {
	if f.err == nil {
		f.err = fs.ErrClosed
	}
	if f.feed != nil {
		f.feed.stop()
	}
	return f.input.close()
}

// open reads the file header. Like Next it may be called again after ErrIdle.
func (f *File) open() error {
	const magicLen = 4
	if err := f.in.need(magicLen); err != nil {
		if err != io.EOF {
			return f.fault(err, "the file header")
		}
		if f.in.unread() == 0 && f.input.packing() == "" {
			if f.feed != nil {
				return f.damaged("nothing was written to it", nil)
			}
			return f.damaged("the file is empty", nil)
		}
		return f.damaged(f.describe(), nil)
	}
	magic := f.in.buf[f.in.lo:f.in.hi]
	switch {
	case isPcapng(magic):
		f.format, f.opened = PCAPNG, true
		return nil // the section header is a block like any other
	case isPcap(magic):
		return f.openPcap()
	}
	// What else it is shows in the first lines. A pipe may have sent only the
	// first few bytes; then these have to do.
	const lines = 512
	if err := f.in.need(lines); err != nil && err != io.EOF && err != ErrIdle {
		return f.fault(err, "the file header")
	}
	return f.damaged(f.describe(), nil)
}

func (f *File) describe() string {
	what := describe(f.in.buf[f.in.lo:f.in.hi], f.name)
	if p := f.input.packing(); p != "" {
		return "the " + p + " data holds no capture: " + what
	}
	return "not a capture: " + what
}

// count adds a packet to the statistics and returns its number.
func (f *File) count(length, captured int) uint64 {
	f.stats.Packets++
	if length > captured {
		f.stats.Truncated++
	}
	return f.stats.Packets
}

// damaged ends reading: the record at the present offset cannot be right.
func (f *File) damaged(reason string, cause error) error {
	f.err = &FormatError{Name: f.name, Offset: f.in.offset(), Packets: f.stats.Packets, Reason: reason, Err: cause}
	return f.err
}

// fault turns what the input says where the rest of a record should have been
// into what Next returns. inside names the record.
func (f *File) fault(err error, inside string) error {
	var bad *packingError
	switch {
	case err == ErrIdle:
		return err
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		f.err = &TruncatedError{
			Name: f.name, Offset: f.in.end(), Packets: f.stats.Packets,
			Inside: inside, Packing: f.input.packing(),
		}
	case errors.As(err, &bad):
		return f.damaged(bad.Error(), bad.err)
	default:
		f.err = plain(f.name, err)
	}
	return f.err
}

// inPacket names the record that the next packet is in.
func (f *File) inPacket() string { return fmt.Sprintf("packet %d", f.stats.Packets+1) }

// Stats counts what Next returned. Files do not tell of drops, except pcapng
// Interface Statistics Blocks, which are not read.
func (f *File) Stats() Stats { return f.stats }

// Interfaces describes the interfaces seen so far, in the order of
// Packet.Interface. A pcap file has one. The slice is the caller's.
func (f *File) Interfaces() []Interface { return slices.Clone(f.ifaces) }

// Secrets returns the decryption secrets seen so far, in the order of the
// file; later packets may bring more. The slice is the caller's, the bytes in
// it are not to be written to. At most 16 MiB are kept, what is beyond is lost.
func (f *File) Secrets() []Secret { return slices.Clone(f.secrets.kept) }

// Position says how many bytes of the input were read and how many there are,
// both before unpacking. size is 0 where it is not known. It may be called
// while another goroutine is in Next.
func (f *File) Position() (read, size int64) { return f.input.count.Load(), f.input.size }

// Format names the file format, with its packing: "pcap", "nanosecond pcap",
// "pcapng, gzip". It is "unknown" before the header of a pipe has been read.
func (f *File) Format() string {
	if !f.opened {
		return "unknown"
	}
	return strings.TrimSuffix(f.format.String()+", "+f.input.packing(), ", ")
}
