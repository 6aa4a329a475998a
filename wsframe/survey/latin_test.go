package survey

import (
	"bytes"
	"strings"
	"testing"
)

// isLatin is the plain model of latin. What is not UTF-8 is U+FFFD to it.
func isLatin(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' || r > '~' || r == '\\') && (r < 0xc0 || r > 0x2ff) })
}

// Latin letters are known wherever they stand, and other bytes.
func TestLatin(t *testing.T) {
	others := []string{"\xff", "\xc3", "\xa9", "\xa9\xc3", "\xc3\xc3", "\xc3a\xa9", "\xc3\xa9\xa9", "\xc0\x80", "\xc1\xbf", "\xe0\x83\xa9", "\xcb\xce\xb5", "\xc3\n", "\xc3\\", "\xcb\xcc\x80"}
	for r := range rune(0x3100) {
		others = append(others, string(r))
	}
	latins := 0
	for _, other := range others {
		for before := range 18 {
			for _, after := range []string{"", "z", "ß", strings.Repeat("z", 12)} {
				text := []byte(string([]rune(strings.Repeat("aé~", 6))[:before]) + other + after)
				want := plainKind(text)
				if want == Latin {
					latins++
				}
				if got := Of(text); got != want {
					t.Fatalf("Of(%q) is %d, want %d", text, got, want)
				}
				if got := latin(text); got != (want == Latin || want == Plain) {
					t.Fatalf("latin(%q) is %v", text, got)
				}
			}
		}
	}
	if latins < 18*(0x300-0xc0) {
		t.Errorf("only %d are Latin", latins)
	}
	for n := range LatinMost {
		if got := Of(bytes.Repeat([]byte("é"), n)); got == Latin != (0 < n && n <= LatinMost/2) {
			t.Errorf("%d letters are of kind %d", n, got)
		}
	}
}

// TestLatinEdges: letters and halves of them stand at both sides of the end of a
// vector.
func TestLatinEdges(t *testing.T) {
	for n := range 2*64 + 10 {
		for _, other := range []string{"é", "\xc3", "\xa9", "\xc3\xc3", "éé", "\xa9\xc3", "ß\n", "ß\\", "ε", "\x7f"} {
			for _, fill := range []string{"x", "é", "xé"} {
				for _, after := range []string{"", "x", "é", "\x7f"} {
					text := append(bytes.Repeat([]byte(fill), n/len(fill)), "~~"[:n%len(fill)]...)
					checkKind(t, append(append(text, other...), after...), [4]byte{1, 0xc3, 3, 0xa9})
				}
			}
		}
	}
}
