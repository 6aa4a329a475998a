package reassembly

// Sequence numbers are 32 bits and wrap (RFC 9293, 3.4). Everything in this
// package but this file works on 64-bit offsets, which do not.

// offset is the 64-bit offset of seq in a direction whose offset 0 is the
// sequence number base, taken as the one nearest to near: right as long as
// they are less than 2 GiB apart, which is twice the largest window
// (RFC 7323, 2.3).
func offset(seq, base uint32, near int64) int64 {
	return near + int64(int32(seq-base-uint32(near)))
}
