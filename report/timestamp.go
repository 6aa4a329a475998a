package report

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// TimeFormat is a way of writing packet times, chosen by tshark's letters.
// The zero TimeFormat is relative to the first packet, in microseconds.
type TimeFormat struct {
	form     timeForm
	decimals int8 // less six, so that the zero value is microseconds
}

type timeForm uint8

const (
	relative        timeForm = iota // r: seconds since the first packet
	absolute                        // a: 15:04:05.000000, local time
	absoluteDate                    // ad: with the date
	absoluteYearDay                 // adoy: with year and day of year
	delta                           // d, dd: seconds since the row before
	epoch                           // e: seconds since 1970-01-01
	utc                             // u, ud, udoy: as a, ad, adoy
	utcDate
	utcYearDay
)

var errTimeFormat = errors.New("want a, ad, adoy, d, dd, e, r, u, ud or udoy, and .0 to .9 for the decimals")

// ParseTimeFormat reads tshark's letters: a, ad, adoy (local time), u, ud, udoy
// (UTC), r (since the first packet), d and dd (since the row before: a row is
// a frame here, not a packet, so the two are one), e (seconds since 1970).
// ".3" behind them, or alone, sets the number of decimals, 0 to 9.
func ParseTimeFormat(s string) (TimeFormat, error) {
	var f TimeFormat
	letters, decimals, found := strings.Cut(s, ".")
	if found {
		if len(decimals) != 1 || decimals[0] < '0' || decimals[0] > '9' {
			return f, errTimeFormat
		}
		f.decimals = int8(decimals[0]-'0') - 6
	} else if s == "" {
		return f, errTimeFormat
	}
	switch letters {
	case "", "r":
		f.form = relative
	case "a":
		f.form = absolute
	case "ad":
		f.form = absoluteDate
	case "adoy":
		f.form = absoluteYearDay
	case "d", "dd":
		f.form = delta
	case "e":
		f.form = epoch
	case "u":
		f.form = utc
	case "ud":
		f.form = utcDate
	case "udoy":
		f.form = utcYearDay
	default:
		return f, errTimeFormat
	}
	return f, nil
}

// layout is what the time package needs for the part up to the seconds.
func (f timeForm) layout() string {
	switch f {
	case absolute, utc:
		return "15:04:05"
	case absoluteDate, utcDate:
		return "2006-01-02 15:04:05"
	}
	return "2006/002 15:04:05"
}

// Timestamps writes packet times. It remembers the first and the last of them,
// and the text of the second it is in, since formatting one costs more than
// the rest of a line.
type Timestamps struct {
	format TimeFormat
	local  *time.Location

	first, last time.Time
	second      int64
	text        []byte // second, formatted; empty before the first

	// base and nanos are first, and span bounds the seconds from it for which
	// Since is right: 0 where times are not relative, or there is none.
	base  int64
	nanos int
	span  uint64
}

// NewTimestamps returns Timestamps in the given format; local is the zone of
// the local formats.
func NewTimestamps(f TimeFormat, local *time.Location) *Timestamps {
	return &Timestamps{format: f, local: local}
}

// Start sets the time from which relative ones count. Without it that is the
// first time appended.
func (t *Timestamps) Start(at time.Time) {
	t.first, t.last = at, at
	t.base, t.nanos, t.span = at.Unix(), at.Nanosecond(), 0
	if t.format.form == relative && !at.IsZero() {
		t.span = 1e8 // three years
	}
}

// Width is the number of columns that most times need, at most.
func (t *Timestamps) Width() int {
	decimals := int(t.format.decimals) + 6
	if decimals > 0 {
		decimals++ // the point
	}
	switch t.format.form {
	case relative, delta:
		return 3 + decimals
	case epoch:
		return 10 + decimals
	}
	return len(t.format.form.layout()) + decimals
}

// Append appends at, or "-" for the zero time.
func (t *Timestamps) Append(b []byte, at time.Time) []byte {
	if at.IsZero() {
		return append(b, '-')
	}
	if t.first.IsZero() {
		t.Start(at)
	}
	switch t.format.form {
	case relative:
		return t.appendSeconds(b, at.Sub(t.first))
	case delta:
		b = t.appendSeconds(b, at.Sub(t.last))
		t.last = at
		return b
	case epoch:
		sec, nsec := at.Unix(), at.Nanosecond()
		if sec < 0 && nsec > 0 { // nsec counts upward from a negative second
			return t.appendFraction(strconv.AppendInt(append(b, '-'), -sec-1, 10), uint32(1e9-nsec))
		}
		return t.appendFraction(strconv.AppendInt(b, sec, 10), uint32(nsec))
	}
	if sec := at.Unix(); sec != t.second || len(t.text) == 0 {
		zone := t.local
		if t.format.form >= utc {
			zone = time.UTC
		}
		t.second = sec
		t.text = at.In(zone).AppendFormat(t.text[:0], t.format.form.layout())
	}
	return t.appendFraction(append(b, t.text...), uint32(at.Nanosecond()))
}

// AppendRight is Append with spaces before, up to Width columns.
func (t *Timestamps) AppendRight(b []byte, at time.Time) []byte {
	if sec, nsec := t.Since(at); sec < t.span {
		return t.appendFraction(AppendRight(b, sec, 3), nsec)
	}
	start, width := len(b), t.Width()
	b = t.Append(b, at)
	if short := width - (len(b) - start); short > 0 {
		for range short {
			b = append(b, ' ')
		}
		copy(b[start+short:], b[start:])
		for i := range short {
			b[start+i] = ' '
		}
	}
	return b
}

// Usual reports whether AppendRight writes a time that lies so many seconds
// behind the first, as Since has them, in the usual format: seconds in three
// columns or more, and six decimals.
func (t *Timestamps) Usual(sec uint64) bool { return sec < t.span && t.format.decimals == 0 }

// Since is the time from the first to at, right where Usual says so of sec. It
// spares the usual Time.Sub, which minds overflow.
func (t *Timestamps) Since(at time.Time) (sec uint64, nsec uint32) {
	ns := at.Nanosecond() - t.nanos
	borrow := ns >> (bits.UintSize - 1) // -1 or 0, by chance: a branch would be mispredicted
	return uint64(at.Unix() - t.base + int64(borrow)), uint32(ns + borrow&1e9)
}

// appendSeconds appends d in seconds; a time before the first is negative.
func (t *Timestamps) appendSeconds(b []byte, d time.Duration) []byte {
	if d < 0 {
		b = append(b, '-')
	}
	sec, nsec := int64(d/time.Second), int64(d%time.Second)
	return t.appendFraction(strconv.AppendInt(b, abs(sec), 10), uint32(abs(nsec)))
}

// appendFraction appends the point and the decimals, cut off, not rounded, as
// tshark does: a rounded time could lie after the next packet's.
func (t *Timestamps) appendFraction(b []byte, nsec uint32) []byte {
	n := int(t.format.decimals) + 6
	if n == 0 {
		return b
	}
	b = binary.LittleEndian.AppendUint64(append(b, '.'), uint64(DigitsOf(nsec/10))|zeros)
	b = append(b, byte('0'+nsec%10))
	return b[:len(b)-9+n]
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
