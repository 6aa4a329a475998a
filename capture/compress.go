package capture

import (
	"bufio"
	"bytes"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the largest window that the zstd command unpacks unasked,
// and so the most that a file can make the decoder reserve.
const maxZstdWindow = 128 << 20

// input is what a capture is read from: it counts bytes and unpacks gzip and
// zstd, both told by their magic.
type input struct {
	r      io.Reader
	closer io.Closer // nil where the input is not ours to close
	size   int64
	count  atomic.Int64 // bytes read of r
	pack   atomic.Pointer[string]

	out io.Reader // nil before the first Read
	err error     // of r itself, io.EOF excepted
}

// packing is "gzip", "zstd", or empty. Readable while the feed reads.
func (in *input) packing() string {
	if p := in.pack.Load(); p != nil {
		return *p
	}
	return ""
}

func (in *input) close() error {
	if in.closer == nil {
		return nil
	}
	return in.closer.Close()
}

// counted reads the input as it is, and counts its bytes.
type counted struct{ in *input }

func (r counted) Read(p []byte) (int, error) {
	n, err := r.in.r.Read(p)
	r.in.count.Add(int64(n))
	if err != nil && err != io.EOF {
		r.in.err = err
	}
	return n, err
}

// packingError says that packed data is damaged.
type packingError struct {
	packing string
	err     error
}

func (e *packingError) Error() string {
	return "the " + e.packing + " data is damaged: " + e.err.Error()
}

// Read returns unpacked bytes. io.ErrUnexpectedEOF means that packed data was
// cut, a *packingError that it is damaged.
func (in *input) Read(p []byte) (int, error) {
	if in.out == nil {
		if err := in.detect(); err != nil {
			return 0, err
		}
	}
	n, err := in.out.Read(p)
	if err != nil && err != io.EOF {
		err = in.explain(err)
	}
	return n, err
}

// detect reads the magic and sets out up. It may wait for the first 4 bytes.
func (in *input) detect() error {
	var magic [4]byte
	n, err := io.ReadFull(counted{in}, magic[:])
	if in.err != nil {
		return in.err
	}
	head := io.Reader(bytes.NewReader(magic[:n]))
	if err != nil { // shorter than a magic: whatever it is, it is not packed
		in.out = head
		return nil
	}
	packed := io.MultiReader(head, counted{in})
	switch packing(magic[:]) {
	case "gzip":
		in.setPacking("gzip")
		z, err := gzip.NewReader(bufio.NewReaderSize(packed, blockSize))
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return in.explain(err)
		}
		in.out = z
	case "zstd":
		in.setPacking("zstd")
		// With one decoder nothing runs in the background, so there is nothing
		// that would have to be closed.
		z, err := zstd.NewReader(bufio.NewReaderSize(packed, blockSize), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return in.explain(err)
		}
		in.out = z
	default:
		in.out = &headed{head: magic[:], rest: counted{in}}
	}
	return nil
}

func (in *input) setPacking(s string) { in.pack.Store(&s) }

// packing names the compression that b begins with, of those that are unpacked.
func packing(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		return "gzip"
	case bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}), // RFC 8878, 3.1.1
		len(b) >= 4 && b[0]&0xf0 == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18: // a skippable frame first, 3.1.2
		return "zstd"
	default:
		return ""
	}
}

// explain tells a cut and damage from a failure to read.
func (in *input) explain(err error) error {
	switch {
	case in.err != nil:
		return in.err
	case err == io.ErrUnexpectedEOF:
		return err
	default:
		return &packingError{in.packing(), err}
	}
}

// headed gives head first and then rest, reading straight into the caller's
// buffer in one go where it can.
type headed struct {
	head []byte
	rest io.Reader
}

func (h *headed) Read(p []byte) (int, error) {
	n := copy(p, h.head)
	h.head = h.head[n:]
	if n > 0 {
		return n, nil
	}
	return h.rest.Read(p)
}
