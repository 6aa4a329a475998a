package wsframe_test

import (
	"path/filepath"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// TestQueue: what is told does not depend on whether messages are inflated one
// by one or many at once, nor on how many cores do it, nor on the bounds.
func TestQueue(t *testing.T) {
	traces := map[string][]capture.Packet{}
	paths, _ := filepath.Glob("../testdata/scenario/*deflate*.txt")
	if len(paths) < 3 {
		t.Fatalf("scenarios of compression: %v", paths)
	}
	for _, path := range paths {
		traces[filepath.Base(path)] = capturetest.Load(t, path)
	}
	for _, name := range []string{"01-chromium-ws-plain-deflate", "23", "28"} {
		if p := ownCapture(t, name+"*"); p != nil {
			traces[name] = p
			traces[name+", 5 % lost"] = lose(0.05)(p, 1)
			traces[name+", 20 % lost"] = lose(0.2)(p, 2)
		}
	}
	for name, packets := range traces {
		t.Run(name, func(t *testing.T) {
			want := wsframetest.Recorder{Packets: true}
			wantStats, _ := wsframetest.Run(t, capturetest.NewSource(packets), &want, wsframe.Options{})
			for _, limits := range []struct{ cores, events, bytes, output int }{
				{1, 4096, 1 << 20, 4 << 20}, {3, 4096, 1 << 20, 4 << 20},
				{1, 5, 1 << 20, 4 << 20}, {2, 4096, 1000, 4 << 20}, {2, 100, 1 << 16, 2000}, {2, 4096, 100, 1},
			} {
				got := wsframetest.Recorder{Packets: true}
				a := wsframe.NewAnalyzer(&got, wsframe.Options{Cores: limits.cores})
				wsframe.SetQueueLimits(a, limits.events, limits.bytes, limits.output)
				stats, _ := wsframetest.Feed(t, capturetest.NewSource(packets), a)
				if got.String() != want.String() {
					t.Fatalf("%+v:\n%s", limits, diff(want.String(), got.String()))
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
