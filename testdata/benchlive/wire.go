package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The ends of the wire: near is captured on.
const (
	near = "v1"
	far  = "v0"
)

// wire is a veth pair, whose far end is in a namespace of its own.
type wire struct {
	holder *exec.Cmd // lives in the far namespace, and keeps it
	dir    string
}

func newWire() (*wire, error) {
	dir, err := os.MkdirTemp("", "benchlive")
	if err != nil {
		return nil, err
	}
	w := &wire{holder: exec.Command("sleep", "infinity"), dir: dir}
	w.holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := w.holder.Start(); err != nil {
		return nil, err
	}
	for _, words := range []string{
		"ip link add " + far + " type veth peer name " + near,
		// Packets of the hosts' own would be counted with what is replayed.
		"ip link set " + near + " addrgenmode none",
		"ip link set " + far + " addrgenmode none",
		fmt.Sprintf("ip link set %s netns %d", far, w.holder.Process.Pid),
		w.beyond("ip link set " + far + " up"),
		"ip link set " + near + " up",
	} {
		f := strings.Fields(words)
		if out, err := exec.Command(f[0], f[1:]...).CombinedOutput(); err != nil {
			w.close()
			return nil, fmt.Errorf("%s: %w: %s", words, err, out)
		}
	}
	return w, nil
}

// beyond is a command for the far namespace.
func (w *wire) beyond(words string) string {
	return fmt.Sprintf("nsenter -t %d -n %s", w.holder.Process.Pid, words)
}

func (w *wire) close() {
	w.holder.Process.Kill()
	w.holder.Wait()
	os.RemoveAll(w.dir)
}

// capturer is a tool that captures.
type capturer interface {
	name() string
	// command captures on an interface; what it writes goes into dir.
	command(iface, dir string) *exec.Cmd
	// ready is what it says when it captures.
	ready() string
	// stops says whether it is stopped half of the time.
	stops() bool
	// result takes what it said in all and what it wrote.
	result(said, dir string, r *result) error
}

// result is what became of one replay.
type result struct {
	tool                      string
	rate                      float64 // packets per second
	sent, captured            int
	dropped, interfaceDropped int
	cpu                       time.Duration
	found, falseFrames        int
	example                   string // of what is false
}

// truthful returns an error where frames were printed that were not sent.
func (r *result) truthful() error {
	if r.falseFrames == 0 {
		return nil
	}
	return fmt.Errorf("at %.0f packets/s %d frames are printed that were not sent, as %q", r.rate, r.falseFrames, r.example)
}

func (r *result) print(asked int, sent *frames) {
	rate, found, wrong := strconv.Itoa(asked), "", ""
	if asked == 0 {
		rate = "all there are"
	}
	if strings.HasPrefix(r.tool, "wstap") {
		found, wrong = fmt.Sprintf("%d of %d", r.found, sent.total), strconv.Itoa(r.falseFrames)
	}
	fmt.Printf("| %s | %.0f | %s | %d | %d | %d | %d | %.0f | %s | %s |\n", rate, r.rate, r.tool, r.sent, r.captured,
		r.dropped, r.interfaceDropped, float64(r.cpu.Nanoseconds())/float64(max(r.captured, 1)), found, wrong)
}

var replayed = regexp.MustCompile(`Actual: (\d+) packets \(\d+ bytes\) sent in ([\d.]+) seconds`)

// measure replays the capture once, at a rate in packets per second, to a tool.
func (w *wire) measure(tool capturer, pcap string, rate int) (*result, error) {
	cmd := tool.command(near, w.dir)
	stderr, err := os.Create(filepath.Join(w.dir, "stderr"))
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	said := func() string {
		text, _ := os.ReadFile(stderr.Name())
		return string(text)
	}
	before, err := interfaceDrops()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer cmd.Process.Kill()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(said(), tool.ready()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s says %q", tool.name(), said())
		}
	}
	speed := "--topspeed"
	if rate > 0 {
		speed = "--pps=" + strconv.Itoa(rate)
	}
	halt := make(chan struct{})
	if tool.stops() {
		go stutter(cmd.Process, halt)
	}
	words := strings.Fields(w.beyond("tcpreplay -i " + far + " --preload-pcap " + speed + " " + pcap))
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	close(halt)
	m := replayed.FindSubmatch(out)
	if err != nil || m == nil {
		return nil, fmt.Errorf("tcpreplay: %v: %s", err, out)
	}
	r := &result{tool: tool.name()}
	r.sent, _ = strconv.Atoi(string(m[1]))
	seconds, _ := strconv.ParseFloat(string(m[2]), 64)
	r.rate = float64(r.sent) / seconds
	idle(cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", tool.name(), err, said())
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	after, err := interfaceDrops()
	if err != nil {
		return nil, err
	}
	r.interfaceDropped = after - before
	return r, tool.result(said(), w.dir, r)
}

// stutter stops a process and lets it go on until halt is closed.
func stutter(p *os.Process, halt chan struct{}) {
	for stopped := false; ; stopped = !stopped {
		s := syscall.SIGSTOP
		if stopped {
			s = syscall.SIGCONT
		}
		p.Signal(s)
		select {
		case <-halt:
			p.Signal(syscall.SIGCONT)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// idle waits until a process does no work any more: it has read the kernel's
// buffer empty, of which tcpdump gets the last packets up to a second late.
func idle(pid int) {
	const pause = 1500 * time.Millisecond
	const waking = 5 // ticks of 10 ms that a pause may cost who only wakes up now and then
	ticks := func() int {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		f := strings.Fields(string(stat))
		if len(f) < 15 {
			return 0
		}
		user, _ := strconv.Atoi(f[13])
		system, _ := strconv.Atoi(f[14])
		return user + system
	}
	for before := ticks(); ; {
		time.Sleep(pause)
		now := ticks()
		if now-before <= waking {
			return
		}
		before = now
	}
}

// interfaceDrops is what the near end has dropped so far.
func interfaceDrops() (int, error) {
	out, err := exec.Command("ip", "-s", "-j", "link", "show", "dev", near).Output()
	if err != nil {
		return 0, err
	}
	var links []struct {
		Stats64 struct {
			RX struct{ Dropped, Missed_errors int }
		}
	}
	if err := json.Unmarshal(out, &links); err != nil || len(links) != 1 {
		return 0, fmt.Errorf("ip -s -j link: %v: %s", err, out)
	}
	return links[0].Stats64.RX.Dropped + links[0].Stats64.RX.Missed_errors, nil
}
