package wsframe

import (
	"sync"
	"sync/atomic"

	"wstap/wsframe/survey"
)

const (
	// Once a batch has copied so much of what it inflated, the rest is inflated one
	// by one, as it is told: it can come to a thousand times what was sent.
	batchOutput = 2 << 20
	// With fewer bytes to inflate than this, it takes longer to call another
	// core in than it saves.
	batchShare = 32 << 10
	// The bytes of summaries that are kept on each core; the others are made when
	// their messages are told.
	batchSummaries = 256 << 10
)

// batch is a set of messages to be inflated, those of each window in order.
type batch struct {
	windows []*window // that have jobs, in order of the first
	packers []*packer // one for each core that works
	single  []byte    // a message beyond maxOutput
	// maxOutput is batchOutput; tests lower it.
	maxOutput int64
}

// job is a message to be inflated.
type job struct {
	window *window
	packed []byte
	opcode Opcode // of the message: a text has to be UTF-8
	conn   *Conn
	next   *job // of the same window
	done   bool
	unpacked
}

// unpacked is what a message inflates to.
type unpacked struct {
	payload []byte
	length  uint64
	err     error
	invalid bool   // it is a text, whole, and not UTF-8
	plain   bool   // it is a text, whole, and Message.Plain
	summary []byte // nil if it was not made
}

// whole reports whether the payload is all of the message.
func (p *unpacked) whole() bool { return p.err == nil && p.length == uint64(len(p.payload)) }

// check finds out whether a whole text is UTF-8 (RFC 6455, 8.1).
func (p *unpacked) check(text bool) {
	if text && p.whole() {
		kind := survey.Of(p.payload)
		p.plain = kind == survey.Plain
		p.invalid = kind == survey.Mixed && !validUTF8(p.payload)
	}
}

// packer inflates on one core.
type packer struct {
	unpacker
	rooms     rooms
	summaries []byte
	fetched   byte // see inflate.Window.Fetch
}

// add adds a message. Windows are used in the order of their first.
func (b *batch) add(a *Analyzer, j *job) {
	w := j.window
	if w.last == nil {
		a.inflater.windows.touch(w)
		w.first = j
		b.windows = append(b.windows, w)
	} else {
		w.last.next = j
	}
	w.last = j
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
			if w.whole != nil && w.first != w.last {
				p.fetched += w.whole.Fetch()
			}
			for j := w.first; j != nil && output.Load() < b.maxOutput; j = j.next {
				before := p.rooms.taken
				p.do(a, j)
				if n := p.rooms.taken - before; n > 0 { // rare; writing takes it from the other cores
					output.Add(n)
				}
			}
			p.loans.end()
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

// do inflates one message, into its window or the packer's own memory, and says
// in short what it is while it is in the cache.
func (p *packer) do(a *Analyzer, j *job) {
	if j.unpack(&p.unpacker, a, output{rooms: &p.rooms}) {
		p.loans.add(&j.unpacked)
	} else {
		p.rooms.took(j.payload)
	}
	if a.opts.Summaries && j.whole() && len(p.summaries) < batchSummaries {
		n := len(p.summaries)
		p.summaries = appendSummary(p.summaries, j.opcode, j.payload, j.conn)
		j.summary = p.summaries[n:]
	}
}

// unpack inflates the message, and reports whether it is lent by the window.
func (j *job) unpack(z *unpacker, a *Analyzer, o output) (lent bool) {
	o.limit = a.opts.MessageLimit
	j.err = z.message(&o, j.window, &a.inflater.windows, j.packed)
	lent = len(o.lent) > 0
	if j.payload = o.kept; lent {
		j.payload = o.lent
	}
	j.length = o.total
	j.check(j.opcode == OpText)
	j.done = true
	return lent
}

// result is what j inflates to; valid until the next result.
func (b *batch) result(a *Analyzer, j *job) *unpacked {
	if !j.done && !j.unpack(&a.inflater.unpacker, a, output{kept: b.single[:0]}) {
		b.single = j.payload
	}
	return &j.unpacked
}

// end makes the batch ready for the next messages.
func (b *batch) end(a *Analyzer) {
	for _, w := range b.windows {
		w.first, w.last = nil, nil
	}
	b.windows = b.windows[:0]
	for _, p := range b.packers {
		p.rooms.empty()
		p.summaries = p.summaries[:0]
	}
	a.inflater.windows.trim()
}
