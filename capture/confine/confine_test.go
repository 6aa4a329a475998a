//go:build linux && cgo

package confine

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// What is given up cannot be had again, so it is given up by another process:
// this binary, called anew with a role.
const roleVariable = "WSTAP_CONFINE_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role, os.Args[1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// play confines the process while it has many threads, has each of them try what
// is forbidden now, and waits to be looked at.
func play(role, dir string) error {
	plan := map[string]Plan{
		"nobody": {User: &User{UID: 65534, GID: 65534}, Read: []string{dir + "/read/not-there-yet"}, Write: []string{dir + "/write"}},
		"root":   {Capabilities: []int{unix.CAP_DAC_OVERRIDE}, Read: []string{dir + "/read"}, Write: []string{dir + "/write"}},
	}[role]
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	open, err := os.Open(dir + "/secret")
	if err != nil {
		return err
	}

	const threads = 20
	confined := make(chan struct{})
	var locked, done sync.WaitGroup
	errs := make([]error, threads)
	for i := range threads {
		locked.Add(1)
		done.Add(1)
		go func() {
			runtime.LockOSThread()
			locked.Done()
			<-confined
			errs[i] = tryForbidden(dir, listener.Addr().String())
			done.Done()
			select {} // with its thread, to be looked at
		}()
	}
	locked.Wait()
	outcome, err := plan.Apply()
	if err != nil {
		return err
	}
	close(confined)
	done.Wait()
	if outcome.Landlock > 0 {
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	if _, err := open.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("of a file that was open: %w", err)
	}
	fmt.Println("confined")
	bufio.NewReader(os.Stdin).ReadString('\n')
	return nil
}

// tryForbidden returns an error for what should not have worked, or should have.
func tryForbidden(dir, address string) error {
	if _, err := os.ReadFile(dir + "/secret"); !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("a file elsewhere: %v", err)
	}
	if _, err := os.ReadFile(dir + "/read/it"); err != nil {
		return err
	}
	if err := os.WriteFile(dir+"/read/it", nil, 0o644); !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("a file to read, written: %v", err)
	}
	f, err := os.OpenFile(dir+"/write/it", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	f.Close()
	if err := os.Mkdir(dir+"/write/dir", 0o755); !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("a new directory: %v", err)
	}
	if err := exec.Command("/bin/true").Run(); !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("another program: %v", err)
	}
	if c, err := net.Dial("tcp", address); !errors.Is(err, unix.EACCES) {
		if err == nil {
			c.Close()
		}
		return fmt.Errorf("a TCP connection: %v", err)
	}
	return nil
}

// TestApply: all threads of the process lose what is not in the plan, and keep
// what is.
func TestApply(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving up privileges needs root: skipped")
	}
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { // nobody shall find the way
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"read": 0o755, "write": 0o777} {
		if err := os.Mkdir(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	for _, name := range []string{"secret", "read/it"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for role, want := range map[string]string{
		"nobody": "Uid: 65534 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 ",
		"root":   "Uid: 0 CapPrm: 0000000000000002 CapEff: 0000000000000002 CapBnd: 0000000000000000 NoNewPrivs: 1 ",
	} {
		t.Run(role, func(t *testing.T) {
			os.Remove(dir + "/write/it") // of the user before
			cmd := exec.Command("/proc/self/exe", dir)
			cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer in.Close()
			if line, _ := bufio.NewReader(out).ReadString('\n'); line != "confined\n" {
				t.Fatal(line)
			}
			for thread, got := range statuses(t, cmd.Process.Pid) {
				if got != want {
					t.Errorf("%s is %s, want %s", thread, got, want)
				}
			}
		})
	}
}

// statuses are the credentials of all threads of a process.
func statuses(t *testing.T, pid int) map[string]string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d threads: %v", len(files), err)
	}
	found := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			switch f := strings.Fields(line); f[0] {
			case "Uid:", "CapPrm:", "CapEff:", "CapBnd:", "NoNewPrivs:":
				b.WriteString(f[0] + " " + f[1] + " ")
			}
		}
		found[name] = b.String()
	}
	return found
}

// TestTry: who may read a file, and who may not, is found out without becoming
// somebody else.
func TestTry(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root: skipped")
	}
	nobody := User{65534, 65534}
	if err := Try(nobody, "/dev/null"); err != nil {
		t.Error(err)
	}
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Try(nobody, "/dev/null", name); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a file of root's: %v", err)
	}
	if err := Try(nobody, name+".not"); err == nil {
		t.Error("a file that is not there can be read")
	}
	if os.Geteuid() != 0 {
		t.Error("the process has become another user")
	}
}
