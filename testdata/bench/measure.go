package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// tool is a command line to be measured.
type tool struct {
	name string
	args []string
	env  []string
	runs int
}

// cost is what one process took.
type cost struct {
	cpu  time.Duration // user and system
	wall time.Duration
	rss  int64 // bytes at the peak
}

// once runs t with its output going to /dev/null.
func (t tool) once() (cost, error) {
	cmd := exec.Command(t.args[0], t.args[1:]...)
	cmd.Env = append(os.Environ(), t.env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w %s", t.name, err, firstLine(stderr.String()))
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, errors.New("the system does not tell what a process used")
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return cost{cpu, wall, usage.Maxrss << 10}, nil
}

// measure runs the tools in turn, so that whatever else the machine does falls
// on all of them, and returns the medians.
func measure(tools []tool) ([]cost, error) {
	all := make([][]cost, len(tools))
	for round := 0; ; round++ {
		ran := false
		for i, t := range tools {
			if round >= t.runs {
				continue
			}
			ran = true
			c, err := t.once()
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], c)
		}
		if !ran {
			break
		}
	}
	medians := make([]cost, len(tools))
	for i, costs := range all {
		medians[i] = cost{
			cpu:  median(costs, func(c cost) time.Duration { return c.cpu }),
			wall: median(costs, func(c cost) time.Duration { return c.wall }),
			rss:  median(costs, func(c cost) int64 { return c.rss }),
		}
	}
	return medians, nil
}

func median[T time.Duration | int64](costs []cost, of func(cost) T) T {
	var values []T
	for _, c := range costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// warm reads a file into the page cache and returns its size.
func warm(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, f, make([]byte, 1<<18))
}

// version is the first line of what a program says of itself.
func version(name, flag string) string {
	out, err := exec.Command(name, flag).CombinedOutput()
	if err != nil {
		return name
	}
	return firstLine(string(out))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
