package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// tcpdump writes to /dev/null, behind a kernel buffer as large as wstap's.
type tcpdump struct{}

func (tcpdump) name() string { return "tcpdump" }

func (tcpdump) command(iface, _ string) *exec.Cmd {
	return exec.Command("tcpdump", "-i", iface, "-B", "65536", "-w", "/dev/null")
}

func (tcpdump) stops() bool { return false }

func (tcpdump) ready() string { return "listening on" }

func (tcpdump) result(said, _ string, r *result) error {
	// What the interface drops tcpdump takes from where we do.
	var err error
	if r.captured, err = number(said, ` packets? captured`); err == nil {
		r.dropped, err = number(said, ` packets? dropped by kernel`)
	}
	return err
}

// timeline is wstap that prints the timeline to a file.
type timeline struct {
	binary  string
	sent    *frames
	starved bool // of buffer and time
}

// wide keeps lines from being cut: what is not shown cannot be compared.
const wide = "COLUMNS=4000"

func (t timeline) name() string {
	if t.starved {
		return "wstap, starved"
	}
	return "wstap"
}

func (t timeline) stops() bool { return t.starved }

func (t timeline) command(iface, dir string) *exec.Cmd {
	cmd := exec.Command(t.binary, "-i", iface, "-T", "text:"+filepath.Join(dir, "timeline"))
	if t.starved {
		cmd.Args = append(cmd.Args, "-B", "1")
	}
	cmd.Env = append(os.Environ(), wide)
	return cmd
}

func (timeline) ready() string { return "capturing on" }

func (t timeline) result(said, dir string, r *result) error {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	last := strings.ReplaceAll(lines[len(lines)-1], " ", "")
	var err error
	if r.captured, err = number(last, `packets?,`); err != nil {
		return err
	}
	if strings.Contains(last, "droppedbythekernel") {
		if r.dropped, err = number(last, `packets?droppedbythekernel`); err != nil {
			return err
		}
	}
	f, err := os.Open(filepath.Join(dir, "timeline"))
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := readFrames(f)
	if err != nil {
		return err
	}
	r.found, r.falseFrames, r.example = t.sent.compare(got)
	return nil
}

// number finds the number before some words.
func number(s, words string) (int, error) {
	m := regexp.MustCompile(`(\d+)` + words).FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("no number of%s in %q", words, s)
	}
	return strconv.Atoi(m[1])
}
