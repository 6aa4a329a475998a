package main

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// piped starts wstap reading a pipe, and writes a scenario into it without
// closing it. It returns the lines that wstap prints.
func piped(t *testing.T, name string, args ...string) (cmd *exec.Cmd, in io.WriteCloser, lines *bufio.Scanner, stderr *strings.Builder) {
	t.Helper()
	cmd = wstap(t, append([]string{"-r", "-"}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr = new(strings.Builder)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	if _, err := in.Write(captureFile(t, name)); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(out), stderr
}

// until reads lines up to one that holds text; it waits as long as the tests may.
func until(t *testing.T, lines *bufio.Scanner, text string) {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	t.Fatalf("no line with %q", text)
}

// TestPipeIsShownWhileItIsOpen: who watches `tcpdump -w - | wstap -r -` sees a
// frame when its packet has come, not when the buffer is full or the pipe ends.
func TestPipeIsShownWhileItIsOpen(t *testing.T) {
	cmd, in, lines, stderr := piped(t, "plain-session")
	until(t, lines, "upgraded")
	until(t, lines, "text")
	in.Close()
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q", err, stderr)
	}
}

// TestSignalsEndWithASummary: Ctrl-C is how a live capture is meant to end. What
// was under way is told, and the exit code is 0.
func TestSignalsEndWithASummary(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, _, lines, _ := piped(t, "plain-session", "-T", "jsonl")
		until(t, lines, `"type":"frame"`)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		until(t, lines, `"type":"summary"`)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
	}
}

// TestPipeCutShort: a pipe that ends within a packet is cut short, as a
// file is.
func TestPipeCutShort(t *testing.T) {
	whole := captureFile(t, "plain-session")
	cmd := wstap(t, "-r", "-")
	cmd.Stdin = strings.NewReader(string(whole[:len(whole)-3]))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != exitIO || !strings.Contains(stderr.String(), "cut short") || !strings.Contains(string(out), "upgraded") {
		t.Errorf("%v, stdout %q, stderr %q", err, out, stderr.String())
	}
}
