package dfilter

import (
	"bytes"
	"cmp"
)

// Type is the type of a field, as Wireshark's fields have them.
type Type uint8

// The types. Int is what arithmetic and functions yield; no field has it.
const (
	None Type = iota // a label: it is there or not
	Protocol
	Boolean
	Uint8
	Uint16
	Uint24
	Uint32
	Uint64
	Int
	FrameNum
	Bytes
	String
	Ether
	IPv4
	IPv6
	AbsoluteTime
	RelativeTime

	types
)

// String is Wireshark's name of the type, as in the output of tshark -G fields.
func (t Type) String() string {
	if t >= types {
		return "FT_INVALID"
	}
	return [types]string{"FT_NONE", "FT_PROTOCOL", "FT_BOOLEAN", "FT_UINT8", "FT_UINT16", "FT_UINT24", "FT_UINT32",
		"FT_UINT64", "FT_INT64", "FT_FRAMENUM", "FT_BYTES", "FT_STRING", "FT_ETHER", "FT_IPv4", "FT_IPv6",
		"FT_ABSOLUTE_TIME", "FT_RELATIVE_TIME"}[t]
}

// pretty is the type's name in error messages.
func (t Type) pretty() string {
	return [types]string{"label", "protocol", "boolean", "unsigned integer (1 byte)", "unsigned integer (2 bytes)",
		"unsigned integer (3 bytes)", "unsigned integer (4 bytes)", "unsigned integer (8 bytes)", "signed integer (8 bytes)",
		"frame number", "byte sequence", "character string", "Ethernet or other MAC address", "IPv4 address", "IPv6 address",
		"date and time", "time offset"}[t]
}

// width is the size in bytes of the values of t, 0 where they differ.
func (t Type) width() int {
	return [types]int{Boolean: 1, Uint8: 1, Uint16: 2, Uint24: 3, Uint32: 4, Uint64: 8, Int: 8, FrameNum: 4,
		Ether: 6, IPv4: 4, IPv6: 16, AbsoluteTime: 8, RelativeTime: 8}[t]
}

// max is the largest value of an unsigned integer type.
func (t Type) max() uint64 {
	if w := t.width(); w < 8 {
		return 1<<(8*w) - 1
	}
	return 1<<64 - 1
}

func (t Type) integer() bool { return t >= Uint8 && t <= FrameNum }

// octets reports whether values of t are sequences of bytes, which can be
// sliced, searched and compared with each other.
func (t Type) octets() bool {
	return t == Bytes || t == String || t == Ether || t == Protocol
}

// class groups the types whose values can be compared with each other; it is
// the type that stands for the group.
func (t Type) class() Type {
	switch {
	case t.integer():
		return Int
	case t.octets():
		return Bytes
	}
	return t
}

// Value is one value of a field.
type Value struct {
	Type Type
	bits uint8 // of an address literal with a prefix length, its complement
	// Num holds integers and booleans, the bits of IPv4 addresses, and times:
	// nanoseconds since 1970 or of the offset, as an int64. Int is signed too.
	Num uint64
	// Octets holds bytes, strings, Ethernet and IPv6 addresses. Lent: valid
	// until the next frame.
	Octets []byte
}

func (t Type) signed() bool { return t == Int || t == AbsoluteTime || t == RelativeTime }

// order compares values of the same class: negative where a is before b. Where
// b is a network, only the network's bits of a count.
func order(a, b *Value) int {
	switch a.Type.class() {
	case Bytes:
		// The longer of two byte sequences is the greater, as in Wireshark 4.0;
		// strings are ordered as in a dictionary.
		if a.Type != String || b.Type != String {
			if c := cmp.Compare(len(a.Octets), len(b.Octets)); c != 0 {
				return c
			}
		}
		return bytes.Compare(a.Octets, b.Octets)
	case IPv6:
		return orderIPv6(a.Octets, b.Octets, max(a.bits, b.bits))
	case IPv4:
		host := max(a.bits, b.bits)
		return cmp.Compare(uint32(a.Num)>>host, uint32(b.Num)>>host)
	case AbsoluteTime, RelativeTime:
		return cmp.Compare(int64(a.Num), int64(b.Num))
	}
	aNegative, bNegative := a.Type.signed() && int64(a.Num) < 0, b.Type.signed() && int64(b.Num) < 0
	switch {
	case aNegative && !bNegative:
		return -1
	case bNegative && !aNegative:
		return 1
	}
	return cmp.Compare(a.Num, b.Num)
}

// orderIPv6 compares addresses without their last host bits.
func orderIPv6(a, b []byte, host uint8) int {
	if len(a) != 16 || len(b) != 16 {
		return bytes.Compare(a, b)
	}
	whole := int(128-host) / 8
	if c := bytes.Compare(a[:whole], b[:whole]); c != 0 || whole == 16 {
		return c
	}
	shift := (host-1)%8 + 1 // of the byte that the boundary goes through; 8 drops it
	return cmp.Compare(a[whole]>>shift, b[whole]>>shift)
}

// truth reports whether a value that is tested by itself holds.
func (v *Value) truth() bool {
	if v.Type.octets() || v.Type == IPv6 {
		for _, b := range v.Octets {
			if b != 0 {
				return true
			}
		}
		return false
	}
	return v.Num != 0
}
