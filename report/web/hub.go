package web

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"

	"wstap/capture"
	"wstap/report"
	"wstap/report/page"
	"wstap/wsframe"
)

// Limits bound what a Hub keeps; the zero value gives the defaults.
type Limits struct {
	// Rows and Bytes are those of the batches: 2 000 000 rows, 256 MiB.
	Rows  int
	Bytes int64
	// IndexBytes are those of the connections told in the index: 64 MiB.
	IndexBytes int64
}

func (l Limits) withDefaults() Limits {
	if l.Rows == 0 {
		l.Rows = 2_000_000
	}
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.IndexBytes == 0 {
		l.IndexBytes = 64 << 20
	}
	return l
}

// Hub keeps the rows that were told last, and the index, for any number of
// browsers. One goroutine publishes; readers take what they lack, each at its
// own pace, and have no queue of their own: one that is too slow finds that the
// oldest rows are gone. So nobody who reads can stall the capture, or make the
// Hub grow.
type Hub struct {
	limits Limits

	mu      sync.Mutex
	changed chan struct{}         // closed at the next change, and made anew
	chunks  []*chunk              // in order of rows
	next    uint64                // number of the row behind the last
	bytes   int64                 // of chunks
	strings []string              // the dictionary of summaries, which the encoder bounds
	conns   map[int]*wsframe.Conn // those of the index; never written to
	index   index
	started capture.Stamp // the capture's first packet
	dropped dropped
	ended   bool
}

// chunk is one batch. It is never written to once it is published.
type chunk struct {
	page.Batch
	originals originals
}

// end is the number of the row behind its last.
func (c *chunk) end() uint64 { return c.First + uint64(c.Rows) }

// size is what a chunk costs.
func (c *chunk) size() int64 { return int64(len(c.Data)) + c.originals.bytes }

// dropped counts what was forgotten.
type dropped struct {
	Rows        uint64 `json:"rows"`
	Bytes       int64  `json:"bytes"`
	Connections int    `json:"connections"`
}

// NewHub makes an empty Hub.
func NewHub(l Limits) *Hub {
	return &Hub{limits: l.withDefaults(), changed: make(chan struct{}), index: newIndex(), conns: map[int]*wsframe.Conn{}}
}

// first is the number of the oldest row that is kept.
func (h *Hub) first() uint64 {
	if len(h.chunks) == 0 {
		return h.next
	}
	return h.chunks[0].First
}

// publish adds a batch, which is the Hub's from here on, and forgets what is
// beyond the bounds. The newest batch stays, whatever its size.
func (h *Hub) publish(c *chunk, strings []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunks = append(h.chunks, c)
	h.next = c.end()
	h.bytes += c.size()
	h.strings = append(h.strings, strings...)
	gone := 0
	for gone < len(h.chunks)-1 && (h.bytes > h.limits.Bytes || h.next-h.chunks[gone].First > uint64(h.limits.Rows)) {
		old := h.chunks[gone]
		h.bytes -= old.size()
		h.dropped.Rows += uint64(old.Rows)
		h.dropped.Bytes += int64(len(old.Data))
		gone++
	}
	if gone > 0 {
		clear(h.chunks[:gone]) // readers may hold them, the array must not
		h.chunks = h.chunks[gone:]
		h.tellDropped()
	}
	h.wake()
}

// update merges changes of the index: an object with the keys that changed, and
// of the connections those that did.
func (h *Hub) update(changes []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.index.merge(changes); err != nil {
		return err
	}
	if forgotten := h.index.bound(h.limits.IndexBytes); len(forgotten) > 0 {
		for _, number := range forgotten {
			delete(h.conns, number)
		}
		h.dropped.Connections += len(forgotten)
		h.tellDropped()
	}
	h.wake()
	return nil
}

// set sets a key of the index.
func (h *Hub) set(key string, value []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.index.set(key, value)
	h.wake()
}

// know takes what is known of a connection, which nobody writes to any more.
func (h *Hub) know(c *wsframe.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns[c.Number] = c
}

// conn is what is known of a connection; nil if that is nothing any more.
func (h *Hub) conn(number int) *wsframe.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[number]
}

// tellDropped puts the counts into the index.
func (h *Hub) tellDropped() {
	value, _ := json.Marshal(h.dropped) // numbers cannot fail
	h.index.set("dropped", value)
}

// end says that nothing more will come.
func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wake()
}

// wake lets all readers look again.
func (h *Hub) wake() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// start takes the capture's first packet.
func (h *Hub) start(at capture.Stamp) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = at
}

func (h *Hub) startedAt() capture.Stamp {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started
}

// cursor is how far a reader has come.
type cursor struct {
	row     uint64 // the next that it wants
	version uint64 // of the index that it knows
	greeted bool   // it has the index as a whole
	ended   bool   // it knows that nothing more will come
}

// news is what a reader lacks.
type news struct {
	index   []byte // nil where nothing changed
	skipped bool   // rows before chunk are gone, untold
	chunk   *chunk // the next; nil where there is none
	ended   bool   // nothing more will come, and all was told
	// changed is closed when there may be more.
	changed <-chan struct{}
}

// empty reports whether there is nothing to tell.
func (n *news) empty() bool { return n.index == nil && n.chunk == nil && !n.ended }

// take takes what the reader at c lacks, one batch at most, and moves c on.
func (h *Hub) take(c *cursor) news {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := news{changed: h.changed}
	if !c.greeted {
		c.greeted = true
		n.index = h.index.appendWhole(nil, h.strings)
	} else if c.version != h.index.version {
		n.index = h.index.appendSince(nil, c.version)
	}
	c.version = h.index.version
	if c.row < h.next {
		i := h.find(c.row)
		n.chunk = h.chunks[i]
		n.skipped = n.chunk.First > c.row
		c.row = n.chunk.end()
	}
	if h.ended && c.row >= h.next && !c.ended {
		c.ended, n.ended = true, true
	}
	return n
}

// find is the index of the chunk that holds row, or of the oldest if it is gone.
func (h *Hub) find(row uint64) int {
	i, ok := slices.BinarySearchFunc(h.chunks, row, func(c *chunk, row uint64) int { return cmp.Compare(c.First, row) })
	if !ok && i > 0 {
		i--
	}
	return i
}

// snapshot are the chunks that are kept now, with what a filter over them has to
// say of what it did not see.
func (h *Hub) snapshot() (chunks []*chunk, first, next uint64, notes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dropped.Rows > 0 {
		notes = append(notes, report.Count(h.dropped.Rows, "older row")+" gone from memory: not looked at")
	}
	if n := string(h.index.keys["redactions"].json); n != "" && n != "0" {
		notes = append(notes, "redacted values are not looked at: --no-redact leaves them in")
	}
	return slices.Clone(h.chunks), h.first(), h.next, notes
}
