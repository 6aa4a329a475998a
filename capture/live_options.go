package capture

import (
	"errors"
	"net/netip"
	"time"
)

// ErrInterfaceGone is what Live.Next fails with, wrapped, when the interface
// was removed while it was captured on. All packets before have been returned.
var ErrInterfaceGone = errors.New("interface removed")

// LiveOptions says what to capture. All but Interface may be left zero.
type LiveOptions struct {
	// Interface is a name of Devices, or "any" for all interfaces (Linux).
	Interface string
	// Filter is a capture filter in pcap-filter(7) syntax; empty for all packets.
	Filter string
	// Snaplen is the number of bytes kept of each packet, 1 to 262144; 0 means
	// 262144, which cuts nothing.
	Snaplen int
	// BufferBytes is the size of the kernel's packet buffer; 0 means 64 MiB.
	// The kernel may give less.
	BufferBytes int
	// Promiscuous asks the interface for packets to other hosts, too. It is
	// passed over where the interface cannot, and has no meaning for "any".
	Promiscuous bool
	// Poll is the longest that a packet waits in the kernel, and that Next waits
	// before it returns ErrIdle; 1 ms to 10 s, 0 means 100 ms.
	Poll time.Duration
	// Notify, if not nil, is called from within Next when the interface's state
	// has changed; it is asked for once a second while no packets come. An
	// interface is taken to be up at first. Never called for "any".
	Notify func(InterfaceState)
}

// InterfaceState says whether an interface can bring packets.
type InterfaceState uint8

// The states.
const (
	InterfaceUp        InterfaceState = iota
	InterfaceNoCarrier                // up, but nothing at the other end of the cable
	InterfaceDown                     // administratively down
)

// String is "up", "no carrier" or "down".
func (s InterfaceState) String() string {
	return [...]string{"up", "no carrier", "down"}[s]
}

// Device is something that OpenLive can capture on.
type Device struct {
	Name        string
	Description string         // libpcap's words; often empty
	Addresses   []netip.Prefix // each address with the length of its network's prefix
	Up          bool           // brought up by the administrator
	Running     bool           // ready to carry packets
	Loopback    bool
	Wireless    bool
}
