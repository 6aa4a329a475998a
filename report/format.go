package report

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// AppendRight appends n in decimal, with spaces before it up to width columns.
func AppendRight(b []byte, n uint64, width int) []byte {
	if n < 1e8 && width <= 8 {
		d := DigitsOf(uint32(n))
		short := d.Zeros()
		skip := min(int(short), 8-width)
		b = binary.LittleEndian.AppendUint64(b, d.Right(short)>>(8*skip))
		return b[:len(b)-skip]
	}
	var buf [20]byte
	d := strconv.AppendUint(buf[:0], n, 10)
	for range width - len(d) {
		b = append(b, ' ')
	}
	return append(b, d...)
}

// AppendCount appends n with thin groups of three digits, as in "12 345".
func AppendCount(b []byte, n uint64) []byte {
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], n, 10)
	for i, c := range d {
		if i > 0 && (len(d)-i)%3 == 0 {
			b = append(b, ' ')
		}
		b = append(b, c)
	}
	return b
}

// Count is AppendCount as a string, followed by noun, with an "s" unless n is 1.
func Count(n uint64, noun string) string {
	b := append(AppendCount(nil, n), ' ')
	b = append(b, noun...)
	if n != 1 {
		b = append(b, 's')
	}
	return string(b)
}

// AppendBytes appends a size in bytes for people: "78 B", "3.2 kB", "1.4 MB",
// in powers of 1000.
func AppendBytes(b []byte, n uint64) []byte {
	if n < 1000 {
		return append(strconv.AppendUint(b, n, 10), " B"...)
	}
	f, unit := float64(n), 0
	for f >= 999.5 && unit < len("kMGTPE") {
		f /= 1000
		unit++
	}
	digits := 1
	if f >= 99.95 {
		digits = 0
	}
	b = strconv.AppendFloat(b, f, 'f', digits, 64)
	return append(b, ' ', "kMGTPE"[unit-1], 'B')
}

// AppendDuration appends d for people, in three digits or so: "0.05 ms",
// "7.05 ms", "1.234 s", "2 min 5 s", "3 h 7 min".
func AppendDuration(b []byte, d time.Duration) []byte {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		b, d = append(b, '-'), -d
	}
	switch {
	case d < 10*time.Millisecond:
		return append(appendRounded(b, d, time.Millisecond, 2), " ms"...)
	case d < 100*time.Millisecond:
		return append(appendRounded(b, d, time.Millisecond, 1), " ms"...)
	case d < time.Second:
		return append(appendRounded(b, d, time.Millisecond, 0), " ms"...)
	case d < 10*time.Second:
		return append(appendRounded(b, d, time.Second, 2), " s"...)
	case d < 2*time.Minute:
		return append(appendRounded(b, d, time.Second, 1), " s"...)
	case d < 2*time.Hour:
		b = append(strconv.AppendInt(b, int64(d/time.Minute), 10), " min "...)
		return append(strconv.AppendInt(b, int64(d%time.Minute/time.Second), 10), " s"...)
	}
	b = append(strconv.AppendInt(b, int64(d/time.Hour), 10), " h "...)
	return append(strconv.AppendInt(b, int64(d%time.Hour/time.Minute), 10), " min"...)
}

func appendRounded(b []byte, d, unit time.Duration, digits int) []byte {
	return strconv.AppendFloat(b, float64(d)/float64(unit), 'f', digits, 64)
}
