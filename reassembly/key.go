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
// stands first. IPv4, also where it is mapped into IPv6, has it in 12 bytes.
type flowKey struct {
	low, high uint32 // the addresses; folds of them for IPv6
	ports     uint32 // of the lower end, of the other
	hash      uint32
	six       *ends6 // nil for IPv4
}

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
	src6, src := e.Src.Bits()
	dst6, dst := e.Dst.Bits()
	sport, dport := e.Src.Port(), e.Dst.Port()
	const mapped = 0xffff // ::ffff:0:0/96 (RFC 4291, 2.5.5.2)
	if src6|dst6|(src>>32^mapped)|(dst>>32^mapped) == 0 {
		// Which end is the lower is as good as random: no branch asks for it.
		src, dst = src<<16|uint64(sport), dst<<16|uint64(dport)
		low, high := min(src, dst), max(src, dst)
		k.low, k.high, k.ports = uint32(low>>16), uint32(high>>16), uint32(low)<<16|uint32(high)&0xffff
		k.six = nil
		fromLow = src == low
	} else {
		low, high := address{src6, src}, address{dst6, dst}
		fromLow = cmp.Or(cmp.Compare(src6, dst6), cmp.Compare(src, dst), cmp.Compare(sport, dport)) <= 0
		if !fromLow {
			low, high, sport, dport = high, low, dport, sport
		}
		*six = ends6{low, high}
		k.six = six
		k.low, k.high, k.ports = s.fold(low), s.fold(high), uint32(sport)<<16|uint32(dport)
	}
	k.hash = uint32(s.mix(uint64(k.low)<<32|uint64(k.high), uint64(k.ports)))
	return fromLow
}

// tag is what the table keeps of the hash beside the record, never 0.
func (k *flowKey) tag() uint8 { return uint8(k.hash>>25) | 0x80 }

// is reports whether k and o name the same conversation.
func (k *flowKey) is(o *flowKey) bool {
	if (k.low^o.low)|(k.high^o.high)|(k.ports^o.ports) != 0 { // one branch
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
		low, high = k.six.low.addr(), k.six.high.addr()
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

// seed is different for each Assembler, so that nobody can choose addresses and
// ports that fall on the same slots. It never shows in what is printed: wherever
// the table is walked, what comes of it is put in order.
type seed [2]uint64

func newSeed() seed {
	return seed{maphash.Comparable(maphash.MakeSeed(), 0), maphash.Comparable(maphash.MakeSeed(), 0)}
}

// mix hashes two words by one multiplication, as wyhash does.
func (s *seed) mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^s[0], b^s[1])
	return hi ^ lo
}

// fold is an IPv6 address in 32 bits.
func (s *seed) fold(a address) uint32 { return uint32(s.mix(a.hi, a.lo)) }
