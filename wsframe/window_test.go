package wsframe

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"wstap/wsframe/inflate"
)

func writeFile(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A window holds the last bytes that went through it, at least as many as the
// sender may refer to, however they came.
func TestWindowHistory(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		r := rand.New(rand.NewPCG(uint64(bits), 1))
		var l windowList
		w := window{bits: bits}
		var all []byte
		for range 300 {
			p := make([]byte, r.IntN(w.size()/3))
			if r.IntN(20) == 0 {
				p = make([]byte, r.IntN(3*w.size()))
			}
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			l.use(&w, p)
			all = append(all, p...)
			if !bytes.HasSuffix(all, contents(&w)) || w.history() < min(len(all), w.size()) {
				t.Fatalf("%d bits: a window of %d bytes after %d", bits, w.history(), len(all))
			}
			if w.memory() > max(w.size(), w.size()/inflate.Reach*wholeBytes) || l.held.Load() != int64(w.memory()) {
				t.Fatalf("%d bits: %d bytes allocated, %d accounted for", bits, w.memory(), l.held.Load())
			}
		}
	}
}

// The budget holds whatever happens; the window that goes is the one that was
// used the longest time ago.
func TestWindowBudget(t *testing.T) {
	const n, budget = 20, 64 << 10
	r := rand.New(rand.NewPCG(9, 9))
	l := windowList{budget: budget}
	windows := make([]window, n)
	lastUse := make([]int, n)
	for i := range windows {
		windows[i].bits = 8 + r.IntN(8)
	}
	for now := 1; now < 5000; now++ {
		i := r.IntN(n)
		w := &windows[i]
		if r.IntN(10) == 0 {
			l.release(w)
			w.lose()
		} else {
			before := l.dropped
			l.use(w, make([]byte, r.IntN(4000)+1))
			lastUse[i] = now
			if l.dropped > before {
				// All that still have memory were used later than those that lost it.
				oldestHeld := now
				for j := range windows {
					if windows[j].memory() > 0 {
						oldestHeld = min(oldestHeld, lastUse[j])
					}
				}
				if l.oldest != nil && lastUse[indexOf(windows, l.oldest)] != oldestHeld {
					t.Fatal("not the least recently used window went")
				}
			}
		}
		held := int64(0)
		for j := range windows {
			held += int64(windows[j].memory())
		}
		if held != l.held.Load() || held > budget {
			t.Fatalf("%d bytes held, %d accounted for, budget %d", held, l.held.Load(), budget)
		}
		count := 0
		for v := l.newest; v != nil; v = v.older {
			count++
			if v.older == nil && v != l.oldest {
				t.Fatal("the list's ends do not meet")
			}
		}
		for j := range windows {
			if windows[j].memory() > 0 {
				count--
			}
		}
		if count != 0 {
			t.Fatalf("%d windows more in the list than have memory", count)
		}
	}
	if l.dropped < 100 {
		t.Errorf("%d dropped: the test tests little", l.dropped)
	}
}

func indexOf(windows []window, w *window) int {
	for i := range windows {
		if &windows[i] == w {
			return i
		}
	}
	return -1
}

func TestWindowLargerThanBudget(t *testing.T) {
	l := windowList{budget: 1000}
	var w window
	l.use(&w, make([]byte, 2000))
	if w.memory() != 0 || !w.lost || l.held.Load() != 0 || l.dropped != 1 || l.newest != nil {
		t.Errorf("%+v, %d bytes held, %d dropped", w, l.held.Load(), l.dropped)
	}
}

// A lost window counts as whole again once it holds all that can be referred to.
func TestWindowRegained(t *testing.T) {
	var l windowList
	w := window{bits: 9}
	l.use(&w, make([]byte, 100))
	w.lose()
	for i := range 6 {
		if w.settle(); w.lost != (i < 6) {
			t.Fatalf("lost %v with %d bytes", w.lost, w.history())
		}
		l.use(&w, make([]byte, 100))
	}
	if w.settle(); w.lost {
		t.Error("lost with all bytes there")
	}
	fresh := window{fresh: true}
	if fresh.lose(); fresh.lost {
		t.Error("a direction without takeover has nothing to lose")
	}
}

// use is what a message of p does.
func (l *windowList) use(w *window, p []byte) {
	l.touch(w)
	l.extend(w, p)
	l.trim()
}

// contents is what w holds, the oldest byte first.
func contents(w *window) []byte {
	var v inflate.Window
	if w.whole != nil {
		v = *w.whole
	} else {
		w.copyTo(&v)
	}
	older, newer := v.Last(inflate.Reach)
	return append(bytes.Clone(older), newer...)
}
