package dfilter

import (
	"net/netip"
	"strconv"
	"time"
)

// AppendText appends v, a value of f, as tshark prints it: booleans as 1 and
// 0, bytes in hex without separators, times with nine decimals. Strings are
// appended as they are: they hold what a peer sent and are to be escaped.
// Labels are 1, as in tshark, protocols their name.
func (f *Field) AppendText(dst []byte, v *Value) []byte {
	switch {
	case v.Type == Protocol:
		return append(dst, f.Name...)
	case f.Hex:
		return v.append(dst, true)
	}
	return v.append(dst, false)
}

const hexDigits = "0123456789abcdef"

// append appends v, integers in hexadecimal where hex is set.
func (v *Value) append(dst []byte, hex bool) []byte {
	switch v.Type {
	case Bytes, Protocol:
		return appendBytes(dst, v.Octets, 0)
	case Ether:
		return appendBytes(dst, v.Octets, ':')
	case String:
		return append(dst, v.Octets...)
	case IPv4:
		return netip.AddrFrom4([4]byte{byte(v.Num >> 24), byte(v.Num >> 16), byte(v.Num >> 8), byte(v.Num)}).AppendTo(dst)
	case IPv6:
		if a, ok := netip.AddrFromSlice(v.Octets); ok {
			dst = a.AppendTo(dst)
		}
		return dst
	case AbsoluteTime:
		return time.Unix(0, int64(v.Num)).UTC().AppendFormat(dst, "Jan _2, 2006 15:04:05.000000000 MST")
	case RelativeTime:
		return appendSeconds(dst, int64(v.Num))
	case Int:
		if !hex {
			return strconv.AppendInt(dst, int64(v.Num), 10)
		}
	}
	if hex && v.Type.integer() {
		return appendHex(dst, v.Num, v.Type.width())
	}
	return strconv.AppendUint(dst, v.Num, 10)
}

// AppendColons appends bytes in hex with colons between them, as tshark shows
// them in trees.
func AppendColons(dst, b []byte) []byte { return appendBytes(dst, b, ':') }

func appendBytes(dst, b []byte, separator byte) []byte {
	for i, c := range b {
		if i > 0 && separator != 0 {
			dst = append(dst, separator)
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendHex appends 0x and the digits of size bytes.
func appendHex(dst []byte, n uint64, size int) []byte {
	dst = append(dst, "0x"...)
	for i := size*2 - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[n>>(4*i)&15])
	}
	return dst
}

// appendSeconds appends nanoseconds as seconds with nine decimals.
func appendSeconds(dst []byte, ns int64) []byte {
	if ns < 0 {
		dst = append(dst, '-')
	}
	n := magnitude(ns)
	dst = strconv.AppendUint(dst, n/1e9, 10)
	dst = append(dst, '.')
	for div := uint64(1e8); div > 0; div /= 10 {
		dst = append(dst, byte('0'+n/div%10))
	}
	return dst
}
