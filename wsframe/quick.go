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
	frame   Frame
	message Message
	limit   int // payload bytes up to which no limit is hit, nor an excerpt enough
	// short is for payloads that are short, those of servers too: which end has
	// sent a frame is as good as random, and to copy some bytes costs less than a
	// branch on it.
	short [256]byte
}

// prepare writes what all frames of the quick path say.
func (q *quick) prepare(o Options) {
	q.limit = min(o.FrameLimit, o.MessageLimit)
	if o.Excerpts {
		q.limit = min(q.limit, longBytes)
	}
	q.message = Message{Frames: 1, Complete: true}
	q.frame = Frame{Fin: true, Simple: true, Message: &q.message}
}

// quiet reports whether the direction is between two messages, and nothing
// that came before bears on what comes next.
func (s *side) quiet() bool {
	return s.reading == nil && s.standing == 0 // Exact
}

// feed takes the next bytes of a direction.
func (k *socket) feed(from Direction, b []byte, at capture.Stamp) error {
	s := &k.sides[from]
	for len(b) > 0 {
		if s.quiet() {
			n, err := k.quick(from, b, at)
			if err != nil {
				return err
			}
			if b = b[n:]; n > 0 {
				continue
			}
		}
		var err error
		if b, err = s.slow(b, at); err != nil {
			return err
		}
	}
	return nil
}

// quick takes the frame that b begins with, if it is as simple as type quick
// says, and returns how many bytes it took: 0 for any other, which is left to
// read. The direction has to be quiet, and stays so. In any case at is kept in
// Analyzer.quick.
func (k *socket) quick(from Direction, b []byte, at capture.Stamp) (taken int, err error) {
	a := k.a
	q := &a.quick
	f, m := &q.frame, &q.message
	f.M.Stamp, f.First, m.M.Stamp, m.First = at, at, at, at
	client := int(from) - 1 // all bits are set where it is FromClient
	h, n := simple(b, client)
	end := h + n
	if h == 0 || end > len(b) || n > q.limit {
		return 0, nil
	}
	// What is known of the connection may have to be fetched from memory: the
	// earlier it is asked for, the more is done meanwhile.
	c := k.info
	f.M.Conn, m.M.Conn, f.Header = c, c, b[:h]
	f.From, m.From = from, from
	opcode := Opcode(b[0] & 15)
	f.Opcode, m.Opcode = opcode, opcode
	f.Length, m.WireLength, m.Length = uint64(n), uint64(n), uint64(n)
	f.Masked = client != 0
	i := (h - 4) & client // where the key is; for a server anywhere
	binary.LittleEndian.PutUint32(f.Key[:], binary.LittleEndian.Uint32(b[i:i+4:i+4])&uint32(client))

	payload, kind := b[h:end], survey.Mixed
	if n <= len(q.short) {
		kind = survey.Unmask(q.short[:n], payload, f.Key)
		payload = q.short[:n]
	} else {
		payload, kind = a.unmask(payload, f)
	}
	text := opcode == OpText
	if text && kind == survey.Mixed && !validUTF8(payload) {
		return 0, nil // read tells of it
	}
	f.Payload, m.Payload = payload, payload
	m.Plain, m.Latin = text && kind == survey.Plain, text && kind == survey.Latin

	sum := &c.Totals[from]
	sum.Frames++
	sum.Messages++
	sum.Payload += uint64(n)
	sum.Data += uint64(n)
	a.stats.Frames++
	a.stats.Messages++
	sink := a.out
	if !a.settled() {
		sink = a.queue
	}
	if err := sink.Emit(f); err != nil || a.opts.Once {
		return end, err
	}
	return end, sink.Emit(m)
}

// unmask is for the long payloads of the quick path: those of servers stay where
// they are.
func (a *Analyzer) unmask(payload []byte, f *Frame) ([]byte, survey.Kind) {
	switch {
	case f.Masked:
		if cap(a.unmasked) < len(payload) {
			a.unmasked = make([]byte, 2*len(payload))
		}
		clear := a.unmasked[:len(payload)]
		return clear, survey.Unmask(clear, payload, f.Key)
	case f.Opcode == OpText:
		return payload, survey.Of(payload)
	}
	return payload, survey.Mixed
}

// simple returns the lengths of the header that b begins with and of the payload
// behind it, where the frame is final, text or binary, without RSV bits, masked
// as its sender has to, and its length in the shortest form (RFC 6455, 5.2).
// That of the header is 0 where it is anything else. Frames of 64 KiB or more
// do not lie in one packet. client has all bits set where the client has sent it,
// and none otherwise.
func simple(b []byte, client int) (header, payload int) {
	const fin, mask = 0x80, 0x80
	if len(b) < 4 || b[0]-(fin|byte(OpText)) > byte(OpBinary-OpText) {
		return 0, 0
	}
	header, payload = 2+4&client, int(b[1])^mask&client
	if payload < 126 {
		return header, payload
	}
	if long := int(binary.BigEndian.Uint16(b[2:])); payload == 126 && long >= 126 {
		return header + 2, long
	}
	return 0, 0 // 127, or the mask bit is not what it has to be
}
