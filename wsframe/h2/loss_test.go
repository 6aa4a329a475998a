package h2_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe/h2"
)

// lastHeaders keeps the header block that came last.
type lastHeaders struct {
	recorder
	got h2.Headers
}

func (l *lastHeaders) Headers(b *h2.Headers) error {
	l.got = *b
	return nil
}

// TestHeaderTableLoss: behind a header block that was lost, each field is right
// or unknown, and those put into the table since are known.
func TestHeaderTableLoss(t *testing.T) {
	right, unknown := 0, 0
	for seed := uint64(1); seed <= 100; seed++ {
		w := newWriter(h2.FromServer, seed)
		var l lastHeaders
		c := h2.New(&l)
		for i := range 40 {
			fields := w.fields()
			w.out.Reset()
			block := w.encode(fields)
			check(w.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}))
			frame := w.out.Bytes()
			if i%10 == 9 {
				n := 9 + w.rng.IntN(len(block))
				feed(c, h2.FromServer, frame[:n], 1<<20)
				check(c.Gap(h2.FromServer, reassembly.Gap{Bytes: int64(len(frame) - n)}, capture.Stamp{}))
				if !l.got.Broken {
					t.Fatalf("seed %d: a block with a hole is not called broken", seed)
				}
				continue
			}
			feed(c, h2.FromServer, frame, 1<<20)
			if l.got.Broken || len(l.got.Fields)+l.got.Unknown != len(fields) || i < 9 && l.got.Unknown > 0 {
				t.Fatalf("seed %d, block %d: %d fields and %d unknown of %d", seed, i, len(l.got.Fields), l.got.Unknown, len(fields))
			}
			for _, f := range l.got.Fields {
				k := slices.Index(fields, f)
				if k < 0 {
					t.Fatalf("seed %d, block %d: %v was never sent: %v", seed, i, f, fields)
				}
				fields = fields[k+1:] // in order
			}
			right, unknown = right+len(l.got.Fields), unknown+l.got.Unknown
		}
	}
	t.Logf("%d fields known and right, %d unknown", right, unknown)
	if unknown == 0 || right < unknown/2 {
		t.Errorf("%d known, %d unknown", right, unknown)
	}
}

// numbered are DATA frames whose bytes tell their stream and offset, so that
// what is read in spite of losses can be told from what is not.
func numbered(rng *rand.Rand, frames int) []byte {
	var out bytes.Buffer
	f := http2.NewFramer(&out, nil)
	var sent [8]int
	for range frames {
		s := rng.IntN(8)
		var data []byte
		for range rng.IntN(120) + 1 {
			data = fmt.Appendf(data, "%d:%06d ", s, sent[s])
			sent[s]++
		}
		if rng.IntN(3) == 0 {
			check(f.WriteDataPadded(uint32(2*s+1), false, data, make([]byte, rng.IntN(100))))
		} else {
			check(f.WriteData(uint32(2*s+1), false, data))
		}
		if rng.IntN(4) == 0 {
			check(f.WriteWindowUpdate(uint32(2*s+1), 1))
		}
	}
	return out.Bytes()
}

// counter is a Handler that counts the bytes of DATA and joins them by stream.
type counter struct {
	recorder
	joined [8]bytes.Buffer
	bytes  int
}

func (k *counter) Data(d *h2.Data) error {
	k.bytes += len(d.Bytes)
	b := &k.joined[d.Stream/2]
	if d.Missing.Bytes > 0 {
		b.WriteString("\n")
	}
	b.Write(d.Bytes)
	return nil
}

func (k *counter) Signal(s h2.Signal) error {
	for i := range k.joined {
		k.joined[i].WriteString("\n") // each may have a hole here
	}
	return nil
}

// TestHoles: with packets lost, what is told of each stream is what was sent on
// it, in order, and frames behind a loss are found again.
func TestHoles(t *testing.T) {
	given, lost, told := 0, 0, 0
	for seed := uint64(1); seed <= 40; seed++ {
		rng := rand.New(rand.NewPCG(seed, 3))
		all := numbered(rng, 300)
		var k counter
		c := h2.New(&k)
		for b := all; len(b) > 0; {
			n := min(rng.IntN(1460)+1, len(b))
			if rng.IntN(20) == 0 {
				lost += n
				check(c.Gap(h2.FromServer, reassembly.Gap{Bytes: int64(n)}, capture.Stamp{}))
			} else {
				feed(c, h2.FromServer, b[:n], n)
			}
			b = b[n:]
		}
		check(c.End())
		given, told = given+len(all), told+k.bytes
		for s := range k.joined {
			next := -1
			for run := range strings.SplitSeq(k.joined[s].String(), "\n") {
				items := strings.Split(run, " ")
				for i, item := range items {
					var stream, number int
					if i == 0 || i == len(items)-1 || len(item) != 8 {
						continue // a hole may have cut it
					}
					if n, _ := fmt.Sscanf(item, "%d:%d", &stream, &number); n != 2 || stream != s || number <= next {
						t.Fatalf("seed %d, stream %d: %q behind %d", seed, s, item, next)
					}
					if i > 1 && number != next+1 {
						t.Fatalf("seed %d, stream %d: %d follows %d, and no hole was told", seed, s, number, next)
					}
					next = number
				}
			}
		}
	}
	t.Logf("%d bytes, %d lost, %d of DATA told", given, lost, told)
	if told < given*3/4 {
		t.Errorf("%d of %d bytes were told, though %d only were lost", told, given, lost)
	}
}

// TestJoin: frames are found in a connection's midst, wherever it is joined.
func TestJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	all := numbered(rng, 200)
	for range 100 {
		from := rng.IntN(len(all) - 4000)
		var k counter
		c := h2.Join(&k)
		feed(c, h2.FromServer, all[from:], 1460)
		check(c.End())
		if missed := len(all) - from - k.bytes; missed > 2000+(len(all)-from)/10 {
			t.Errorf("joined at %d: %d of %d bytes told", from, k.bytes, len(all)-from)
		}
	}
}

// TestResembles: frames are recognized, and text and zeros are not.
func TestResembles(t *testing.T) {
	frames := numbered(rand.New(rand.NewPCG(1, 5)), 3)
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"frames":           {frames, true},
		"the last one cut": {frames[:len(frames)-1], true},
		"one cut frame":    {frames[:12], false},
		"zeros":            {make([]byte, 100), false},
		"nothing":          {nil, false},
		"text":             {[]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), false},
	} {
		if got := h2.Resembles(c.b); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestOpening: both ways a connection begins, cut anywhere.
func TestOpening(t *testing.T) {
	settings := "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x01"
	for from, opening := range map[h2.Direction]string{h2.FromClient: h2.Preface, h2.FromServer: settings} {
		for n := range len(opening) + 1 {
			got, ok, more := h2.Opening([]byte(opening[:n]))
			enough := n >= 9 && from == h2.FromServer || n == len(h2.Preface)
			if ok != enough || more == enough || ok && got != from {
				t.Errorf("%d bytes from the %v: %v %t %t", n, from, got, ok, more)
			}
		}
	}
	for _, other := range []string{"PRI * HTTP/1.1\r\n", "GET / HTTP/1.1", "\x16\x03\x01", "\x00\x00\x05\x04\x00\x00\x00\x00\x00", "\x00\x00\x00\x00"} {
		if _, ok, more := h2.Opening([]byte(other)); ok || more {
			t.Errorf("%q is taken for HTTP/2: %t %t", other, ok, more)
		}
	}
}
