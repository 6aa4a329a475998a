package wsframe

import (
	"strconv"

	"wstap/capture"
	"wstap/wsframe/survey"
)

// maxFragments bounds the frames of a message whose payloads are joined; those
// beyond are counted.
const maxFragments = 65536

// message is a data message whose frames come in (RFC 6455, 5.4).
type message struct {
	active     bool
	opcode     Opcode
	compressed bool
	inferred   bool
	frames     int
	wire       uint64
	first      capture.Stamp
	buf        []byte // payload as on the wire, unmasked
	why        Incomplete
	certainty  Certainty
	text       utf8Checker
	badText    bool
}

// end forgets the message.
func (m *message) end(a *Analyzer) {
	a.giveBuffer(m.buf)
	*m = message{}
}

// join adds a complete data frame, whose kept payload is buf, to its message.
// It returns the message where it is complete.
func (s *side) join(f *Frame, buf []byte) (*Message, error) {
	m := &s.message
	switch {
	case f.Opcode != OpContinuation:
		if m.active {
			s.fault(RuleMessageInterleaved, "a continuation", OpcodeName(f.Opcode))
			var err error
			if buf, err = s.interrupt(f, buf); err != nil {
				return nil, err
			}
		}
		s.beginMessage(f)
		s.standing &^= unsure
	case !m.active:
		if !s.has(unsure) {
			s.fault(RuleLoneContinuation, "text or binary", "continuation")
			return nil, nil
		}
		s.beginMessage(f)
		m.why = max(m.why, BytesMissing) // its beginning was lost
	}
	f.Index = m.frames
	m.frames++
	m.wire += f.Length - f.Missing
	if f.Missing > 0 {
		m.why = max(m.why, BytesMissing)
	}
	if s.overlong {
		if !s.crowded {
			s.c.a.stats.MessageLimit++
		}
		if m.why == WhyNot {
			m.why = OverLimit
		}
	}
	if m.frames > maxFragments {
		if m.frames == maxFragments+1 {
			m.why = max(m.why, OverLimit)
			s.c.a.stats.FragmentLimit++
		}
		m.buf = m.buf[:s.start]
		buf = nil
	}
	if m.opcode == OpText && !m.compressed && m.why == WhyNot {
		s.checkText(f, buf)
	}
	if !f.Fin {
		s.gather(buf)
		return nil, nil
	}
	if m.frames > 1 {
		s.gather(buf)
		buf = m.buf
	}
	s.standing &^= unsure
	return s.build(f.M, buf)
}

// beginMessage begins a message with its first frame.
func (s *side) beginMessage(f *Frame) {
	const rsv1 = 4
	m := &s.message
	m.active, m.opcode, m.first, m.certainty = true, f.Opcode, f.First, f.Certainty
	if f.Rsv&rsv1 != 0 && f.Opcode != OpContinuation {
		m.compressed = s.window != nil || s.infer()
		m.inferred = m.compressed && s.c.info.Deflate == nil
	}
}

// gather appends a frame's payload to the buffer, unless it is there already.
func (s *side) gather(buf []byte) {
	if s.whole == nil {
		return
	}
	m, a := &s.message, s.c.a
	if m.buf == nil {
		m.buf = a.takeBuffer()
	}
	limit := a.opts.MessageLimit - len(m.buf)
	room := min(limit, a.room(m.buf))
	if len(buf) > room {
		if m.why == WhyNot {
			m.why = OverLimit
			if room < limit {
				a.stats.BufferLimit++
			} else {
				a.stats.MessageLimit++
			}
		}
		buf = buf[:max(0, room)]
	}
	m.buf = a.extend(m.buf, buf)
}

// interrupt tells of the unfinished message in whose place f begins a new one.
// f's own payload, which may stand behind it in the buffer, is kept: it is what
// interrupt returns.
func (s *side) interrupt(f *Frame, buf []byte) ([]byte, error) {
	m := &s.message
	m.why = max(m.why, Interrupted)
	if err := s.tellBroken(f.M, m.buf[:s.start]); err != nil {
		return nil, err
	}
	keep := m.buf[:0]
	if s.whole == nil {
		keep = append(keep, buf...)
		buf = keep
		f.Payload = buf[:len(f.Payload)]
	}
	*m = message{buf: keep}
	s.start = 0
	return buf, nil
}

// checkText checks the UTF-8 of an uncompressed text message as its frames
// come, so that the frame with the first bad byte is named (RFC 6455, 8.1).
func (s *side) checkText(f *Frame, buf []byte) {
	m := &s.message
	if m.badText {
		return
	}
	ok := m.text.feed(buf)
	if ok && f.Fin {
		ok = m.text.end()
	}
	if !ok {
		m.badText = true
		s.fault(RuleInvalidUTF8, "UTF-8", "other bytes in fragment "+strconv.Itoa(m.frames))
	}
}

// build makes the event of the message whose wire payload is buf.
func (s *side) build(meta Meta, buf []byte) (*Message, error) {
	m, a := &s.message, s.c.a
	out := &a.message
	*out = Message{
		M: meta, From: s.from, First: m.first, Opcode: m.opcode, Frames: m.frames,
		Compressed: m.compressed, Inferred: m.inferred, WireLength: m.wire, Length: m.wire,
		Payload: buf, InvalidUTF8: m.badText, Why: m.why, Certainty: m.certainty,
	}
	if m.compressed {
		if s.postpone(out) {
			return out, nil
		}
		if err := s.settle(); err != nil {
			return nil, err
		}
		s.inflate(out)
	} else {
		out.Plain = out.Opcode == OpText && survey.Of(buf) == survey.Plain
	}
	s.counted(out)
	return out, nil
}

// settle has all messages inflated that the window waits for, before anything
// else becomes of it.
func (s *side) settle() error {
	if s.window == nil || s.window.first == nil {
		return nil
	}
	return s.c.a.queue.flush()
}

// counted finishes a message whose payload is known.
func (s *side) counted(out *Message) {
	out.Complete = out.Why == WhyNot
	t := &s.c.info.Totals[s.from]
	t.Messages++
	t.Data += out.Length
}

// postpone reports whether a message, payload as on the wire, may wait to be
// inflated: where nothing is wrong with it, so that nothing depends on it but
// what is told.
func (s *side) postpone(out *Message) bool {
	q := s.c.a.queue
	out.waiting = q != nil && out.Why == WhyNot && !out.Inferred && s.certainty() == Exact &&
		2*len(out.Payload) <= q.maxBytes // once for its last frame
	return out.waiting
}

// inflate replaces the wire payload of out by what it inflates to
// (RFC 7692, 6.2). Never by a guess: where the window may be stale or the
// payload has holes, out is incomplete and holds no payload.
func (s *side) inflate(out *Message) {
	a := s.c.a
	if out.Why != WhyNot {
		s.window.lose()
		out.Payload, out.Length = nil, 0
		return
	}
	var u unpacked
	u.payload, u.length, u.err = a.inflater.Message(a.inflated[:0], s.window, out.Payload, a.opts.MessageLimit)
	u.check(out.Opcode == OpText)
	a.inflated = u.payload
	s.faults = append(s.faults, s.unpacked(out, &u)...)
}

// unpacked gives out what it inflates to, and returns what is wrong with that.
func (s *side) unpacked(out *Message, u *unpacked) (faults []fault) {
	a := s.c.a
	out.Payload, out.Length = u.payload, u.length
	switch {
	case u.err == nil && out.Length == uint64(len(out.Payload)):
		if u.invalid {
			out.InvalidUTF8 = true
			faults = append(faults, fault{RuleInvalidUTF8, "UTF-8", "other bytes"})
		}
		out.Plain, out.summary = u.plain, u.summary
		return faults
	case u.err == nil, u.err == errInflateLimit:
		out.Why = OverLimit
		a.stats.MessageLimit++
		return nil
	case u.err == errContextLost || out.Inferred || s.certainty() != Exact:
		out.Why = ContextLost
	default:
		out.Why = Corrupt
		faults = append(faults, fault{RuleDeflateCorrupt, "a DEFLATE stream", "other bytes"})
	}
	out.Payload, out.Length = nil, 0
	return faults
}

// breakMessage emits the message under way as it stands: its end is lost.
func (s *side) breakMessage(at capture.Stamp) error {
	var err error
	if s.message.active {
		err = s.tellBroken(Meta{at, s.c.info}, s.message.buf)
	}
	s.message.end(s.c.a)
	return err
}

// tellBroken emits a message whose end is not known, or lost.
func (s *side) tellBroken(meta Meta, buf []byte) error {
	m, err := s.build(meta, buf)
	if err != nil {
		return err
	}
	s.c.a.stats.Messages++
	return s.c.a.sink.Emit(m)
}
