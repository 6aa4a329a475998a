package wsframe

import (
	"encoding/binary"

	"wstap/capture"
	"wstap/wsframe/survey"
)

// quick is what the quick path lends: the events of a text or binary message
// in one frame that lies whole in one packet and breaks no rule. Nearly all are
// such. They share most of what they say, so that it is written once, here, and
// not for each frame: 20 to 30 ns in place of 80 to 110.
type quick struct {
	told  [2]told // by the sender
	limit int     // payload bytes up to which no limit is hit, nor an excerpt enough
}

// told is a frame and the message in it.
type told struct {
	frame   Frame
	message Message
}

// prepare writes what all frames of the quick path say.
func (q *quick) prepare(o Options) {
	q.limit = min(o.FrameLimit, o.MessageLimit)
	if o.Excerpts {
		q.limit = min(q.limit, longBytes)
	}
	for d := range q.told {
		from := Direction(d)
		t := &q.told[d]
		t.message = Message{From: from, Frames: 1, Complete: true}
		t.frame = Frame{From: from, Fin: true, Masked: from == FromClient, Message: &t.message}
	}
}

// quiet reports whether the direction is between two messages, and nothing
// that came before bears on what comes next.
func (s *side) quiet() bool {
	return s.reading == nil && s.standing == standing{} // Exact
}

// quick takes the frame that b begins with, if it is as simple as type quick
// says, and returns how many bytes it took: 0 for any other, which is left to
// read. The direction has to be quiet, and stays so.
func (s *side) quick(b []byte, at capture.Stamp) (taken int, err error) {
	a, from := s.c.a, s.from&1
	h, n := simple(b, from)
	taken = h + n
	if h == 0 || len(b) < taken || n > a.quick.limit {
		return 0, nil
	}
	// What is known of the connection may have to be fetched from memory: the
	// earlier it is asked for, the more is done meanwhile.
	c := s.c.info
	sum := &c.Totals[from]

	t := &a.quick.told[from]
	f, m := &t.frame, &t.message
	f.Header = b[:h]
	opcode, payload, kind := Opcode(b[0]&15), b[h:taken], survey.Mixed
	if from == FromClient {
		f.Key = [4]byte(b[h-4:])
		if cap(a.unmasked) < n {
			a.unmasked = make([]byte, 2*n+64)
		}
		a.unmasked = a.unmasked[:n]
		kind = survey.Unmask(a.unmasked, payload, f.Key)
		payload = a.unmasked
	} else if opcode == OpText {
		kind = survey.Of(payload)
	}
	if opcode == OpText && kind == survey.Mixed && !validUTF8(payload) {
		return 0, nil // read tells of it
	}

	length := uint64(n)
	f.M.Stamp, f.First, m.M.Stamp, m.First = at, at, at, at
	f.M.Conn, m.M.Conn = c, c
	f.Opcode, f.Length, f.Payload = opcode, length, payload
	m.Opcode, m.WireLength, m.Length, m.Payload = opcode, length, length, payload
	m.Plain = opcode == OpText && kind == survey.Plain

	sum.Frames++
	sum.Messages++
	sum.Payload += length
	sum.Data += length
	a.stats.Frames++
	a.stats.Messages++
	sink := a.out
	if q := a.queue; q != nil && len(q.events) > 0 {
		sink = q
	}
	if err := sink.Emit(f); err != nil || a.opts.Once {
		return taken, err
	}
	return taken, sink.Emit(m)
}

// simple returns the lengths of the header that b begins with and of the payload
// behind it, where the frame is final, text or binary, without RSV bits, masked
// as its sender has to, and its length in the shortest form (RFC 6455, 5.2).
// That of the header is 0 where it is anything else. Frames of 64 KiB or more
// do not lie in one packet.
func simple(b []byte, from Direction) (header, payload int) {
	const fin, mask = 0x80, 0x80
	if len(b) < 4 || b[0] != fin|byte(OpText) && b[0] != fin|byte(OpBinary) {
		return 0, 0
	}
	masked := 1 - int(from) // FromClient is 0
	header, payload = 2+4*masked, int(b[1])^mask*masked
	if payload < 126 {
		return header, payload
	}
	if long := int(binary.BigEndian.Uint16(b[2:])); payload == 126 && long >= 126 {
		return header + 2, long
	}
	return 0, 0 // 127, or the mask bit is not what it has to be
}
