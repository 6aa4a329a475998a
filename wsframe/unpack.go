package wsframe

import (
	"io"
	"slices"

	"wstap/wsframe/inflate"
)

// unpacker inflates messages whose windows are in somebody's windowList. Many
// may work at once, each on windows of its own.
type unpacker struct {
	flate inflate.Decoder
	// scratch is used for windows that are not whole: they are copied in, and
	// what is inflated is copied out.
	scratch inflate.Window
	loans   loans
}

// output is what a message inflates to: its first bytes, up to the limit, are
// kept, and all are counted.
type output struct {
	kept  []byte // copied, from start on
	start int
	rooms *rooms // where kept begins if it is nil; nil for memory of its own
	limit int
	total uint64
	// lent is kept too, where it lies in the window: the end of the message, and
	// mostly all.
	lent  []byte
	lends bool
}

// own copies what is lent.
func (o *output) own() {
	if len(o.lent) > 0 {
		if o.kept == nil && o.rooms != nil {
			o.kept = o.rooms.free()
		}
		o.kept = append(o.kept, o.lent...)
	}
	o.lent = nil
}

// move lets others take room behind what is kept: what comes goes elsewhere.
func (o *output) move() {
	if o.kept != nil {
		o.rooms.took(o.kept)
		o.kept = slices.Clip(o.kept)
	}
}

// add takes the next piece.
func (o *output) add(piece []byte) {
	o.total += uint64(len(piece))
	o.lent = piece[:min(len(piece), o.limit-(len(o.kept)-o.start))]
	if len(o.kept) > o.start || !o.lends {
		o.own()
	}
}

// message is Inflater.Message, but for the order and the budget of the windows,
// and that the message may be lent.
func (z *unpacker) message(o *output, w *window, l *windowList, compressed []byte) error {
	if len(compressed) == 0 {
		// An empty message is one byte, 0x00 (RFC 7692, 7.2.3.6). Senders that
		// forget it mean the same.
		return nil
	}
	v := w.whole
	if v == nil {
		v = &z.scratch
		w.copyTo(v)
	}
	o.lends = v == w.whole
	z.flate.Load(compressed, tails)
	for range restartsFree + 1 + len(compressed)/restartBytes {
		if err := z.stream(o, v); err != nil {
			return w.fail(err)
		}
		// The stream has ended: by our own last block, or by the sender's (a
		// block with BFINAL = 1, RFC 7692, 7.2.3.4), behind which another stream
		// begins at the next byte, unless the message ends there.
		switch rest := z.flate.Rest(); {
		case rest == 0, rest == len(tails):
			if !o.lends {
				older, newer := v.Last(int(min(o.total, inflate.Reach)))
				l.extend(w, older)
				l.extend(w, newer)
			}
			w.settle()
			return nil
		case rest < len(tails):
			return w.fail(errDeflate)
		}
		z.flate.Next()
	}
	return w.fail(errInflateLimit)
}

// stream takes one stream's output.
func (z *unpacker) stream(o *output, v *inflate.Window) error {
	for {
		o.own() // it was not the message's last piece
		if z.loans.left() < inflate.MinRoom {
			o.move()
			z.loans.recall(o.rooms)
		}
		piece, err := z.flate.Decode(v, z.loans.left())
		z.loans.span += len(piece)
		o.add(piece)
		switch {
		case o.total > inflateLimit:
			o.total = inflateLimit
			return errInflateLimit
		case err == io.EOF:
			return nil
		case err != nil:
			return errDeflate
		}
	}
}
