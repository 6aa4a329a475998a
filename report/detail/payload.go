package detail

import "wstap/wsframe"

// pieces calls piece for each stretch of a frame's payload, in order: where it
// begins, and its bytes; or how many were never captured. cut counts the bytes
// at the end that were captured and not kept, beyond the frame limit.
func pieces(f *wsframe.Frame, piece func(at uint64, b []byte, missing uint64)) (cut uint64) {
	rest, at := f.Payload, uint64(0)
	known := f.Length - min(f.Length, f.Missing) // bytes captured
	if uint64(len(rest)) < known {
		cut = known - uint64(len(rest))
	}
	for _, h := range f.Holes {
		if h.At < at {
			break // not of our making: a hole inside one before
		}
		n := min(h.At-at, uint64(len(rest)))
		if n > 0 {
			piece(at, rest[:n], 0)
		}
		rest = rest[n:]
		if n < h.At-at {
			return cut // what lies between was not kept, nor is what follows
		}
		piece(h.At, nil, h.Bytes)
		at = h.At + h.Bytes
	}
	if len(rest) > 0 {
		piece(at, rest, 0)
		at += uint64(len(rest))
	}
	if cut == 0 && at < f.Length {
		piece(at, nil, f.Length-at)
	}
	return cut
}

// masked appends b as it was on the wire, b being the payload at offset at
// (RFC 6455, 5.3).
func masked(dst []byte, f *wsframe.Frame, at uint64, b []byte) []byte {
	for i, c := range b {
		dst = append(dst, c^f.Key[(at+uint64(i))%4])
	}
	return dst
}
