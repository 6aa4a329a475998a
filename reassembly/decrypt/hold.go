package decrypt

import (
	"errors"

	"wstap/capture"
	"wstap/reassembly"
)

// Bounds on what is held for keys that are not known yet.
const (
	maxHold     = 4 << 20  // bytes of a session
	maxHeld     = 64 << 20 // bytes of all sessions together
	itemCost    = 128      // what an item costs besides its bytes
	sessionCost = 2048     // what a session costs
)

// itemKind says what an item is.
type itemKind uint8

const (
	dataItem itemKind = iota
	gapItem
	finItem
	conflictItem
	closeItem
)

// item is one call of a StreamHandler.
type item struct {
	kind itemKind
	dir  reassembly.Direction
	data []byte         // of data; lent, unless it is held
	gap  reassembly.Gap // of a gap; of a conflict its bytes
	why  reassembly.Reason
	at   capture.Stamp
}

// ignored reports whether err only says that a stream is not wanted.
func ignored(err error) bool { return errors.Is(err, reassembly.ErrIgnore) }

// waitingList are the sessions that hold items, the longest waiting first.
type waitingList struct{ first, last *session }

func (l *waitingList) add(s *session) {
	s.prev, s.next = l.last, nil
	if l.last != nil {
		l.last.next = s
	} else {
		l.first = s
	}
	l.last = s
}

// all are the sessions as they are now: to settle one may change the list.
func (l *waitingList) all() (sessions []*session) {
	for s := l.first; s != nil; s = s.next {
		sessions = append(sessions, s)
	}
	return sessions
}

func (l *waitingList) remove(s *session) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.first = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	} else {
		l.last = s.prev
	}
	s.prev, s.next = nil, nil
}

// hold keeps an item for when the key is known. Its bytes are copied.
func (s *session) hold(i item) error {
	h := s.h
	if i.kind == closeItem {
		s.closed, s.closedAt = true, i.at.Time
	}
	if len(s.held) == 0 {
		s.heldBytes = sessionCost
		h.held += sessionCost
		h.waiting.add(s)
	}
	if i.kind == dataItem && s.heldBytes+len(i.data)+itemCost > maxHold {
		if !s.overflown {
			s.overflown = true
			h.stats.HoldLimit++
		}
		i = item{kind: gapItem, dir: i.dir, gap: reassembly.Gap{Bytes: int64(len(i.data)), Cause: reassembly.Limit}, at: i.at}
	}
	switch i.kind {
	case gapItem:
		if s.joinGap(i) {
			return nil
		}
	case conflictItem:
		if s.overflown {
			return nil
		}
	}
	s.keep(i)
	return h.bound(s)
}

// keep appends an item, with its own copy of the bytes.
func (s *session) keep(i item) {
	i.data = append([]byte(nil), i.data...)
	s.held = append(s.held, i)
	s.charge(len(i.data) + itemCost)
}

// charge counts bytes held, n may be negative.
func (s *session) charge(n int) {
	s.heldBytes += n
	s.h.held += n
}

// joinGap adds a gap to one that nothing of its direction follows.
func (s *session) joinGap(i item) bool {
	for n := len(s.held) - 1; n >= max(0, len(s.held)-2); n-- {
		last := &s.held[n]
		if last.dir != i.dir {
			if last.kind != gapItem {
				return false
			}
			continue
		}
		if last.kind != gapItem || last.gap.Cause != i.gap.Cause {
			return false
		}
		last.gap.Bytes += i.gap.Bytes
		last.at = i.at
		return true
	}
	return false
}

// bound gives up what the longest waiting sessions hold while all hold too
// much: what has waited long is the least likely to get its key. s is spared.
func (h *Handler) bound(spared *session) error {
	for h.held > maxHeld {
		s := h.waiting.first
		if s == spared {
			if s = s.next; s == nil {
				return nil
			}
		}
		h.stats.HeldLimit++
		var err error
		if s.closed {
			err = s.finish()
		} else {
			err = s.forgetHeld()
		}
		if err := h.settle(s, err); err != nil {
			return err
		}
	}
	return nil
}

// forgetHeld turns what is held into gaps. The session goes on, without what
// it held: TLS 1.3 can be joined later on.
func (s *session) forgetHeld() error {
	held := s.held
	s.h.unhold(s)
	for _, i := range held {
		switch i.kind {
		case dataItem:
			s.half[i.dir].lose(int64(len(i.data)), reassembly.Limit, i.at)
			s.half[i.dir].scanning = true
		case gapItem:
			s.half[i.dir].lose(i.gap.Bytes, i.gap.Cause, i.at)
			s.half[i.dir].scanning = true
		}
	}
	return nil
}

// unhold frees what a session holds.
func (h *Handler) unhold(s *session) {
	if len(s.held) == 0 {
		return
	}
	h.held -= s.heldBytes
	s.held, s.heldBytes = nil, 0
	h.waiting.remove(s)
}

// drain takes what is held as far as keys are known now.
func (s *session) drain() error {
	held := s.held
	for n := range held {
		err := s.process(held[n])
		if err == errNeedKey {
			// What was not taken of the item stands in its place.
			rest := s.takeRest()
			if n == 0 && len(rest) == 1 && len(rest[0].data) == len(held[0].data) {
				return nil // nothing has changed
			}
			s.h.unhold(s)
			s.h.waiting.add(s)
			s.h.held += sessionCost
			s.heldBytes = sessionCost
			for _, r := range rest {
				s.keep(r)
			}
			for _, i := range held[n+1:] {
				s.held = append(s.held, i)
				s.charge(len(i.data) + itemCost)
			}
			s.late = true
			return nil
		}
		if err != nil {
			return err
		}
		s.late = true
	}
	s.h.unhold(s)
	return nil
}

// finish takes what is held for the last time: no key will come.
func (s *session) finish() error {
	s.final = true
	return s.drain()
}
