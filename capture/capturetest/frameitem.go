package capturetest

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// frameItems are the words that begin a frame, with its opcode.
var frameItems = map[string]byte{
	"text": OpText, "binary": OpBinary, "cont": OpContinuation, "close": OpClose,
	"ping": OpPing, "pong": OpPong, "frame": OpText,
}

// frame reads a frame's payload and modifiers.
func (o *sending) frame(l *line, word string, opcode byte) error {
	h := &o.conn.half[o.dir]
	f := Frame{Opcode: opcode}
	if o.dir == FromClient {
		o.conn.Mask(&f)
	}
	if k := l.peek(); word == "close" && !k.quoted && k.key == "" {
		if code, err := strconv.ParseUint(k.text, 10, 16); err == nil {
			l.at++
			f.Payload = []byte{byte(code >> 8), byte(code)}
		}
	}
	how := Plain
	var fragments []int
	rsv := -1
	var err error
	for more := true; more && l.more() && err == nil; {
		body, ok, payloadErr := l.payload()
		if payloadErr != nil {
			return payloadErr
		}
		if ok {
			f.Payload = append(f.Payload, body...)
			continue
		}
		k := l.peek()
		n := 0
		switch {
		case k.key == "fin":
			n, err = small(k.text, 1)
			f.More = n == 0
		case k.key == "rsv":
			rsv, err = small(k.text, 7)
		case k.key == "op":
			n, err = small(k.text, 15)
			f.Opcode = byte(n)
		case k.key == "mask":
			err = o.mask(&f, k.text)
		case k.key == "length":
			var declared uint64
			declared, err = number(k.text)
			f.Declared = &declared
		case k.key == "fragments":
			fragments, err = numbers(k.text, maxText)
		case k.key != "":
			more = false
		case k.text == "len16":
			f.Form = 16
		case k.text == "len64":
			f.Form = 64
		case k.text == "deflate":
			how = Deflate
		case k.text == "bfinal":
			how = Final
		case k.text == "stored":
			how = Stored
		case k.text == "nocontext":
			h.deflater.Reset()
		default:
			more = false
		}
		if more {
			l.at++
		}
	}
	if err != nil {
		return err
	}
	if len(f.Payload) > maxText {
		return fmt.Errorf("payload over %d MiB", maxText>>20)
	}
	if how == Stored && len(f.Payload) > 65535 {
		return fmt.Errorf("a stored block holds 65535 bytes at most")
	}
	first, begin := len(h.frames), len(o.segment.Payload)
	o.segment.Payload = o.conn.Encode(o.segment.Payload, o.dir, f, how, fragments...)
	if rsv >= 0 { // in place of the bits that are due, on the first fragment
		o.segment.Payload[begin] = o.segment.Payload[begin]&^0x70 | byte(rsv)<<4
		h.frames[first].Rsv = byte(rsv)
	}
	return nil
}

// mask reads the value of mask=.
func (o *sending) mask(f *Frame, value string) error {
	switch value {
	case "none":
		f.Masked = false
		return nil
	case "auto":
		o.conn.Mask(f)
		return nil
	}
	key, err := hex.DecodeString(strings.TrimPrefix(value, "0x"))
	if err != nil || len(key) != 4 {
		return fmt.Errorf("mask: none, auto or 8 hex digits expected, found %s", value)
	}
	f.Masked, f.Key = true, [4]byte(key)
	return nil
}
