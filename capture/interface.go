package capture

// Interface describes where packets of a capture file were taken.
type Interface struct {
	Link LinkType
	// SnapLen is the snapshot length in bytes: longer packets were cut to it.
	// 0 means that the file sets no limit.
	SnapLen uint32
	// Name and Description are what the capturing system called it, at most
	// 256 bytes each; empty where the file does not say.
	Name, Description string
	// Resolution is that of the packets' times.
	Resolution Resolution
	// Offset is added to the packets' times, in seconds (pcapng if_tsoffset).
	Offset int64
}

// maxInterfaces bounds the interfaces of one file, over all of its sections.
const maxInterfaces = 1 << 16
