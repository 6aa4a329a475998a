package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// tap is a file that takes nothing until it is told to.
type tap struct {
	open chan struct{} // closed when it takes
	got  bytes.Buffer
	fail error
}

func (t *tap) Write(b []byte) (int, error) {
	<-t.open
	if t.fail != nil {
		return 0, t.fail
	}
	return t.got.Write(b)
}

// TestQueueKeepsOrder: what comes out is what went in, however it was cut, and
// nothing waits before the queue is full.
func TestQueueKeepsOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	file := &tap{open: make(chan struct{})}
	q := newQueue(file, "file", 4*chunkBytes)
	want := make([]byte, 20*chunkBytes)
	for i := range want {
		want[i] = byte(rng.Uint32())
	}
	q.stalled = func(pending int) { // the first to wait opens the tap
		if pending != q.limit {
			t.Errorf("waits with %d bytes", pending)
		}
		q.stalled = nil
		close(file.open)
	}
	for rest := want; len(rest) > 0; {
		n := min(len(rest), rng.IntN(3*chunkBytes))
		if m, err := q.Write(rest[:n]); m != n || err != nil {
			t.Fatal(m, err)
		}
		rest = rest[n:]
		if waited, fits := q.full > 0, len(want)-len(rest) <= q.limit; fits == waited {
			t.Fatalf("with %d bytes written, it has waited: %t", len(want)-len(rest), waited)
		}
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file.got.Bytes(), want) {
		t.Errorf("%d other bytes came out", file.got.Len())
	}
}

// TestQueueTellsItsError: a reader that is gone ends writing, also of who waits.
func TestQueueTellsItsError(t *testing.T) {
	gone := errors.New("gone")
	file := &tap{open: make(chan struct{}), fail: gone}
	q := newQueue(file, "file", chunkBytes)
	q.stalled = func(int) {
		q.stalled = nil
		close(file.open)
	}
	if n, err := q.Write(make([]byte, 3*chunkBytes)); err != gone || n >= 3*chunkBytes {
		t.Errorf("wrote %d, error %v", n, err)
	}
	if _, err := q.Write([]byte("x")); err != gone {
		t.Errorf("then the error is %v", err)
	}
	if err := q.Close(); err != gone || q.fault() != gone {
		t.Errorf("Close gives %v", err)
	}
}

// TestLossyQueueNeverWaits: notices are lost rather than waited for.
func TestLossyQueueNeverWaits(t *testing.T) {
	file := &tap{open: make(chan struct{})}
	q := newQueue(file, "file", 100)
	q.lossy = true
	for range 1000 {
		if _, err := io.WriteString(q, "0123456789"); err != nil {
			t.Fatal(err)
		}
	}
	close(file.open)
	if err := q.Close(); err != nil || file.got.Len() != 100 {
		t.Errorf("%d bytes came out, error %v", file.got.Len(), err)
	}
}
