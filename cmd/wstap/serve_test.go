package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wstap/report/page"
)

// served is a wstap serve that runs.
type served struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr *bufio.Scanner
	url    string
}

// serveCommand starts wstap serve, and reads the address that it prints.
func serveCommand(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{t: t, cmd: wstap(t, append([]string{"serve", "--open=false"}, args...)...)}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() })
	s.stderr = bufio.NewScanner(stderr)
	s.stderr.Scan()
	if strings.Contains(s.stderr.Text(), "capturing on") {
		s.stderr.Scan()
	}
	url, ok := strings.CutPrefix(s.stderr.Text(), "wstap: http://127.0.0.1:")
	url, rest, _ := strings.Cut(url, " ")
	if !ok || rest != "(Ctrl-C ends)" {
		t.Fatalf("said %q", s.stderr.Text())
	}
	s.url = "http://127.0.0.1:" + url
	return s
}

// get gets a path of the page.
func (s *served) get(path string) []byte {
	s.t.Helper()
	r, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		s.t.Fatalf("%s: %s: %v: %.200s", path, r.Status, err, b)
	}
	return b
}

// rows reads the event stream until a batch has a row of that kind.
func (s *served) rows(kind page.Kind) {
	s.t.Helper()
	r, err := http.Get(s.url + "events")
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 16<<20)
	decoder := page.NewDecoder(nil)
	name := ""
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = n
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || name != "batch" {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			s.t.Fatal(err)
		}
		rows, err := decoder.Decode(b)
		if err != nil {
			s.t.Fatal(err)
		}
		if slices.ContainsFunc(rows, func(r page.Row) bool { return r.Kind == kind }) {
			return
		}
	}
	s.t.Fatalf("the stream ended before a row of kind %d", kind)
}

// interrupt sends the signal of Ctrl-C, and returns the exit code and what else
// was said.
func (s *served) interrupt(sig syscall.Signal) (code int, said string) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	for s.stderr.Scan() {
		said += s.stderr.Text() + "\n"
	}
	s.cmd.Wait() // its error is the exit code
	return s.cmd.ProcessState.ExitCode(), said
}

// TestServeShowsAFile: the page stays when the file has been read, and what it
// exports is what follow with -w writes.
func TestServeShowsAFile(t *testing.T) {
	const demo = "../../testdata/demo/signalling.pcapng"
	s := serveCommand(t, "-r", demo)
	s.rows(page.KindClosed)
	if b := s.get(""); !bytes.HasPrefix(b, []byte("<!DOCTYPE html>")) {
		t.Errorf("the page begins with %.80q", b)
	}
	if b := s.get("filter?q=websocket.opcode==9"); !bytes.Contains(b, []byte(`"bits":`)) {
		t.Errorf("filter: %s", b)
	}
	name := filepath.Join(t.TempDir(), "out.pcapng")
	if out, err := wstap(t, "follow", "1", "-q", "-r", demo, "-w", name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.get("export?format=pcapng&conns=1"); !bytes.Equal(got, want) {
		t.Errorf("exports %d bytes, follow -w writes %d", len(got), len(want))
	}
	if code, said := s.interrupt(syscall.SIGINT); code != exitDone || said != "" {
		t.Errorf("exit %d, said %q", code, said)
	}
}

// TestServeShowsAPipeWhileItIsOpen: rows come as their packets do, and the
// packets can be exported although they cannot be read again.
func TestServeShowsAPipeWhileItIsOpen(t *testing.T) {
	s := serveCommand(t, "-r", "-")
	capture := captureFile(t, "plain-session")
	if _, err := s.in.Write(capture); err != nil {
		t.Fatal(err)
	}
	s.rows(page.KindClosed)
	all, one, none := s.get("export?format=pcapng"), s.get("export?format=pcapng&conns=1"), s.get("export?format=pcapng&conns=9")
	if len(all) < 500 || len(one) < 500 || len(none) >= 500 {
		t.Errorf("exports %d bytes, of connection 1 %d, of connection 9 %d", len(all), len(one), len(none))
	}
	if code, _ := s.interrupt(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit %d", code)
	}
}

// TestServeShowsWhatWasWhole: a file that is cut short is a fault, told at once;
// the page stays all the same.
func TestServeShowsWhatWasWhole(t *testing.T) {
	whole := captureFile(t, "plain-session")
	name := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(name, whole[:len(whole)-3], 0o644); err != nil {
		t.Fatal(err)
	}
	s := serveCommand(t, "-r", name)
	if s.stderr.Scan(); !strings.Contains(s.stderr.Text(), "cut short") {
		t.Errorf("said %q", s.stderr.Text())
	}
	s.rows(page.KindFrame)
	if b := s.get("export?format=pcapng"); len(b) < 500 {
		t.Errorf("exports %d bytes", len(b))
	}
	if code, said := s.interrupt(syscall.SIGINT); code != exitIO || said != "" {
		t.Errorf("exit %d, said %q", code, said)
	}
}

// TestOpenerNeedsAScreen: no browser of text takes the terminal, none runs as root.
func TestOpenerNeedsAScreen(t *testing.T) {
	for _, c := range []struct {
		system, variable string
		uid              int
		want             string
	}{
		{"linux", "", 1000, ""},
		{"linux", "DISPLAY", 1000, "xdg-open"},
		{"freebsd", "WAYLAND_DISPLAY", 1000, "xdg-open"},
		{"linux", "DISPLAY", 0, ""},
		{"darwin", "", 501, "open"},
		{"windows", "", -1, "rundll32"},
	} {
		getenv := func(name string) string {
			if name == c.variable {
				return ":0"
			}
			return ""
		}
		if name, _ := opener(c.system, getenv, c.uid); name != c.want {
			t.Errorf("%s with %q as %d: %q", c.system, c.variable, c.uid, name)
		}
	}
}
