package main

import (
	"strings"
	"testing"
	"time"
)

// TestProgress: nothing for two seconds, then a line at most every 200 ms, gone
// at the end.
func TestProgress(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1000, 0)
	read := int64(0)
	c := &console{w: &out}
	p := &progress{console: c, now: func() time.Time { return now }, start: now, position: func() (int64, int64) { return read, 1e9 }}
	step := func(d time.Duration, n int64) string {
		now, read = now.Add(d), read+n
		out.Reset()
		p.update()
		return out.String()
	}
	if got := step(1900*time.Millisecond, 190e6); got != "" {
		t.Errorf("after 1.9 s: %q", got)
	}
	if got, want := step(100*time.Millisecond, 10e6), "\r 20 %  200 MB of 1.0 GB  100 MB/s  8.00 s left\x1b[K"; got != want {
		t.Errorf("after 2 s: %q, want %q", got, want)
	}
	if got := step(100*time.Millisecond, 10e6); got != "" {
		t.Errorf("100 ms later: %q", got)
	}
	if got := step(100*time.Millisecond, 10e6); !strings.HasPrefix(got, "\r 22 %") {
		t.Errorf("200 ms later: %q", got)
	}
	out.Reset()
	c.clear()
	c.clear()
	if got := out.String(); got != "\r\x1b[K" {
		t.Errorf("cleared with %q", got)
	}
	(*progress)(nil).update()
}
