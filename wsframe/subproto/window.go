package subproto

import (
	"math/bits"

	"wstap/wsframe/survey"
)

// window walks through JSON as the functions of scanner.go do, and finds the same,
// by a map of what lies ahead: from token to token in place of from byte to byte.
// It only goes forward.
type window struct {
	b      []byte
	at, n  int  // what is mapped: n bytes from at on
	simple bool // see survey.Map.Fill
	survey.Map
}

// move maps what begins at i.
func (w *window) move(i int) {
	w.at = i
	w.n, w.simple = w.Fill(w.b[i:])
}

// ahead is what a map of w says of the 64 bytes from i on, which is mapped. The
// first bit is that of i. Of bytes behind the window it says nothing.
func (w *window) ahead(bit *[survey.Words + 1]uint64, i int) uint64 {
	k := uint(i - w.at)
	word := k / 64 % survey.Words
	return bit[word]>>(k%64) | bit[word+1]<<1<<(^k%64)
}

// find is the index of the first byte from i on that has its bit in a map of w,
// len(w.b) without one.
func (w *window) find(bit *[survey.Words + 1]uint64, i int) int {
	for i < len(w.b) {
		k := uint(i - w.at)
		if k >= uint(w.n) {
			w.move(i)
			k = 0
		}
		if word := bit[k/64] >> (k % 64); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
		i += int(64 - k%64)
	}
	return len(w.b)
}

// stringEnd is the function of that name.
func (w *window) stringEnd(i int) (end, next int) {
	for {
		i = w.find(&w.Stops, i)
		if i == len(w.b) {
			return i, i
		}
		if w.b[i] == '"' {
			return i, i + 1
		}
		i += 2 // past a backslash and what it escapes
	}
}

// scanValue is the function of that name.
func (w *window) scanValue(i int) (kind valueKind, start, end, next int) {
	b := w.b
	i = skipBlank(b, i)
	if i >= len(b) || b[i] == 0 {
		return none, i, i, i
	}
	start = i
	switch c := b[i]; classes[c] {
	case quote:
		end, next = w.stringEnd(i + 1)
		return str, i + 1, end, next
	case opens:
		kind = nestedKind(c)
		next = w.nestedEnd(i)
	case inside:
		kind = scalarKind(c)
		next = w.find(&w.Ends, i+1)
	default:
		if c != 0x1e {
			return none, i, i, i
		}
		return literal, i, i, i
	}
	return kind, start, next, next
}

// nestedEnd is the function of that name, 64 bytes at a time.
func (w *window) nestedEnd(i int) int {
	depth, in := 0, uint64(0) // in is all ones within a string
	for i < len(w.b) {
		k := uint(i - w.at)
		if k >= uint(w.n) {
			w.move(i)
			k = 0
		}
		word := k / 64
		first := i - int(k%64)
		i = first + 64
		ahead := ^uint64(0) << (k % 64)
		stops := w.Stops[word] & ahead
		quotes := stops & w.Ends[word]
		if stops != quotes {
			var escaped int
			quotes, escaped = unescaped(stops, quotes, in)
			i += escaped
		}
		strings := survey.Prefixes(quotes) ^ in
		in = uint64(int64(strings) >> 63)
		opens, closes := w.Opens[word]&ahead&^strings, w.Closes[word]&ahead&^strings
		if n := bits.OnesCount64(closes); n < depth {
			depth += bits.OnesCount64(opens) - n
			continue
		}
		for rest := opens | closes; rest != 0; rest &= rest - 1 {
			if opens&rest&-rest != 0 {
				depth++
			} else if depth--; depth == 0 {
				return first + bits.TrailingZeros64(rest) + 1
			}
		}
	}
	return len(w.b)
}

// unescaped leaves out those of the quotation marks, which with the backslashes
// are the stops, that a backslash escapes. in is all ones where the first bit is
// within a string. escaped is 1 where the byte behind the last bit is escaped.
func unescaped(stops, quotes, in uint64) (left uint64, escaped int) {
	for stops != 0 {
		bit := stops & -stops
		stops &^= bit
		switch {
		case quotes&bit != 0:
			in = ^in
		case in != 0:
			bit <<= 1
			stops, quotes = stops&^bit, quotes&^bit
			if bit == 0 {
				escaped = 1
			}
		}
	}
	return quotes, escaped
}
