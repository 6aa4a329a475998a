package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Secrets inside a pcapng are found however it comes: as it is, packed, and
// through a pipe, whose format is not known when reading begins.
func TestSecretsInsideTheCapture(t *testing.T) {
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	path := filepath.Join(dir, "own/70-dsb-injected/capture.pcapng")
	plain, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no corpus: %v", err)
	}
	packed := filepath.Join(t.TempDir(), "capture.pcapng.gz")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	messages := func(file string, stdin io.Reader) int {
		t.Helper()
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe)
		cmd.Args = []string{"wstap", "-r", file, "-T", "jsonl"}
		cmd.Stdin = stdin
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(out), `"type":"message"`)
	}
	want := messages(path, nil)
	if want == 0 {
		t.Fatal("no message in the file as it is")
	}
	if got := messages(packed, nil); got != want {
		t.Errorf("packed: %d messages, want %d", got, want)
	}
	if got := messages("-", io.MultiReader(bytes.NewReader(plain))); got != want {
		t.Errorf("through a pipe: %d messages, want %d", got, want)
	}
}
