package text_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/report"
	"wstap/report/sinktest"
	"wstap/report/text"
	"wstap/wsframe"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sinks are the sinks of this package, by the name of their golden file.
var sinks = map[string]func(io.Writer) wsframe.Sink{
	"timeline":       func(w io.Writer) wsframe.Sink { return text.NewTimeline(w, text.Options{}) },
	"timeline-ascii": func(w io.Writer) wsframe.Sink { return text.NewTimeline(w, text.Options{ASCII: true, Width: 80}) },
	"timeline-limited": func(w io.Writer) wsframe.Sink {
		return text.NewTimeline(w, text.Options{Payload: report.LimitBytes(5)})
	},
	"messages":     func(w io.Writer) wsframe.Sink { return text.NewMessages(w, text.Options{}) },
	"connections":  func(w io.Writer) wsframe.Sink { return text.NewConnections(w, text.Options{}) },
	"conversation": func(w io.Writer) wsframe.Sink { return text.NewConversation(w, text.Options{}) },

	"conversation-ascii": func(w io.Writer) wsframe.Sink { return text.NewShaped(w, text.ShapeASCII, report.Limit{}) },
	"conversation-hex":   func(w io.Writer) wsframe.Sink { return text.NewShaped(w, text.ShapeHex, report.Limit{}) },
	"conversation-raw":   func(w io.Writer) wsframe.Sink { return text.NewShaped(w, text.ShapeRaw, report.LimitBytes(4)) },
	"conversation-yaml":  func(w io.Writer) wsframe.Sink { return text.NewShaped(w, text.ShapeYAML, report.Limit{}) },
	"conversation-json":  func(w io.Writer) wsframe.Sink { return text.NewShaped(w, text.ShapeJSON, report.Limit{}) },
}

func TestConformance(t *testing.T) {
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) { sinktest.Run(t, open) })
	}
}

// TestGolden pins what people see of events of every type.
func TestGolden(t *testing.T) {
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) {
			got := printed(t, open)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s(go test ./report/text -update writes it anew)", got, want)
			}
		})
	}
}

func printed(t *testing.T, open func(io.Writer) wsframe.Sink) []byte {
	t.Helper()
	var out bytes.Buffer
	s := open(&out)
	for _, e := range sinktest.Events() {
		if err := s.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestFrameLinesFitTheWidth: payload never makes a frame's line longer than
// the terminal, whatever its runes are.
func TestFrameLinesFitTheWidth(t *testing.T) {
	for _, width := range []int{60, 61, 80, 97, 160} {
		out := printed(t, func(w io.Writer) wsframe.Sink { return text.NewTimeline(w, text.Options{Width: width}) })
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSuffix(line, "\n")
			if name := strings.Fields(line)[4]; name != "text" && name != "binary" && name != "ping" {
				continue
			}
			// Flags are told in full; what follows them is cut.
			if n := report.Columns(line); n > max(width, 112) {
				t.Errorf("%d columns in a terminal of %d: %s", n, width, line)
			}
		}
	}
}

// TestColorIsNeverAlone: without its colors the output is the same.
func TestColorIsNeverAlone(t *testing.T) {
	plain := printed(t, func(w io.Writer) wsframe.Sink { return text.NewTimeline(w, text.Options{}) })
	colored := string(printed(t, func(w io.Writer) wsframe.Sink { return text.NewTimeline(w, text.Options{Color: true}) }))
	if !strings.Contains(colored, "\x1b[") {
		t.Fatal("no colors")
	}
	for _, c := range []string{"0", "1", "2", "31", "32", "33", "36"} {
		colored = strings.ReplaceAll(colored, "\x1b["+c+"m", "")
	}
	if colored != string(plain) {
		t.Errorf("colored\n%s\nplain\n%s", colored, plain)
	}
}

func TestFrameLinesDoNotAllocate(t *testing.T) {
	for name, open := range map[string]func(io.Writer) wsframe.Sink{"frames": sinks["timeline"], "messages": sinks["messages"]} {
		s := open(io.Discard)
		for _, e := range sinktest.Events() {
			switch e.(type) {
			case *wsframe.Frame, *wsframe.Message:
			default:
				continue
			}
			if n := testing.AllocsPerRun(10, func() { s.Emit(e) }); n != 0 {
				t.Errorf("%s: %v allocations for %+v", name, n, e)
			}
		}
	}
}

func BenchmarkFrameLine(b *testing.B) {
	s := sinks["timeline"](io.Discard)
	events := sinktest.Events()
	s.Emit(events[0])
	var frame wsframe.Event
	for _, e := range events {
		if f, ok := e.(*wsframe.Frame); ok && f.Message != nil {
			frame = f
			break
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Emit(frame)
	}
}
