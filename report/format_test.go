package report_test

import (
	"math"
	"testing"
	"time"

	"wstap/report"
)

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 frames", 1: "1 frame", 999: "999 frames", 1000: "1 000 frames", 12345: "12 345 frames",
		math.MaxUint64: "18 446 744 073 709 551 615 frames",
	} {
		if got := report.Count(n, "frame"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1449: "1.4 kB", 99_940: "99.9 kB", 99_960: "100 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 1 << 30: "1.1 GB", math.MaxUint64: "18.4 EB",
	} {
		if got := string(report.AppendBytes(nil, n)); got != want {
			t.Errorf("AppendBytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0.00 ms"},
		{48 * time.Microsecond, "0.05 ms"},
		{7046 * time.Microsecond, "7.05 ms"},
		{12345 * time.Microsecond, "12.3 ms"},
		{385 * time.Millisecond, "385 ms"},
		{1234 * time.Millisecond, "1.23 s"},
		{61500 * time.Millisecond, "61.5 s"},
		{125 * time.Second, "2 min 5 s"},
		{3*time.Hour + 7*time.Minute + 59*time.Second, "3 h 7 min"},
		{-5 * time.Second, "-5.00 s"},
		{math.MinInt64, "-2562047 h 47 min"},
	} {
		if got := string(report.AppendDuration(nil, tc.d)); got != tc.want {
			t.Errorf("%d: got %q, want %q", tc.d, got, tc.want)
		}
	}
}

func TestLimit(t *testing.T) {
	for in, want := range map[string]int{"none": 1000, "0": 0, "10": 10, "5000": 1000} {
		l, err := report.ParseLimit(in)
		if err != nil || !l.IsSet() || l.Cut(1000) != want {
			t.Errorf("%q: %v, cuts 1000 to %d, want %d", in, err, l.Cut(1000), want)
		}
	}
	for _, in := range []string{"", "-1", "1k", "99999999999"} {
		if _, err := report.ParseLimit(in); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
	if l := (report.Limit{}); l.IsSet() || l.Cut(5) != 5 {
		t.Error("the zero limit limits")
	}
}

func TestTimestamps(t *testing.T) {
	first := time.Date(2026, 2, 3, 23, 59, 59, 999_999_900, time.UTC)
	zone := time.FixedZone("", 5*3600+1800)
	times := []time.Time{first, first.Add(100 * time.Nanosecond), first.Add(90 * time.Second), first.Add(-1500 * time.Millisecond), {}}
	for _, tc := range []struct {
		format string
		want   []string
	}{
		{"r", []string{"0.000000", "0.000000", "90.000000", "-1.500000", "-"}},
		{".9", []string{"0.000000000", "0.000000100", "90.000000000", "-1.500000000", "-"}},
		{"r.0", []string{"0", "0", "90", "-1", "-"}},
		{"d", []string{"0.000000", "0.000000", "89.999999", "-91.500000", "-"}},
		{"dd.1", []string{"0.0", "0.0", "89.9", "-91.5", "-"}},
		{"e", []string{"1770163199.999999", "1770163200.000000", "1770163289.999999", "1770163198.499999", "-"}},
		{"u", []string{"23:59:59.999999", "00:00:00.000000", "00:01:29.999999", "23:59:58.499999", "-"}},
		{"ud.3", []string{"2026-02-03 23:59:59.999", "2026-02-04 00:00:00.000", "2026-02-04 00:01:29.999", "2026-02-03 23:59:58.499", "-"}},
		{"udoy.0", []string{"2026/034 23:59:59", "2026/035 00:00:00", "2026/035 00:01:29", "2026/034 23:59:58", "-"}},
		{"a.0", []string{"05:29:59", "05:30:00", "05:31:29", "05:29:58", "-"}},
		{"ad.0", []string{"2026-02-04 05:29:59", "2026-02-04 05:30:00", "2026-02-04 05:31:29", "2026-02-04 05:29:58", "-"}},
		{"adoy.0", []string{"2026/035 05:29:59", "2026/035 05:30:00", "2026/035 05:31:29", "2026/035 05:29:58", "-"}},
	} {
		format, err := report.ParseTimeFormat(tc.format)
		if err != nil {
			t.Fatal(err)
		}
		ts := report.NewTimestamps(format, zone)
		for i, at := range times {
			if got := string(ts.Append(nil, at)); got != tc.want[i] {
				t.Errorf("-t %s, time %d: got %q, want %q", tc.format, i, got, tc.want[i])
			}
		}
	}
}

func TestTimeBefore1970(t *testing.T) {
	format, _ := report.ParseTimeFormat("e.3")
	ts := report.NewTimestamps(format, time.UTC)
	for at, want := range map[time.Time]string{
		time.Unix(-1, 500e6): "-0.500",
		time.Unix(-2, 0):     "-2.000",
		time.Unix(-2, 250e6): "-1.750",
	} {
		if got := string(ts.Append(nil, at)); got != want {
			t.Errorf("%v: got %q, want %q", at, got, want)
		}
	}
}

func TestBadTimeFormats(t *testing.T) {
	for _, s := range []string{"", "x", "rr", "r.", "r.10", "r.x", "a.-1"} {
		if _, err := report.ParseTimeFormat(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
