package wsframe

import (
	"math/bits"
	"slices"
	"sync"
	"unsafe"

	"wstap/wsframe/inflate"
)

// wholeBytes is what a window of 32 KiB takes.
const wholeBytes = int(unsafe.Sizeof(inflate.Window{}))

// slabWindows is how many windows are allocated at once: 520 KiB, which are whole
// pages. Alone, each would be rounded up to 40 KiB.
const slabWindows = 16

// slab is the memory of some windows.
type slab struct {
	windows *[slabWindows]inflate.Window // no pointers in there: the collector passes them by
	free    uint16                       // a bit for each that is not in use
}

// place is where in a slab a window is.
type place struct {
	slab  *slab
	index int
}

// slabs lends windows. Its memory follows the most that were in use at once,
// and goes back by the slab. The zero value is ready, and safe for concurrent use.
type slabs struct {
	mu   sync.Mutex
	some []*slab // with windows that are free
}

// take lends a window, which holds anything.
func (s *slabs) take() (*inflate.Window, place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.some) == 0 {
		s.some = append(s.some, &slab{windows: new([slabWindows]inflate.Window), free: 1<<slabWindows - 1})
	}
	b := s.some[len(s.some)-1]
	i := bits.TrailingZeros16(b.free)
	b.free &^= 1 << i
	if b.free == 0 {
		s.some = s.some[:len(s.some)-1]
	}
	return &b.windows[i], place{b, i}
}

// give takes it back.
func (s *slabs) give(p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := p.slab
	if b.free == 0 {
		s.some = append(s.some, b)
	}
	b.free |= 1 << p.index
	if b.free == 1<<slabWindows-1 && len(s.some) > 1 {
		s.some = slices.DeleteFunc(s.some, func(o *slab) bool { return o == b })
	}
}
