package diagnose_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/report/diagnose"
)

// TestRealCaptures holds captures of real peers against what they are to show:
// testdata/finding/real says how they were made.
func TestRealCaptures(t *testing.T) {
	const dir = "../../testdata/finding/real"
	list, err := os.ReadFile(dir + "/finds.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(list)) {
		name, codes, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		want[name], _ = finds("# finds:" + codes)
	}
	files, err := filepath.Glob(dir + "/*.pcap")
	if err != nil || len(files) != len(want) {
		t.Errorf("%d captures, %d in finds.txt (%v)", len(files), len(want), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".pcap")
		t.Run(name, func(t *testing.T) {
			src, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			got := runSource(t, src, nil, diagnose.Options{}, nil)
			if !slices.Equal(got.codes(), want[name]) {
				t.Errorf("found %q, want %q: %s", got.codes(), want[name], got.verdict.Text)
				for _, f := range got.all {
					t.Logf("%v %s: %s %d", f.Severity, f.Code, f.Text, f.Packets)
				}
			}
			checkFindings(t, got.all, 1<<20)
			t.Log(got.verdict.Text)
		})
	}
}
