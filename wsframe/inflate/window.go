package inflate

// Reach is how far back a stream may refer, in bytes.
const Reach = 32 << 10

const (
	// Of a symbol come maxMatch bytes at most; the quick copies write so many more.
	maxMatch = 258
	stride   = 32
	// lapRoom is the room in a ring without which a lap ends.
	lapRoom = maxMatch + stride
	// ringSize makes a Window 32.5 KiB large. At its end, a lap may leave lapRoom
	// bytes, and what is written ahead of time may hurt stride bytes: Reach and
	// as many again are there at least.
	ringSize = Reach + 512 - 24
)

// Window is memory that streams are decoded into, and the history that they may
// refer to: a ring, of which one lap is behind the other. The zero value has no
// history.
type Window struct {
	ring [ringSize]byte
	at   int // where the next byte goes
	top  int // where the lap before ended, 0 in the first
	kept int // bytes of history, at most Reach
}

// Len is the number of bytes of history.
func (w *Window) Len() int { return w.kept }

// Forget empties w.
func (w *Window) Forget() { w.kept = 0 }

// Append adds to the history, at most Reach bytes.
func (w *Window) Append(p []byte) {
	n := copy(w.ring[w.at:], p)
	w.advance(w.at + n)
	if n < len(p) {
		w.lap()
		w.advance(copy(w.ring[:], p[n:]))
	}
}

// Last returns the last n bytes of history, or all, in two parts of which the
// first is the older one. They are valid until the window is used.
func (w *Window) Last(n int) (older, newer []byte) {
	n = min(n, w.kept)
	if n <= w.at {
		return nil, w.ring[w.at-n : w.at]
	}
	return w.ring[w.top-(n-w.at) : w.top], w.ring[:w.at]
}

// Fetch brings the window into the cache, one line behind the other, which takes
// a sixth of what as many misses at random do. The sum has no meaning; it keeps
// the reads from being left out.
func (w *Window) Fetch() (sum byte) {
	const line = 64
	end := len(w.ring)
	if w.top == 0 {
		end = w.at // what is behind was never written: reading it would cost a page fault more
	}
	for i := 0; i < end; i += line {
		sum += w.ring[i]
	}
	return sum
}

// lap begins again at the ring's beginning.
func (w *Window) lap() { w.at, w.top = 0, w.at }

// advance notes that the ring is filled as far as at.
func (w *Window) advance(at int) {
	w.kept = min(w.kept+at-w.at, Reach)
	w.at = at
}

// copyMatch puts length bytes from distance back at, and returns where they
// end. Both were checked: there is as much history, and room. The match may
// begin in the lap before, and end in what it has just written.
func (w *Window) copyMatch(at, distance, length int) int {
	from := at - distance
	if from < 0 {
		from += w.top
		n := copy(w.ring[at:at+length], w.ring[from:w.top])
		at += n
		length -= n
		from = 0
	}
	for length > 0 {
		n := copy(w.ring[at:at+length], w.ring[from:at]) // more each time
		at += n
		length -= n
	}
	return at
}
