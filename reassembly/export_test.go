package reassembly

import (
	"fmt"

	"wstap/capture"
)

// Queued is what a holds back, as it is counted.
func Queued(a *Assembler) int { return a.queued }

// Check looks for contradictions in the Assembler's own books.
func Check(a *Assembler) error {
	queued := 0
	for _, s := range a.table.slots {
		if s != slotOf(s.record) {
			return fmt.Errorf("stream %d is not where its record is", s.record.Index)
		}
	}
	for r := range a.table.all {
		if r.stream == nil {
			continue
		}
		if r.opening != nil {
			return fmt.Errorf("stream %d is also an opening", r.Index)
		}
		if r.stream.dead() {
			return fmt.Errorf("stream %d is dead and not forgotten", r.Index)
		}
		for d := range r.stream.half {
			h := &r.stream.half[d]
			if h.wait == nil {
				continue
			}
			if err := h.wait.queue.check(h.next); err != nil {
				return fmt.Errorf("stream %d, %v: %w", r.Index, Direction(d), err)
			}
			queued += h.wait.queue.bytes
		}
	}
	if a.calm != (odd{shared: true}) || a.usual != (rare{a: a}) {
		return fmt.Errorf("what all streams share was written to: %+v, %+v", a.calm, a.usual)
	}
	if queued != a.queued {
		return fmt.Errorf("%d bytes in the queues, %d counted", queued, a.queued)
	}
	return nil
}

func (q *queue) check(next int64) error {
	bytes, last := 0, next
	for i := range q.chunks {
		c := &q.chunks[i]
		if c.off < last || c.end() == c.off {
			return fmt.Errorf("chunk [%d,%d) where the one before ends at %d", c.off, c.end(), last)
		}
		bytes += len(c.data) + chunkCost
		last = c.end()
	}
	if bytes != q.bytes {
		return fmt.Errorf("%d bytes in the queue, %d counted", bytes, q.bytes)
	}
	if len(q.chunks) > maxQueueChunks || bytes > maxQueueBytes {
		return fmt.Errorf("%d chunks, %d bytes queued", len(q.chunks), bytes)
	}
	return nil
}

// IndexOf is the number of the conversation that s, just fed, belongs to.
func IndexOf(a *Assembler, s *capture.Segment) (uint64, bool) {
	key, _ := a.table.keyOf(&s.Ends)
	r := a.table.find(key)
	if r == nil {
		return 0, false
	}
	return r.Index, true
}

// Held counts the conversations, openings, slots and timers that a holds.
func Held(a *Assembler) (records, openings, slots, timers int) {
	t := &a.table
	return t.known + t.asleep.count(), t.openings.count, len(t.slots), len(a.timers)
}

// SetLimits lowers the bounds on the whole.
func SetLimits(a *Assembler, openings, streams, queued int) {
	a.limits = limits{openings, streams, queued}
}

// Bounds that tests reach.
const (
	MaxOpenings    = maxOpenings
	MaxQueueChunks = maxQueueChunks
	MaxQueueBytes  = maxQueueBytes
	ChunkCost      = chunkCost
)
