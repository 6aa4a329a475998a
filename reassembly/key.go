package reassembly

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"wstap/capture"
)

// flowKey names a conversation whichever end sent the packet: the lower end
// stands first. IPv4, also where it is mapped into IPv6, is all in two words, so
// that a packet's key need not leave the registers.
type flowKey struct {
	// Of each end the port, and from bit 16 on the address; a fold of it for
	// IPv6, of which overIPv6 in low tells.
	low, high uint64
	six       *ends6 // nil for IPv4
}

// overIPv6 is the bit of flowKey.low that no key of IPv4 has.
const overIPv6 = 1 << 63

// ends6 are the addresses of an IPv6 conversation, the lower one first.
type ends6 struct{ low, high address }

// address is one of IPv6, as capture.End.Bits has it.
type address struct{ hi, lo uint64 }

func (a address) addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).Unmap()
}

// keyOf makes the key of a packet, and reports whether its sender is the lower
// end. The key is t's own, and valid until the next call: to return it by value
// costs 4 ns.
func (t *table) keyOf(e *capture.Ends) (k *flowKey, fromLow bool) {
	k = &t.key
	fromLow = k.set(e, &t.seed, &t.six)
	return k, fromLow
}

// set makes k the key of a packet. The addresses of IPv6 are put into six.
func (k *flowKey) set(e *capture.Ends, s *seed, six *ends6) (fromLow bool) {
	if src, dst, ok := e.IPv4(); ok {
		*k = flowKey{low: min(src, dst), high: max(src, dst)}
		return src == k.low
	}
	src6, src := e.Src.Bits()
	dst6, dst := e.Dst.Bits()
	sport, dport := e.Src.Port(), e.Dst.Port()
	low, high := address{src6, src}, address{dst6, dst}
	fromLow = cmp.Or(cmp.Compare(src6, dst6), cmp.Compare(src, dst), cmp.Compare(sport, dport)) <= 0
	if !fromLow {
		low, high, sport, dport = high, low, dport, sport
	}
	*six = ends6{low, high}
	*k = flowKey{
		low:  overIPv6 | uint64(s.fold(low))<<16 | uint64(sport),
		high: uint64(s.fold(high))<<16 | uint64(dport),
		six:  six,
	}
	return fromLow
}

// is reports whether k and o name the same conversation.
func (k *flowKey) is(o *flowKey) bool {
	if (k.low^o.low)|(k.high^o.high) != 0 { // one branch
		return false
	}
	return k.six == o.six || *k.six == *o.six // both are of IPv6, or none
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
		low, high = k.six.low.addr(), k.six.high.addr()
	} else {
		low, high = addr4(uint32(k.low>>16)), addr4(uint32(k.high>>16))
	}
	client, server = netip.AddrPortFrom(low, uint16(k.low)), netip.AddrPortFrom(high, uint16(k.high))
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

// seed is different for each Assembler, so that nobody can choose addresses and
// ports that fall on the same slots. It never shows in what is printed: wherever
// the table is walked, what comes of it is put in order.
type seed [2]uint64

func newSeed() seed {
	return seed{maphash.Comparable(maphash.MakeSeed(), 0), maphash.Comparable(maphash.MakeSeed(), 0)}
}

// hash is that of k.
func (s *seed) hash(k *flowKey) uint64 { return s.mix(k.low, k.high) }

// mix hashes two words by one multiplication, as wyhash does.
func (s *seed) mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^s[0], b^s[1])
	return hi ^ lo
}

// fold is an IPv6 address in 32 bits.
func (s *seed) fold(a address) uint32 { return uint32(s.mix(a.hi, a.lo)) }
