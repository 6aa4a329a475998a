//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"wstap/capture"
)

// terminal opens a pseudo-terminal of the given width; what is written to it
// can be read from screen.
func terminal(t *testing.T, columns uint16) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { screen.Close() })
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	return screen, tty
}

// shown is what wstap shows on a terminal of the given width.
func shown(t *testing.T, columns uint16, env string, args ...string) string {
	t.Helper()
	screen, tty := terminal(t, columns)
	file := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(file, captureFile(t, "signalling-session"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := wstap(t, append([]string{"-r", file}, args...)...)
	cmd.Env = append(cmd.Env, "TERM=xterm", env)
	cmd.Stdout, cmd.Stderr = tty, tty
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	var out strings.Builder
	b := make([]byte, 4096)
	for {
		n, err := screen.Read(b) // EIO when the last writer is gone
		out.Write(b[:n])
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return out.String()
}

// TestColorsOnATerminal: colors come by themselves there and only there, and
// NO_COLOR, a dumb terminal and --color never switch them off.
func TestColorsOnATerminal(t *testing.T) {
	for _, tc := range []struct {
		env  string
		args []string
		want bool
	}{
		{"", nil, true},
		{"NO_COLOR=1", nil, false},
		{"NO_COLOR=1", []string{"--color", "always"}, true},
		{"TERM=dumb", nil, false},
		{"", []string{"--color", "never"}, false},
	} {
		if got := strings.Contains(shown(t, 100, tc.env, tc.args...), "\x1b["); got != tc.want {
			t.Errorf("%s %v: colors %v, want %v", tc.env, tc.args, got, tc.want)
		}
	}
}

// TestLinesFitTheTerminal: a frame is one line of the screen.
func TestLinesFitTheTerminal(t *testing.T) {
	const columns = 72
	out := shown(t, columns, "NO_COLOR=1")
	if !strings.Contains(out, "…") {
		t.Error("nothing was cut")
	}
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if n := utf8.RuneCountInString(line); n > columns && (strings.Contains(line, " text ") || strings.Contains(line, " binary ")) {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestSummaryOnATerminal: a person is told at the end what was read; -q is not.
func TestSummaryOnATerminal(t *testing.T) {
	const end = " packets, 1 connection, "
	if out := shown(t, 100, ""); !strings.Contains(out, end) {
		t.Errorf("no summary in %q", out)
	}
	if out := shown(t, 100, "", "-q"); strings.Contains(out, end) {
		t.Errorf("a summary in %q", out)
	}
}

// TestLiveStatusOnATerminal: while the lines go elsewhere, the terminal shows how
// capture does; -q shows nothing, and neither does a terminal that has the lines.
func TestLiveStatusOnATerminal(t *testing.T) {
	if _, err := capture.Devices(); err != nil || os.Geteuid() != 0 {
		t.Skip("live capture needs root and libpcap: skipped")
	}
	for name, tc := range map[string]struct {
		args  []string
		lines bool // go to the terminal, too
		want  bool
	}{
		"lines elsewhere":   {nil, false, true},
		"quiet":             {[]string{"-q"}, false, false},
		"lines on terminal": {nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			screen, tty := terminal(t, 100)
			cmd := wstap(t, append([]string{"-i", "lo", "-a", "duration:1.5", "-f", "port 9"}, tc.args...)...)
			cmd.Stderr = tty
			if tc.lines {
				cmd.Stdout = tty
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			tty.Close()
			out, _ := io.ReadAll(screen) // EIO when the last writer is gone
			if err := cmd.Wait(); err != nil {
				t.Skipf("%v: %s: skipped", err, out)
			}
			const status = "\r0 packets/s  0 B/s  0 connections  0 frames  0 dropped\x1b[K"
			if got := strings.Contains(string(out), status); got != tc.want {
				t.Errorf("%q", out)
			}
		})
	}
}
