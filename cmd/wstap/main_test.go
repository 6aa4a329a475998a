package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"wstap/capture"
	"wstap/capture/capturetest"
)

var update = flag.Bool("update", false, "write what the scripts compare with anew")

// TestMain makes this test binary be wstap where it is called so.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wstap": main})
}

// noExitSleep keeps processes under the race detector from sleeping for a
// second before they exit.
const noExitSleep = "atexit_sleep_ms=0"

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", noExitSleep)
			return nil
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"scenario": scenario,
			"cut":      cut,
		},
	})
}

// condition knows [root], [cgo] and [exists:PATH].
func condition(cond string) (bool, error) {
	path, isPath := strings.CutPrefix(cond, "exists:")
	switch {
	case isPath:
		_, err := os.Stat(path)
		return err == nil, nil
	case cond == "root":
		return os.Getuid() == 0, nil
	case cond == "cgo":
		_, err := capture.CompileFilter("tcp", capture.LinkEthernet, 0)
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// scenario makes a capture of a scenario: of a file of the script, or else of
// one of testdata/scenario at the top.
//
//	scenario NAME OUT.pcap
func scenario(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scenario NAME OUT.pcap")
	}
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	if errors.Is(err, os.ErrNotExist) {
		text, err = os.ReadFile(filepath.Join(scenarios, args[0]+".txt"))
	}
	ts.Check(err)
	s, err := capturetest.Parse(args[0], string(text))
	ts.Check(err)
	var out bytes.Buffer
	ts.Check(capturetest.WritePcap(&out, s.Packets()))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o644))
}

// scenarios is found before testscript changes directory.
var scenarios, _ = filepath.Abs("../../testdata/scenario")

// cut writes the beginning of a file: all but its last N bytes.
//
//	cut N IN OUT
func cut(ts *testscript.TestScript, neg bool, args []string) {
	var n int
	if _, err := fmt.Sscan(args[0], &n); err != nil || neg || len(args) != 3 {
		ts.Fatalf("usage: cut N IN OUT")
	}
	b := ts.ReadFile(args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(b[:len(b)-n]), 0o644))
}

// wstap is a command that runs this test binary as wstap.
func wstap(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "wstap")
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "NO_COLOR=", "GORACE="+noExitSleep)
	return cmd
}

// captureFile is a scenario's pcap file.
func captureFile(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := capturetest.WritePcap(&out, capturetest.Load(t, filepath.Join(scenarios, name+".txt"))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestHelpFitsAScreen: 80 columns, and 60 lines for the longest; every command
// has examples.
func TestHelpFitsAScreen(t *testing.T) {
	root := (&program{}).root()
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		var out bytes.Buffer
		c.SetOut(&out)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) > 60 {
			t.Errorf("%s: %d lines of help", c.CommandPath(), len(lines))
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > 80 {
				t.Errorf("%s: more than 80 columns: %s", c.CommandPath(), l)
			}
		}
		if !strings.Contains(c.Example, "wstap") {
			t.Errorf("%s: no example", c.CommandPath())
		}
	}
}
