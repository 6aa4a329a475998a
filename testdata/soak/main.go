// Soak has wstap capture churning connections for minutes, in a network namespace
// of its own, and fails unless its memory, goroutines, threads and descriptors
// stay level, and it counts the frames that were sent:
//
//	go run ./testdata/soak -wstap bin/wstap -minutes 20
//
// It needs root; without it it says so and does nothing.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sampleEvery is the time between two rows of the table.
const sampleEvery = 10 * time.Second

func main() {
	log.SetFlags(0)
	log.SetPrefix("soak: ")
	wstap := flag.String("wstap", "bin/wstap", "the `binary` to watch")
	minutes := flag.Float64("minutes", 20, "how long")
	clients := flag.Int("clients", 20, "clients at once")
	flag.Parse()
	if os.Geteuid() != 0 {
		log.Print("live capture needs root: skipped")
		return
	}
	if err := namespace(); err != nil {
		log.Printf("no network namespace to be had (%v): skipped", err)
		return
	}
	if err := soak(*wstap, time.Duration(*minutes*float64(time.Minute)), *clients); err != nil {
		log.Fatal(err)
	}
}

// inNamespace marks the process that was started in the namespace.
const inNamespace = "WSTAP_SOAK_NAMESPACE"

// namespace begins the program anew in a network namespace: goroutines run on
// all threads, so all have to be in it.
func namespace() error {
	if os.Getenv(inNamespace) != "" {
		if err := exec.Command("ip", "link", "set", "lo", "up").Run(); err != nil {
			return err
		}
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("32768 40959"), 0)
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
		os.Exit(cmd.ProcessState.ExitCode())
	}
	return err
}

func soak(binary string, length time.Duration, clients int) error {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // wstap will be nobody
		return err
	}
	keys, err := os.Create(filepath.Join(dir, "keys.log"))
	if err != nil {
		return err
	}
	defer keys.Close()
	traffic, err := newTraffic(keys)
	if err != nil {
		return err
	}
	// A small buffer: its pages count as wstap's once it has read through it.
	cmd := exec.Command(binary, "-i", "lo", "-B", "8", "--keylog", keys.Name(), "--samples", "1s", "-T", "jsonl:/dev/null")
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Process.Kill()
	w := &watcher{pid: cmd.Process.Pid, began: time.Now()}
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "capturing on") {
		return fmt.Errorf("wstap says %q", lines.Text())
	}
	ended := make(chan string, 1)
	go func() {
		last := ""
		for lines.Scan() {
			if !w.sampled(lines.Text()) {
				last = lines.Text()
				fmt.Println(last)
			}
		}
		ended <- last
	}()

	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	go traffic.run(ctx, clients)
	w.header()
	for tick := time.NewTicker(sampleEvery); ; {
		select {
		case <-tick.C:
			if err := w.row(traffic); err != nil {
				return err
			}
			continue
		case <-traffic.done:
		}
		break
	}
	time.Sleep(time.Second) // what was sent last comes out of the kernel's buffer
	cmd.Process.Signal(syscall.SIGINT)
	last := <-ended
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("wstap: %w", err)
	}
	return errors.Join(w.verdict(), traffic.verdict(last))
}
