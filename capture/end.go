package capture

import (
	"encoding/binary"
	"net/netip"
)

// End is one end of a TCP conversation: an IP address and a port. It is what a
// netip.AddrPort without a zone is, in numbers, since one is made and taken
// apart for each packet: that costs 90 instructions less. It is comparable; the
// zero End is not valid.
type End struct {
	hi, lo uint64 // the address; that of IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2)
	port   uint16
	six    bool // it came as IPv6, mapped or not
}

// mapped is what stands above the 32 bits of an IPv4 address in End.lo.
const mapped = 0xffff << 32

// EndOf is a as an End, without its zone.
func EndOf(a netip.AddrPort) End {
	if !a.Addr().IsValid() {
		return End{port: a.Port()}
	}
	b := a.Addr().As16()
	return End{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:]), a.Port(), a.Addr().Is6()}
}

// end4 and end6 are the ends of which a header holds the addresses.
func end4(a uint32, port uint16) End { return End{lo: mapped | uint64(a), port: port} }

func end6(a *[16]byte, port uint16) End {
	return End{binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(a[8:]), port, true}
}

// Bits are the 128 bits of the address; IPv4 is mapped into IPv6 as
// ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
func (e End) Bits() (hi, lo uint64) { return e.hi, e.lo }

// Port is the port.
func (e End) Port() uint16 { return e.port }

// Addr is the address: of IPv4 where the packet was.
func (e End) Addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], e.hi)
	binary.BigEndian.PutUint64(b[8:], e.lo)
	switch {
	case e.six:
		return netip.AddrFrom16(b)
	case e.lo == 0: // the zero End
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b[12:]))
}

// AddrPort is e as package netip has it.
func (e End) AddrPort() netip.AddrPort { return netip.AddrPortFrom(e.Addr(), e.port) }

// Ends are the two ends of a packet.
type Ends struct{ Src, Dst End }

// EndsOf is f in numbers.
func EndsOf(f Flow) Ends { return Ends{EndOf(f.Src), EndOf(f.Dst)} }

// Flow names what the ends are those of.
func (e Ends) Flow() Flow { return Flow{e.Src.AddrPort(), e.Dst.AddrPort()} }

// Reverse are the ends of the other direction.
func (e Ends) Reverse() Ends { return Ends{Src: e.Dst, Dst: e.Src} }

// IPv4 reports whether both addresses are of IPv4, and gives each end in 48 bits:
// above the port the address. So IPv4 that came mapped into IPv6 is too.
func (e *Ends) IPv4() (src, dst uint64, ok bool) {
	src, dst = e.Src.lo^mapped, e.Dst.lo^mapped
	ok = e.Src.hi|e.Dst.hi|(src|dst)>>32 == 0
	return src<<16 | uint64(e.Src.port), dst<<16 | uint64(e.Dst.port), ok
}
