//go:build cgo && linux

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// livePatience bounds the waits of these tests, so that a fault is a failure
// and not a hang. Nothing is measured by it.
const livePatience = 30 * time.Second

// enterNamespace moves the test to a network namespace of its own, which holds
// a loopback interface that is up and whose processes are those that the test
// starts. The test's thread is never unlocked: the runtime throws it away when
// the test's goroutine ends, and the namespace with it.
func enterNamespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace to be had (%v): skipped", err)
	}
	command(t, "ip", "link", "set", "lo", "up")
}

// command runs a program that must succeed.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// process is a program that runs beside the test.
type process struct {
	*exec.Cmd
	name   string
	out    *bufio.Reader // its stdout
	stderr *os.File
}

// start starts a program; it is killed with the test, if it still runs then.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return startWith(t, nil, name, args...)
}

// startWith is start with more in the program's environment.
func startWith(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), name: filepath.Base(name)}
	p.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1"), env...)
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr, p.stderr = stderr, stderr
	// Not StdoutPipe: Wait would close it with lines unread.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stdout, p.out = w, bufio.NewReader(r)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	timer := time.AfterFunc(livePatience, func() { p.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		p.Process.Kill()
		p.Wait()
		r.Close()
		stderr.Close()
	})
	return p
}

// complaints is what the process has written to stderr.
func (p *process) complaints() string {
	text, _ := os.ReadFile(p.stderr.Name())
	return string(text)
}

// line is the next line of the process's output.
func (p *process) line(t *testing.T) string {
	t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v; it says %q", p.name, err, p.complaints())
	}
	return line
}

// exit waits for the end of the process and returns what it wrote since, and
// its exit code.
func (p *process) exit(t *testing.T) (rest string, code int) {
	t.Helper()
	text, err := io.ReadAll(p.out)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), p.ProcessState.ExitCode()
}

// startCapture starts wstap and returns when it captures.
func startCapture(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := start(t, binary, args...)
	p.says(t, "capturing on")
	return p
}

// says waits until the process has written text to stderr.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(livePatience); !strings.Contains(p.complaints(), text); {
		if time.Now().After(end) {
			t.Fatalf("%s says %q, and not %q", p.name, p.complaints(), text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Live capture, of a binary as it is installed: signals, exit codes and
// permissions belong to processes.
func TestLive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root: skipped")
	}
	for _, tool := range []string{"ip", "python3", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: skipped", tool)
		}
	}
	binary := filepath.Join(t.TempDir(), "wstap")
	command(t, "go", "build", "-buildvcs=false", "-o", binary, ".")
	for name, test := range map[string]func(*testing.T, string){
		"session":              testLiveSession,
		"ends by itself":       testLiveEndsByItself,
		"interface taken away": testLiveInterfaceTakenAway,
		"refused":              testLiveRefused,
		"privileges":           testLivePrivileges,
		"slow output":          testLiveSlowOutput,
		"serve":                testLiveServe,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			test(t, binary)
		})
	}
}

// A session between peers that share no code with wstap is printed while it
// runs, as they recorded it; then SIGINT ends the capture in good order.
func testLiveSession(t *testing.T, binary string) {
	for name, c := range map[string]struct {
		iface  string
		client []string
		tls    bool
	}{
		"python on lo":      {"lo", []string{"python3", "client.py"}, false},
		"node on lo":        {"lo", []string{"node", "--experimental-websocket", "--no-warnings", "client.mjs"}, false},
		"python on any":     {"any", []string{"python3", "client.py"}, false},
		"python, TLS on lo": {"lo", []string{"python3", "client.py"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enterNamespace(t)
			if c.client[0] == "node" && exec.Command("node", "--experimental-websocket", "-e", "new EventTarget() && WebSocket").Run() != nil {
				t.Skip("node with a WebSocket client is not installed: skipped")
			}
			const peers = "../../testdata/peers/"
			records := t.TempDir()
			var env []string
			capture := []string{"-i", c.iface, "-T", "jsonl"}
			if c.tls {
				// The key log is not there yet when the capture begins, and is
				// written while the first encrypted packets pass.
				env = tlsPeers(t, records)
				capture = append(capture, "--keylog", records+"/keys.log")
			}
			server := startWith(t, env, "python3", peers+"server.py", "127.0.0.1", "0", records+"/server.json")
			port := strings.TrimSpace(server.line(t))
			wstap := startCapture(t, binary, append(capture, "-f", "tcp port "+port)...)

			args := append(c.client[1:len(c.client)-1:len(c.client)-1], peers+c.client[len(c.client)-1], "127.0.0.1", port, records+"/client.json")
			client := startWith(t, env, c.client[0], args...)
			var printed strings.Builder
			for !strings.Contains(printed.String(), `"type":"close"`) {
				printed.WriteString(wstap.line(t))
			}
			for _, p := range []*process{client, server} {
				if _, code := p.exit(t); code != 0 {
					t.Fatalf("%s exits with %d: %s", p.name, code, p.complaints())
				}
			}
			if err := wstap.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			rest, code := wstap.exit(t)
			printed.WriteString(rest)
			if code != 0 {
				t.Errorf("wstap exits with %d: %s", code, wstap.complaints())
			}

			var sent sentRecord
			for file, into := range map[string]*[]sentEntry{"client.json": &sent.Client, "server.json": &sent.Server} {
				text, err := os.ReadFile(filepath.Join(records, file))
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(text, into); err != nil {
					t.Fatal(err)
				}
			}
			events := readEvents(t, printed.String())
			checkRecord(t, events, sent)
			if last := events[len(events)-1]; last.Type != "summary" || last.Connections != 1 {
				t.Errorf("the last event is %+v", last)
			}
		})
	}
}

// tlsPeers makes a certificate in dir, and returns the environment in which the
// peers speak TLS, and the client writes its secrets to dir/keys.log.
func tlsPeers(t *testing.T, dir string) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"WSTAP_TLS_CERT=" + dir + "/cert.pem", "WSTAP_TLS_KEY=" + dir + "/key.pem", "WSTAP_TLS_KEYLOG=" + dir + "/keys.log"}
}

// Capture ends by itself after the packets or the time that were asked for.
func testLiveEndsByItself(t *testing.T, binary string) {
	enterNamespace(t)
	for _, args := range [][]string{{"-a", "duration:1"}, {"-c", "2"}, {"-a", "packets:2"}} {
		p := startCapture(t, binary, append([]string{"-i", "lo", "-T", "jsonl"}, args...)...)
		if args[1] != "duration:1" {
			// A refused connection: a SYN and a RST.
			exec.Command("python3", "-c", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))").Run()
		}
		out, code := p.exit(t)
		if code != 0 || !strings.Contains(out, `"type":"summary"`) {
			t.Errorf("%v: exits with %d, prints %q, says %q", args, code, out, p.complaints())
		}
	}
}

// Who takes the interface down, up again and away is told, and gets what was
// captured.
func testLiveInterfaceTakenAway(t *testing.T, binary string) {
	for kind, words := range map[string]string{
		"veth":  "link add v0 type veth peer name v1",
		"dummy": "link add v0 type dummy",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			enterNamespace(t)
			if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
				t.Skipf("no %s interface to be had (%s): skipped", kind, out)
			}
			if kind == "veth" {
				command(t, "ip", "link", "set", "v1", "up")
			}
			command(t, "ip", "link", "set", "v0", "up")
			p := startCapture(t, binary, "-i", "v0", "-T", "jsonl")
			command(t, "ip", "link", "set", "v0", "down")
			p.says(t, "wstap: v0 is down\n")
			command(t, "ip", "link", "set", "v0", "up")
			p.says(t, "wstap: v0 is up\n")
			command(t, "ip", "link", "del", "v0")
			out, code := p.exit(t)
			if code != exitIO || !strings.Contains(out, `"type":"summary"`) {
				t.Errorf("exits with %d, prints %q", code, out)
			}
			lines := strings.Split(strings.TrimSpace(p.complaints()), "\n")
			if last := lines[len(lines)-1]; last != "wstap: capture on v0 ended: interface removed" {
				t.Errorf("says %q last", last)
			}
		})
	}
}

// What cannot be captured on is one line, with what to do about it.
func testLiveRefused(t *testing.T, binary string) {
	enterNamespace(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-i", "eth7"}, exitIO, "wstap: no such interface eth7: there are lo\n"},
		{[]string{"-i", "lo", "-f", "tcp prot 80"}, exitUsage, "wstap: bad capture filter \"tcp prot 80\": syntax error\n"},
		{[]string{"-i", "lo", "-s", "-1"}, -1, ""},
	} {
		cmd := exec.Command(binary, c.args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); c.want != "" && (code != c.code || stderr.String() != c.want) ||
			code == 0 || strings.Count(stderr.String(), "\n") != 1 || stdout.Len() > 0 {
			t.Errorf("%v: exits with %d, prints %q, says %q", c.args, code, stdout.String(), stderr.String())
		}
	}

	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Skip("setpriv is not installed: refused permission is left out")
	}
	dir := filepath.Dir(binary)
	command(t, "chmod", "755", dir, filepath.Dir(dir))
	nobody := exec.Command("setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", binary, "-i", "lo")
	out, _ := nobody.CombinedOutput()
	want := "wstap: no permission to capture on lo: run `sudo setcap cap_net_raw,cap_net_admin+ep " + binary + "` once, or run as root\n"
	if code := nobody.ProcessState.ExitCode(); code != exitIO || string(out) != want {
		t.Errorf("without permission: exits with %d, says %q", code, out)
	}
}
