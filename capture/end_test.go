package capture

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestEndIsAnAddrPort: an End gives back what it was made of, without the zone,
// and two are equal where those are.
func TestEndIsAnAddrPort(t *testing.T) {
	all := []netip.AddrPort{{}}
	for _, s := range []string{
		"0.0.0.0:0", "10.0.0.1:80", "255.255.255.255:65535", "[::]:0", "[::1]:1", "[::ffff:10.0.0.1]:80", "[::10.0.0.1]:80",
		"[2001:db8::1]:443", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	} {
		all = append(all, netip.MustParseAddrPort(s))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var b [16]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		all = append(all,
			netip.AddrPortFrom(netip.AddrFrom16(b), uint16(r.Uint32())),
			netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:])), uint16(r.Uint32())))
	}
	seen := map[End]netip.AddrPort{}
	for _, a := range all {
		e := EndOf(a)
		if e.AddrPort() != a || e.Addr() != a.Addr() || e.Port() != a.Port() {
			t.Errorf("%v became %v", a, e.AddrPort())
		}
		if before, ok := seen[e]; ok {
			t.Errorf("%v and %v are one End", before, a)
		}
		seen[e] = a
		if hi, lo := e.Bits(); a.Addr().IsValid() && end6(new(a.Addr().As16()), e.port) != (End{hi, lo, e.port, true}) {
			t.Errorf("%v: bits %x %x", a, hi, lo)
		}
	}
	for _, a := range all {
		e := Ends{EndOf(all[1]), EndOf(a)}
		_, dst, ok := e.IPv4()
		if want := a.Addr().Unmap().Is4(); ok != want {
			t.Errorf("%v is of IPv4: %v, want %v", a, ok, want)
		}
		ip := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(dst>>16))))
		if got := netip.AddrPortFrom(ip, uint16(dst)); ok && got != netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) {
			t.Errorf("%v became %v", a, got)
		}
	}
	zoned := netip.MustParseAddrPort("[fe80::1%eth0]:80")
	if e := EndOf(zoned); e.AddrPort() != netip.MustParseAddrPort("[fe80::1]:80") {
		t.Errorf("%v became %v", zoned, e.AddrPort())
	}
	f := Flow{Src: all[2], Dst: all[8]}
	if e := EndsOf(f); e.Flow() != f || e.Reverse().Flow() != f.Reverse() {
		t.Errorf("%v became %v, reversed %v", f, e.Flow(), e.Reverse().Flow())
	}
}
