package capture

import "fmt"

// TruncatedError says that the input ends inside a record, as it does when the
// capturing program was killed or the disk was full. All whole packets before
// it have been returned by Next.
type TruncatedError struct {
	Name    string // of the input
	Offset  int64  // where the input ends: bytes that are there, after unpacking
	Packets uint64 // whole packets before the cut
	Inside  string // what was cut: "packet 7", "the file header", "a block"
	Packing string // "gzip", "zstd"; empty where the input is not compressed
}

func (e *TruncatedError) Error() string {
	unpacked := ""
	if e.Packing != "" {
		unpacked = " of the unpacked data"
	}
	return fmt.Sprintf("%s: cut short in %s at byte %d%s: %s", e.Name, e.Inside, e.Offset, unpacked, wholePackets(e.Packets))
}

func wholePackets(n uint64) string {
	switch n {
	case 0:
		return "there is no whole packet before"
	case 1:
		return "the one packet before is whole"
	default:
		return fmt.Sprintf("the %d packets before are whole", n)
	}
}

// FormatError says that the input is no capture, or is damaged. All packets
// before the fault have been returned by Next.
type FormatError struct {
	Name    string // of the input
	Offset  int64  // of the record that cannot be right, after unpacking
	Packets uint64 // packets before it
	Reason  string // what is wrong, with the fix where there is one
	Err     error  // the cause, where another package found it; may be nil
}

func (e *FormatError) Error() string {
	if e.Offset == 0 && e.Packets == 0 {
		return fmt.Sprintf("%s: %s", e.Name, e.Reason)
	}
	return fmt.Sprintf("%s: damaged at byte %d, after packet %d: %s", e.Name, e.Offset, e.Packets, e.Reason)
}

func (e *FormatError) Unwrap() error { return e.Err }
