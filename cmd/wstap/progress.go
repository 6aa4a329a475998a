package main

import (
	"fmt"
	"time"

	"wstap/report"
)

// progressPackets is how many packets are read between two looks at the clock.
const progressPackets = 4096

// progress is a status on a terminal that says how far reading has come. A nil
// progress shows nothing.
type progress struct {
	console  *console
	now      func() time.Time
	position func() (read, size int64)
	start    time.Time
	next     time.Time // of the next line
}

// The line comes only for work that takes longer than progressAfter.
const (
	progressAfter = 2 * time.Second
	progressEvery = 200 * time.Millisecond
)

func (p *progress) update() {
	if p == nil {
		return
	}
	now := p.now()
	if now.Sub(p.start) < progressAfter || now.Before(p.next) {
		return
	}
	p.next = now.Add(progressEvery)
	read, size := p.position()
	p.console.status(progressLine(read, size, now.Sub(p.start)))
}

func progressLine(read, size int64, took time.Duration) string {
	b := fmt.Appendf(nil, "%3d %%  ", read*100/max(size, 1))
	b = report.AppendBytes(b, uint64(read))
	b = append(b, " of "...)
	b = report.AppendBytes(b, uint64(size))
	rate := float64(read) / took.Seconds()
	b = append(b, "  "...)
	b = report.AppendBytes(b, uint64(rate))
	b = append(b, "/s"...)
	if rate > 0 && read < size {
		left := time.Duration(float64(size-read) / rate * float64(time.Second))
		b = append(b, "  "...)
		b = report.AppendDuration(b, left.Round(time.Second))
		b = append(b, " left"...)
	}
	return string(b)
}
