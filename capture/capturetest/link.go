package capturetest

import (
	"encoding/binary"
	"fmt"

	"wstap/capture"
)

// EtherTypes.
const (
	etherIPv4  = 0x0800
	etherARP   = 0x0806
	etherTEB   = 0x6558 // transparent Ethernet bridging
	etherVLAN  = 0x8100
	etherIPv6  = 0x86dd
	etherMPLS  = 0x8847
	etherPPPoE = 0x8864
	etherERSPN = 0x88be
	etherQinQ  = 0x88a8
)

// Datagram is what a link-layer frame carries: an EtherType and the bytes
// behind it. Shims such as 802.1Q tags belong to Body.
type Datagram struct {
	EtherType uint16
	Body      []byte
}

// mac is a locally administered Ethernet address.
type mac [6]byte

func ethernet(src, dst mac, d Datagram) []byte {
	b := make([]byte, 0, 14+len(d.Body))
	b = append(append(b, dst[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, d.EtherType)
	return append(b, d.Body...)
}

// pppProtocol is the PPP number (RFC 1661) of an EtherType.
func pppProtocol(etherType uint16) (uint16, bool) {
	switch etherType {
	case etherIPv4:
		return 0x0021, true
	case etherIPv6:
		return 0x0057, true
	case etherMPLS:
		return 0x0281, true
	}
	return 0, false
}

// linkFrame returns d behind a header of the given link type.
func linkFrame(link capture.LinkType, src, dst mac, d Datagram) ([]byte, error) {
	isIP := d.EtherType == etherIPv4 || d.EtherType == etherIPv6
	family := []byte{2, 0, 0, 0}
	if d.EtherType == etherIPv6 {
		family[0] = 30
	}
	ppp, isPPP := pppProtocol(d.EtherType)
	var b []byte
	ok := true
	switch link {
	case capture.LinkEthernet:
		return ethernet(src, dst, d), nil
	case capture.LinkLinuxSLL:
		b = append(b, 0, 0, 0, 1, 0, 6)
		b = append(append(b, src[:]...), 0, 0)
		b = binary.BigEndian.AppendUint16(b, d.EtherType)
	case capture.LinkLinuxSLL2:
		b = binary.BigEndian.AppendUint16(b, d.EtherType)
		b = append(b, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6)
		b = append(append(b, src[:]...), 0, 0)
	case capture.LinkNull:
		b, ok = family, isIP
	case capture.LinkLoop:
		b, ok = []byte{0, 0, 0, family[0]}, isIP
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpen:
		ok = isIP
	case capture.LinkIPv4:
		ok = d.EtherType == etherIPv4
	case capture.LinkIPv6:
		ok = d.EtherType == etherIPv6
	case capture.LinkPPP, capture.LinkPPPHDLC:
		b, ok = []byte{0xff, 3, byte(ppp >> 8), byte(ppp)}, isPPP
	case capture.LinkPPPoE:
		b, ok = pppoeHeader(1, 2+len(d.Body)), isPPP
		b = binary.BigEndian.AppendUint16(b, ppp)
	case capture.LinkCHDLC:
		b = binary.BigEndian.AppendUint16([]byte{0x0f, 0}, d.EtherType)
	default:
		return nil, fmt.Errorf("link type %v cannot be written", link)
	}
	if !ok {
		return nil, fmt.Errorf("link type %v cannot carry ethertype %#04x", link, d.EtherType)
	}
	return append(b, d.Body...), nil
}

// splitLink parts a packet's link-layer header from what it carries. ok is
// false for link types that the manglers leave alone.
func splitLink(p capture.Packet) (header []byte, d Datagram, ok bool) {
	at, field := 0, -1 // header length, offset of the EtherType
	switch p.Link {
	case capture.LinkEthernet:
		at, field = 14, 12
	case capture.LinkLinuxSLL:
		at, field = 16, 14
	case capture.LinkLinuxSLL2:
		at, field = 20, 0
	case capture.LinkNull, capture.LinkLoop:
		at = 4
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOpen, capture.LinkIPv4, capture.LinkIPv6:
	default:
		return nil, d, false
	}
	if len(p.Data) <= at {
		return nil, d, false
	}
	d.Body = p.Data[at:]
	switch {
	case field >= 0:
		d.EtherType = binary.BigEndian.Uint16(p.Data[field:])
	case d.Body[0]>>4 == 4:
		d.EtherType = etherIPv4
	case d.Body[0]>>4 == 6:
		d.EtherType = etherIPv6
	default:
		return nil, d, false
	}
	return p.Data[:at], d, true
}

// joinLink puts d behind a copy of a header that splitLink returned; ok is
// false where the link type has no way to name d's EtherType.
func joinLink(link capture.LinkType, header []byte, d Datagram) (_ []byte, ok bool) {
	b := append(make([]byte, 0, len(header)+len(d.Body)), header...)
	isIP := d.EtherType == etherIPv4 || d.EtherType == etherIPv6
	switch link {
	case capture.LinkEthernet:
		binary.BigEndian.PutUint16(b[12:], d.EtherType)
	case capture.LinkLinuxSLL:
		binary.BigEndian.PutUint16(b[14:], d.EtherType)
	case capture.LinkLinuxSLL2:
		binary.BigEndian.PutUint16(b, d.EtherType)
	case capture.LinkNull, capture.LinkLoop:
		family := byte(2)
		if d.EtherType == etherIPv6 {
			family = 30
		}
		if link == capture.LinkLoop {
			copy(b, []byte{0, 0, 0, family})
		} else {
			copy(b, []byte{family, 0, 0, 0})
		}
		ok = isIP
		return append(b, d.Body...), ok
	case capture.LinkIPv4:
		return append(b, d.Body...), d.EtherType == etherIPv4
	case capture.LinkIPv6:
		return append(b, d.Body...), d.EtherType == etherIPv6
	default:
		return append(b, d.Body...), isIP
	}
	return append(b, d.Body...), true
}
