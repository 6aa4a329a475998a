package wsframe

import "wstap/wsframe/inflate"

// loans are messages that were inflated into one window, and lie in it until
// they are told: what is not copied needs no memory.
type loans struct {
	messages []*unpacked // the oldest first
	span     int         // bytes that went into the window since the oldest began
}

// add adds a message of so many bytes, the last that went into the window.
func (l *loans) add(m *unpacked) {
	if len(l.messages) == 0 {
		l.span = int(m.length)
	}
	l.messages = append(l.messages, m)
}

// left is how much may go into the window without hurting what lies in it.
func (l *loans) left() int {
	if len(l.messages) == 0 {
		return inflate.Reach
	}
	return inflate.Reach - l.span
}

// recall copies the messages to r, which makes room in the window.
func (l *loans) recall(r *rooms) {
	for _, m := range l.messages {
		m.payload = r.keep(m.payload)
	}
	l.end()
}

// end forgets them: they are told before the window is used again.
func (l *loans) end() { l.messages = l.messages[:0] }

const (
	// roomBytes is the size of the blocks that messages are copied to; one that
	// does not fit into what is left of a block gets memory of its own.
	roomBytes = 256 << 10
	roomLeft  = 32 << 10
)

// rooms are memory for messages until they are told.
type rooms struct {
	blocks [][]byte // reused
	at     int      // which is being filled
	taken  int64    // bytes, since the beginning
}

// free is what is left of a block, with a length of 0.
func (r *rooms) free() []byte {
	if r.at == len(r.blocks) {
		r.blocks = append(r.blocks, make([]byte, 0, roomBytes))
	}
	b := r.blocks[r.at]
	return b[len(b):]
}

// took notes that b was appended to what was free.
func (r *rooms) took(b []byte) {
	if len(b) == 0 {
		return
	}
	r.taken += int64(len(b))
	if cap(b) == cap(r.free()) { // it went nowhere else
		r.blocks[r.at] = r.blocks[r.at][:len(r.blocks[r.at])+len(b)]
	}
	if cap(r.free()) < roomLeft {
		r.at++
	}
}

// keep returns a copy of b.
func (r *rooms) keep(b []byte) []byte {
	b = append(r.free(), b...)
	r.took(b)
	return b[:len(b):len(b)]
}

// empty makes all of it free.
func (r *rooms) empty() {
	for i := range r.blocks {
		r.blocks[i] = r.blocks[i][:0]
	}
	r.at, r.taken = 0, 0
}
