package wsframe

// The bounds of a queue. Where one is reached, the queue is emptied.
const (
	queueEvents = 4096
	queueBytes  = 1 << 20 // of payloads, as on the wire
)

// queue is a Sink that holds events back while compressed messages wait, so
// that many are inflated at once: those of one direction behind each other,
// while its window is in the cache (to fetch one takes longer than to inflate a
// message), and those of different directions on all cores. Events leave it in
// the order in which they came.
//
// What the events say does not depend on it. But they are told late: it is for
// sinks that look at nothing but events.
type queue struct {
	a      *Analyzer
	events []*queued
	all    []*queued // that there are; events are the first of them
	apart  aparts
	bytes  []byte // payloads of the events
	batch  batch
	lent   struct { // what plain messages are told by
		frame   Frame
		message Message
	}
	// maxEvents and maxBytes are the constants; tests lower them.
	maxEvents, maxBytes int
}

func newQueue(a *Analyzer) *queue {
	return &queue{a: a, batch: batch{maxOutput: batchOutput}, maxEvents: queueEvents, maxBytes: queueBytes}
}

// Emit implements Sink.
func (q *queue) Emit(e Event) error {
	if len(q.events) == 0 {
		return q.a.out.Emit(e)
	}
	switch v := e.(type) {
	case *Frame:
		return q.frame(nil, v, v.Message)
	case *Opened:
		c := *v
		e = &c
	case *Closed:
		c := *v
		e = &c
	case *Violation:
		c := *v
		e = &c
	case *Message:
		held, err := q.room(len(v.Payload))
		if err != nil {
			return err
		}
		if !held {
			return q.a.out.Emit(e)
		}
		c := *v
		c.Payload = q.keep(v.Payload)
		e = &c
	}
	q.next().apart = q.apart.other(e)
	return q.bound()
}

// Close implements Sink. The Analyzer's own sink is closed by whom it belongs to.
func (q *queue) Close() error { return q.flush() }

// frame takes a frame, and the message that it completes or nil. They are told
// with all that s has found wrong, or without s the frame alone.
func (q *queue) frame(s *side, f *Frame, m *Message) error {
	// The frame's payload is the beginning of the message's, unless that is
	// joined of many, or inflated already.
	shared := m != nil && m.Frames == 1 && (m.waiting || !m.Compressed)
	need := 0
	if m != nil {
		need = len(m.Payload)
	}
	if !shared {
		need += len(f.Payload)
	}
	held, err := q.room(need)
	if err != nil {
		return err
	}
	switch {
	case held:
	case s == nil:
		return q.a.out.Emit(f)
	default:
		return q.a.tell(f, m, s.faults)
	}
	e := q.next()
	e.side = s
	var payload []byte
	if m != nil {
		payload = q.keep(m.Payload)
		if m.waiting {
			e.job = job{window: s.window, packed: payload, opcode: m.Opcode, conn: f.M.Conn}
			q.batch.add(q.a, &e.job)
		}
	}
	if shared && m.waiting && plain(s, f) {
		e.pack(f)
		return q.bound()
	}
	e.apart = q.apart.frame(s, f, m)
	e.apart.message.Payload = payload
	g := &e.apart.frame
	if shared {
		g.Payload = payload[:len(f.Payload)]
	} else {
		g.Payload = q.keep(f.Payload)
	}
	g.Reason = g.Payload[len(f.Payload)-len(f.Reason):]
	return q.bound()
}

// room makes room for n bytes of payload. It reports false, and the queue is
// empty, where it has never so much.
func (q *queue) room(n int) (bool, error) {
	if len(q.bytes)+n <= q.maxBytes {
		return true, nil
	}
	err := q.flush()
	return n <= q.maxBytes, err
}

// keep returns a copy of b, for which there is room.
func (q *queue) keep(b []byte) []byte {
	if q.bytes == nil {
		q.bytes = make([]byte, 0, q.maxBytes)
	}
	n := len(q.bytes)
	q.bytes = append(q.bytes, b...)
	return q.bytes[n:len(q.bytes):len(q.bytes)]
}

// next is the place of another event, which is empty.
func (q *queue) next() *queued {
	n := len(q.events)
	if n == len(q.all) {
		some := make([]queued, 128)
		for i := range some {
			q.all = append(q.all, &some[i])
		}
	}
	q.events = q.all[:n+1]
	return q.all[n]
}

// bound empties a queue that is full of events.
func (q *queue) bound() error {
	if len(q.events) < q.maxEvents {
		return nil
	}
	return q.flush()
}

// flush inflates what waits, and hands on all events.
func (q *queue) flush() error {
	if len(q.events) == 0 {
		return nil
	}
	q.batch.run(q.a, len(q.bytes))
	var err error
	for _, e := range q.events {
		if err == nil {
			err = q.hand(e)
		}
		*e = queued{}
	}
	q.events, q.bytes = q.events[:0], q.bytes[:0]
	q.apart.used = 0
	q.batch.end(q.a)
	return err
}

// hand hands on one event.
func (q *queue) hand(e *queued) error {
	if e.apart == nil {
		f, m := &q.lent.frame, &q.lent.message
		e.unpack(f, m)
		return q.inflated(e, f, m, nil)
	}
	p := e.apart
	if p.other != nil {
		other := p.other
		p.other = nil
		err := q.a.out.Emit(other)
		if o, ok := other.(*Opened); ok && q.a.opts.Brief && o.M.Conn.Upgraded {
			q.a.brief(o.M.Conn)
		}
		return err
	}
	var m *Message
	if p.whole {
		m = &p.message
	}
	if e.job.window != nil {
		return q.inflated(e, &p.frame, m, p.faults)
	}
	p.frame.Message = m
	if e.side == nil { // nothing is told with the frame; what belongs to it follows
		return q.a.out.Emit(&p.frame)
	}
	return q.a.tell(&p.frame, m, p.faults)
}

// inflated hands on a frame with the message that e has inflated.
func (q *queue) inflated(e *queued, f *Frame, m *Message, faults []fault) error {
	faults = append(faults, e.side.unpacked(m, q.batch.result(q.a, &e.job))...)
	e.side.counted(m)
	f.Message = m
	return q.a.tell(f, m, faults)
}
