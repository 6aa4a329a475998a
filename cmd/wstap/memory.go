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
	// What lives in a large heap is connections and windows, which stay. The
	// garbage beside them may be garbageSpace, or a tenth of what lives where that
	// is more: so each collection, which looks at all that lives, is paid for by
	// as much that was allocated. A small heap is not worth collecting often: the
	// first collection comes at 16 MiB, which most files never need.
	garbageSpace   = 6 << 20
	garbagePercent = 10
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
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	last := garbage(0)
	debug.SetGCPercent(last)
	var again func(*collected)
	again = func(*collected) {
		metrics.Read(sample)
		if now := garbage(sample[0].Value.Uint64()); now != last {
			last = now
			debug.SetGCPercent(now)
		}
		runtime.SetFinalizer(&collected{}, again)
	}
	runtime.SetFinalizer(&collected{}, again)
}

// garbage is how much of it there may be, in percent of what lives. Each change
// stops the program for a moment, and costs a collection: steps are coarse.
func garbage(live uint64) int {
	for _, percent := range []uint64{400, 200, 100, 50, 35, 25, 17} {
		if live*percent/100 <= garbageSpace {
			return int(percent)
		}
	}
	return garbagePercent
}
