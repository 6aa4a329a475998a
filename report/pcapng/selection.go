package pcapng

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"wstap/capture"
	"wstap/report"
	"wstap/wsframe"
)

// Bounds on what a Selection keeps beside the connections that are shown.
const (
	maxComments  = 1 << 20
	maxFragments = 1 << 20
)

// Selection finds out which packets of a capture are of shown connections, in
// one pass over it, and picks them out in another. What it keeps does not grow
// with the capture, but with the connections shown and what is to be said.
//
// It is a Sink for the events of all connections, and has another, Shown, for
// those that are shown.
type Selection struct {
	comments
	spans     map[uint64]*span    // by Stream.Index
	notes     map[uint64][]note   // by Stream.Index
	count     int                 // in notes
	fragments map[uint64][]uint64 // packets, by Stream.Index of their segment
	pieces    int                 // in fragments
	now       uint64              // the packet seen last
	latest    *span               // of the segment before; nil where it is not shown
	index     uint64              // of that

	CommentLimit  uint64 // comments beyond the bound
	FragmentLimit uint64 // IP fragments beyond the bound
}

// span is a stream by what each of its packets shows: its ends, and a number
// from first to last. A reused port makes another, behind it.
type span struct {
	flow        capture.Flow
	first, last uint64
	notes       []note // yet to be written, by packet
}

var _ wsframe.Sink = (*Selection)(nil)

// NewSelection makes a Selection of nothing.
func NewSelection() *Selection {
	return &Selection{spans: make(map[uint64]*span), notes: make(map[uint64][]note), fragments: make(map[uint64][]uint64)}
}

// Emit implements wsframe.Sink.
func (s *Selection) Emit(e wsframe.Event) error {
	n := s.of(e)
	switch {
	case n.text == "":
	case s.count >= maxComments:
		s.CommentLimit++
	default:
		s.count++
		s.notes[n.stream] = append(s.notes[n.stream], n)
	}
	return nil
}

// Close implements wsframe.Sink.
func (s *Selection) Close() error { return nil }

// Shown is the Sink for the events that are shown.
func (s *Selection) Shown() wsframe.Sink { return shown(s.show) }

// shown is a Sink that tells of each event's connection.
type shown func(*wsframe.Conn) error

// Emit implements wsframe.Sink.
func (f shown) Emit(e wsframe.Event) error {
	if c := e.Meta().Conn; c != nil && c.Stream != nil {
		return f(c)
	}
	return nil
}

// Close implements wsframe.Sink.
func (shown) Close() error { return nil }

// show takes the stream of c. All packets between its ends up to now are of it:
// were there a later stream on the same ports, this one would be over, with all
// its events told.
func (s *Selection) show(c *wsframe.Conn) error {
	st := c.Stream
	if s.spans[st.Index] != nil {
		return nil
	}
	n := &span{flow: flowOf(capture.Flow{Src: st.Client(), Dst: st.Server()}), first: st.Handshake().First.Packet, last: s.now}
	s.spans[st.Index] = n
	if s.index == st.Index {
		s.latest = n
	}
	return nil
}

// Packet tells of each packet, once its segment has been processed: tcp is false
// where it holds none, index is that of its conversation, fragments are
// those of Decoder.Fragments, lent.
func (s *Selection) Packet(at capture.Stamp, tcp bool, index uint64, fragments []uint64) {
	s.now = at.Packet
	if !tcp {
		return
	}
	if index != s.index || s.latest == nil {
		s.index, s.latest = index, s.spans[index]
	}
	if s.latest != nil {
		s.latest.last = at.Packet
	}
	if len(fragments) == 0 {
		return
	}
	if s.pieces+len(fragments) > maxFragments {
		s.FragmentLimit += uint64(len(fragments))
		return
	}
	s.pieces += len(fragments)
	s.fragments[index] = append(s.fragments[index], fragments...)
}

// Connections counts the TCP connections that are shown.
func (s *Selection) Connections() int { return len(s.spans) }

// Write reads the capture again, from src, up to packet last, and writes the
// packets that were selected. It tells errors of reading from those of writing.
func (s *Selection) Write(src capture.Source, last uint64, out *Output) (readErr, writeErr error) {
	flows, fragments := s.plan()
	if len(flows) == 0 {
		return nil, nil
	}
	var dec capture.Decoder
	var seg capture.Segment
	for done := uint64(0); done < last; {
		p, err := src.Next()
		switch {
		case errors.Is(err, capture.ErrIdle):
			continue
		case err == io.EOF:
			return nil, nil
		case err != nil:
			return err, nil
		}
		done = p.Stamp.Packet
		var n *span
		if dec.Decode(&p, &seg) == capture.KindTCP {
			n = find(flows[flowOf(seg.Flow())], done)
		}
		if n == nil && !fragments[done] {
			continue
		}
		if err := out.Packet(p, n.say(done)...); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// plan is what is to be written: the spans of each flow in their order, and the
// fragments by packet.
func (s *Selection) plan() (flows map[capture.Flow][]*span, fragments map[uint64]bool) {
	flows = make(map[capture.Flow][]*span, len(s.spans))
	fragments = make(map[uint64]bool)
	for index, n := range s.spans {
		flows[n.flow] = append(flows[n.flow], n)
		for _, packet := range s.fragments[index] {
			fragments[packet] = true
		}
		n.notes = s.notes[index]
		slices.SortStableFunc(n.notes, func(x, y note) int { return cmp.Compare(x.packet, y.packet) })
	}
	for _, spans := range flows {
		slices.SortFunc(spans, func(x, y *span) int { return cmp.Compare(x.first, y.first) })
	}
	return flows, fragments
}

// find is the span that packet is of; nil if it is of none.
func find(spans []*span, packet uint64) *span {
	i, _ := slices.BinarySearchFunc(spans, packet+1, func(n *span, p uint64) int { return cmp.Compare(n.first, p) })
	if i > 0 && packet <= spans[i-1].last {
		return spans[i-1]
	}
	return nil
}

// say takes the comments on a packet of n, with those that have waited for it;
// the last packet has all that are left.
func (n *span) say(packet uint64) (comments []string) {
	for n != nil && len(n.notes) > 0 && (n.notes[0].packet <= packet || packet == n.last) {
		comments = append(comments, n.notes[0].text)
		n.notes = n.notes[1:]
	}
	return comments
}

// Limits are the bounds that were reached.
func (s *Selection) Limits() []report.LimitHit {
	return []report.LimitHit{{Name: "write-comments", Count: s.CommentLimit}, {Name: "write-fragments", Count: s.FragmentLimit}}
}
