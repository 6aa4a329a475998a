package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"wstap/capture"
)

// TestKilledWriterLeavesACapture: what -w has written of a pipe that is still
// open can be read when wstap was killed outright.
func TestKilledWriterLeavesACapture(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.pcapng")
	cmd, _, lines, _ := piped(t, "plain-session", "-w", name)
	until(t, lines, "closed")
	for { // the file is flushed behind the lines
		if info, err := os.Stat(name); err == nil && info.Size() > 1000 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	f, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Next()
	}
	if err.Error() != "EOF" || f.Stats().Packets < 10 {
		t.Errorf("%d packets, then %v", f.Stats().Packets, err)
	}
}
