package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// drain reads all packets, with copies of their bytes, and the final error.
func drain(f *File, err error) ([]Packet, error) {
	if err != nil {
		return nil, err
	}
	var all []Packet
	for {
		p, err := f.Next()
		if err == ErrIdle {
			continue
		}
		if err != nil {
			return all, err
		}
		p.Data = slices.Clone(p.Data)
		all = append(all, p)
	}
}

func readBytes(b []byte) ([]Packet, error) {
	return drain(NewReader(bytes.NewReader(b), "test"))
}

// samePackets compares what two readings gave.
func samePackets(t *testing.T, got, want []Packet) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i, g := range got {
		w := want[i]
		if g.Packet != w.Packet || !g.Time.Equal(w.Time) || g.Link != w.Link || g.Length != w.Length ||
			g.Interface != w.Interface || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("packet %d: got %+v\nwant %+v", i+1, g, w)
		}
	}
}

// boundaries notes where each Write ended: the ends of blocks and records.
type boundaries struct {
	bytes.Buffer
	ends []int
}

func (b *boundaries) Write(p []byte) (int, error) {
	n, err := b.Buffer.Write(p)
	b.ends = append(b.ends, b.Len())
	return n, err
}

// sample writes n packets of random sizes up to maxSize, deterministically.
func sample(t testing.TB, w *Writer, n, maxSize int) []Packet {
	t.Helper()
	i, err := w.AddInterface(Interface{Link: LinkEthernet, SnapLen: 262144})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var noise []byte
	for len(noise) < maxSize+4096 {
		noise = binary.LittleEndian.AppendUint64(noise, r.Uint64())
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	var all []Packet
	for k := range n {
		data := noise[r.IntN(len(noise)-maxSize):][:r.IntN(maxSize+1)]
		at = at.Add(time.Duration(r.IntN(5000)) * time.Microsecond)
		p := Packet{Stamp: Stamp{at, uint64(k + 1)}, Data: data, Link: LinkEthernet, Length: len(data) + r.IntN(2)*r.IntN(100), Interface: i}
		if err := w.WritePacket(p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

var writings = []struct {
	name string
	opts WriterOptions
}{
	{"pcap", WriterOptions{Format: PCAP}},
	{"pcap big-endian", WriterOptions{Format: PCAP, BigEndian: true}},
	{"nanosecond pcap", WriterOptions{Format: PCAPNano}},
	{"nanosecond pcap big-endian", WriterOptions{Format: PCAPNano, BigEndian: true}},
	{"pcapng", WriterOptions{}},
	{"pcapng big-endian", WriterOptions{BigEndian: true}},
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

// Blocks of 256 KiB end in the middle of packets, heads and lengths; packets
// larger than a block make the buffer grow.
func TestPacketsStraddleBlocks(t *testing.T) {
	for _, w := range writings {
		for _, maxSize := range []int{200, 9000, 3 * blockSize} {
			t.Run(fmt.Sprint(w.name, " ", maxSize), func(t *testing.T) {
				var file bytes.Buffer
				want := sample(t, NewWriter(&file, w.opts), max(4*blockSize/(maxSize+1), 5), maxSize)
				got, err := readBytes(file.Bytes())
				if err != io.EOF {
					t.Fatal(err)
				}
				samePackets(t, got, want)
				// A reader that gives what it likes must make no difference.
				got, err = drain(NewReader(&trickle{b: file.Bytes(), r: rand.New(rand.NewPCG(3, 4))}, "test"))
				if err != io.EOF {
					t.Fatal(err)
				}
				samePackets(t, got, want)
			})
		}
	}
}

// trickle is a pipe that gives bytes in pieces of random size.
type trickle struct {
	b []byte
	r *rand.Rand
}

func (t *trickle) Read(p []byte) (int, error) {
	if len(t.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+t.r.IntN(100_000))], t.b)
	t.b = t.b[n:]
	return n, nil
}

func TestPackedCaptures(t *testing.T) {
	for _, w := range writings {
		var file bytes.Buffer
		want := sample(t, NewWriter(&file, w.opts), 100, 2000)
		whole := file.Bytes()
		half := len(whole) / 2
		for _, c := range []struct {
			packing string
			bytes   []byte
		}{
			{"gzip", gzipped(t, whole)},
			{"gzip", append(gzipped(t, whole[:half]), gzipped(t, whole[half:])...)}, // members, RFC 1952, 2.2
			{"zstd", zstded(t, whole)},
			{"zstd", append(zstded(t, whole[:half]), zstded(t, whole[half:])...)},
			{"zstd", append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'}, zstded(t, whole)...)}, // skippable frame, RFC 8878, 3.1.2
		} {
			f, err := NewReader(bytes.NewReader(c.bytes), "test")
			got, err := drain(f, err)
			if err != io.EOF {
				t.Fatalf("%s, %s: %v", w.name, c.packing, err)
			}
			samePackets(t, got, want)
			if got, want := f.Format(), w.opts.Format.String()+", "+c.packing; got != want {
				t.Errorf("Format() = %q, want %q", got, want)
			}
			if read, _ := f.Position(); read != int64(len(c.bytes)) {
				t.Errorf("Position() = %d, want %d", read, len(c.bytes))
			}
		}
	}
}

// Wherever a file is cut, all whole packets come first, and then the place.
func TestCutAtEveryByte(t *testing.T) {
	for _, w := range writings {
		t.Run(w.name, func(t *testing.T) {
			var file boundaries
			wr := NewWriter(&file, w.opts)
			want := sample(t, wr, 3, 40)
			if w.opts.Format == PCAPNG { // a block that is read, and one that is skipped
				err := errors.Join(wr.WriteSecret(Secret{SecretTLS, []byte("CLIENT_RANDOM")}),
					wr.WriteBlock(0xbad, []byte("skipped")), wr.WritePacket(want[0]))
				if err != nil {
					t.Fatal(err)
				}
				again := want[0]
				again.Packet = 4
				want = append(want, again)
			}
			whole := file.Bytes()
			for cut := range len(whole) + 1 {
				got, err := readBytes(whole[:cut])
				packets := 0
				for n := range len(want) + 1 {
					if packetsEnd(t, file.ends, w.opts.Format, n) <= cut {
						packets = n
					}
				}
				samePackets(t, got, want[:packets])
				var short *TruncatedError
				var bad *FormatError
				switch {
				case cut < 4:
					if !errors.As(err, &bad) {
						t.Errorf("cut at %d: %v", cut, err)
					}
				case slices.Contains(file.ends, cut):
					if err != io.EOF {
						t.Errorf("cut at %d, between records: %v", cut, err)
					}
				case !errors.As(err, &short):
					t.Errorf("cut at %d: %v", cut, err)
				case short.Offset != int64(cut) || short.Packets != uint64(packets):
					t.Errorf("cut at %d after %d packets: %+v", cut, packets, short)
				}
			}
		})
	}
}

// packetsEnd is where the nth packet of TestCutAtEveryByte ends.
func packetsEnd(t *testing.T, ends []int, format FileFormat, n int) int {
	t.Helper()
	switch {
	case n == 0:
		return 0
	case format != PCAPNG:
		return ends[n] // after the file header
	case n <= 3:
		return ends[n+1] // after section and interface
	default:
		return ends[n+3] // after secret and unknown block
	}
}

// What could be unpacked of a cut file is read to the last whole packet.
func TestCutPacked(t *testing.T) {
	var file boundaries
	want := sample(t, NewWriter(&file, WriterOptions{Format: PCAP}), 100, 60)
	for name, packed := range map[string][]byte{"gzip": gzipped(t, file.Bytes()), "zstd": zstded(t, file.Bytes())} {
		for cut := 0; cut < len(packed); cut += 3 {
			got, err := readBytes(packed[:cut])
			n := len(got)
			samePackets(t, got, want[:n])
			if name == "gzip" { // how far the standard library gets
				if z, err := gzip.NewReader(bytes.NewReader(packed[:cut])); err == nil {
					b, _ := io.ReadAll(z)
					// Ours may stop a symbol earlier, of at most 258 bytes (RFC 1951, 3.2.5).
					if n < len(want) && file.ends[n+1] <= len(b)-258 {
						t.Fatalf("cut at %d: %d packets, but %d bytes can be unpacked", cut, n, len(b))
					}
				}
			}
			var short *TruncatedError
			var bad *FormatError
			if cut < 4 && errors.As(err, &bad) {
				continue
			}
			if !errors.As(err, &short) || short.Packing != name || short.Packets != uint64(n) {
				t.Fatalf("%s cut at %d: %v", name, cut, err)
			}
		}
	}
}

func TestTruncatedErrorText(t *testing.T) {
	for _, c := range []struct {
		err  TruncatedError
		want string
	}{
		{TruncatedError{"x.pcap", 123456, 1522, "packet 1523", ""}, "x.pcap: cut short in packet 1523 at byte 123456: the 1522 packets before are whole"},
		{TruncatedError{"x.pcap.gz", 60, 1, "packet 2", "gzip"}, "x.pcap.gz: cut short in packet 2 at byte 60 of the unpacked data: the one packet before is whole"},
		{TruncatedError{"x.pcap", 10, 0, "the file header", ""}, "x.pcap: cut short in the file header at byte 10: there is no whole packet before"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestDamagedPacking(t *testing.T) {
	var file bytes.Buffer
	want := sample(t, NewWriter(&file, WriterOptions{Format: PCAP}), 40, 60)
	packed := gzipped(t, file.Bytes())
	packed[len(packed)-6] ^= 1 // the checksum
	got, err := readBytes(packed)
	samePackets(t, got, want)
	var bad *FormatError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), "the gzip data is damaged") {
		t.Error(err)
	}
}

// failing gives its bytes and then an error that is not the end.
type failing struct {
	*bytes.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func TestReadFailure(t *testing.T) {
	var file bytes.Buffer
	want := sample(t, NewWriter(&file, WriterOptions{}), 10, 60)
	broken := errors.New("input/output error")
	for _, b := range [][]byte{file.Bytes(), gzipped(t, file.Bytes())} {
		b = append(b[:len(b):len(b)], b[:3]...) // not at the end of a record, nor of a member
		got, err := drain(NewReader(failing{bytes.NewReader(b), broken}, "test"))
		samePackets(t, got, want)
		if !errors.Is(err, broken) || err.Error() != "test: input/output error" {
			t.Error(err)
		}
	}
}

func TestOpenFailures(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pcap")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "none.pcap"), "none.pcap: no such file or directory"},
		{dir, " is a directory: name a capture file in it"},
		{empty, "empty.pcap: the file is empty"},
	} {
		_, err := Open(c.path)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.path, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none.pcap")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing file is not fs.ErrNotExist")
	}
}

func TestHeaderWithoutPackets(t *testing.T) {
	for _, w := range writings {
		var file bytes.Buffer
		sample(t, NewWriter(&file, w.opts), 0, 0)
		if got, err := readBytes(file.Bytes()); err != io.EOF || len(got) != 0 {
			t.Errorf("%s: %d packets, %v", w.name, len(got), err)
		}
	}
}

func TestPositionAndStats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	var file bytes.Buffer
	want := sample(t, NewWriter(&file, WriterOptions{}), 100, 100)
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if ifs := f.Interfaces(); len(ifs) != 1 || ifs[0].Link != LinkEthernet {
		t.Errorf("interfaces before the first packet: %+v", ifs)
	}
	got, err := drain(f, nil)
	if err != io.EOF {
		t.Fatal(err)
	}
	samePackets(t, got, want)
	read, size := f.Position()
	if read != int64(file.Len()) || size != int64(file.Len()) {
		t.Errorf("position %d of %d, want %d", read, size, file.Len())
	}
	var cut uint64
	for _, p := range want {
		if p.Length > len(p.Data) {
			cut++
		}
	}
	if s := f.Stats(); s.Packets != 100 || s.Truncated != cut || cut == 0 {
		t.Errorf("%+v, want %d truncated", s, cut)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Next(); err == nil {
		t.Error("Next works after Close")
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	for _, w := range writings {
		var file bytes.Buffer
		sample(t, NewWriter(&file, w.opts), 2000, 1000)
		f, err := NewReader(bytes.NewReader(file.Bytes()), "test")
		if err != nil {
			t.Fatal(err)
		}
		f.Next() // the buffer
		if n := testing.AllocsPerRun(1900, func() {
			if _, err := f.Next(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a packet", w.name, n)
		}
	}
}

func benchmarkRead(b *testing.B, opts WriterOptions) {
	const packets = 100_000
	path := filepath.Join(b.TempDir(), "x")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	sample(b, NewWriter(&file, opts), packets, 300) // mean 150 bytes: small frames
	if _, err := out.Write(file.Bytes()); err != nil {
		b.Fatal(err)
	}
	out.Close()
	b.SetBytes(int64(file.Len()) / packets)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		f, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		var p Packet
		for ; n < b.N; n++ {
			if err := f.NextInto(&p); err != nil {
				break
			}
		}
		f.Close()
	}
}

func BenchmarkReadPcap(b *testing.B)   { benchmarkRead(b, WriterOptions{Format: PCAP}) }
func BenchmarkReadPcapng(b *testing.B) { benchmarkRead(b, WriterOptions{}) }

// TestReadingAllocatesNothing: not for a packet, in either format.
func TestReadingAllocatesNothing(t *testing.T) {
	for _, format := range []FileFormat{PCAP, PCAPNG} {
		var b bytes.Buffer
		sample(t, NewWriter(&b, WriterOptions{Format: format}), 5000, 300)
		f, err := NewReader(bytes.NewReader(b.Bytes()), "x")
		if err != nil {
			t.Fatal(err)
		}
		var p Packet
		if n := testing.AllocsPerRun(4000, func() {
			if err := f.NextInto(&p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations a packet", format, n)
		}
	}
}
