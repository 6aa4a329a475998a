package report_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"wstap/report"
)

func TestEscapeByPhenomenon(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		cols           int
	}{
		{"printable ASCII", `{"a":"b\n"}`, `{"a":"b\n"}`, 11},
		{"line ends and tab", "a\r\n\tb", `a\r\n\tb`, 8},
		{"escape sequence", "\x1b[2J", `\x1b[2J`, 7},
		{"NUL and DEL", "\x00\x7f", `\x00\x7f`, 8},
		{"C1 control as UTF-8", "\u009b31m", `\u009b31m`, 9},
		{"C1 control as a byte", "\x9b31m", `\x9b31m`, 7},
		{"bidirectional override", "\u202egpj.exe\u2066", `\u202egpj.exe\u2066`, 19},
		{"zero width", "a\u200bb\u200d\ufeff", `a\u200bb\u200d\ufeff`, 20},
		{"line separators", "\u2028\u2029", `\u2028\u2029`, 12},
		{"no-break space", "\u00a0", `\u00a0`, 6},
		{"soft hyphen", "\u00ad", `\u00ad`, 6},
		{"private use", "\ue000", `\ue000`, 6},
		{"language tag", "\U000e0001", `\u{e0001}`, 9},
		{"last code point", "\U0010ffff", `\u{10ffff}`, 10},
		{"not UTF-8", "\xff\xc3(\xed\xa0\x80", `\xff\xc3(\xed\xa0\x80`, 21},
		{"cut sequence", "caf\xc3", `caf\xc3`, 7},
		{"a real replacement character", "\ufffd", "\ufffd", 1},
		{"Latin", "café", "café", 4},
		{"wide", "你好", "你好", 4},
		{"emoji", "😀!", "😀!", 3},
		{"combining mark", "e\u0301", "e\u0301", 1},
		{"stacked marks", "e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301" + `\u0301` + "\u0301", 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, cols, n := report.Escaper{}.Append(nil, []byte(tc.in), report.Unbounded)
			if string(got) != tc.want || cols != tc.cols || n != len(tc.in) {
				t.Errorf("got %q, %d columns, %d bytes taken; want %q, %d, %d", got, cols, n, tc.want, tc.cols, len(tc.in))
			}
		})
	}
}

func TestEscapeForASCIILocale(t *testing.T) {
	got, cols, _ := report.Escaper{ASCII: true}.Append(nil, []byte("café 😀"), report.Unbounded)
	if want := `caf\u00e9 \u{1f600}`; string(got) != want || cols != len(want) {
		t.Errorf("got %q, %d columns", got, cols)
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		cols     int
		more     bool
		want     string
	}{
		{"fits", "hello", 5, false, "hello"},
		{"one too many", "hello!", 5, false, "hell…"},
		{"only a beginning", "hello", 5, true, "hell…"},
		{"only a beginning with room", "hello", 9, true, "hello…"},
		{"wide at the edge", "ab你", 3, false, "ab…"},
		{"wide fits to the column", "ab你", 4, false, "ab你"},
		{"escape at the edge", "ab\x1b", 5, false, "ab…"},
		{"marks behind the edge", "abe\u0301", 3, false, "abe\u0301"},
		{"no room", "hello", 0, false, ""},
		{"negative room", "hello", -3, false, ""},
		{"nothing", "", 3, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, used := report.Escaper{}.AppendCut(nil, []byte(tc.in), tc.cols, tc.more)
			if string(got) != tc.want || used != report.Columns(tc.want) {
				t.Errorf("got %q in %d columns, want %q", got, used, tc.want)
			}
		})
	}
}

// Every character alone, and among others: the quick runs let through what is
// printable, and count its columns, as the general way does.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r < 0x3100; r++ {
		if !utf8.ValidRune(r) || report.Columns(string(r)) == 0 {
			continue // marks depend on what is before them
		}
		s := string(r)
		want := s
		if !unicode.IsPrint(r) {
			want = fmt.Sprintf(`\u%04x`, r)
			if r < 0x80 {
				want = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}[r]
				if want == "" {
					want = fmt.Sprintf(`\x%02x`, r)
				}
			}
		}
		for _, around := range [][2]string{{"", ""}, {"a", ""}, {"", "z"}, {"abcdefg", "z"}, {"ab", strings.Repeat("z", 20)}} {
			in, want := around[0]+s+around[1], around[0]+want+around[1]
			got, cols, n := report.Escaper{}.Append(nil, []byte(in), report.Unbounded)
			if string(got) != want || cols != report.Columns(want) || n != len(in) {
				t.Fatalf("%q became %q in %d columns", in, got, cols)
			}
			if cols, clean := (report.Escaper{}).Columns([]byte(in)); clean && (want != in || cols != report.Columns(want)) {
				t.Fatalf("%q is clean in %d columns", in, cols)
			}
		}
	}
}

// Plain text is cut as other text is.
func TestPlainIsCut(t *testing.T) {
	const s = "some text"
	for _, e := range []report.Escaper{{}, {ASCII: true}} {
		for n := range len(s) + 1 {
			for cols := -3; cols < len(s)+5; cols++ {
				for _, more := range []bool{false, true} {
					want, columns := e.AppendCut(nil, []byte(s[:n]), cols, more)
					got, used := e.AppendPlain(nil, []byte(s[:n]), cols, more)
					if string(got) != string(want) || used != columns {
						t.Errorf("%q in %d columns, more %v: %q in %d, want %q in %d", s[:n], cols, more, got, used, want, columns)
					}
				}
			}
		}
	}
}

// FuzzEscape holds the escaper against a plain model: the same, rune by rune,
// without the fast path and without a bound.
func FuzzEscape(f *testing.F) {
	f.Add([]byte("plain ASCII, long enough for the fast path\x1b[0m and on"), 20)
	f.Add([]byte("e\u0301\u0301\u0301\u0301\u0301\u0301 \u202e \xff\xfe 你好 \U000e0001"), 7)
	f.Fuzz(func(t *testing.T, in []byte, cols int) {
		for _, e := range []report.Escaper{{}, {ASCII: true}} {
			all, width, n := e.Append(nil, in, report.Unbounded)
			if n != len(in) {
				t.Fatalf("took %d of %d bytes", n, len(in))
			}
			var model []byte
			for i := 0; i < len(in); {
				_, size := utf8.DecodeRune(in[i:])
				model, _, _ = e.Append(model, in[i:i+size], report.Unbounded)
				i += size
			}
			if string(all) != string(model) && !hasMarks(in) {
				t.Fatalf("whole %q, rune by rune %q", all, model)
			}
			if !utf8.Valid(all) || width != report.Columns(string(all)) {
				t.Fatalf("%q: said to be %d columns wide", all, width)
			}
			for _, r := range string(all) {
				if r < ' ' || r >= 0x7f && r < 0xa0 || e.ASCII && r > '~' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Fatalf("%q lets %U through", in, r)
				}
			}
			cut, used, n := e.Append(nil, in, cols)
			if used > max(cols, 0) || !strings.HasPrefix(string(all), string(cut)) {
				t.Fatalf("%d columns of %q, want at most %d of %q", used, cut, cols, all)
			}
			if rest, _, m := e.Append(cut, in[n:], report.Unbounded); !hasMarks(in) && (string(rest) != string(all) || n+m != len(in)) {
				t.Fatalf("cut and rest are %q, whole %q", rest, all)
			}
		}
	})
}

// hasMarks reports whether in holds what may be a combining mark; how these
// are escaped depends on those before.
func hasMarks(in []byte) bool {
	for _, r := range string(in) {
		if r >= 0x300 && report.Columns(string(r)) == 0 {
			return true
		}
	}
	return false
}

func TestEscapeDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	text := strings.Repeat(`{"message":"ping"} é你\n`, 10)
	if n := testing.AllocsPerRun(100, func() {
		buf, _ = report.Escaper{}.AppendCut(buf[:0], []byte(text), 120, false)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEscape(b *testing.B) {
	buf := make([]byte, 0, 4096)
	text := []byte(strings.Repeat(`{"message":"ping","data":[1,2,3]}`, 10))
	for b.Loop() {
		buf, _ = report.Escaper{}.AppendCut(buf[:0], text, 120, false)
	}
}
