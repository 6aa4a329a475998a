package capturetest

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/bits"
	"strings"
	"testing"
)

// TestDeflateExamples holds the compressor against those examples of RFC
// 7692, 7.2.3 that a greedy search leads to as well.
func TestDeflateExamples(t *testing.T) {
	hello := []byte("Hello")
	for _, c := range []struct {
		name string
		f    func(d *Deflater) []byte
		want string
	}{
		{"one block (7.2.3.1)", func(d *Deflater) []byte { return d.Message(nil, hello) }, "f2 48 cd c9 c9 07 00"},
		{"with its end", func(d *Deflater) []byte { return d.Append(nil, hello) }, "f2 48 cd c9 c9 07 00 00 00 ff ff"},
		{"stored (7.2.3.3)", func(d *Deflater) []byte { return d.Stored(nil, hello) }, "00 05 00 fa ff 48 65 6c 6c 6f 00"},
		{"BFINAL (7.2.3.4)", func(d *Deflater) []byte { return d.Final(nil, hello) }, "f3 48 cd c9 c9 07 00 00"},
		{"two blocks (7.2.3.5)", func(d *Deflater) []byte { return d.Message(d.Append(nil, hello[:2]), hello[2:]) }, "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"},
		{"empty (7.2.3.6)", func(d *Deflater) []byte { return d.Message(nil, nil) }, "00"},
		{"again, without takeover (7.2.3.2)", func(d *Deflater) []byte {
			d.Message(nil, hello)
			d.Reset()
			return d.Message(nil, hello)
		}, "f2 48 cd c9 c9 07 00"},
	} {
		if got := c.f(new(Deflater)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % x, want %s", c.name, got, c.want)
		}
	}
	// 7.2.3.2, with takeover: the second message refers to the first.
	var d Deflater
	first := d.Message(nil, hello)
	if second := d.Message(nil, hello); len(second) >= len(first) || !bytes.Equal(inflate(t, second, hello), hello) {
		t.Errorf("% x", second)
	}
}

// inflate is the standard library's word on a message, given the window.
func inflate(t *testing.T, p, window []byte) []byte {
	t.Helper()
	r := flate.NewReaderDict(io.MultiReader(bytes.NewReader(p), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")), window)
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("% x: %v", p, err)
	}
	return out
}

// messages are of all kinds: repetitive, incompressible, long, empty.
func messages() [][]byte {
	var out [][]byte
	for i := range 40 {
		out = append(out, bytes.Repeat(fmt.Appendf(nil, "{\"message\":%d}", i%3), i*i), noise(uint64(i), i*7), noise(1, 900), nil)
	}
	return out
}

func TestDeflateRoundTrip(t *testing.T) {
	for _, bits := range []int{8, 9, 10, 15, 0} {
		d := Deflater{Bits: bits}
		var window []byte
		for i, m := range messages() {
			var p []byte
			switch i % 5 {
			case 3:
				p = d.Final(nil, m)
			case 4:
				p = d.Stored(nil, m)
			default:
				p = d.Message(nil, m)
			}
			if got := inflate(t, p, window); !bytes.Equal(got, m) {
				t.Fatalf("window bits %d, message %d: %d bytes, want %d", bits, i, len(got), len(m))
			}
			if far := farthest(t, p); far > d.window() {
				t.Fatalf("window bits %d, message %d: distance %d", bits, i, far)
			}
			window = append(window, m...)
			window = window[max(0, len(window)-d.window()):]
		}
	}
}

// farthest is a plain model of an inflater for fixed and stored blocks that
// only looks for the longest distance.
func farthest(t *testing.T, p []byte) (far int) {
	pos := 0
	read := func(n int) (v int) { // n bits, least significant first
		for i := range n {
			if pos/8 >= len(p) {
				return v
			}
			v |= int(p[pos/8]>>(pos%8)&1) << i
			pos++
		}
		return v
	}
	code := func(n int) int { return int(bits.Reverse32(uint32(read(n))) >> (32 - n)) }
	for pos/8 < len(p) {
		final := read(1)
		switch read(2) {
		case 0:
			pos = (pos + 7) / 8 * 8
			n := read(16)
			pos += 16 + 8*n
		case 1:
			for {
				s := code(7) // RFC 1951, 3.2.6
				if s < 24 {
					s += 256
				} else if s = s<<1 | read(1); s < 0xc0 {
					continue // literal of 8 bits
				} else if s < 0xc8 {
					s += 280 - 0xc0
				} else {
					read(1)
					continue // literal of 9 bits
				}
				if s == 256 {
					break
				}
				if s >= 265 && s < 285 {
					read((s - 261) / 4)
				}
				dist := code(5)
				if dist >= 4 {
					extra := dist/2 - 1
					dist = (2+dist%2)<<extra + read(extra)
				}
				far = max(far, dist+1)
			}
		default:
			t.Fatalf("block type at bit %d of % x", pos, p)
		}
		if final == 1 {
			return far
		}
	}
	return far
}
