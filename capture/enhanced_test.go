package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCommonBlocks: the quick way of a pcapng block judges as the careful one
// does, whatever is damaged.
func TestCommonBlocks(t *testing.T) {
	le := binary.LittleEndian
	resolution := func(r string) []any { return []any{uint16(9), uint16(1), r} }
	intact := bytes.Join([][]byte{
		sectionBlock(le),
		interfaceBlock(le, LinkEthernet, 0),
		interfaceBlock(le, LinkRaw, 0, resolution("\x09")...),
		interfaceBlock(le, LinkLinuxSLL2, 0, resolution("\x03")...),
		enhancedBlock(le, 0, 1_700_000_000_123_456, 60, "abcde"),
		enhancedBlock(le, 1, 1_700_000_000_123_456_789, 5, "abcde", uint16(1), uint16(3), "why", uint32(0)),
		enhancedBlock(le, 2, 1_700_000_000_123, 5, ""),
		enhancedBlock(le, 0, 1<<63, 5, "abcde"), // beyond the year 9999
		block(le, 5, "statistics"),
		enhancedBlock(le, 0, 1_700_000_000_123_457, 0, "abcdefgh"),
		sectionBlock(le),
		interfaceBlock(le, LinkRaw, 0),
		enhancedBlock(le, 0, 7, 4, "abcd"),
	}, nil)
	read := func(b []byte, careful bool) string {
		var out bytes.Buffer
		f, err := NewReader(bytes.NewReader(b), "x")
		for err == nil {
			var p Packet
			if careful {
				for ok := false; !ok && err == nil; {
					ok, err = f.nextBlock(&p)
				}
			} else {
				err = f.NextInto(&p)
			}
			if err == nil {
				fmt.Fprintln(&out, p)
			}
		}
		fmt.Fprintln(&out, err)
		return out.String()
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		b := bytes.Clone(intact)
		for range min(i, 1+r.IntN(3)) {
			b[r.IntN(len(b))] = byte(r.Uint32() >> (r.IntN(4) * 8))
		}
		if i%3 == 2 {
			b = b[:r.IntN(len(b))]
		}
		if quick, careful := read(b, false), read(b, true); quick != careful {
			t.Fatalf("seed %d: got\n%swant\n%s", i, quick, careful)
		}
	}
}
