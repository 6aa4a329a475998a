package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// softMemory is where the garbage collector begins to run more often instead
	// of letting the heap grow. All bounds together are about that much; see
	// docs/limits.md. GOMEMLIMIT in the environment is stronger.
	softMemory = 1 << 30
	// From largeHeap on, what lives is connections and windows, which stay:
	// then the heap may hold a sixth of garbage, where it may double before. A
	// small heap is not worth collecting often.
	largeHeap    = 16 << 20
	largeGarbage = 16 // percent
)

// boundMemory has the garbage collector keep memory close to what is needed,
// unless the environment says otherwise.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
	if os.Getenv("GOGC") == "" {
		afterCollection()
	}
}

// collected is garbage from its beginning: its finalizer runs behind each
// collection.
type collected struct{ _ *byte }

// afterCollection chooses how soon the next collection comes, behind each.
func afterCollection() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	large := false
	var again func(*collected)
	again = func(*collected) {
		metrics.Read(sample)
		if now := sample[0].Value.Uint64() > largeHeap; now != large {
			large = now
			percent := 100
			if large {
				percent = largeGarbage
			}
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(&collected{}, again)
	}
	runtime.SetFinalizer(&collected{}, again)
}
