package dfilter

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// value is what the literal e stands for beside a value of type t; def is the
// field that it is compared with, nil where that is no field.
func (c *compiler) value(e *literal, t Type, def *Field) (Value, *Error) {
	fail := func(format string, args ...any) (Value, *Error) {
		err := e.span.fault(format, args...)
		if e.kind == tokWord {
			err.Message += suggestion(e.text)
		}
		return Value{}, err
	}
	quoted := e.kind == tokString || e.kind == tokRaw
	switch {
	case t.integer() || t == Boolean:
		if n, ok := def.named(e.text); ok && e.kind != tokChar {
			return Value{Type: t, Num: n}, nil
		}
		if t == Boolean {
			switch strings.ToLower(e.text) {
			case "true":
				return Value{Type: t, Num: 1}, nil
			case "false":
				return Value{Type: t}, nil
			}
		}
		if quoted {
			if def != nil && def.Names != nil {
				return fail("%q is none of the values of %s, which are %s", e.text, def.Name, def.nameList())
			}
			return fail("%s cannot be converted from a string (%q)", t.pretty(), e.text)
		}
		n, ok := parseInteger(e)
		switch {
		case !ok:
			return fail("%q is not a valid number", e.text)
		case t == Boolean:
			return Value{Type: t, Num: min(n, 1)}, nil
		case n > t.max() && t != Int:
			return fail("%q is too big for this field, whose maximum is %d", e.text, t.max())
		case t == Int && n > 1<<63-1:
			return fail("%q is too big: the maximum is %d", e.text, uint64(1<<63-1))
		}
		return Value{Type: t, Num: n}, nil
	case t == String:
		return Value{Type: t, Octets: []byte(e.text)}, nil
	case t.octets():
		if quoted || e.kind == tokChar {
			if b, ok := parseBytes(e.text); ok && t == Ether && quoted && len(b) == 6 {
				return Value{Type: t, Octets: b}, nil
			}
			return Value{Type: Bytes, Octets: []byte(e.text)}, nil
		}
		b, ok := parseBytes(e.text)
		if !ok {
			return fail("%q is not a valid byte string: want hex digits, as in 01:02:ff, or a string in double quotes", e.text)
		}
		return Value{Type: Bytes, Octets: b}, nil
	case t == IPv4 || t == IPv6:
		if quoted || e.kind == tokChar {
			return fail("%s cannot be converted from a string (%q): write it without quotes", t.pretty(), e.text)
		}
		v, ok := parseAddress(e.text, t)
		if !ok {
			return fail("%q is not a valid %s: host names are not resolved", e.text, t.pretty())
		}
		return v, nil
	case t == AbsoluteTime:
		at, ok := parseTime(e.text, c.local)
		if !ok {
			return fail("%q is not a valid date and time: want \"2011-07-04 12:34:56\" or \"Nov 12, 1999 08:55:44.123\"", e.text)
		}
		n, ok := nanoseconds(at)
		if !ok {
			return fail("%q is out of range: years 1678 to 2261", e.text)
		}
		return Value{Type: t, Num: uint64(n)}, nil
	case t == RelativeTime:
		if quoted || e.kind == tokChar {
			return fail("time offset cannot be converted from a string (%q): write seconds without quotes, as in 1.5", e.text)
		}
		n, ok := parseSeconds(e.text)
		if !ok {
			return fail("%q is not a valid time offset: want seconds, as in 1.5", e.text)
		}
		return Value{Type: t, Num: uint64(n)}, nil
	}
	return fail("a %s has no value to compare with: test whether it is there by its name alone", t.pretty())
}

// parseInteger reads decimal, hexadecimal (0x), octal (0) and binary (0b)
// digits, or a character.
func parseInteger(e *literal) (uint64, bool) {
	if e.kind == tokChar {
		return uint64(e.text[0]), true
	}
	s, base := e.text, 10
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x':
		s, base = s[2:], 16
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'b':
		s, base = s[2:], 2
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

// parseBytes reads bytes in hex: pairs of digits, or groups of one or two (of
// four with points between them) that a colon, point or hyphen parts, or one
// byte written as 0xff.
func parseBytes(s string) ([]byte, bool) {
	if len(s) == 4 && s[0] == '0' && s[1]|0x20 == 'x' {
		b, err := hex.DecodeString(s[2:])
		return b, err == nil
	}
	i := strings.IndexAny(s, ":.-")
	if i < 0 {
		if len(s)%2 == 1 { // as in 7 for 07
			s = s[:len(s)-1] + "0" + s[len(s)-1:]
		}
		b, err := hex.DecodeString(s)
		return b, err == nil && len(b) > 0
	}
	separator := s[i : i+1]
	var all []byte
	for group := range strings.SplitSeq(s, separator) {
		switch len(group) {
		case 1:
			group = "0" + group
		case 2:
		case 4:
			if separator != "." {
				return nil, false
			}
		default:
			return nil, false
		}
		b, err := hex.DecodeString(group)
		if err != nil {
			return nil, false
		}
		all = append(all, b...)
	}
	return all, true
}

// parseAddress reads an address, or a network with its prefix length.
func parseAddress(s string, t Type) (Value, bool) {
	text, length, network := strings.Cut(s, "/")
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is4() != (t == IPv4) {
		return Value{}, false
	}
	v := addressValue(a)
	if network {
		n, err := strconv.ParseUint(length, 10, 8)
		if err != nil || int(n) > a.BitLen() {
			return Value{}, false
		}
		v.bits = uint8(a.BitLen() - int(n))
	}
	return v, true
}

// addressValue is the value of an address field.
func addressValue(a netip.Addr) Value {
	if a.Is4() {
		b := a.As4()
		return Value{Type: IPv4, Num: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return Value{Type: IPv6, Octets: b[:]}
}

// timeLayouts are how a date and time may be written. Fractions of a second
// may follow the seconds in all.
var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05-0700",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"Jan _2, 2006 15:04:05", "Jan _2, 2006 15:04", "Jan _2, 2006",
}

// parseTime reads a date and time. Without a time zone it is local time.
func parseTime(s string, local *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if text, ok := strings.CutSuffix(s, " UTC"); ok {
		s, local = text, time.UTC
	}
	for _, layout := range timeLayouts {
		if at, err := time.ParseInLocation(layout, s, local); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// nanoseconds is t as nanoseconds since 1970, where an int64 holds them.
func nanoseconds(t time.Time) (int64, bool) {
	if y := t.Year(); y < 1678 || y > 2261 {
		return 0, false
	}
	return t.UnixNano(), true
}

// parseSeconds reads seconds with up to nine decimals as nanoseconds.
func parseSeconds(s string) (int64, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" || len(fraction) > 9 {
		return 0, false
	}
	if whole == "" {
		whole = "0"
	}
	sec, err := strconv.ParseUint(whole, 10, 33)
	if err != nil {
		return 0, false
	}
	ns, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 32)
	return int64(sec)*int64(time.Second) + int64(ns), err == nil
}
