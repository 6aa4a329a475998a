//go:build cgo && linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testLivePrivileges: once it captures, wstap is nobody without capabilities, or
// keeps what a later file takes, and goes on to do all it has to.
func testLivePrivileges(t *testing.T, binary string) {
	shared, err := os.MkdirTemp("", "wstap") // nobody has no way into t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(shared) })
	private := t.TempDir()
	for name, mode := range map[string]os.FileMode{shared: 0o755, private: 0o700} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"keys.log", "foreign.log"} {
			if err := os.WriteFile(filepath.Join(name, file), nil, mode&0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Root without its capabilities is a stranger there.
	if err := os.Chown(private, 1000, 1000); err != nil {
		t.Fatal(err)
	}

	const nobody, none = "65534 0000000000000000 0000000000000000 1", "0 0000000000000000 0000000000000000 1"
	for name, c := range map[string]struct {
		args []string
		want string // Uid, CapEff, CapBnd, NoNewPrivs; "" for unchanged
		says string
	}{
		"nobody":                   {nil, nobody, ""},
		"a key log for all":        {[]string{"--keylog", shared + "/keys.log"}, nobody, ""},
		"a key log of one's own":   {[]string{"--keylog", private + "/keys.log"}, "0 0000000000000004 0000000000000000 1", "stays root, with the capability CAP_DAC_READ_SEARCH alone: as nobody, "},
		"a key log to come":        {[]string{"--keylog", shared + "/later.log"}, "0 0000000000000004 0000000000000000 1", "stays root, with the capability CAP_DAC_READ_SEARCH alone: as nobody, "},
		"files to come":            {[]string{"-w", private + "/out.pcapng", "-b", "packets:2", "-b", "files:2"}, "0 0000000000000002 0000000000000000 1", "stays root, with the capability CAP_DAC_OVERRIDE alone: -b"},
		"outputs that are open":    {[]string{"-w", private + "/one.pcapng", "-T", "text:" + private + "/text"}, nobody, ""},
		"nothing is to be dropped": {[]string{"--no-drop"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enterNamespace(t)
			args := append([]string{"-i", "lo", "-B", "1", "-T", "jsonl"}, c.args...)
			p := startCapture(t, binary, args...)
			want := c.want
			if want == "" {
				want = credentials(t, os.Getpid())
			}
			for end := time.Now().Add(livePatience); ; time.Sleep(10 * time.Millisecond) {
				got := credentials(t, p.Process.Pid)
				if got == want {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("wstap is %s, want %s; it says %q", got, want, p.complaints())
				}
			}
			// Stopped, it loses packets, and can still ask how many.
			p.Process.Signal(syscall.SIGSTOP)
			command(t, "python3", "-c", `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(3000): s.sendto(bytes(1000), ("127.0.0.1", 9))`)
			p.Process.Signal(syscall.SIGCONT)
			talk(t)
			for line := ""; !strings.Contains(line, `"type":"close"`); {
				line = p.line(t)
			}
			p.Process.Signal(syscall.SIGINT)
			rest, code := p.exit(t)
			if code != 0 || !strings.Contains(rest, `"type":"summary"`) || strings.Contains(rest, `"dropped":0`) {
				t.Errorf("exits with %d, prints %q, says %q", code, rest, p.complaints())
			}
			if says := p.complaints(); !strings.Contains(says, c.says) || strings.Contains(says, "stays root") != (c.says != "") {
				t.Errorf("says %q", says)
			}
			if written, _ := filepath.Glob(private + "/out_*.pcapng"); name == "files to come" && len(written) != 2 {
				t.Errorf("of -b there are %v", written)
			}
		})
	}
}

// credentials are Uid, CapEff, CapBnd and NoNewPrivs of all threads of a
// process; "mixed" if they differ.
func credentials(t *testing.T, pid int) (all string) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("no threads of %d: %v", pid, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 1 {
				fields[f[0]] = f[1]
			}
		}
		one := strings.Join([]string{fields["Uid:"], fields["CapEff:"], fields["CapBnd:"], fields["NoNewPrivs:"]}, " ")
		if all != "" && one != all {
			return "mixed"
		}
		all = one
	}
	return all
}

// talk has a short WebSocket session on the loopback interface.
func talk(t *testing.T) {
	t.Helper()
	const peers = "../../testdata/peers/"
	dir := t.TempDir()
	server := start(t, "python3", peers+"server.py", "127.0.0.1", "0", dir+"/server.json")
	port := strings.TrimSpace(server.line(t))
	client := start(t, "python3", peers+"client.py", "127.0.0.1", port, dir+"/client.json")
	for _, p := range []*process{client, server} {
		if _, code := p.exit(t); code != 0 {
			t.Fatalf("%s exits with %d: %s", p.name, code, p.complaints())
		}
	}
}
