package report

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// pairs are the numbers 00 to 99: two digits a division.
const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" + "40414243444546474849" +
	"50515253545556575859" + "60616263646566676869" + "70717273747576777879" + "80818283848586878889" + "90919293949596979899"

// AppendRight appends n in decimal, with spaces before it up to width columns.
func AppendRight(b []byte, n uint64, width int) []byte {
	digits := 1
	for p := uint64(10); n >= p && digits < 20; p *= 10 {
		digits++
	}
	start := len(b)
	i := start + max(digits, width)
	b = slices.Grow(b, i-start)[:i]
	for n >= 100 {
		i -= 2
		b[i], b[i+1] = pairs[n%100*2], pairs[n%100*2+1]
		n /= 100
	}
	if n >= 10 {
		i -= 2
		b[i], b[i+1] = pairs[n*2], pairs[n*2+1]
	} else {
		i--
		b[i] = byte('0' + n)
	}
	for i > start {
		i--
		b[i] = ' '
	}
	return b
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
