// Package capture is the ground floor: packets in, TCP segments out.
//
// A Source yields packets (from a file, a pipe or an interface), a Decoder
// turns each into at most one Segment. It is the only home of gopacket.
//
// Everything is lent, not given: the Data of a Packet and the Payload of a
// Segment are valid until the next call of Next or Decode. Nobody writes to
// lent bytes; who keeps them copies them.
package capture

import (
	"errors"
	"time"
)

// ErrIdle is returned by a live Source when no packet came within its poll
// interval (50 to 100 ms). It is not a fault: call Next again.
var ErrIdle = errors.New("no packet yet")

// Stamp says when and in which packet something was seen.
type Stamp struct {
	// Time is the capture's own time, UTC, resolution as recorded (up to
	// nanoseconds). It is the zero time where the capture holds none (pcapng
	// Simple Packet Blocks).
	Time time.Time
	// Packet is the 1-based number of the packet, Wireshark's frame.number.
	Packet uint64
}

// Packet is one captured packet as the link delivered it.
type Packet struct {
	Stamp
	// Data holds the captured bytes, beginning with the link-layer header.
	// Lent: valid until the next call of Source.Next or Close.
	Data []byte
	// Link is the link-layer header type of Data.
	Link LinkType
	// Length is the packet's length on the wire in bytes. It exceeds
	// len(Data) where the capture's snapshot length cut the packet.
	Length int
	// Interface indexes the Source's interfaces (pcapng: over all sections,
	// in order of their description blocks); 0 where there is one only.
	Interface int
}

// Source yields packets in capture order.
//
// Next returns io.EOF at the end, ErrIdle when a live source has nothing yet,
// and any other error when reading failed; then all packets before the fault
// have been returned. Close releases the source; Next must not be called after.
type Source interface {
	Next() (Packet, error)
	Close() error
}

// IntoSource is a Source that can fill a Packet where it is wanted: NextInto is
// Next without two copies of 80 bytes, 8 of the 28 ns that a packet of a file
// takes. What p holds after an error means nothing.
type IntoSource interface {
	Source
	NextInto(p *Packet) error
}

// Into is s as an IntoSource, be it that it is none.
func Into(s Source) IntoSource {
	if into, ok := s.(IntoSource); ok {
		return into
	}
	return copying{s}
}

// copying is a Source made an IntoSource.
type copying struct{ Source }

// NextInto implements IntoSource.
func (c copying) NextInto(p *Packet) (err error) {
	*p, err = c.Next()
	return err
}

// Stats counts what a Source read and what was lost before it could.
type Stats struct {
	Packets          uint64 // returned by Next
	Truncated        uint64 // of these, cut by the snapshot length
	Dropped          uint64 // dropped by the kernel: its buffer was full
	InterfaceDropped uint64 // dropped by the interface or its driver
}
