package main

import (
	"io"
	"sync"
	"time"
)

// The bounds of a queue, in bytes.
const (
	// queueBytes is how much may wait for a reader that has stopped, of each
	// output. It is a quarter of a million lines or so; after it, capture
	// waits, and the kernel's buffer fills.
	queueBytes = 16 << 20
	// noticeBytes is how much may wait for standard error: more than is ever
	// written to it, except to a terminal that is stopped for hours.
	noticeBytes = 64 << 10
	// chunkBytes is what one write takes.
	chunkBytes = 64 << 10
)

// stallEvery is how often the one who waits for a full queue is asked what to
// do meanwhile: far less than the time in which a kernel's buffer overflows.
const stallEvery = 200 * time.Millisecond

// queue stands between printing and a file that may block: a pipe whose reader
// has stopped, a terminal. A goroutine writes; who prints waits only when the
// queue is full. Only live capture needs it: a file can be read later.
//
// The methods but run are for one goroutine.
type queue struct {
	w     io.Writer
	name  string // of the file, for messages
	limit int
	// lossy has a full queue forget what is written instead of waiting.
	lossy bool
	// stalled, if not nil, is called every stallEvery while Write or Close waits,
	// with the bytes that are not written yet.
	stalled func(pending int)
	// full counts how often Write had to wait.
	full uint64

	progress chan struct{} // the goroutine has written, or has ended
	ended    chan struct{}

	mu     sync.Mutex
	work   sync.Cond // chunks or closed have changed
	chunks [][]byte  // in order
	free   []byte    // a chunk to be used again
	held   int       // bytes that are not written yet
	closed bool
	err    error // of the first write that failed
}

func newQueue(w io.Writer, name string, limit int) *queue {
	q := &queue{w: w, name: name, limit: limit, progress: make(chan struct{}, 1), ended: make(chan struct{})}
	q.work.L = &q.mu
	go q.run()
	return q
}

// run writes what comes until the queue is closed and empty, or writing fails.
func (q *queue) run() {
	defer close(q.ended)
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.chunks) == 0 && !q.closed {
			q.work.Wait()
		}
		if len(q.chunks) == 0 {
			return
		}
		chunk := q.chunks[0]
		q.chunks[0] = nil
		q.chunks = q.chunks[1:]
		q.mu.Unlock()
		_, err := q.w.Write(chunk)
		q.mu.Lock()
		q.held -= len(chunk)
		q.free = chunk[:0]
		if err != nil {
			q.err, q.chunks, q.held = err, nil, 0
			return
		}
		select {
		case q.progress <- struct{}{}:
		default: // the one who waits has not seen the last one yet
		}
	}
}

// Write implements io.Writer. It copies b, and returns the error of an earlier
// write, if one failed.
func (q *queue) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		n, err := q.put(b)
		if err != nil {
			return total - len(b), err
		}
		b = b[n:]
		if n > 0 {
			continue
		}
		if q.lossy {
			return total, nil
		}
		q.full++
		q.wait(q.hasRoom)
	}
	return total, nil
}

// put takes as much of b as goes into a chunk; nothing, if the queue is full.
func (q *queue) put(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return 0, q.err
	}
	n := min(len(b), q.limit-q.held)
	if n == 0 {
		return 0, nil
	}
	last := len(q.chunks) - 1
	if last < 0 || len(q.chunks[last]) >= chunkBytes {
		if q.free == nil {
			q.free = make([]byte, 0, chunkBytes)
		}
		q.chunks = append(q.chunks, q.free)
		q.free = nil
		last++
	}
	n = min(n, chunkBytes-len(q.chunks[last]))
	q.chunks[last] = append(q.chunks[last], b[:n]...)
	q.held += n
	q.work.Signal()
	return n, nil
}

func (q *queue) hasRoom() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held < q.limit || q.err != nil
}

// wait waits until done, or until the goroutine has ended.
func (q *queue) wait(done func() bool) {
	tick := time.NewTicker(stallEvery)
	defer tick.Stop()
	for !done() {
		select {
		case <-q.progress:
		case <-q.ended:
			return
		case <-tick.C:
			if q.stalled != nil {
				q.stalled(q.pending())
			}
		}
	}
}

func (q *queue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

// fault is the error of the first write that failed. Who prints nothing for a
// while asks for it, to see that the reader has gone.
func (q *queue) fault() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

// Close waits until all is written, and returns the error if not all was.
func (q *queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.work.Signal()
	q.mu.Unlock()
	q.wait(func() bool { return false })
	return q.fault()
}
