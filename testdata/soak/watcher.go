package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watcher looks at a process from outside, and takes what it says of itself.
type watcher struct {
	pid   int
	began time.Time
	rows  []figures

	mu   sync.Mutex
	said map[string]float64 // the latest of --samples
}

// figures are one row: what has to stay level.
type figures struct{ rss, heap, goroutines, threads, descriptors float64 }

// sampled takes a line of --samples; false says that it is none.
func (w *watcher) sampled(line string) bool {
	rest, ok := strings.CutPrefix(line, "wstap: sample ")
	if !ok {
		return false
	}
	said := map[string]float64{}
	for _, f := range strings.Fields(rest) {
		name, value, _ := strings.Cut(f, "=")
		said[name], _ = strconv.ParseFloat(value, 64)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = said
	return true
}

const (
	heading = "%8s %12s %10s %10s %9s %9s %11s %8s %12s\n"
	line    = "%7.0fs %12d %10.0f %10.0f %9.1f %9.1f %11.0f %8.0f %12.0f\n"
)

func (w *watcher) header() {
	fmt.Printf(heading, "time", "connections", "frames", "dropped", "RSS MiB", "heap MiB", "goroutines", "threads", "descriptors")
}

// row takes a sample and prints it.
func (w *watcher) row(t *traffic) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.pid))
	if err != nil {
		return err
	}
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", w.pid))
	if err != nil {
		return err
	}
	var f figures
	for l := range strings.Lines(string(status)) {
		fields := strings.Fields(l)
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			f.rss = n / 1024
		case "Threads:":
			f.threads = n
		}
	}
	w.mu.Lock()
	said := w.said
	w.mu.Unlock()
	f.heap, f.goroutines, f.descriptors = said["heap"]/(1<<20), said["goroutines"], float64(len(descriptors))
	w.rows = append(w.rows, f)
	fmt.Printf(line, time.Since(w.began).Seconds(), t.connections.Load(), said["frames"], said["dropped"],
		f.rss, f.heap, f.goroutines, f.threads, f.descriptors)
	return nil
}

// verdict compares the last third with the first, behind a fifth for warming up.
func (w *watcher) verdict() error {
	rows := w.rows[len(w.rows)/5:]
	if len(rows) < 6 {
		return fmt.Errorf("%d samples are too few to tell: give it more minutes", len(w.rows))
	}
	first, last := rows[:len(rows)/3], rows[len(rows)-len(rows)/3:]
	var errs []error
	for _, c := range []struct {
		name  string
		of    func(figures) float64
		slack float64 // beyond 5 %
	}{
		{"RSS MiB", func(f figures) float64 { return f.rss }, 2},
		// Of the heap the garbage counts, too, whenever it was collected last.
		{"heap MiB", func(f figures) float64 { return f.heap }, 4},
		{"goroutines", func(f figures) float64 { return f.goroutines }, 1},
		{"threads", func(f figures) float64 { return f.threads }, 2},
		{"descriptors", func(f figures) float64 { return f.descriptors }, 0},
	} {
		before, after := mean(first, c.of), mean(last, c.of)
		word := "level"
		if after > before*1.05+c.slack {
			word = "GROWS"
			errs = append(errs, fmt.Errorf("%s: from %.1f to %.1f", c.name, before, after))
		}
		fmt.Printf("%-12s %8.1f in the first third, %8.1f in the last: %s\n", c.name, before, after, word)
	}
	return errors.Join(errs...)
}

func mean(rows []figures, of func(figures) float64) float64 {
	sum := 0.0
	for _, r := range rows {
		sum += of(r)
	}
	return sum / float64(len(rows))
}
