package capture

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// pollInterval is how long a live source waits for a packet before it says
// ErrIdle.
const pollInterval = 50 * time.Millisecond

// feed reads an input that may keep one waiting. A goroutine of its own waits
// in Read, so that ours can say ErrIdle. What has come is handed on at once.
type feed struct {
	full  chan chunk
	free  chan []byte
	done  chan struct{}
	once  sync.Once
	timer *time.Timer

	buf  []byte // of the chunk in hand
	rest []byte // of buf, not yet read
	err  error
}

type chunk struct {
	buf []byte
	n   int
	err error
}

// newFeed begins to read r. The goroutine ends when r fails or, after stop,
// when the read that is under way returns.
func newFeed(r io.Reader) *feed {
	const chunks = 2 // one is read into while the other is read from
	f := &feed{
		full:  make(chan chunk, chunks),
		free:  make(chan []byte, chunks),
		done:  make(chan struct{}),
		timer: time.NewTimer(pollInterval),
	}
	for range chunks {
		f.free <- make([]byte, blockSize)
	}
	go f.run(r)
	return f
}

func (f *feed) run(r io.Reader) {
	for {
		var c chunk
		select {
		case c.buf = <-f.free:
		case <-f.done:
			return
		}
		c.n, c.err = r.Read(c.buf)
		select {
		case f.full <- c:
		case <-f.done:
			return
		}
		if c.err != nil {
			return
		}
	}
}

func (f *feed) stop() { f.once.Do(func() { close(f.done) }) }

// Read returns what has come, and ErrIdle when that is nothing.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.err != nil {
			return 0, f.err
		}
		if f.buf != nil {
			f.free <- f.buf // never blocks: there are as many places as chunks
			f.buf = nil
		}
		c, ok := f.wait()
		if !ok {
			return 0, ErrIdle
		}
		f.buf, f.rest, f.err = c.buf, c.buf[:c.n], c.err
		if c.n == 0 {
			return 0, c.err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *feed) wait() (chunk, bool) {
	select { // a busy pipe needs no timer
	case c := <-f.full:
		return c, true
	default:
	}
	f.timer.Reset(pollInterval)
	select {
	case c := <-f.full:
		f.timer.Stop()
		return c, true
	case <-f.timer.C:
		return chunk{}, false
	}
}

// fifo is a named pipe. Opening one waits for a writer, so that is left to the
// first Read, in the feed's goroutine.
type fifo struct {
	path string

	mu      sync.Mutex
	file    *os.File
	opening bool
	closed  bool
}

func (f *fifo) Read(p []byte) (int, error) {
	file, err := f.open()
	if err != nil {
		return 0, err
	}
	return file.Read(p)
}

func (f *fifo) open() (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fs.ErrClosed
	}
	if f.file != nil {
		return f.file, nil
	}
	f.opening = true
	f.mu.Unlock()
	file, err := os.Open(f.path)
	f.mu.Lock()
	f.opening = false
	if err != nil {
		return nil, err
	}
	if f.closed {
		file.Close()
		return nil, fs.ErrClosed
	}
	f.file = file
	return file, nil
}

// Close ends a Read that waits, be it for a writer or for bytes.
func (f *fifo) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.file != nil {
		return f.file.Close()
	}
	// open(2) of the reading end returns once somebody opens the writing end.
	// That fails with ENXIO as long as the reader has not got to its open(2).
	for tries := 0; f.opening && tries < 100; tries++ {
		w, err := os.OpenFile(f.path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return w.Close()
		}
		if !errors.Is(err, syscall.ENXIO) {
			break
		}
		f.mu.Unlock()
		time.Sleep(time.Millisecond)
		f.mu.Lock()
	}
	return nil
}
