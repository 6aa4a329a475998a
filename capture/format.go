package capture

import (
	"encoding/binary"
	"math/bits"
)

// FileFormat is a capture file format.
type FileFormat uint8

// The formats that are read and written.
const (
	PCAPNG   FileFormat = iota // pcapng (draft-ietf-opsawg-pcapng)
	PCAP                       // pcap, times in microseconds (draft-ietf-opsawg-pcap)
	PCAPNano                   // pcap, times in nanoseconds
)

// String names the format as people do.
func (f FileFormat) String() string {
	switch f {
	case PCAPNG:
		return "pcapng"
	case PCAP:
		return "pcap"
	default:
		return "nanosecond pcap"
	}
}

// u16, u32 and u64 read numbers in the byte order of the machine that captured.
func u16(b []byte, big bool) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func u32(b []byte, big bool) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if big {
		return bits.ReverseBytes32(v)
	}
	return v
}

func u64(b []byte, big bool) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if big {
		return bits.ReverseBytes64(v)
	}
	return v
}

// wireLength is a packet's length on the wire. Some programs write 0 or less
// than they captured.
func wireLength(declared uint32, captured int) int {
	return max(int(min(declared, 1<<31-1)), captured)
}
