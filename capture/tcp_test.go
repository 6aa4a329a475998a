package capture

import "testing"

func TestTCPOptions(t *testing.T) {
	for _, c := range []struct {
		name    string
		flags   Flags
		options []byte
		mss     uint16
		scale   int8
	}{
		{"as Linux sends them", SYN, []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7}, 1460, 7},
		{"none", SYN | ACK, nil, 0, -1},
		{"scale 0", SYN, []byte{3, 3, 0, 1}, 0, 0},
		{"scale over 14", SYN, []byte{3, 3, 200, 1}, 0, 14},
		{"behind the end of the list", SYN, []byte{0, 3, 3, 7}, 0, -1},
		{"not on a SYN", ACK, []byte{2, 4, 5, 0xb4, 3, 3, 7, 1}, 0, -1},
		{"length 0", SYN, []byte{2, 4, 5, 0xb4, 8, 0, 3, 3, 7, 0, 0, 0}, 1460, -1},
		{"length behind the header", SYN, []byte{2, 4, 5, 0xb4, 3, 9, 7, 1}, 1460, -1},
		{"MSS of 3 bytes", SYN, []byte{2, 3, 5, 3, 3, 2, 1, 1}, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, six := range []bool{false, true} {
				want := testSegment(six) // with data, as TCP Fast Open has
				want.Flags, want.MSS, want.Scale = c.flags, c.mss, c.scale
				tcp := encodeTCP(&want, c.options)
				decodeOne(t, links["ethernet"](encodeIP(want.Src.Addr(), want.Dst.Addr(), protoTCP, tcp)), want)
			}
		})
	}
}
