//go:build unix

package capture

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// await calls Next over idle times. A test that waits in vain is ended by the
// deadline of go test.
func await(t *testing.T, f *File) (Packet, error) {
	t.Helper()
	for {
		p, err := f.Next()
		if err != ErrIdle {
			return p, err
		}
	}
}

// A packet is returned while the writer keeps the FIFO open and goes on, and
// before it has written the next one.
func TestFIFO(t *testing.T) {
	for _, w := range writings[3:5] { // one of pcap, one of pcapng
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip("no FIFOs here: ", err)
		}
		f, err := Open(path) // must not wait for the writer
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Next(); err != ErrIdle {
			t.Fatalf("no writer yet: %v, want ErrIdle", err)
		}
		out, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		var file boundaries
		want := sample(t, NewWriter(&file, w.opts), 20, 3000)
		b, from := file.Bytes(), 0
		for i, end := range file.ends[len(file.ends)-20:] {
			// A record in two pieces: the first half of one is not a packet.
			half := (from + end) / 2
			if _, err := out.Write(b[from:half]); err != nil {
				t.Fatal(err)
			}
			if i == 10 {
				if _, err := f.Next(); err != ErrIdle {
					t.Fatalf("half a packet: %v, want ErrIdle", err)
				}
			}
			if _, err := out.Write(b[half:end]); err != nil {
				t.Fatal(err)
			}
			from = end
			got, err := await(t, f)
			if err != nil {
				t.Fatal(err)
			}
			samePackets(t, []Packet{got}, want[i:i+1])
		}
		if _, err := f.Next(); err != ErrIdle {
			t.Fatalf("nothing written: %v, want ErrIdle", err)
		}
		out.Close()
		if _, err := await(t, f); err != io.EOF {
			t.Fatalf("writer gone: %v, want io.EOF", err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Unpacking must not hold back what a writer flushed.
func TestPackedPipe(t *testing.T) {
	r, w := io.Pipe()
	f, err := NewReader(r, "pipe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer w.Close()
	var file boundaries
	want := sample(t, NewWriter(&file, WriterOptions{}), 3, 100)
	z := gzip.NewWriter(w)
	from := 0
	for i, end := range file.ends[len(file.ends)-3:] {
		piece := file.Bytes()[from:end]
		from = end
		done := make(chan error, 1)
		go func() {
			_, err := z.Write(piece)
			if err == nil {
				err = z.Flush()
			}
			done <- err
		}()
		got, err := await(t, f)
		if err != nil {
			t.Fatal(err)
		}
		samePackets(t, []Packet{got}, want[i:i+1])
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyPipe(t *testing.T) {
	r, w := io.Pipe()
	w.Close()
	f, err := NewReader(r, "stdin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := await(t, f); err == nil || err.Error() != "stdin: nothing was written to it" {
		t.Error(err)
	}
}

// Close ends the goroutine that waits for a writer, or for bytes.
func TestCloseEndsWaiting(t *testing.T) {
	for _, withWriter := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip("no FIFOs here: ", err)
		}
		pipe := &fifo{path: path}
		ended := make(chan error)
		go func() {
			_, err := pipe.Read(make([]byte, 1))
			ended <- err
		}()
		for opening := false; !opening; runtime.Gosched() {
			pipe.mu.Lock()
			opening = pipe.opening
			pipe.mu.Unlock()
		}
		if withWriter {
			out, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
		}
		if err := pipe.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("Read returned without an error")
		}
	}
}

// A pipe that sends something else than a capture is told from its first bytes,
// though it stays open.
func TestPipeWithoutCapture(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	f, err := NewReader(r, "stdin")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	go io.Copy(w, bytes.NewReader([]byte("<html>")))
	if _, err := await(t, f); err == nil || err == io.EOF {
		t.Error(err)
	}
}
