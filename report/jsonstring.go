package report

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// AppendJSON appends s as a JSON string (RFC 8259, 7), valid UTF-8 whatever s
// holds: bytes that are not UTF-8 become U+FFFD. What could steer a terminal
// (C1 controls, bidirectional controls) or break JavaScript's lines (U+2028,
// U+2029) is escaped too, which says the same to a JSON reader.
func AppendJSON(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		if n := plainJSON(s); n > 0 {
			dst = append(dst, s[:n]...)
			s = s[n:]
			continue
		}
		if s[0] == '"' || s[0] == '\\' {
			dst = append(dst, '\\', s[0])
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRune(s)
		switch {
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r == utf8.RuneError && size == 1, steers(r):
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return append(dst, '"')
}

// steers reports whether r is a control, a bidirectional control or a line
// separator.
func steers(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0x61c || r == 0x200e || r == 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// plainJSON is the length of the run at the start of s that stands in JSON as it is.
func plainJSON(s []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := binary.LittleEndian.Uint64(s[i:])
		// As in printable; and equal to a quote or a backslash, with the top
		// bit as a guard against borrowing.
		bad := x | (x + ones) | ^(x + ones*0x60)
		bad |= ^(((x ^ ones*'"') | highs) - ones) | ^(((x ^ ones*'\\') | highs) - ones)
		if bad &= highs; bad != 0 {
			return i + bits.TrailingZeros64(bad)>>3
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// AppendJSONHead appends a string of an HTTP head. One that is not UTF-8 is taken
// as ISO 8859-1, which is what old senders mean by such bytes (RFC 9110, 5.5)
// and keeps each of them apart.
func AppendJSONHead(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return AppendJSON(dst, []byte(s))
	}
	latin := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		latin = utf8.AppendRune(latin, rune(s[i]))
	}
	return AppendJSON(dst, latin)
}
