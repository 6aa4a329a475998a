package wsframe

import "slices"

// Buffered is what a holds of all connections, as it is counted.
func Buffered(a *Analyzer) int { return a.buffered }

// SetMaxBuffered lowers the bound on it.
func SetMaxBuffered(a *Analyzer, n int) { a.maxBuffered = n }

// SetWindowBudget lowers the bound on the windows of all connections.
func SetWindowBudget(a *Analyzer, n int) { a.inflater.windows.budget = n }

// Held is the lengths of long heads, and the bytes of windows, that a holds.
func Held(a *Analyzer) (heads, windows int) { return a.heads, int(a.inflater.windows.held.Load()) }

// SetQueueLimits lowers the bounds on what waits to be inflated.
func SetQueueLimits(a *Analyzer, events, bytes, output int) {
	q := a.queue
	q.maxEvents, q.maxBytes, q.batch.maxOutput = events, bytes, int64(output)
}

// The bounds.
const (
	MaxFragments = maxFragments
	MaxHoles     = maxHoles
	MaxHold      = maxHold
	MaxPending   = maxPending
	MaxTunnels   = maxTunnels
	MaxSeek      = maxSeek
	MaxLongHeads = maxLongHeads
	MaxGuessGaps = maxGuessGaps
)

// Park parks all WebSockets that can be.
func Park(a *Analyzer) (parked int) {
	for _, c := range slices.Clone(a.awake.conns) {
		if c.park() {
			a.awake.drop(c)
			parked++
		}
	}
	return parked
}

// SetMaxAwake lowers the bound on those that are not parked.
func SetMaxAwake(a *Analyzer, n int) { a.awake.limit = n }
