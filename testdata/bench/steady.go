package main

import (
	"fmt"
	"slices"
	"time"

	"wstap/capture/benchtest"
)

// mostIdle is how many bytes an idle connection may take.
const mostIdle = 300

// idle tells what an idle connection takes: the difference of the peaks with n
// and with ten times as many.
func (b *bench) idle(n int) error {
	var peaks [2]int64
	for i, n := range []int{n, 10 * n} {
		path, truth, err := b.capture(b.options(benchtest.Idle, 0, n))
		if err != nil {
			return err
		}
		if err := b.check(path, truth); err != nil {
			return err
		}
		costs, err := measure([]tool{{name: "wstap text", args: []string{b.wstap, "-r", path}, runs: 3}})
		if err != nil {
			return err
		}
		peaks[i] = costs[0].rss
	}
	fmt.Printf("\nidle: %.1f MiB with %d connections, %.1f MiB with %d\n\n", float64(peaks[0])/(1<<20), n, float64(peaks[1])/(1<<20), 10*n)
	each := float64(peaks[1]-peaks[0]) / float64(9*n)
	told(each <= mostIdle, "%.0f B an idle connection; goal: at most %d", each, mostIdle)
	return nil
}

// mostStart is how long a small file may take.
const mostStart = 15 * time.Millisecond

// startUp tells how long the smallest run takes.
func (b *bench) startUp() error {
	t := tool{name: "wstap text", args: []string{b.wstap, "-r", "testdata/demo/signalling.pcapng"}}
	var walls []time.Duration
	for range 50 {
		c, err := t.once()
		if err != nil {
			return err
		}
		walls = append(walls, c.wall)
	}
	slices.Sort(walls)
	fmt.Printf("\nstart-up: a file of 74 packets in %.1f ms at best\n\n", ms(walls[0]))
	told(walls[25] < mostStart, "%.1f ms in the median of %d runs; goal: below %.0f", ms(walls[25]), len(walls), ms(mostStart))
	return nil
}
