package reassembly

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"wstap/capture"
)

// flowKey names a conversation whichever end sent the packet: the lower end
// stands first. IPv4, also where it is mapped into IPv6, has it in 12 bytes.
type flowKey struct {
	low, high uint32 // the addresses; folds of them for IPv6
	ports     uint32 // of the lower end, of the other
	six       *ends6 // nil for IPv4
}

// ends6 are the addresses of an IPv6 conversation, the lower one first.
type ends6 struct{ low, high [16]byte }

// key makes the key of a packet, and reports whether its sender is the lower
// end. The key of IPv6 is valid until the next call.
func (t *table) key(f *capture.Flow) (k flowKey, fromLow bool) {
	src, dst := f.Src.Addr(), f.Dst.Addr()
	sport, dport := uint32(f.Src.Port()), uint32(f.Dst.Port())
	if !(src.Is4() || src.Is4In6()) || !(dst.Is4() || dst.Is4In6()) {
		return t.key6(src.As16(), dst.As16(), sport, dport)
	}
	s4, d4 := src.As4(), dst.As4()
	s, d := binary.BigEndian.Uint32(s4[:]), binary.BigEndian.Uint32(d4[:])
	if s < d || s == d && sport <= dport {
		return flowKey{low: s, high: d, ports: sport<<16 | dport}, true
	}
	return flowKey{low: d, high: s, ports: dport<<16 | sport}, false
}

func (t *table) key6(src, dst [16]byte, sport, dport uint32) (k flowKey, fromLow bool) {
	order := cmp.Or(bytes.Compare(src[:], dst[:]), cmp.Compare(sport, dport))
	if fromLow = order <= 0; fromLow {
		t.six = ends6{src, dst}
		k.ports = sport<<16 | dport
	} else {
		t.six = ends6{dst, src}
		k.ports = dport<<16 | sport
	}
	k.low, k.high = fold(t.six.low, t.seed), fold(t.six.high, t.seed)
	k.six = &t.six
	return k, fromLow
}

// is reports whether k and o name the same conversation.
func (k *flowKey) is(o *flowKey) bool {
	if k.low != o.low || k.high != o.high || k.ports != o.ports {
		return false
	}
	return k.six == o.six || k.six != nil && o.six != nil && *k.six == *o.six
}

// own is k with memory of its own.
func (k *flowKey) own() flowKey {
	o := *k
	if k.six != nil {
		six := *k.six
		o.six = &six
	}
	return o
}

// ends are the two addresses of k, client first.
func (k *flowKey) ends(lowClient bool) (client, server netip.AddrPort) {
	var low, high netip.Addr
	if k.six != nil {
		low, high = netip.AddrFrom16(k.six.low).Unmap(), netip.AddrFrom16(k.six.high).Unmap()
	} else {
		low, high = addr4(k.low), addr4(k.high)
	}
	client, server = netip.AddrPortFrom(low, uint16(k.ports>>16)), netip.AddrPortFrom(high, uint16(k.ports))
	if lowClient {
		return client, server
	}
	return server, client
}

func addr4(a uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], a)
	return netip.AddrFrom4(b)
}

// newSeed is different for each Assembler, so that nobody can choose addresses
// and ports that fall on the same slots. It never shows in what is printed:
// wherever the table is walked, what comes of it is put in order.
func newSeed() [2]uint64 {
	return [2]uint64{
		maphash.Comparable(maphash.MakeSeed(), 0),
		maphash.Comparable(maphash.MakeSeed(), 0),
	}
}

// hash mixes k with the seed by one multiplication, as wyhash does.
func (k *flowKey) hash(seed [2]uint64) uint64 {
	return mix(uint64(k.low)<<32|uint64(k.high), uint64(k.ports), seed)
}

// fold is an IPv6 address in the 32 bits that the hash has room for.
func fold(a [16]byte, seed [2]uint64) uint32 {
	return uint32(mix(binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:]), seed))
}

func mix(a, b uint64, seed [2]uint64) uint64 {
	hi, lo := bits.Mul64(a^seed[0], b^seed[1])
	return hi ^ lo
}
