package wsframe

import (
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"wstap/wsframe/survey"
)

const (
	// Once a batch has inflated so much, the rest is inflated one by one, as it
	// is told: what it comes to can be a thousand times what was sent.
	batchOutput = 2 << 20
	// With fewer bytes to inflate than this, it takes longer to call another
	// core in than it saves.
	batchShare = 32 << 10
	// roomBytes is the size of the blocks that messages are inflated into; one
	// that does not fit into what is left of a block gets memory of its own.
	roomBytes = 256 << 10
	roomLeft  = 32 << 10
)

// batch is a set of messages to be inflated, those of each window in order.
type batch struct {
	jobs    []*job // reused
	used    int
	windows []*window // that have jobs, in order of the first
	packers []*packer // one for each core that works
	single  []byte    // what is inflated beyond maxOutput
	// maxOutput is batchOutput; tests lower it.
	maxOutput int64
}

// job is a message to be inflated.
type job struct {
	window *window
	packed []byte
	text   bool // it has to be UTF-8
	next   *job // of the same window
	done   bool
	unpacked
}

// unpacked is what a message inflates to.
type unpacked struct {
	payload []byte
	length  uint64
	err     error
	invalid bool // it is a text, whole, and not UTF-8
	plain   bool // it is a text, whole, and Message.Plain
}

// check finds out whether a whole text is UTF-8 (RFC 6455, 8.1).
func (p *unpacked) check(text bool) {
	if text && p.err == nil && p.length == uint64(len(p.payload)) {
		kind := survey.Of(p.payload)
		p.plain = kind == survey.Plain
		p.invalid = kind == survey.Mixed && !utf8.Valid(p.payload)
	}
}

// packer inflates on one core.
type packer struct {
	unpacker
	rooms   [][]byte // reused
	room    int      // which is being filled
	fetched byte     // see window.fetch
}

// add adds a message that was sent with w.
func (b *batch) add(a *Analyzer, w *window, packed []byte, text bool) *job {
	if b.used == len(b.jobs) {
		b.jobs = append(b.jobs, &job{})
	}
	j := b.jobs[b.used]
	b.used++
	a.inflater.windows.touch(w)
	*j = job{window: w, packed: packed, text: text}
	if w.last == nil {
		w.first = j
		b.windows = append(b.windows, w)
	} else {
		w.last.next = j
	}
	w.last = j
	return j
}

// run inflates the messages, size bytes in all, on as many cores as there are.
func (b *batch) run(a *Analyzer, size int) {
	cores := min(max(1, a.opts.Cores), len(b.windows), 1+size/batchShare)
	for len(b.packers) < cores {
		b.packers = append(b.packers, &packer{})
	}
	var next, output atomic.Int64
	work := func(p *packer) {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(b.windows) {
				return
			}
			w := b.windows[i]
			if w.first != w.last {
				p.fetched += w.fetch()
			}
			for j := w.first; j != nil && output.Load() < b.maxOutput; j = j.next {
				p.do(a, j)
				output.Add(int64(j.length))
			}
		}
	}
	var others sync.WaitGroup
	for i := 1; i < cores; i++ {
		others.Go(func() { work(b.packers[i]) })
	}
	if cores > 0 {
		work(b.packers[0])
	}
	others.Wait()
}

// do inflates one message into the packer's own memory.
func (p *packer) do(a *Analyzer, j *job) {
	if p.room == len(p.rooms) {
		p.rooms = append(p.rooms, make([]byte, 0, roomBytes))
	}
	room := p.rooms[p.room]
	free := room[len(room):]
	j.unpack(&p.unpacker, a, free)
	if cap(j.payload) == cap(free) { // it went nowhere else
		room = room[:len(room)+len(j.payload)]
		p.rooms[p.room] = room
	}
	if cap(room)-len(room) < roomLeft {
		p.room++
	}
}

// unpack inflates the message, and appends it to dst.
func (j *job) unpack(z *unpacker, a *Analyzer, dst []byte) {
	j.payload, j.length, j.err = z.message(dst, j.window, &a.inflater.windows, j.packed, a.opts.MessageLimit)
	j.check(j.text)
	j.done = true
}

// result is what j inflates to; valid until the next result.
func (b *batch) result(a *Analyzer, j *job) *unpacked {
	if !j.done {
		j.unpack(&a.inflater.unpacker, a, b.single[:0])
		b.single = j.payload
	}
	return &j.unpacked
}

// end makes the batch ready for the next messages.
func (b *batch) end(a *Analyzer) {
	for _, w := range b.windows {
		w.first, w.last = nil, nil
	}
	for _, j := range b.jobs[:b.used] {
		*j = job{}
	}
	b.used, b.windows = 0, b.windows[:0]
	for _, p := range b.packers {
		for i := range p.rooms {
			p.rooms[i] = p.rooms[i][:0]
		}
		p.room = 0
	}
	a.inflater.windows.trim()
}
