package decrypt

import (
	"bytes"
	"encoding/binary"

	"wstap/reassembly"
)

// Bounds of a chase: TLS shows within two records of the largest size, unless
// the stream was joined in a long silence.
const (
	maxChase      = 256 << 10 // bytes of a direction
	maxCandidates = 8         // of a direction at a time
	chaseProof    = 3         // headers in a row
)

// chase looks for TLS in a stream that was joined inside a record: for headers
// each of which begins where the one before says. The bytes are not kept.
type chase struct {
	seen       [2]int64
	tail       [2][]byte // the last 4 bytes, which may begin a header
	candidates [2][]candidate
}

// candidate is a row of headers.
type candidate struct {
	next    int64 // where the next header is to begin
	headers int
}

// over reports whether there is nothing to be hoped for any more.
func (c *chase) over() bool { return c.seen[0]+c.seen[1] > maxChase }

// lose takes a gap: rows are broken.
func (c *chase) lose(d reassembly.Direction) {
	c.tail[d], c.candidates[d] = nil, nil
}

// follow takes the next bytes, and reports whether TLS is proved and where in b
// the last record found begins.
func (c *chase) follow(d reassembly.Direction, b []byte) (at int, found bool) {
	back := len(c.tail[d])
	all := b
	if back > 0 {
		all = append(c.tail[d], b...)
	}
	base := c.seen[d] - int64(back)
	c.seen[d] += int64(len(b))
	kept := c.candidates[d][:0]
	for _, k := range c.candidates[d] {
		for k.next-base+recordHeader <= int64(len(all)) {
			i := int(k.next - base)
			if !plausibleHeader(all[i:]) || all[i+2] != 3 {
				k.headers = 0
				break
			}
			if k.headers++; k.headers >= chaseProof && i >= back {
				return i - back, true
			}
			k.next += recordHeader + int64(binary.BigEndian.Uint16(all[i+3:]))
		}
		if k.headers > 0 {
			kept = append(kept, k)
		}
	}
	for i := 0; i+recordHeader <= len(all) && len(kept) < maxCandidates; i++ {
		n := bytes.Index(all[i:len(all)-2], []byte{typeApplication, 3, 3})
		if n < 0 {
			break
		}
		if i += n; plausibleHeader(all[i:]) {
			k := candidate{base + int64(i) + recordHeader + int64(binary.BigEndian.Uint16(all[i+3:])), 1}
			kept = append(kept, k)
			// Records in a row may lie in these very bytes.
			for k := &kept[len(kept)-1]; k.next-base+recordHeader <= int64(len(all)); {
				i := int(k.next - base)
				if !plausibleHeader(all[i:]) || all[i+2] != 3 {
					kept = kept[:len(kept)-1]
					break
				}
				if k.headers++; k.headers >= chaseProof && i >= back {
					return i - back, true
				}
				k.next += recordHeader + int64(binary.BigEndian.Uint16(all[i+3:]))
			}
		}
	}
	c.candidates[d] = kept
	c.tail[d] = append([]byte(nil), all[max(0, len(all)-recordHeader+1):]...)
	return 0, false
}
