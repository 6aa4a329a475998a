package report_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"wstap/report"
	"wstap/wsframe"
)

// sizes is a Formatter that prints lines of given lengths, one an event.
type sizes struct{ left []int }

func (s *sizes) Append(dst []byte, _ wsframe.Event) []byte {
	n := s.left[0]
	s.left = s.left[1:]
	return append(dst, alphabets[n%26:][:n]...)
}

// alphabets are more letters than the longest line has.
var alphabets = strings.Repeat("abcdefghijklmnopqrstuvwxyz", 10_000)

// blocks remembers what is written, and the length of each write.
type blocks struct {
	bytes.Buffer
	lengths []int
	room    int // bytes until it fails; less than 0 for never
	short   bool
}

var errDisk = errors.New("no space left")

func (b *blocks) Write(p []byte) (int, error) {
	b.lengths = append(b.lengths, len(p))
	if b.room >= 0 && len(p) > b.room {
		b.Buffer.Write(p[:b.room])
		if b.short {
			return b.room, nil
		}
		return b.room, errDisk
	}
	if b.room >= 0 {
		b.room -= len(p)
	}
	return b.Buffer.Write(p)
}

// lengths are those of lines, up to several blocks long.
func lengths(r *rand.Rand) (all []int) {
	for range 100 {
		n := r.IntN(300)
		switch r.IntN(20) {
		case 0:
			n = r.IntN(200_000)
		case 1:
			n = 64 << 10 * r.IntN(3)
		}
		all = append(all, n)
	}
	return all
}

// Lines into a Buffer, with calls of Write and Flush between them, are the bytes
// of the lines in order, in blocks where nobody flushes.
func TestBufferedLines(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := lengths(r)
		var want bytes.Buffer
		out := &blocks{room: -1}
		b := report.NewBuffer(out)
		f := &sizes{}
		l := report.NewLines(b, f)
		flushes := seed%2 == 0
		for _, n := range all {
			line := (&sizes{[]int{n}}).Append(nil, nil)
			want.Write(line)
			var err error
			switch r.IntN(10) {
			case 0:
				_, err = b.Write(line)
			case 1:
				_, err = b.Write(line)
				if flushes {
					err = b.Flush()
				}
				if flushes && out.Len() != want.Len() {
					t.Fatalf("seed %d: flushed, and %d bytes are left", seed, want.Len()-out.Len())
				}
			default:
				f.left = []int{n}
				err = l.Emit(nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := want.Len() - out.Len(); n >= 64<<10 {
				t.Fatalf("seed %d: %d bytes wait", seed, n)
			}
		}
		if err := b.Flush(); err != nil || !bytes.Equal(out.Bytes(), want.Bytes()) {
			t.Fatalf("seed %d: %v, %d bytes written, want %d", seed, err, out.Len(), want.Len())
		}
		if !flushes {
			for i, n := range out.lengths[:len(out.lengths)-1] {
				if n < 64<<10 {
					t.Errorf("seed %d: write %d is of %d bytes", seed, i, n)
				}
			}
		}
	}
}

// Lines to any other writer have nothing to flush.
func TestUnbufferedLines(t *testing.T) {
	out := &blocks{room: -1}
	l := report.NewLines(out, &sizes{[]int{5, 0, 70_000}})
	for range 3 {
		if err := l.Emit(nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(out.lengths) != 2 || out.lengths[0] != 5 || out.lengths[1] != 70_000 {
		t.Errorf("writes of %v bytes", out.lengths)
	}
}

// Where writing fails, what comes next says so, and nothing more is written.
func TestBufferRemembersTheFault(t *testing.T) {
	for _, short := range []bool{false, true} {
		want := errDisk
		if short {
			want = io.ErrShortWrite
		}
		for name, use := range map[string]func(*report.Buffer) error{
			"line":  func(b *report.Buffer) error { return report.NewLines(b, &sizes{[]int{70_000}}).Emit(nil) },
			"write": func(b *report.Buffer) error { _, err := b.Write(make([]byte, 70_000)); return err },
			"flush": func(b *report.Buffer) error {
				if _, err := io.Copy(b, strings.NewReader("and more than there is room")); err != nil {
					return err
				}
				return b.Flush()
			},
		} {
			out := &blocks{room: 10, short: short}
			b := report.NewBuffer(out)
			if err := use(b); !errors.Is(err, want) {
				t.Errorf("%s: error %v", name, err)
			}
			l := report.NewLines(b, &sizes{[]int{3}})
			_, err := b.Write([]byte("more"))
			for _, err := range []error{err, l.Emit(nil), b.Flush()} {
				if !errors.Is(err, want) {
					t.Errorf("after %s: error %v", name, err)
				}
			}
			if len(out.lengths) != 1 {
				t.Errorf("after %s: writes of %v bytes", name, out.lengths)
			}
		}
	}
}
