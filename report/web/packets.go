package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"wstap/capture"
	"wstap/report/pcapng"
)

// Rotation is how Packets is to be written: 64 MiB are kept, of which the oldest
// 8 MiB go at a time.
var Rotation = pcapng.Rotation{Bytes: 8 << 20, Files: 8}

// Packets are the latest packets of a capture that cannot be read twice, as
// pcapng files in memory: one goroutine writes, others export.
type Packets struct {
	hub   *Hub
	mu    sync.Mutex
	files []*packetFile // in order
}

var _ pcapng.Files = (*Packets)(nil)

// NewPackets makes Packets without any. h tells the addresses of connections.
func NewPackets(h *Hub) *Packets { return &Packets{hub: h} }

// packetFile is one file. What was written to it does not change any more.
type packetFile struct {
	of *Packets
	n  int
	b  []byte
}

// Create implements pcapng.Files.
func (p *Packets) Create(n int, _ time.Time) (io.WriteCloser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &packetFile{of: p, n: n}
	p.files = append(p.files, f)
	return f, nil
}

// Remove implements pcapng.Files.
func (p *Packets) Remove(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files = slices.DeleteFunc(p.files, func(f *packetFile) bool { return f.n == n })
	return nil
}

// Write implements io.Writer. It is called with whole blocks.
func (f *packetFile) Write(b []byte) (int, error) {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.b = append(f.b, b...)
	return len(b), nil
}

// Close implements io.Closer.
func (f *packetFile) Close() error { return nil }

// snapshot are the files as they are now.
func (p *Packets) snapshot() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all [][]byte
	for _, f := range p.files {
		all = append(all, f.b)
	}
	return all
}

// Export writes the packets between the ends of the connections with the given
// numbers, all for none, as one pcapng. IP fragments are left out, and a later
// connection between the same ports comes along.
func (p *Packets) Export(ctx context.Context, w io.Writer, conns []int) error {
	var since map[capture.Flow]time.Time // nil wants all
	if conns != nil {
		since = map[capture.Flow]time.Time{}
	}
	for _, n := range conns {
		c := p.hub.conn(n)
		if c == nil || c.Stream == nil {
			continue
		}
		flow := capture.Flow{Src: c.Stream.Client(), Dst: c.Stream.Server()}
		first := c.Stream.Handshake().First.Time
		if at, ok := since[flow]; !ok || first.Before(at) {
			since[flow], since[flow.Reverse()] = first, first
		}
	}
	var interfaces []capture.Interface
	out, err := pcapng.NewOutput(Single{w}, pcapng.Options{
		Application: "wstap", Interfaces: func() []capture.Interface { return interfaces },
	})
	if err != nil {
		return err
	}
	for _, b := range p.snapshot() {
		if err := copyPackets(ctx, b, since, out, &interfaces); err != nil {
			return err
		}
	}
	return out.Close()
}

// copyPackets copies from one file what is wanted.
func copyPackets(ctx context.Context, file []byte, since map[capture.Flow]time.Time, out *pcapng.Output, interfaces *[]capture.Interface) error {
	src, err := capture.NewReader(bytes.NewReader(file), "packets")
	if err != nil {
		return err
	}
	defer src.Close()
	var decoder capture.Decoder
	var seg capture.Segment
	for ctx.Err() == nil {
		pkt, err := src.Next()
		switch {
		case errors.Is(err, capture.ErrIdle):
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if since != nil {
			if decoder.Decode(&pkt, &seg) != capture.KindTCP {
				continue
			}
			if at, ok := since[seg.Flow()]; !ok || pkt.Time.Before(at) {
				continue
			}
		}
		if pkt.Interface >= len(*interfaces) {
			*interfaces = src.Interfaces() // later files know at least those of the earlier
		}
		if err := out.Packet(pkt); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Single is the one file of a pcapng.Output that does not rotate.
type Single struct{ W io.Writer }

// Create implements pcapng.Files.
func (s Single) Create(int, time.Time) (io.WriteCloser, error) { return unclosed{s.W}, nil }

// Remove implements pcapng.Files.
func (s Single) Remove(int) error { return nil }

// unclosed is a writer whose owner closes it.
type unclosed struct{ io.Writer }

// Close implements io.Closer.
func (unclosed) Close() error { return nil }
