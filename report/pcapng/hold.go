package pcapng

import (
	"cmp"
	"slices"
	"time"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// The bounds of a Hold.
const (
	// A packet waits this much packet time, and for this many bytes of packets
	// behind it, to learn whether its connection is shown. Then the packets
	// behind it go on.
	holdTime  = 5 * time.Second
	holdBytes = 32 << 20
	// Of a connection about which nothing is known by then, the first packets are
	// kept on: its TCP handshake and upgrade.
	openingPackets = 64
	openingBytes   = 64 << 10
	openings       = 16 << 20 // bytes of all of them
	maxUndecided   = 65536    // connections with any packet kept or counted
	maxEnded       = 65536    // shown connections that have ended, and may have a last ACK to come

	// overhead is what a packet costs beside its bytes.
	overhead = 128
)

// Hold writes the packets of shown connections from a capture that cannot be
// read twice. It holds back what is not decided yet, so that packets come out
// in the order in which they were captured.
//
// A connection may be shown later than its packets can be held, above all with a
// display filter. Then its first packets, which were kept, are written at once,
// behind later ones of other connections; those between are lost, and
// counted. A comment on a packet that was written before goes on the connection's
// next.
//
// Like a Selection it is a Sink for the events of all connections, and has
// another for those that are shown.
type Hold struct {
	comments
	out       *Output
	queue     []held // in order of capture
	head      int    // index of the first
	bytes     int    // of the queue
	kept      int    // bytes of all openings
	streams   map[uint64]*stream
	undecided []*stream // in order of their first packet; also those decided since
	waiting   int       // of them, those undecided
	ended     []uint64  // shown
	now       time.Time

	lost    uint64 // packets of shown connections that are not in the file
	evicted uint64 // connections that were undecided for too long
}

// held is a packet that is held back.
type held struct {
	capture.Packet
	stream *stream // nil for an IP fragment whose segment has not come
}

// stream is a TCP connection, from its first packet until it is decided that it
// is not shown.
type stream struct {
	index   uint64
	shown   bool
	ignored bool
	over    bool
	opening []held
	kept    int    // bytes of opening
	dropped uint64 // packets
	notes   []note
}

var _ wsframe.Sink = (*Hold)(nil)

// NewHold makes a Hold that writes to out, which the caller closes after it.
func NewHold(out *Output) *Hold {
	return &Hold{out: out, streams: make(map[uint64]*stream)}
}

// Emit implements wsframe.Sink.
func (h *Hold) Emit(e wsframe.Event) error {
	if n := h.of(e); n.text != "" {
		if s := h.streams[n.stream]; s != nil && len(s.notes) < maxNotes {
			s.notes = append(s.notes, n)
		}
	}
	if e, ok := e.(*wsframe.Closed); ok && e.M.Conn.Stream != nil {
		switch e.How {
		case "timeout", "evicted", "port reused": // all others end with a packet
			h.end(h.streams[e.M.Conn.Stream.Index])
		}
	}
	return nil
}

// maxNotes bounds the comments that wait for a connection's next packet.
const maxNotes = 1000

// end makes sure that shown connections are not remembered for good.
func (h *Hold) end(s *stream) {
	if s == nil || !s.shown || s.over {
		return
	}
	s.over = true
	h.ended = append(h.ended, s.index)
	if len(h.ended) > maxEnded {
		delete(h.streams, h.ended[0])
		h.ended = h.ended[1:]
	}
}

// Shown is the Sink for the events that are shown.
func (h *Hold) Shown() wsframe.Sink {
	return shown(func(c *wsframe.Conn) error {
		s := h.stream(c.Stream.Index)
		if s.shown {
			return nil
		}
		s.shown = true
		h.waiting--
		h.lost += s.dropped
		return h.writeOpening(s)
	})
}

// stream is that of the given number, made if it is not known.
func (h *Hold) stream(index uint64) *stream {
	s := h.streams[index]
	if s != nil {
		return s
	}
	s = &stream{index: index}
	h.streams[index] = s
	h.undecided = append(h.undecided, s)
	h.waiting++
	h.bound()
	if len(h.undecided) > 2*h.waiting+1024 {
		h.undecided = slices.DeleteFunc(h.undecided, func(s *stream) bool { return s.shown || s.ignored })
	}
	return s
}

// bound forgets the connections that have been undecided longest, until what is
// kept of such is within its bounds.
func (h *Hold) bound() {
	for len(h.undecided) > 1 && (h.waiting > maxUndecided || h.kept > openings) {
		s := h.undecided[0]
		h.undecided = h.undecided[1:]
		if !s.shown && !s.ignored {
			h.evicted++
			h.ignore(s)
		}
	}
}

// ignore decides that s is not shown.
func (h *Hold) ignore(s *stream) {
	s.ignored = true
	h.kept -= s.kept
	s.opening, s.kept, s.notes = nil, 0, nil
	h.waiting--
	delete(h.streams, s.index)
}

// Packet takes each packet, once its segment has been processed. kind is what
// the Decoder said of it, index that of its conversation, wanted whether that
// may bring events yet, fragments those of Decoder.Fragments. All is lent.
func (h *Hold) Packet(p capture.Packet, kind capture.Kind, index uint64, wanted bool, fragments []uint64) error {
	if p.Time.After(h.now) {
		h.now = p.Time
	}
	switch kind {
	case capture.KindTCP:
		s := h.streams[index]
		if s == nil && wanted {
			s = h.stream(index)
		}
		if s != nil && !wanted {
			if h.end(s); !s.shown {
				h.ignore(s)
			}
		}
		h.join(fragments, s)
		if s == nil || s.ignored {
			break
		}
		if s.shown && h.head == len(h.queue) {
			return h.write(p, s)
		}
		h.hold(p, s)
	case capture.KindFragment:
		h.hold(p, nil)
	}
	return h.release()
}

// join tells the fragments that are held whose segment they are of.
func (h *Hold) join(fragments []uint64, s *stream) {
	for _, packet := range fragments {
		i, ok := slices.BinarySearchFunc(h.queue[h.head:], packet, func(x held, n uint64) int { return cmp.Compare(x.Stamp.Packet, n) })
		switch {
		case !ok:
			if s != nil {
				s.dropped++
			}
		case s == nil:
			h.queue[h.head+i].stream = &stream{ignored: true}
		default:
			h.queue[h.head+i].stream = s
		}
	}
}

// hold appends a copy of p to the queue.
func (h *Hold) hold(p capture.Packet, s *stream) {
	if h.head > 1024 && h.head > len(h.queue)/2 {
		n := copy(h.queue, h.queue[h.head:])
		clear(h.queue[n:])
		h.queue, h.head = h.queue[:n], 0
	}
	p.Data = slices.Clone(p.Data)
	h.queue = append(h.queue, held{p, s})
	h.bytes += len(p.Data) + overhead
}

// release takes the packets from the queue's head about which there is nothing
// to wait for.
func (h *Hold) release() error {
	for h.head < len(h.queue) {
		x := h.queue[h.head]
		decided := x.stream != nil && (x.stream.shown || x.stream.ignored)
		if !decided && h.bytes <= holdBytes && h.now.Sub(x.Time) <= holdTime {
			return nil
		}
		h.queue[h.head] = held{}
		h.head++
		h.bytes -= len(x.Data) + overhead
		switch {
		case x.stream == nil || x.stream.ignored:
		case x.stream.shown:
			if err := h.write(x.Packet, x.stream); err != nil {
				return err
			}
		default:
			h.keep(x)
		}
	}
	return nil
}

// keep keeps a packet of a connection that is not decided, if it is one of its
// first.
func (h *Hold) keep(x held) {
	s, size := x.stream, len(x.Data)+overhead
	if s.dropped > 0 || len(s.opening) >= openingPackets || s.kept+size > openingBytes {
		s.dropped++
		return
	}
	s.opening = append(s.opening, x)
	s.kept += size
	h.kept += size
	h.bound()
}

// writeOpening writes the packets of s that were kept.
func (h *Hold) writeOpening(s *stream) error {
	opening := s.opening
	h.kept -= s.kept
	s.opening, s.kept = nil, 0
	for _, x := range opening {
		if err := h.write(x.Packet, s); err != nil {
			return err
		}
	}
	return nil
}

// write writes a packet of s, with the comments on it and those that have
// waited for it.
func (h *Hold) write(p capture.Packet, s *stream) error {
	var said []string
	rest := s.notes[:0]
	for _, n := range s.notes {
		if n.packet > p.Stamp.Packet {
			rest = append(rest, n)
		} else {
			said = append(said, n.text)
		}
	}
	s.notes = rest
	return h.out.Packet(p, said...)
}

// Flush writes to the file what is decided.
func (h *Hold) Flush() error { return h.out.Flush() }

// Close implements wsframe.Sink: what is not decided by now is not shown.
func (h *Hold) Close() error {
	for _, x := range h.queue[h.head:] {
		if x.stream != nil && x.stream.shown {
			if err := h.write(x.Packet, x.stream); err != nil {
				return err
			}
		}
	}
	h.queue, h.head = nil, 0
	return nil
}

// Limits are the bounds that were reached.
func (h *Hold) Limits() []report.LimitHit {
	return []report.LimitHit{{Name: "write-hold", Count: h.lost}, {Name: "write-undecided", Count: h.evicted}}
}
