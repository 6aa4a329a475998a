package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wstap/capture/benchtest"
	"wstap/capture/capturetest"
)

// A run that decodes many packets at once prints what one does that looks at
// each: here since -a may end it at any.
func TestDecodingAheadShowsNowhere(t *testing.T) {
	small := generated(t, benchtest.Small, 1e5, 5)
	cut := small[:len(small)-7]
	for _, c := range []struct {
		name string
		file []byte
		args []string
	}{
		{"mixed traffic", generated(t, benchtest.Mixed, 1e6, 0), []string{"-r", "FILE"}},
		{"compressed, piped", generated(t, benchtest.Deflate, 1e5, 5), []string{"-r", "-"}},
		{"cut short", cut, []string{"-r", "FILE", "-T", "jsonl"}},
		{"the first packet", cut, []string{"stats", "-r", "FILE", "-c", "1"}},
		{"up to a question", cut, []string{"-r", "FILE", "-c", "64"}},
		{"one less than a question", cut, []string{"-r", "FILE", "-T", "jsonl", "-c", "127"}},
		{"in its middle, piped", cut, []string{"-r", "-", "-T", "jsonl", "-c", "100"}},
		{"fragments", captureFile(t, "ip-fragments"), []string{"-r", "FILE"}},
		{"an ICMP error", captureFile(t, "host-unreachable"), []string{"diagnose", "-r", "FILE"}},
		{"a stream that is forgotten", fallsSilent(t), []string{"-r", "FILE"}},
	} {
		path := filepath.Join(t.TempDir(), "capture.pcap")
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		for i, a := range c.args {
			if a == "FILE" {
				c.args[i] = path
			}
		}
		got, want := outcome(t, c.file, c.args...), outcome(t, c.file, append(c.args, "-a", "duration:1000000")...)
		if got != want {
			t.Errorf("%s:\ngot  %.500s\nwant %.500s", c.name, got, want)
		}
	}
}

// outcome is all that a call of wstap has to say; it can read b from a pipe.
func outcome(t *testing.T, b []byte, args ...string) string {
	t.Helper()
	cmd := wstap(t, args...)
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.CombinedOutput()
	return fmt.Sprint(err, "\n", string(out))
}

// fallsSilent is a connection in whose middle there is nothing but UDP any more,
// until it is forgotten.
func fallsSilent(t *testing.T) []byte {
	t.Helper()
	packets := capturetest.Load(t, filepath.Join(scenarios, "plain-session.txt"))[:7]
	last := packets[len(packets)-1]
	udp := make([]byte, 60)
	copy(udp[12:], "\x08\x00\x45\x00\x00\x2e")
	udp[14+9] = 17
	for day := range 10 {
		p := last
		p.Packet += uint64(1 + day)
		p.Time = p.Time.AddDate(0, 0, 1+day)
		p.Data, p.Length = udp, len(udp)
		packets = append(packets, p)
	}
	var out bytes.Buffer
	if err := capturetest.WritePcap(&out, packets); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
