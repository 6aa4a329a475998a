package inflate

import "math/bits"

// census lists the symbols of an alphabet by the lengths of their codes, in the
// order of their numbers; under length 0 stand those that have none, or some of
// them.
type census struct {
	count   [maxCode + 1]uint16
	symbols [maxCode + 1][maxLengths]uint16
}

// add adds a symbol with a code of n bits.
func (c *census) add(symbol int, n uint) {
	k := &c.count[n&maxCode]
	c.symbols[n&maxCode][*k] = uint16(symbol)
	*k++
}

// build fills table, whose first part is indexed by root bits, for the
// canonical Huffman code of these symbols (RFC 1951, 3.2.2), and reports whether
// there is one: codes must be complete, but that an alphabet may be empty, or
// consist of one code of one bit.
//
// The table is made by doubling: with all codes of n bits in place, its first
// 2^n entries are what a table of n bits would be, and twice the same is that
// of n+1 bits until the longer codes are filled in.
func (a *alphabets) build(table []entry, root uint, c *census, meanings []entry) bool {
	code, left := uint32(0), uint32(1) // the next code; those that are free
	begun := false
	for n := uint(1); n <= root; n++ {
		if begun {
			copy(table[1<<(n-1):1<<n], table[:1<<(n-1)])
		}
		code <<= 1
		left <<= 1
		k := uint32(c.count[n])
		if k == 0 {
			continue
		}
		if k > left {
			return false
		}
		begun = true
		left -= k
		for _, s := range c.symbols[n][:k] {
			// The first bit of a code is the lowest as it comes in the stream.
			table[a.reversed[code<<((lengthBits-n)&15)]] = meanings[s] + entry(n<<8|n)
			code++
		}
	}
	longer := uint16(0)
	for _, k := range c.count[root+1:] {
		longer |= k
	}
	switch {
	case longer > 0:
		return subtables(table, root, code, left, c, meanings)
	case left > 0:
		return c.single(table[:1<<root], meanings)
	}
	return true
}

// single fills table for an alphabet of no code, or of one of one bit, and
// reports whether it is such.
func (c *census) single(table, meanings []entry) bool {
	used := c.count[1]
	for _, k := range c.count[2:] {
		used += k
	}
	if used > c.count[1] || used > 1 {
		return false
	}
	for i := range table {
		table[i] = rare
	}
	if used == 1 {
		for i := 0; i < len(table); i += 2 {
			table[i] = meanings[c.symbols[1][0]] + (1<<8 | 1)
		}
	}
	return true
}

// subtables fills in the codes of more than root bits: a subtable for each
// prefix of root bits. Of root bits, code is the next one, and left are free.
func subtables(table []entry, root uint, code, left uint32, c *census, meanings []entry) bool {
	for _, k := range c.count[root+1:] {
		if left <<= 1; uint32(k) > left {
			return false
		}
		left -= uint32(k)
	}
	if left > 0 {
		return false
	}
	end := 1 << root
	prefix, start, width := ^uint32(0), 0, uint(0)
	for n := root + 1; n <= maxCode; n++ {
		code <<= 1
		for i, s := range c.symbols[n][:c.count[n]] {
			turned := uint32(bits.Reverse16(uint16(code)) >> (16 - n))
			if p := turned & (1<<root - 1); p != prefix {
				prefix, start = p, end
				// As wide as the codes of this prefix need.
				width = n - root
				room := 1<<width - (int(c.count[n]) - i)
				for m := n + 1; room > 0 && m <= maxCode; m++ {
					width++
					room = room<<1 - int(c.count[m])
				}
				end += 1 << width
				if end > len(table) {
					return false
				}
				table[prefix] = rare | subtable | entry(start)<<16 | entry(width<<8|root)
			}
			for at := turned >> root; at < 1<<width; at += 1 << (n - root) {
				table[start+int(at)] = meanings[s] + entry((n-root)<<8|(n-root))
			}
			code++
		}
	}
	return true
}
