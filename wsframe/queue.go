package wsframe

// The bounds of a queue. Where one is reached, the queue is emptied.
const (
	queueEvents = 2048
	queueBytes  = 512 << 10 // of payloads, as on the wire
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
	events []queued
	bytes  []byte // payloads of the events
	batch  batch
	// maxEvents and maxBytes are the constants; tests lower them.
	maxEvents, maxBytes int
}

func newQueue(a *Analyzer) *queue {
	return &queue{a: a, batch: batch{maxOutput: batchOutput}, maxEvents: queueEvents, maxBytes: queueBytes}
}

// queued is an event that waits: a frame with all that is told with it, or any
// other.
type queued struct {
	other   Event // nil for a frame
	side    *side
	frame   Frame
	alone   bool // nothing is told with the frame; what belongs to it follows
	whole   bool // the frame completes message
	message Message
	job     *job // inflates message; nil where that is done, or needless
	faults  []fault
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
	q.next().other = e
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
	header := append(e.frame.Header[:0], f.Header...)
	e.side, e.frame, e.alone, e.whole, e.job = s, *f, s == nil, m != nil, nil
	e.frame.Header = header
	e.frame.Holes = append([]Hole(nil), f.Holes...)
	e.faults = e.faults[:0]
	if s != nil {
		e.faults = append(e.faults, s.faults...)
	}
	if m != nil {
		e.message = *m
		e.message.Payload = q.keep(m.Payload)
		if m.waiting {
			e.job = q.batch.add(q.a, s.window, e.message.Payload, m.Opcode == OpText)
		}
	}
	if shared {
		e.frame.Payload = e.message.Payload[:len(f.Payload)]
	} else {
		e.frame.Payload = q.keep(f.Payload)
	}
	e.frame.Reason = e.frame.Payload[len(f.Payload)-len(f.Reason):]
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

// next is the place of another event.
func (q *queue) next() *queued {
	if len(q.events) < cap(q.events) {
		q.events = q.events[:len(q.events)+1]
	} else {
		q.events = append(q.events, queued{})
	}
	return &q.events[len(q.events)-1]
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
	for i := range q.events {
		e := &q.events[i]
		if err == nil {
			err = q.hand(e)
		}
		e.other = nil
	}
	q.events, q.bytes = q.events[:0], q.bytes[:0]
	q.batch.end(q.a)
	return err
}

// hand hands on one event.
func (q *queue) hand(e *queued) error {
	if e.other != nil {
		err := q.a.out.Emit(e.other)
		if o, ok := e.other.(*Opened); ok && q.a.opts.Brief && o.M.Conn.Upgraded {
			q.a.brief(o.M.Conn)
		}
		return err
	}
	var m *Message
	if e.whole {
		m = &e.message
	}
	if e.job != nil {
		e.faults = append(e.faults, e.side.unpacked(m, q.batch.result(q.a, e.job))...)
		e.side.counted(m)
	}
	e.frame.Message = m
	if e.alone {
		return q.a.out.Emit(&e.frame)
	}
	return q.a.tell(&e.frame, m, e.faults)
}
