package wsframe_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// summaries records those of messages besides all else.
type summaries struct {
	wsframetest.Recorder
	all []string
}

func (s *summaries) Emit(e wsframe.Event) error {
	if m, ok := e.(*wsframe.Message); ok {
		s.all = append(s.all, m.Summary())
	}
	return s.Recorder.Emit(e)
}

// TestQueue: what is told does not depend on whether messages are inflated one
// by one or many at once, nor on how many cores do it, nor on the bounds.
func TestQueue(t *testing.T) {
	traces := tracesOf(t, "*deflate*", 3, 5, 20)
	for name, packets := range traces {
		t.Run(name, func(t *testing.T) {
			want := summaries{Recorder: wsframetest.Recorder{Packets: true}}
			wantStats, _ := wsframetest.Run(t, capturetest.NewSource(packets), &want, wsframe.Options{})
			for _, limits := range []struct{ cores, events, bytes, output int }{
				{1, 4096, 1 << 20, 4 << 20}, {3, 4096, 1 << 20, 4 << 20},
				{1, 5, 1 << 20, 4 << 20}, {2, 4096, 1000, 4 << 20}, {2, 100, 1 << 16, 2000}, {2, 4096, 100, 1},
			} {
				got := summaries{Recorder: wsframetest.Recorder{Packets: true}}
				a := wsframe.NewAnalyzer(&got, wsframe.Options{Cores: limits.cores, Summaries: true})
				wsframe.SetQueueLimits(a, limits.events, limits.bytes, limits.output)
				stats, _ := wsframetest.Feed(t, capturetest.NewSource(packets), a)
				if got.String() != want.String() {
					t.Fatalf("%+v:\n%s", limits, diff(want.String(), got.String()))
				}
				if !slices.Equal(got.all, want.all) {
					t.Errorf("%+v: the summaries are %q, want %q", limits, got.all, want.all)
				}
				if stats != wantStats {
					t.Errorf("%+v: %+v, want %+v", limits, stats, wantStats)
				}
				if heads, windows := wsframe.Held(a); heads+windows > 0 {
					t.Errorf("%+v: %d bytes are still held", limits, heads+windows)
				}
			}
		})
	}
}

// tracesOf are the scenarios whose names match pattern, at least so many, and
// captures of the corpus, whole and with so many percent lost.
func tracesOf(t *testing.T, pattern string, least int, losses ...int) map[string][]capture.Packet {
	t.Helper()
	traces := map[string][]capture.Packet{}
	paths, _ := filepath.Glob("../testdata/scenario/" + pattern + ".txt")
	if len(paths) < least {
		t.Fatalf("scenarios: %v", paths)
	}
	for _, path := range paths {
		traces[filepath.Base(path)] = capturetest.Load(t, path)
	}
	for _, name := range []string{"01-chromium-ws-plain-deflate", "23", "28"} {
		p := ownCapture(t, name+"*")
		if p == nil {
			continue
		}
		traces[name] = p
		for i, percent := range losses {
			traces[fmt.Sprintf("%s, %d %% lost", name, percent)] = lose(float64(percent)/100)(p, uint64(i+1))
		}
	}
	return traces
}
