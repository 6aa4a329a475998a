package survey

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plainKind is Of, a byte at a time.
func plainKind(b []byte) Kind {
	k := Plain
	for _, c := range b {
		switch {
		case c >= 0x80:
			if len(b) <= LatinMost && isLatin(string(b)) {
				return Latin
			}
			return Mixed
		case c < ' ' || c == 0x7f || c == '\\':
			k = ASCII
		}
	}
	return k
}

// checkKind holds Of and Unmask, with and without vectors of each size, to a byte at
// a time.
func checkKind(t *testing.T, src []byte, key [4]byte) {
	t.Helper()
	want := make([]byte, len(src))
	for i, c := range src {
		want[i] = c ^ key[i%4]
	}
	if got, want := Of(src), plainKind(src); got != want {
		t.Fatalf("Of(%q) = %d, want %d", src, got, want)
	}
	if got, want := latinOf(src, unmaskWords(nil, src, 0)), plainKind(src); got != want {
		t.Fatalf("unmaskWords(nil, %q) = %d, want %d", src, got, want)
	}
	vectored := vectors && len(src) >= vectorLeast // also where wide ones come first
	if vectored {
		if got, want := latinOf(src, kindOf(look(&src[0], len(src)))), plainKind(src); got != want {
			t.Fatalf("look(%q) = %d, want %d", src, got, want)
		}
	}
	const guard = 0xa5
	room := bytes.Repeat([]byte{guard}, len(src)+64)
	roomy := make([]byte, 2*wideMost+len(src))
	word := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24
	for name, f := range map[string]func(dst []byte) Kind{
		"Unmask": func(dst []byte) Kind { return Unmask(dst, src, key) },
		"Unmask with room": func(dst []byte) Kind {
			k := Unmask(roomy[:len(src)], src, key)
			copy(dst, roomy)
			return k
		},
		"unmaskWords": func(dst []byte) Kind { return latinOf(dst, unmaskWords(dst, src, word)) },
		"unmask": func(dst []byte) Kind {
			if !vectored {
				return latinOf(dst, unmaskWords(dst, src, word))
			}
			return latinOf(dst, kindOf(unmask(&dst[0], &src[0], len(src), word)))
		},
	} {
		dst := room[32 : 32+len(src) : 32+len(src)]
		clear(dst)
		if got, want := f(dst), plainKind(want); got != want {
			t.Fatalf("%s of %d bytes is of kind %d, want %d: %q", name, len(src), got, want, dst)
		}
		if !bytes.Equal(dst, want) {
			t.Fatalf("%s of %q with % x: %q, want %q", name, src, key, dst, want)
		}
		for i, c := range room {
			if (i < 32 || i >= 32+len(src)) && c != guard {
				t.Fatalf("%s of %d bytes wrote at %d", name, len(src), i-32)
			}
		}
	}
}

// checkMap holds Fill, with and without vectors, to a byte at a time.
func checkMap(t *testing.T, b []byte) {
	t.Helper()
	var want Map
	wantN, simple := min(len(b), Window), true
	for i, c := range b[:wantN] {
		bit := uint64(1) << (i % 64)
		if c == '"' || c == '\\' {
			want.Stops[i/64] |= bit
		}
		if bytes.IndexByte([]byte("\",: \t\r\n\x1e{}[]"), c) >= 0 {
			want.Ends[i/64] |= bit
		}
		if c == '{' || c == '[' {
			want.Opens[i/64] |= bit
		}
		if c == '}' || c == ']' {
			want.Closes[i/64] |= bit
		}
		simple = simple && c < 0x80 && c != '\\'
	}
	for name, f := range map[string]func(m *Map) (int, bool){
		"Fill":      func(m *Map) (int, bool) { return m.Fill(b) },
		"fillWords": func(m *Map) (int, bool) { return wantN, m.fillWords(b[:wantN]) },
	} {
		var got Map
		for _, w := range []*[Words + 1]uint64{&got.Stops, &got.Ends, &got.Opens, &got.Closes} {
			for i := range w[:(wantN+63)/64+1] {
				w[i] = 0x5555555555555555 // what was there before
			}
		}
		n, got2 := f(&got)
		if n != wantN || got2 != simple {
			t.Fatalf("%s(%q) = %d, %v, want %d, %v", name, b, n, got2, wantN, simple)
		}
		if got != want {
			t.Fatalf("%s(%q)\n%x\n%x", name, b, got, want)
		}
	}
	if len(b) > PairWindow {
		return
	}
	var got Pair
	got2 := got.Fill(b)
	wantPair := Pair{[3]uint64(want.Stops[:]), [3]uint64(want.Ends[:]), [3]uint64(want.Opens[:]), [3]uint64(want.Closes[:])}
	if got != wantPair || got2 != simple {
		t.Fatalf("Pair.Fill(%q) = %v\n%x, want %v\n%x", b, got2, got, simple, wantPair)
	}
}

// alphabets are bytes that texts are made of: those that mean something, their
// neighbors, and all others.
var alphabets = []string{
	"\",: \t\r\n\x1e{}[]\\azAZ019",
	"\x00\x08\x09\x0b\x0c\x1d\x1f !#+-./;<KLMNkl|~\x7f\x80\xa2\xdc\xfb\xff",
	"plain text: {}[]\"",
	"latin \xc3\xa9\xc3\xcb\x80",
}

func text(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	a := alphabets[r.IntN(len(alphabets))]
	for i := range b {
		if b[i] = a[r.IntN(len(a))]; r.IntN(200) == 0 {
			b[i] = byte(r.Uint32())
		}
	}
	return b
}

func TestEachByteAlone(t *testing.T) {
	for c := range 256 {
		for _, at := range []int{0, 13, 40} {
			b := bytes.Repeat([]byte("x"), 41)
			b[at] = byte(c)
			checkKind(t, b, [4]byte{})
			checkMap(t, b)
		}
	}
}

func TestEachLengthAndPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 2*Window/3 + 200 {
		for range 4 {
			at := r.IntN(8)
			b := text(r, n+at)[at:]
			checkKind(t, b[:n:n], [4]byte{byte(r.Uint32()), byte(r.Uint32()), 0x20, byte(r.Uint32())})
			checkMap(t, b[:n:n])
		}
	}
}

func FuzzSurvey(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 200, Window, Window + 1} {
		f.Add(text(r, n), r.Uint32())
	}
	f.Fuzz(func(t *testing.T, b []byte, key uint32) {
		checkKind(t, b, [4]byte{byte(key), byte(key >> 8), byte(key >> 16), byte(key >> 24)})
		checkMap(t, b)
	})
}

func TestSurveyAllocatesNothing(t *testing.T) {
	src, dst := bytes.Repeat([]byte("text"), 20), make([]byte, 80)
	if n := testing.AllocsPerRun(10, func() {
		var m Map
		m.Fill(src)
		Of(src)
		Unmask(dst, src, [4]byte{1, 2, 3, 4})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSurvey(b *testing.B) {
	src, dst := []byte(`{"type":"chat","from":"mira","text":"call for volume five"}`), make([]byte, 512)
	b.Run("Unmask", func(b *testing.B) {
		for b.Loop() {
			Unmask(dst[:len(src)], src, [4]byte{1, 2, 3, 4})
		}
	})
	b.Run("unmaskWords", func(b *testing.B) {
		for b.Loop() {
			unmaskWords(dst, src, 0x12345678)
		}
	})
	var m Map
	b.Run("Fill", func(b *testing.B) {
		for b.Loop() {
			m.Fill(src)
		}
	})
	b.Run("fillWords", func(b *testing.B) {
		for b.Loop() {
			m.fillWords(src)
		}
	})
}
