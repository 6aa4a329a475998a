package wsframe

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// hopeless is the plain model: whether no continuation makes b valid UTF-8.
func hopeless(b []byte) bool {
	for len(b) > 0 {
		if !utf8.FullRune(b) {
			return false
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return true
		}
		b = b[n:]
	}
	return false
}

func TestUTF8(t *testing.T) {
	tests := []struct {
		name, text string
		failsAt    int // bytes up to and with the one that fails; 0: none does
		valid      bool
	}{
		{"empty", "", 0, true},
		{"ascii", "hello", 0, true},
		{"two, three, four bytes", "κόσμε€𝄞", 0, true},
		{"last of each length", "\x7f\u07ff\uffff\U0010ffff", 0, true},
		{"cut character", "ab\xe2\x82", 0, false},
		{"continuation alone", "a\x80", 2, false},
		{"overlong slash, two bytes", "\xc0\xaf", 1, false},
		{"overlong slash, three bytes", "\xe0\x80\xaf", 2, false},
		{"overlong, four bytes", "\xf0\x8f\xbf\xbf", 2, false},
		{"surrogate", "\xed\xa0\x80", 2, false},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80", 2, false},
		{"five bytes", "\xf8\x88\x80\x80\x80", 1, false},
		{"ff", "\xff", 1, false},
		{"ascii in a character", "\xe2\x82a", 3, false},
		{"fault behind long ascii", strings.Repeat("a", 37) + "\xff", 38, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for before := range 18 { // in all places of a word
				for after := range 10 {
					text := strings.Repeat("a", before) + tt.text + strings.Repeat("z", after)
					if got, want := validUTF8([]byte(text)), utf8.ValidString(text); got != want {
						t.Errorf("%q: valid %v, want %v", text, got, want)
					}
				}
			}
			for n := 1; n <= len(tt.text)+1; n++ {
				var u utf8Checker
				failed := 0
				for i := 0; i < len(tt.text); i += n {
					piece := tt.text[i:min(i+n, len(tt.text))]
					if !u.feed([]byte(piece)) && failed == 0 {
						failed = i + len(piece)
					}
				}
				if n == 1 && failed != tt.failsAt {
					t.Errorf("failed at byte %d, want %d", failed, tt.failsAt)
				}
				if got := u.end(); got != tt.valid {
					t.Errorf("in pieces of %d: valid %v, want %v", n, got, tt.valid)
				}
				if !u.feed([]byte("x")) || !u.end() {
					t.Error("not ready for the next text")
				}
			}
		})
	}
}

func FuzzUTF8(f *testing.F) {
	for _, s := range []string{"hello", "κόσμε", "\xed\xa0\x80", "\xf4\x8f\xbf\xbf", "abcdefgh\xc3\xa9ijklmnopqr\xff", "\xe2\x82\xac\xf0\x9d\x84\x9e", "z\u00e9ro \u02ff", "\xc3\n"} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(9))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		if got, want := validUTF8(b), utf8.Valid(b); got != want {
			t.Errorf("%q whole: %v, want %v", b, got, want)
		}
		var u utf8Checker
		for rest, seen := b, 0; len(rest) > 0; {
			piece := rest[:min(int(n)+1, len(rest))]
			rest = rest[len(piece):]
			seen += len(piece)
			if got, want := u.feed(piece), !hopeless(b[:seen]); got != want {
				t.Fatalf("%q: %v after %d bytes, want %v", b, got, seen, want)
			}
		}
		if got, want := u.end(), utf8.Valid(b); got != want {
			t.Errorf("%q: %v, want %v", b, got, want)
		}
	})
}

func BenchmarkUTF8(b *testing.B) {
	for name, text := range map[string]string{"ascii": "a plain english line, with {json: 1}. ", "cyrillic": "съешь ещё этих мягких булок ", "cjk": "天地玄黃宇宙洪荒日月盈昃"} {
		p := bytes.Repeat([]byte(text), 4096/len(text)+1)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				var u utf8Checker
				u.feed(p)
			}
		})
	}
}
