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
	// small heap is not worth collecting often: the first collection comes at
	// 16 MiB, which most files never need.
	smallHeap     = 4 << 20
	largeHeap     = 16 << 20
	smallGarbage  = 400 // percent
	middleGarbage = 100
	largeGarbage  = 16
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

// afterCollection chooses how soon the next collection comes, now and behind
// each.
func afterCollection() {
	debug.SetGCPercent(smallGarbage)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := smallGarbage
	var again func(*collected)
	again = func(*collected) {
		metrics.Read(sample)
		if now := garbage(sample[0].Value.Uint64()); now != percent {
			percent = now
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(&collected{}, again)
	}
	runtime.SetFinalizer(&collected{}, again)
}

// garbage is how much garbage may come to a heap of live bytes, in percent of
// them.
func garbage(live uint64) int {
	switch {
	case live <= smallHeap:
		return smallGarbage
	case live <= largeHeap:
		return middleGarbage
	}
	return largeGarbage
}
