package reassembly

import (
	"bytes"
	"slices"
	"time"

	"wstap/capture"
)

// chunk is a piece of a stream that can't be handed on yet: bytes before it
// are missing, or it answers bytes of the other direction that are.
type chunk struct {
	off     int64
	data    []byte // own copy
	missing int    // bytes behind data cut by the snapshot length
	need    int64  // offset that the other direction must have reached; see half.holds
	at      capture.Stamp
	since   time.Time // packet time when it came, which at may be behind
}

// chunkCost is what a chunk costs beside its bytes. It counts against the
// bounds, or chunks of one byte would cost a hundred times what is counted.
const chunkCost = 128

func (c *chunk) end() int64 { return c.off + int64(len(c.data)) + int64(c.missing) }

// queue holds chunks in order of offset; they do not overlap.
type queue struct {
	chunks []chunk
	bytes  int // of the chunks, chunkCost included
}

// insert copies what of c is not there yet. It returns how many bytes c repeats
// with other content: the first copy wins.
func (q *queue) insert(c chunk) (conflict int64) {
	// Nearly always the new chunk belongs at the end.
	i := len(q.chunks)
	for i > 0 && q.chunks[i-1].end() > c.off {
		i--
	}
	q.relax(i, c.end(), c.need)
	for c.off < c.end() {
		if i == len(q.chunks) || c.end() <= q.chunks[i].off {
			q.place(i, c)
			return conflict
		}
		next := &q.chunks[i]
		if c.off < next.off {
			head := c
			head.cutTail(next.off)
			q.place(i, head)
			i++
			next = &q.chunks[i]
			c.cutHead(next.off)
		}
		conflict += next.differs(&c)
		if c.end() <= next.end() {
			return conflict
		}
		c.cutHead(next.end())
		i++
	}
	return conflict
}

// relax lowers what the chunks before end wait for to need: their bytes were
// first sent no later than those of a segment that ends there. Higher they are
// where a retransmission, with its later acknowledgment number, was captured
// before the original. The chunks from i on may end behind end.
func (q *queue) relax(i int, end, need int64) {
	for j := i - 1; j >= 0 && q.chunks[j].need > need; j-- {
		q.chunks[j].need = need
	}
	for ; i < len(q.chunks) && q.chunks[i].off < end; i++ {
		if q.chunks[i].need <= need {
			continue
		}
		if q.chunks[i].end() > end {
			head := q.chunks[i]
			head.cutTail(end)
			head.data = slices.Clip(head.data)
			q.chunks[i].cutHead(end)
			q.chunks = slices.Insert(q.chunks, i, head)
			q.bytes += chunkCost
		}
		q.chunks[i].need = need
	}
}

func (q *queue) place(i int, c chunk) {
	c.data = bytes.Clone(c.data)
	q.chunks = slices.Insert(q.chunks, i, c)
	q.bytes += len(c.data) + chunkCost
}

// pop takes the first chunk.
func (q *queue) pop() chunk {
	c := q.chunks[0]
	q.chunks[0] = chunk{}
	q.chunks = q.chunks[1:]
	q.bytes -= len(c.data) + chunkCost
	return c
}

// cutHead drops what lies before off.
func (c *chunk) cutHead(off int64) {
	n := off - c.off
	if n <= 0 {
		return
	}
	c.off = off
	if n <= int64(len(c.data)) {
		c.data = c.data[n:]
		return
	}
	c.missing = max(0, c.missing-int(n-int64(len(c.data))))
	c.data = nil
}

// cutTail drops what lies at and behind off.
func (c *chunk) cutTail(off int64) {
	n := max(0, off-c.off)
	if n <= int64(len(c.data)) {
		c.data, c.missing = c.data[:n], 0
		return
	}
	c.missing = min(c.missing, int(n-int64(len(c.data))))
}

// differs counts the bytes in which c and o, both captured, disagree.
func (c *chunk) differs(o *chunk) (n int64) {
	lo := max(c.off, o.off)
	hi := min(c.off+int64(len(c.data)), o.off+int64(len(o.data)))
	if lo >= hi {
		return 0
	}
	a, b := c.data[lo-c.off:hi-c.off], o.data[lo-o.off:hi-o.off]
	if bytes.Equal(a, b) {
		return 0
	}
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
