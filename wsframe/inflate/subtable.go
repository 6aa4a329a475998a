package inflate

import "math/bits"

// subtables fills in the codes of more than root bits, of which code is the one
// before the first, without its last bit: a subtable for each prefix of root
// bits. It reports whether there was room.
func subtables(table []entry, root uint, code uint32, order []entry, count []uint32) bool {
	at := uint32(0)
	for _, k := range count[1 : root+1] {
		at += k
	}
	end := 1 << root
	prefix, start, width := ^uint32(0), 0, uint(0)
	for n := root + 1; n <= maxCode; n++ {
		code <<= 1
		for k := range count[n] {
			turned := uint32(bits.Reverse16(uint16(code)) >> (16 - n))
			if p := turned & (1<<root - 1); p != prefix {
				prefix, start = p, end
				// As wide as the codes of this prefix need.
				width = n - root
				room := 1<<width - int(count[n]-k)
				for m := n + 1; room > 0 && m <= maxCode; m++ {
					width++
					room = room<<1 - int(count[m])
				}
				end += 1 << width
				if end > len(table) {
					return false
				}
				table[prefix] = rare | subtable | entry(start)<<16 | entry(width<<8|root)
			}
			e := order[at] - entry(root<<8|root)
			for i := turned >> root; i < 1<<width; i += 1 << (n - root) {
				table[start+int(i)] = e
			}
			at++
			code++
		}
	}
	return true
}
