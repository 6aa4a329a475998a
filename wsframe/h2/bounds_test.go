package h2_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

// nothing is a Handler that counts header blocks.
type nothing struct {
	blocks, limited int
	fields          int
}

func (n *nothing) Headers(b *h2.Headers) error {
	n.blocks++
	n.fields = len(b.Fields)
	if b.Limited {
		n.limited++
	}
	return nil
}
func (*nothing) Data(*h2.Data) error    { return nil }
func (*nothing) Signal(h2.Signal) error { return nil }

// heapOf is by how many bytes f makes the heap grow.
func heapOf(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// TestBounds: what a peer can make a Conn hold.
func TestBounds(t *testing.T) {
	frames := func(write func(f *http2.Framer)) []byte {
		var out bytes.Buffer
		f := http2.NewFramer(&out, nil)
		f.AllowIllegalWrites = true
		write(f)
		return out.Bytes()
	}
	field := func(name, value string) []byte {
		var b bytes.Buffer
		check(hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: name, Value: value}))
		return b.Bytes()
	}
	for _, c := range []struct {
		name    string
		b       []byte
		most    int64 // bytes held
		limited int
		fields  int
	}{
		{"CONTINUATION flood", frames(func(f *http2.Framer) {
			check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}}))
			for range 1000 {
				check(f.WriteContinuation(1, false, bytes.Repeat([]byte{0x82}, 16<<10)))
			}
			check(f.WriteContinuation(1, true, nil))
		}), 64 << 10, 1, 256},
		{"empty CONTINUATION flood", frames(func(f *http2.Framer) {
			check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}}))
			for range 100000 {
				check(f.WriteContinuation(1, false, nil))
			}
			check(f.WriteContinuation(1, true, nil))
		}), 16 << 10, 0, 1},
		{"many fields", frames(func(f *http2.Framer) {
			check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: bytes.Repeat([]byte{0x82}, 1000), EndHeaders: true}))
		}), 16 << 10, 1, 256},
		{"a reference bomb", frames(func(f *http2.Framer) { // RFC 7541, 7.3: small on the wire, large as a list
			b := append(field("bomb", strings.Repeat("\x00", 3000)), bytes.Repeat([]byte{0xbe}, 10000)...)
			check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b, EndHeaders: true}))
		}), 96 << 10, 1, 21},
		{"a table without end", frames(func(f *http2.Framer) {
			b := []byte{0x3f, 0xff, 0xff, 0xff, 0x7f} // a size update to 256 MiB
			for range 200 {
				b = append(b, field("name", strings.Repeat("\x00", 4000))...)
			}
			check(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b[:200000], EndHeaders: true}))
		}), 256 << 10, 1, 16},
		{"a frame of 16 MiB declared", []byte("\xff\xff\xff\x00\x00\x00\x00\x00\x01begun"), 16 << 10, 0, 0},
		{"a header block of 16 MiB declared", []byte("\xff\xff\xff\x01\x04\x00\x00\x00\x01\x82"), 16 << 10, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n nothing
			conn := h2.New(&n)
			if held := heapOf(func() { feed(conn, h2.FromServer, c.b, 16<<10) }); held > c.most {
				t.Errorf("%d bytes are held, %d at most", held, c.most)
			}
			if n.limited != c.limited || n.fields != c.fields {
				t.Errorf("%d limited, %d fields; want %d and %d", n.limited, n.fields, c.limited, c.fields)
			}
			runtime.KeepAlive(conn)
		})
	}
}

// TestSearchBound: behind a loss little is held, also of what seems to be a
// frame for ever, and of frames made to be lost again and again.
func TestSearchBound(t *testing.T) {
	ack := "\x00\x00\x00\x04\x01\x00\x00\x00\x00"
	for name, part := range map[string]string{
		"noise":             strings.Repeat("noise, not frames. ", 800),
		"long frames":       "\x00\x40\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("x", 16000),
		"frames, not quite": strings.Repeat(ack+ack+"garbage: ", 800),
	} {
		t.Run(name, func(t *testing.T) {
			var n nothing
			c := h2.Join(&n)
			if held := heapOf(func() {
				for range 200 {
					feed(c, h2.FromServer, []byte(part), 1460)
				}
			}); held > 128<<10 {
				t.Errorf("%d bytes are held", held)
			}
			runtime.KeepAlive(c)
		})
	}
}

// TestNoAllocation: DATA passes without an allocation.
func TestNoAllocation(t *testing.T) {
	var n nothing
	c := h2.New(&n)
	frame := []byte("\x00\x00\x05\x00\x00\x00\x00\x00\x01hello\x00\x00\x07\x00\x08\x00\x00\x00\x03\x01hello\x00")
	if got := testing.AllocsPerRun(100, func() { check(c.Feed(h2.FromServer, frame, capture.Stamp{})) }); got != 0 {
		t.Errorf("%v allocations a call", got)
	}
}

// FuzzRecut: any bytes, with any gaps, are read without a panic, and tell the
// same however they are cut; a Conn that was told of no loss reads on.
func FuzzRecut(f *testing.F) {
	for seed := uint64(1); seed <= 4; seed++ {
		w := newWriter(h2.Direction(seed%2), seed)
		w.frames(12)
		f.Add(w.out.Bytes(), uint16(7), uint16(100*seed), uint16(50), seed > 2)
	}
	f.Add([]byte(h2.Preface+"\x00\x00\x01\x01\x04\x00\x00\x00\x01\xff"), uint16(1), uint16(0), uint16(0), false)
	f.Fuzz(func(t *testing.T, b []byte, cut, gapAt, gap uint16, join bool) {
		run := func(n int) string {
			var got recorder
			c := h2.New(&got)
			if join {
				c = h2.Join(&got)
			}
			for _, from := range []h2.Direction{h2.FromClient, h2.FromServer} {
				at := min(int(gapAt), len(b))
				feed(c, from, b[:at], n)
				if gap > 0 {
					check(c.Gap(from, reassembly.Gap{Bytes: int64(gap)}, capture.Stamp{}))
				}
				feed(c, from, b[at:], n)
			}
			check(c.End())
			return got.String()
		}
		whole, pieces := run(1<<20), run(int(cut)+1)
		// Where frames are found again may depend on where packets end.
		if !join && gap == 0 && !strings.Contains(whole, "lost") && whole != pieces {
			t.Fatalf("cut to %d bytes:\n--- got\n%s\n--- whole\n%s", int(cut)+1, pieces, whole)
		}
	})
}
