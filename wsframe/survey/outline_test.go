package survey

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainOutline is Outline.Fill, a byte at a time.
func plainOutline(b []byte) (marks []uint8) {
	if len(b) < 2 || len(b) > OutlineMost || b[0] != '{' || b[len(b)-1] != '}' {
		return nil
	}
	inString, flat, marked, stopped := false, false, false, false
	for i, c := range b {
		begin, stop, mark := false, false, false
		switch {
		case c == '\\':
			return nil
		case c == '"':
			begin, stop = flat && !inString, flat && inString
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			flat = !flat
			mark, begin = flat, !flat
		case c == '}' || c == ']':
			flat = !flat
			mark, stop = !flat, flat
		default:
			mark = flat && bytes.IndexByte([]byte(",: \t\r\n\x1e"), c) >= 0
		}
		if begin && !marked || stopped && !mark {
			return nil
		}
		if mark {
			marks = append(marks, uint8(i))
		}
		marked, stopped = mark, stop
	}
	if !marked {
		return nil
	}
	return marks
}

// checkOutline holds Outline.Fill, with and without vectors, to a byte at a time.
func checkOutline(t *testing.T, b []byte) (marks int) {
	t.Helper()
	want, ascii := plainOutline(b), true
	for _, c := range b {
		ascii = ascii && c < 0x80
	}
	for name, f := range map[string]func(o *Outline) (int, bool){
		"Fill": func(o *Outline) (int, bool) { return o.Fill(b) },
		"fillWords": func(o *Outline) (int, bool) {
			if len(b) < 2 || len(b) > OutlineMost || b[0] != '{' || b[len(b)-1] != '}' {
				return 0, false
			}
			n, ascii := o.fillWords(b)
			if n > 0 && o.Mark(n-1) != len(b)-1 {
				n = 0
			}
			return n, ascii
		},
	} {
		var o Outline
		n, got := f(&o)
		if !slices.Equal(o.Marks[:n], want) {
			t.Fatalf("%s(%q): %d, want %d", name, b, o.Marks[:n], want)
		}
		if n == 0 {
			continue
		}
		if got != ascii {
			t.Fatalf("%s(%q) says it is ASCII: %v", name, b, got)
		}
		if text := o.Text[:len(b)]; !bytes.Equal(text, b) || len(bytes.Trim(o.Text[len(b):], "\x00")) > 0 {
			t.Fatalf("%s(%q) holds %q", name, b, o.Text)
		}
		for i, at := range want {
			if o.Mark(i) != int(at) || byte(o.Word(o.Mark(i))) != b[at] {
				t.Fatalf("%s(%q): mark %d is %d, want %d", name, b, i, o.Mark(i), at)
			}
		}
	}
	return len(want)
}

// members makes what is nearly an object, of n bytes.
func members(r *rand.Rand, n int) []byte {
	all := []string{`"a":1`, `,`, `"key":"value"`, `:`, `"`, `"a":[1,"]"]`, `"o":{"i":"{"}`, `""`, `"é":null`, `[`, `}`, ` `, `x`, `\`, `"long key":"long value"`}
	b := []byte("{")
	for len(b) < n {
		if k := r.IntN(2 * len(all)); k < len(all) {
			b = append(b, all[k]...)
		} else {
			b = append(append(b, all[2*r.IntN(2)]...), ',')
		}
	}
	b = b[:n]
	b[n-1] = '}'
	return b
}

func TestOutline(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	outlined := 0
	for n := 1; n < OutlineMost+3; n++ {
		for range 200 {
			if checkOutline(t, members(r, n)) > 0 {
				outlined++
			}
			b := text(r, n)
			b[0], b[n-1] = '{', '}'
			checkOutline(t, b)
		}
	}
	if outlined < 1000 {
		t.Errorf("only %d have an outline", outlined)
	}
}

func FuzzOutline(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := 1; n < OutlineMost; n += 9 {
		f.Add(members(r, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkOutline(t, b) })
}

func TestPrefixes(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 1000 {
		x := r.Uint64() & r.Uint64()
		for i := range 64 {
			if got, want := Prefixes(x)>>i&1, uint64(bits.OnesCount64(x<<(63-i))&1); got != want {
				t.Fatalf("bit %d of Prefixes(%#x) is %d", i, x, got)
			}
		}
	}
}
