package report_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"wstap/report"
)

// numbers are those at which numbers get longer, their neighbors, and others of
// each length.
func numbers() (all []uint64) {
	r := rand.New(rand.NewPCG(1, 2))
	for p := uint64(1); ; p *= 10 {
		all = append(all, p-1, p, p+1)
		for range 200 {
			all = append(all, p+r.Uint64N(p))
		}
		if p == 1e19 {
			return append(all, math.MaxUint64-1, math.MaxUint64)
		}
	}
}

func TestAppendRight(t *testing.T) {
	for _, n := range numbers() {
		for _, width := range []int{0, 1, 3, 6, 7, 8, 9, 25} {
			if got, want := string(report.AppendRight([]byte("x"), n, width)), fmt.Sprintf("x%*d", width, n); got != want {
				t.Fatalf("%d in %d columns: %q, want %q", n, width, got, want)
			}
		}
	}
}

func TestDigits(t *testing.T) {
	for _, n := range numbers() {
		if n >= 1e8 {
			continue
		}
		d := report.DigitsOf(uint32(n))
		zeros := d.Zeros()
		var right, left [8]byte
		binary.LittleEndian.PutUint64(right[:], d.Right(zeros))
		binary.LittleEndian.PutUint64(left[:], d.Left(zeros))
		if string(right[:]) != fmt.Sprintf("%8d", n) || string(left[:]) != fmt.Sprintf("%-8d", n) {
			t.Fatalf("%d: %q and %q", n, right, left)
		}
		binary.LittleEndian.PutUint64(right[:], d.Right(0))
		if string(right[:]) != fmt.Sprintf("%08d", n) {
			t.Fatalf("%d: %q", n, right)
		}
	}
}

func TestNumerals(t *testing.T) {
	for n, numeral := range report.NewNumerals() {
		var right, left [8]byte
		binary.LittleEndian.PutUint32(right[:], uint32(numeral))
		text, digits := numeral.Left()
		binary.LittleEndian.PutUint64(left[:], text)
		if string(right[:4]) != fmt.Sprintf("%3d ", n) || string(left[:digits+3]) != fmt.Sprintf("%d   ", n) {
			t.Fatalf("%d: %q and %q, %d digits", n, right, left, digits)
		}
		binary.LittleEndian.PutUint32(right[:], uint32(numeral|report.NumeralZeros))
		if string(right[:4]) != fmt.Sprintf("%03d ", n) {
			t.Fatalf("%d: %q", n, right)
		}
	}
}

// Since is the time from the first where times are written in the usual format:
// other times are not usual.
func TestUsualTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	first := time.Unix(1767225600, 123456789)
	for _, format := range []string{"r", "r.3", "e", "u", "d"} {
		f, err := report.ParseTimeFormat(format)
		if err != nil {
			t.Fatal(err)
		}
		ts := report.NewTimestamps(f, time.UTC)
		usual := func(at time.Time) bool {
			sec, _ := ts.Since(at)
			return ts.Usual(sec)
		}
		if usual(first) {
			t.Errorf("%s: usual before there is a first", format)
		}
		ts.Start(first)
		for range 2000 {
			d := time.Duration(r.Int64N(int64(math.Pow10(1 + r.IntN(18)))))
			if r.IntN(10) == 0 {
				d = -d
			}
			at := first.Add(d)
			if got, want := usual(at), format == "r" && d >= 0 && d < 1e8*time.Second; got != want {
				t.Fatalf("%s: %v behind the first: usual is %v", format, d, got)
			} else if !got {
				continue
			}
			sec, nsec := ts.Since(at)
			if want := fmt.Sprintf("%3d.%06d", sec, nsec/1000); time.Duration(sec)*time.Second+time.Duration(nsec) != d || string(ts.AppendRight(nil, at)) != want {
				t.Fatalf("%v behind the first: %d s and %d ns, %q", d, sec, nsec, ts.AppendRight(nil, at))
			}
		}
		if usual(time.Time{}) {
			t.Errorf("%s: no time is usual", format)
		}
	}
}
