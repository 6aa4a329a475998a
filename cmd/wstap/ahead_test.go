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
	dir := t.TempDir()
	files := map[string][]byte{
		"mixed":   generated(t, benchtest.Mixed, 2e6, 0),
		"deflate": generated(t, benchtest.Deflate, 3e5, 5),
	}
	for _, name := range []string{"host-unreachable", "ip-fragments", "lost-then-retransmitted", "ipv6"} {
		files[name] = captureFile(t, name)
	}
	small := generated(t, benchtest.Small, 3e5, 5)
	files["cut"] = small[:len(small)-7]
	files["silent"] = fallsSilent(t)
	for name, b := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		calls := [][]string{{"-r", path}, {"diagnose", "-r", path}, {"-r", "-"}}
		switch name {
		case "mixed":
			calls = append(calls, []string{"stats", "-r", path})
		case "cut":
			for _, n := range []int{1, 2, 63, 64, 65, 129, 500} {
				calls = append(calls, []string{"-r", path, "-T", "jsonl", "-c", fmt.Sprint(n)})
			}
		}
		for _, args := range calls {
			got, want := outcome(t, b, args...), outcome(t, b, append(args, "-a", "duration:1000000")...)
			if got != want {
				t.Errorf("%s:\ngot  %.500s\nwant %.500s", args, got, want)
			}
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
