package wsframe

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"wstap/capture"
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
	return s.reading == nil && s.standing == standing{}
}

// quick takes the frames that b begins with, as long as they are as simple as
// type quick says, and returns how many bytes they took. All others are left to
// feed. The direction has to be quiet, and stays so.
func (s *side) quick(b []byte, at capture.Stamp) (taken int, err error) {
	k := s.c
	a := k.a
	from := s.from & 1
	f, m := &a.quick.told[from].frame, &a.quick.told[from].message
	for taken < len(b) {
		h, payload := simple(b[taken:], from)
		if h == 0 || len(payload) > a.quick.limit {
			return taken, nil
		}
		f.Header = b[taken : taken+h]
		opcode := Opcode(f.Header[0] & 15)
		ascii := false
		if from == FromClient {
			f.Key = [4]byte(f.Header[h-4:])
			a.unmasked, ascii = unmask(a.unmasked, payload, f.Key)
			payload = a.unmasked
		} else {
			ascii = opcode == OpText && isASCII(payload)
		}
		if opcode == OpText && !ascii && !utf8.Valid(payload) {
			return taken, nil // feed tells of it
		}
		taken += h + len(payload)

		n := uint64(len(payload))
		f.M.Stamp, f.First, m.M.Stamp, m.First = at, at, at, at
		f.M.Conn, m.M.Conn = k.info, k.info
		f.Opcode, m.Opcode = opcode, opcode
		f.Length, m.WireLength, m.Length = n, n, n
		f.Payload, m.Payload = payload, payload

		t := &k.info.Totals[from]
		t.Frames++
		t.Messages++
		t.Payload += n
		t.Data += n
		a.stats.Frames++
		a.stats.Messages++
		sink := a.out
		if q := a.queue; q != nil && len(q.events) > 0 {
			sink = q
		}
		if err := sink.Emit(f); err != nil {
			return taken, err
		}
		if a.opts.Once {
			continue
		}
		if err := sink.Emit(m); err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// simple returns the length of the header that b begins with and the payload
// behind it, where the frame is whole, final, text or binary, without RSV bits,
// masked as its sender has to, and its length in the shortest form (RFC 6455,
// 5.2). The length is 0 where it is anything else. Frames of 64 KiB or more do
// not lie in one packet.
func simple(b []byte, from Direction) (header int, payload []byte) {
	const fin, mask = 0x80, 0x80
	if len(b) < 2 || b[0] != fin|byte(OpText) && b[0] != fin|byte(OpBinary) {
		return 0, nil
	}
	header = 2
	form := b[1]
	if from == FromClient {
		header, form = header+4, form^mask
	}
	n := int(form)
	switch {
	case form < 126:
	case form == 126 && len(b) >= 4:
		header += 2
		if n = int(binary.BigEndian.Uint16(b[2:])); n < 126 {
			return 0, nil
		}
	default: // 127, or the mask bit is not what it has to be
		return 0, nil
	}
	if len(b) < header+n {
		return 0, nil
	}
	return header, b[header : header+n]
}

const highs = 0x8080808080808080 // the top bit of each byte

// unmask puts src, unmasked with key, in place of what dst holds, and reports
// whether it is ASCII. One pass for both: frames are mostly too short for
// ws.Cipher's vectors to pay, and text is looked at anyway.
func unmask(dst, src []byte, key [4]byte) (out []byte, ascii bool) {
	n := len(src)
	if cap(dst) < n {
		dst = make([]byte, 2*n+64)
	}
	dst = dst[:cap(dst)]
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	seen, i := uint64(0), 0
	for ; i+8 <= n; i += 8 {
		x := binary.LittleEndian.Uint64(src[i:]) ^ k
		seen |= x
		binary.LittleEndian.PutUint64(dst[i:], x)
	}
	if n >= 8 { // the last 8 bytes, some of them again
		x := binary.LittleEndian.Uint64(src[n-8:]) ^ bits.RotateLeft64(k, -n%4*8)
		binary.LittleEndian.PutUint64(dst[n-8:], x)
		return dst[:n], (seen|x)&highs == 0
	}
	for ; i < n; i++ {
		c := src[i] ^ key[i%4]
		seen |= uint64(c)
		dst[i] = c
	}
	return dst[:n], seen&highs == 0
}

// isASCII reports whether b holds nothing beyond ASCII.
func isASCII(b []byte) bool {
	seen, n := uint64(0), len(b)
	for i := 0; i+8 <= n; i += 8 {
		seen |= binary.LittleEndian.Uint64(b[i:])
	}
	if n >= 8 {
		return (seen|binary.LittleEndian.Uint64(b[n-8:]))&highs == 0 // some of them again
	}
	for _, c := range b {
		seen |= uint64(c)
	}
	return seen&highs == 0
}
