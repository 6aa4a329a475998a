package inflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"

	"wstap/wsframe/inflate"
)

// model decodes with the standard library.
func model(in, dict []byte, limit int) (out []byte, rest int, err error) {
	r := bytes.NewReader(in)
	out, err = io.ReadAll(io.LimitReader(flate.NewReaderDict(r, dict), int64(limit)))
	return out, r.Len(), err
}

// decode decodes with room for step bytes at a time, in a window that begins
// anywhere in its ring.
func decode(d *inflate.Decoder, in, dict []byte, step, limit int) (out []byte, rest int, err error) {
	var w inflate.Window
	w.Append(make([]byte, 13*step%inflate.Reach))
	w.Append(make([]byte, 17*step%inflate.Reach))
	w.Forget()
	w.Append(dict[:len(dict)/3])
	w.Append(dict[len(dict)/3:])
	d.Load(in, "")
	for {
		piece, err := d.Decode(&w, max(step, inflate.MinRoom))
		out = append(out, piece...)
		older, newer := w.Last(inflate.Reach)
		if all := append(append([]byte(nil), older...), newer...); !bytes.HasSuffix(append(dict[:len(dict):len(dict)], out...), all) || len(all) < min(len(dict)+len(out), inflate.Reach) {
			return out, 0, errors.New("wrong history")
		}
		switch {
		case err == io.EOF:
			return out[:min(len(out), limit)], d.Rest(), nil
		case err != nil:
			return out, d.Rest(), err
		case len(out) >= limit:
			return out[:limit], d.Rest(), nil
		}
	}
}

// text is n bytes of what compresses as messages do.
func text(rng *rand.Rand, n int) []byte {
	words := []string{`{"message":`, `"ping"`, `,"data":[`, `1,2,3`, `]}`, "\n", "Grüße", "aaaaaaaaaaaaaaaa"}
	var b []byte
	for len(b) < n {
		if rng.IntN(8) == 0 {
			b = append(b, byte(rng.Uint32()))
		}
		b = append(b, words[rng.IntN(len(words))]...)
	}
	return b[:n]
}

func compress(t testing.TB, level int, dict, plain []byte, blocks int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, level, dict)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		w.Write(plain[i*len(plain)/blocks : (i+1)*len(plain)/blocks])
		w.Flush()
	}
	w.Close()
	return b.Bytes()
}

// What is compressed in any way comes back, whatever the room and the history.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var d inflate.Decoder
	for range 400 {
		dict := text(rng, rng.IntN(40_000))
		if len(dict) > 32<<10 {
			dict = dict[len(dict)-32<<10:]
		}
		plain := text(rng, rng.IntN(5000))
		if rng.IntN(2) == 0 && len(dict) > 0 { // refer far back
			from := rng.IntN(len(dict))
			plain = append(plain, dict[from:min(len(dict), from+rng.IntN(1000))]...)
		}
		in := compress(t, []int{-2, 0, 1, 6, 9}[rng.IntN(5)], dict, plain, 1+rng.IntN(3))
		tail := make([]byte, rng.IntN(12))
		out, rest, err := decode(&d, append(in, tail...), dict, 1+rng.IntN(3000), 1<<20)
		if err != nil || !bytes.Equal(out, plain) || rest != len(tail) {
			t.Fatalf("got %d bytes, rest %d, %v; want %d bytes, rest %d", len(out), rest, err, len(plain), len(tail))
		}
	}
}

// A code for which only one of two bits means something is valid (zlib makes
// it for a single distance), any other incomplete code is not.
func TestCutAndCorrupt(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var d inflate.Decoder
	for range 3000 {
		dict := text(rng, rng.IntN(500))
		in := compress(t, []int{-2, 1, 6, 9}[rng.IntN(4)], dict, text(rng, rng.IntN(2000)), 1+rng.IntN(2))
		switch rng.IntN(3) {
		case 0:
			in = in[:rng.IntN(len(in)+1)]
		case 1:
			in[rng.IntN(len(in))] ^= 1 << rng.IntN(8)
		default:
			in[rng.IntN(min(20, len(in)))] = byte(rng.Uint32())
		}
		same(t, &d, in, dict, 1+rng.IntN(2000))
	}
}

// same holds the decoder against the standard library's.
func same(t *testing.T, d *inflate.Decoder, in, dict []byte, step int) {
	t.Helper()
	const limit = 1 << 20
	want, rest, wantErr := model(in, dict, limit)
	got, gotRest, err := decode(d, in, dict, step, limit)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("got error %v after %d bytes, want %v after %d: %x", err, len(got), wantErr, len(want), in)
	}
	if err != nil && !errors.Is(err, inflate.ErrCorrupt) {
		t.Fatalf("error %v", err)
	}
	if err != nil { // the library gives out whole windows only
		if !bytes.HasPrefix(got, want) && !bytes.HasPrefix(want, got) {
			t.Fatalf("got other bytes before the error: %x", in)
		}
		return
	}
	if !bytes.Equal(got, want) || len(got) < limit && gotRest != rest {
		t.Fatalf("got %d bytes, rest %d; want %d, rest %d: %x", len(got), gotRest, len(want), rest, in)
	}
}

func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, level := range []int{-2, 0, 1, 6, 9} {
		dict := text(rng, 300)
		f.Add(compress(f, level, dict, text(rng, 900), 2), dict, uint16(100))
	}
	f.Add([]byte{0x05, 0xc0, 0x81, 0x08, 0, 0, 0, 0, 0x20, 0x7f, 0xeb, 0x0b, 0, 0}, []byte("x"), uint16(7))
	f.Fuzz(func(t *testing.T, in, dict []byte, step uint16) {
		if len(dict) > 32<<10 {
			dict = dict[:32<<10]
		}
		var d inflate.Decoder
		same(t, &d, in, dict, 300+int(step))
	})
}

func TestNoAllocation(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	plain, dict := text(rng, 2000), text(rng, 30_000)
	in := compress(t, 6, dict, plain, 1)
	var w inflate.Window
	w.Append(dict)
	var d inflate.Decoder
	d.Load(in, "")
	if n := testing.AllocsPerRun(100, func() {
		d.Load(in, "")
		for {
			if _, err := d.Decode(&w, inflate.Reach); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations a stream", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, size := range []int{100, 1000, 30_000} {
		plain, dict := text(rng, size), text(rng, 32<<10)
		in := compress(b, 6, dict, plain, 1)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			var w inflate.Window
			w.Append(dict)
			var d inflate.Decoder
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				d.Load(in, "")
				for err := error(nil); err == nil; {
					_, err = d.Decode(&w, inflate.Reach)
				}
			}
		})
	}
}
