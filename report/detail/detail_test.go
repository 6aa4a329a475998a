package detail_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/report/detail"
	"wstap/report/sinktest"
	"wstap/report/text"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var sinks = map[string]func(io.Writer) wsframe.Sink{
	"tree": func(w io.Writer) wsframe.Sink { return detail.New(w, detail.Options{Tree: true}) },
	"hex":  func(w io.Writer) wsframe.Sink { return detail.New(w, detail.Options{Hex: true}) },
	"both-ascii": func(w io.Writer) wsframe.Sink {
		return detail.New(w, detail.Options{Tree: true, Hex: true, Text: text.Options{ASCII: true}})
	},
}

func TestConformance(t *testing.T) {
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) { sinktest.Run(t, open) })
	}
}

// events is what the analyzer makes of a scenario, in both forms.
func events(t *testing.T, name string, o detail.Options) string {
	t.Helper()
	var out bytes.Buffer
	src := capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/"+name+".txt"))
	wsframetest.Run(t, src, detail.New(&out, o), wsframe.Options{})
	return out.String()
}

// TestScenarios pins what people see of frames that are whole, and of those
// that are not.
func TestScenarios(t *testing.T) {
	for _, name := range []string{
		"plain-session", "length-forms", "deflate-fragments", "lost-inside-payload", "close-both",
		"violation-rsv-bits", "violation-control-too-long", "violation-invalid-utf8",
		"violation-reserved-opcodes", "violation-mask-missing", "violation-close-codes",
	} {
		t.Run(name, func(t *testing.T) {
			got := events(t, name, detail.Options{Tree: true, Hex: true, Text: text.Options{Payload: report.LimitBytes(100)}})
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s(go test ./report/detail -update writes it anew)", got, want)
			}
		})
	}
}

// TestEveryViolationIsToldOnce: in the tree where a frame breaks a rule, as a
// row otherwise, and as rows where there are only dumps.
func TestEveryViolationIsToldOnce(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/scenario/violation-*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	row := regexp.MustCompile(`(?m)^ *\d+ .* violation `)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		var plain bytes.Buffer
		wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), text.NewTimeline(&plain, text.Options{}), wsframe.Options{})
		want := len(row.FindAll(plain.Bytes(), -1))
		if want == 0 {
			t.Errorf("%s breaks no rule", name)
		}
		tree := events(t, name, detail.Options{Tree: true})
		if got := len(row.FindAllString(tree, -1)) + strings.Count(tree, "[Violation: "); got != want {
			t.Errorf("%s: %d violations in the tree, %d in the timeline\n%s", name, got, want, tree)
		}
		if got := len(row.FindAllString(events(t, name, detail.Options{Hex: true}), -1)); got != want {
			t.Errorf("%s: %d violations beside dumps, %d in the timeline", name, got, want)
		}
	}
}
