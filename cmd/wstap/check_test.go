package main

import (
	"crypto/tls"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A server that speaks TLS mostly hangs up on plain HTTP without a word; check
// finds out what it speaks, and says which scheme to use.
func TestCheckTellsTheScheme(t *testing.T) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake() // plain HTTP is no ClientHello
			c.Close()
		}
	}()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	cmd := exec.Command(exe)
	cmd.Args = []string{"wstap", "check", "ws://" + address + "/"}
	cmd.Env = append(os.Environ(), "NO_PROXY=*")
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitFound {
		t.Errorf("exit code %d (%v), want %d", code, err, exitFound)
	}
	for _, want := range []string{"error scheme-mismatch", "use wss://" + address} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
