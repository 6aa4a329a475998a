package dfilter

import (
	"strconv"
	"strings"
)

// bounds are a part of a sequence: from its item first on, negative counted
// from the end, to last, which is included. Where count is set, last is not.
type bounds struct {
	first, last int
	count       int // items; toEnd for all that follow
	counted     bool
}

// toEnd is the count of a part without end.
const toEnd = 1<<31 - 1

// clip is the part as offsets into n items; ok is false where it begins or ends
// outside.
func (b bounds) clip(n int) (from, to int, ok bool) {
	from = b.first
	if from < 0 {
		from += n
	}
	if from < 0 || from > n {
		return 0, 0, false
	}
	switch {
	case b.counted && b.count == toEnd:
		return from, n, from < n
	case b.counted:
		return from, from + b.count, b.count <= n-from
	}
	last := b.last
	if last < 0 {
		last += n
	}
	return from, last + 1, last >= from && last < n
}

func boundsText(all []bounds) string {
	parts := make([]string, len(all))
	for i, b := range all {
		switch {
		case b.counted && b.count == toEnd:
			parts[i] = strconv.Itoa(b.first) + ":"
		case b.counted:
			parts[i] = strconv.Itoa(b.first) + ":" + strconv.Itoa(b.count)
		default:
			parts[i] = strconv.Itoa(b.first) + "-" + strconv.Itoa(b.last)
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// first1 reports whether b holds the first of one item, counted from 1.
func (b bounds) first1() bool {
	first, last := b.first, b.last
	if first < 0 {
		first += 2
	}
	if last < 0 {
		last += 2
	}
	return first == 1 || !b.counted && first < 1 && last >= 1
}

// layer reads #2 or #[1-2].
func (p *parser) layer() ([]bounds, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.is("[") {
		parts, _, err := p.bounds()
		return parts, err
	}
	n, err := strconv.Atoi(p.tok.text)
	if p.tok.kind != tokWord || err != nil {
		return nil, p.tok.span.fault("a layer is a number, as in ip.addr#1")
	}
	return []bounds{{first: n, last: n}}, p.advance()
}

// bounds reads [...], whose opening bracket is the token at hand.
func (p *parser) bounds() (parts []bounds, end span, err *Error) {
	start := p.tok.span.pos + 1
	n := strings.IndexByte(p.src[start:], ']')
	if n < 0 {
		return nil, span{}, span{len(p.src), 1}.fault("the filter ends where \"]\" is expected")
	}
	at := start
	for text := range strings.SplitSeq(p.src[start:start+n], ",") {
		b, ok := parseBounds(strings.TrimSpace(text))
		if !ok {
			return nil, span{}, span{at, len(text)}.fault("%q is no slice: want [offset:length], [first-last], [offset], [:length] or [offset:]", strings.TrimSpace(text))
		}
		parts = append(parts, b)
		at += len(text) + 1
	}
	p.pos = start + n + 1
	return parts, span{start + n, 1}, p.advance()
}

// parseBounds reads i:j, i-j, i, :j or i:.
func parseBounds(s string) (b bounds, ok bool) {
	number := func(s string) (int, bool) {
		n, err := strconv.ParseInt(s, 10, 32)
		return int(n), err == nil && s[0] != '+'
	}
	if first, count, found := strings.Cut(s, ":"); found {
		b.counted, b.count = true, toEnd
		okFirst, okCount := true, true
		if first = strings.TrimSpace(first); first != "" {
			b.first, okFirst = number(first)
		}
		if count = strings.TrimSpace(count); count != "" {
			b.count, okCount = number(count)
			okCount = okCount && b.count > 0 && b.count < toEnd
		}
		return b, okFirst && okCount && (first != "" || count != "")
	}
	if hyphen := strings.IndexByte(s[min(len(s), 1):], '-'); hyphen >= 0 {
		var okLast bool
		b.first, ok = number(strings.TrimSpace(s[:hyphen+1]))
		b.last, okLast = number(strings.TrimSpace(s[hyphen+2:]))
		return b, ok && okLast && (b.first < 0) == (b.last < 0) && b.first <= b.last
	}
	b.first, ok = number(s)
	b.last = b.first
	return b, ok
}
