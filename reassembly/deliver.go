package reassembly

import (
	"errors"

	"wstap/capture"
)

// hand gives the bytes at next to the handler, and tells of the missing ones
// behind them that the snapshot length cut.
func (a *Assembler) hand(st *Stream, d Direction, data []byte, missing int, at capture.Stamp) error {
	if len(data)+missing == 0 || !a.open(st) {
		return nil
	}
	if n := len(data); n > 0 {
		st.half[d].next += int64(n)
		if err := st.handler.Data(d, data, at); err != nil {
			return a.refused(st, err)
		}
	}
	if missing > 0 {
		a.stats.CutBytes += uint64(missing)
		return a.lose(st, d, Gap{Bytes: int64(missing), Cause: Truncated}, at)
	}
	return nil
}

// open asks the handler for its view of the stream, once. It reports whether
// there is one to talk to; if not, the stream is dead.
func (a *Assembler) open(st *Stream) bool {
	if st.handler != nil {
		return true
	}
	st.handler = a.handler.Open(st)
	if st.handler == nil {
		a.forget(st)
		return false
	}
	return true
}

// lose tells the handler of a gap at next.
func (a *Assembler) lose(st *Stream, d Direction, g Gap, at capture.Stamp) error {
	if !a.open(st) {
		return nil
	}
	st.half[d].next += g.Bytes
	st.count(d).skipped += g.Bytes
	if g.Cause != Truncated {
		st.count(d).Missing += uint64(g.Bytes)
		a.stats.Gaps++
		a.stats.GapBytes += uint64(g.Bytes)
	}
	return a.refused(st, st.handler.Gap(d, g, at))
}

func (a *Assembler) conflict(st *Stream, d Direction, n int64, at capture.Stamp) error {
	if !a.open(st) {
		return nil
	}
	if h, ok := st.handler.(ConflictHandler); ok {
		return a.refused(st, h.Conflict(d, n, at))
	}
	return nil
}

// finish takes the FIN of a direction, all of whose bytes were handed on.
func (a *Assembler) finish(st *Stream, d Direction, at capture.Stamp) error {
	h := &st.half[d]
	h.own().done, h.far = true, nil
	if h.wait != nil {
		a.drop(h)
	}
	if !st.halfway {
		st.keep().halfway, st.first = true, d
	}
	if st.half[d.Reverse()].done {
		return a.close(st, Reason{FINs, st.first}, at)
	}
	if f, ok := st.handler.(FINHandler); ok {
		return a.refused(st, f.FIN(d, at))
	}
	return nil
}

// refused turns ErrIgnore into the end of our interest, and passes on faults.
func (a *Assembler) refused(st *Stream, err error) error {
	if err == nil {
		return nil
	}
	if ignored(err) {
		a.forget(st)
		return nil
	}
	return err
}

// close ends the stream: what is queued was handed on before.
func (a *Assembler) close(st *Stream, why Reason, at capture.Stamp) error {
	handler := st.handler
	a.forget(st)
	if handler == nil {
		return nil
	}
	if err := handler.Close(why, at); err != nil && !ignored(err) {
		return err
	}
	return nil
}

// forget frees all that is held of a stream but its record.
func (a *Assembler) forget(st *Stream) {
	for d := range st.half {
		if st.half[d].wait != nil {
			a.drop(&st.half[d])
		}
	}
	a.disarm(st)
	st.plain, st.handler = false, nil
	// The stream goes as soon as the handler lets go of it.
	r := st.record
	r.stream = nil
	a.table.replace(&st.record, &r)
	if a.latest == &st.record {
		a.latest = &r
	}
	st.stream = nil
}

// drop empties what a half holds back.
func (a *Assembler) drop(h *half) {
	a.queued -= h.wait.queue.bytes
	h.wait = nil
}

// ignored reports whether err only says that the stream is not wanted.
func ignored(err error) bool { return errors.Is(err, ErrIgnore) }
