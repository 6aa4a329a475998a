package wsframe_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

var update = flag.Bool("update", false, "write the golden transcripts anew")

// TestScenarios holds the events of each phenomenon against its transcript.
func TestScenarios(t *testing.T) {
	paths, err := filepath.Glob("../testdata/scenario/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			rec := wsframetest.Recorder{Packets: true}
			wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), &rec, wsframe.Options{})
			golden := filepath.Join("../testdata/transcript", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(rec.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (write it with -update, then read it)", err)
			}
			if got := rec.String(); got != string(want) {
				t.Errorf("transcript differs\n--- got\n%s--- want\n%s", got, want)
			}
		})
	}
}
