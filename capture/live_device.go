//go:build cgo

package capture

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/google/gopacket/pcap"
)

// anyDevice is the pseudo-interface of Linux that stands for all.
const anyDevice = "any"

// Devices lists the network interfaces, and "any" where there is one, in
// libpcap's order: the one that is most likely meant comes first. What libpcap
// offers besides (D-Bus, Bluetooth, netfilter queues) is left out. It needs no
// permission.
func Devices() ([]Device, error) {
	found, err := pcap.FindAllDevs()
	if err != nil {
		return nil, fmt.Errorf("cannot list interfaces: %w", err)
	}
	devices := make([]Device, 0, len(found))
	for _, f := range found {
		if _, err := net.InterfaceByName(f.Name); err != nil && f.Name != anyDevice {
			continue
		}
		// The flags of pcap_findalldevs(3PCAP), which gopacket does not name.
		d := Device{
			Name: f.Name, Description: f.Description,
			Loopback: f.Flags&1 != 0, Up: f.Flags&2 != 0,
			Running: f.Flags&4 != 0, Wireless: f.Flags&8 != 0,
		}
		for _, a := range f.Addresses {
			ip, ok := netip.AddrFromSlice(a.IP)
			if !ok {
				continue
			}
			ones, bits := a.Netmask.Size()
			if bits == 0 { // no mask, or one that is no prefix
				ones = ip.BitLen()
			}
			d.Addresses = append(d.Addresses, netip.PrefixFrom(ip, ones))
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// interfaceState asks the system about the interface with the given index. ok
// is false where there is none by that index. An index outlives a renaming, and
// is not given to another interface of the same name.
func interfaceState(index int) (s InterfaceState, ok bool) {
	ifc, err := net.InterfaceByIndex(index)
	switch {
	case err != nil:
		return InterfaceDown, false
	case ifc.Flags&net.FlagUp == 0:
		return InterfaceDown, true
	case ifc.Flags&net.FlagRunning == 0:
		return InterfaceNoCarrier, true
	}
	return InterfaceUp, true
}

// noSuchInterface names the network interfaces there are. A host of containers
// has hundreds; a line holds a dozen.
func noSuchInterface(name string) error {
	const most = 12
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		return fmt.Errorf("no such interface %s: this host has none", name)
	}
	names := make([]string, 0, most)
	for _, ifc := range all[:min(most, len(all))] {
		names = append(names, ifc.Name)
	}
	list := strings.Join(names, ", ")
	if more := len(all) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("no such interface %s: there are %s", name, list)
}
