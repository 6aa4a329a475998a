package wsframe_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// FuzzAnalyzer holds whatever two peers may send, however it is cut and
// whatever of it is lost, against what the events promise.
//
// The input is a list of calls: a byte that says what it is (bit 0 the
// direction, bit 1 a gap), two of its length, and its bytes. The first byte is
// of the whole: bit 0 that the SYN was seen, bit 1 that the port is said to be
// WebSocket, bits 2 and 3 that an upgrade (with permessage-deflate) comes first,
// bit 4 that there is hardly room to hold anything.
func FuzzAnalyzer(f *testing.F) {
	paths, err := filepath.Glob("../testdata/scenario/*.txt")
	if err != nil || len(paths) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, path := range paths {
		for _, seed := range seedsOf(f, capturetest.Load(f, path)) {
			f.Add(seed)
		}
	}
	for _, shape := range shapes {
		f.Add(encode(13, append(lost(3, cut(1, shape(200), 70)), lost(3, cut(0, shape(200), 50))...)))
		f.Add(encode(0, append(cut(1, shape(200), 70), cut(0, shape(200), 50)...)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		flags, calls := decode(in)
		got := analyze(t, flags, calls)
		if again := analyze(t, flags, calls); again != got {
			t.Fatalf("the same twice, but not the same events:\n%s", diff(got, again))
		}
		if whole := joined(calls); whole != nil && flags&(1|2|16) == 1 {
			if want := analyze(t, flags, whole); want != got {
				t.Fatalf("the same bytes cut otherwise, but not the same events:\n%s", diff(want, got))
			}
		}
	})
}

// decode reads a fuzz input.
func decode(in []byte) (flags byte, calls []call) {
	if len(in) == 0 {
		return 0, nil
	}
	flags, in = in[0], in[1:]
	if flags&12 != 0 {
		flags |= 1
		calls = upgrade(flags&8 != 0)
	}
	for len(in) > 3 && len(calls) < 400 {
		c := call{from: reassembly.Direction(in[0] & 1)}
		n := int(in[1])<<8 | int(in[2])
		gap := in[0]&2 != 0
		in = in[3:]
		if gap {
			c.gap = int64(n) + 1
		} else {
			n = min(n+1, len(in))
			c.data, in = in[:n:n], in[n:]
		}
		calls = append(calls, c)
	}
	return flags, calls
}

// encode is the opposite of decode.
func encode(flags byte, calls []call) []byte {
	out := []byte{flags}
	for _, c := range calls {
		n := c.gap - 1
		kind := byte(c.from) | 2
		if c.gap == 0 {
			n, kind = int64(len(c.data))-1, byte(c.from)
		}
		out = append(out, kind, byte(n>>8), byte(n))
		out = append(out, c.data...)
	}
	return out
}

// seedsOf are the streams of a capture, as an assembler hands them on.
func seedsOf(f *testing.F, packets []capture.Packet) (all [][]byte) {
	var l listener
	assembler := reassembly.New(&l, reassembly.Options{})
	(&reassemblytest.Driver{Assembler: assembler}).Run(f, capturetest.NewSource(packets), nil, nil)
	if err := assembler.Close(); err != nil {
		f.Fatal(err)
	}
	for _, s := range l.streams {
		all = append(all, encode(s.flags, s.calls))
	}
	return all
}

// listener is a Handler that writes down what it is told.
type listener struct{ streams []*heard }

type heard struct {
	flags byte
	calls []call
}

func (l *listener) Open(st *reassembly.Stream) reassembly.StreamHandler {
	h := &heard{}
	if st.Handshake().SYN.Packet != 0 {
		h.flags = 1
	}
	l.streams = append(l.streams, h)
	return h
}

func (l *listener) Advance(time.Time) error { return nil }

func (h *heard) Data(d reassembly.Direction, b []byte, _ capture.Stamp) error {
	h.calls = append(h.calls, call{from: d, data: bytes.Clone(b)})
	return nil
}

func (h *heard) Gap(d reassembly.Direction, g reassembly.Gap, _ capture.Stamp) error {
	h.calls = append(h.calls, call{from: d, gap: g.Bytes})
	return nil
}

func (h *heard) Close(reassembly.Reason, capture.Stamp) error { return nil }

// joined are the calls with the bytes of neighbors in one, nil where there are
// gaps.
func joined(calls []call) (all []call) {
	for _, c := range calls {
		if c.gap > 0 {
			return nil
		}
		if n := len(all); n > 0 && all[n-1].from == c.from {
			all[n-1].data = append(bytes.Clone(all[n-1].data), c.data...)
			continue
		}
		all = append(all, c)
	}
	return all
}

// analyze returns the events of the calls, and checks each.
func analyze(t *testing.T, flags byte, calls []call) string {
	t.Helper()
	o := wsframe.Options{FrameLimit: 1 << 10, MessageLimit: 4 << 10}
	if flags&2 != 0 {
		o.Ports = map[uint16]bool{8080: true}
	}
	c := &checker{t: t, o: o, seen: make(map[int]*state)}
	a := wsframe.NewAnalyzer(c, o)
	if flags&16 != 0 {
		wsframe.SetMaxBuffered(a, 3000)
	}
	play(t, a, flags&1 != 0, calls)
	if n := wsframe.Buffered(a); n != 0 {
		t.Fatalf("%d bytes are counted as held after the end", n)
	}
	if heads, windows := wsframe.Held(a); heads != 0 || windows != 0 {
		t.Fatalf("%d bytes of heads, %d of windows are counted as held after the end", heads, windows)
	}
	for n, s := range c.seen {
		if s.opened && !s.closed && s.conn.Upgraded {
			t.Fatalf("connection %d has no end", n)
		}
	}
	return c.rec.String()
}

// state is what was seen of a connection.
type state struct {
	conn           *wsframe.Conn
	opened, closed bool
	totals         [2]wsframe.Totals
	gaps, broken   uint64
	pending        *wsframe.Message // that a frame has announced
}

// checker is a Sink that holds events against what they promise.
type checker struct {
	t    *testing.T
	o    wsframe.Options
	rec  wsframetest.Recorder
	seen map[int]*state
}

func (c *checker) Close() error { return nil }

func (c *checker) Emit(e wsframe.Event) error {
	t := c.t
	if err := c.rec.Emit(e); err != nil {
		t.Fatal(err)
	}
	m := e.Meta()
	if m.Conn == nil {
		t.Fatalf("%T without a connection", e)
	}
	s := c.seen[m.Conn.Number]
	if s == nil {
		s = &state{conn: m.Conn}
		c.seen[m.Conn.Number] = s
	}
	if _, ok := e.(*wsframe.Opened); ok == s.opened || s.closed {
		t.Fatalf("%T out of place:\n%s", e, &c.rec)
	}
	if s.pending != nil {
		if got, ok := e.(*wsframe.Message); !ok && !isViolation(e) || ok && got != s.pending {
			t.Fatalf("%T where the message that the frame announced is due", e)
		}
	}
	switch e := e.(type) {
	case *wsframe.Opened:
		s.opened = true
	case *wsframe.Frame:
		c.frame(s, e)
	case *wsframe.Message:
		s.pending = nil
		s.totals[e.From].Messages++
		s.totals[e.From].Data += e.Length
		if len(e.Payload) > c.o.MessageLimit || uint64(len(e.Payload)) > e.Length {
			t.Fatalf("%d bytes of a message of %d", len(e.Payload), e.Length)
		}
		if e.Complete != (e.Why == wsframe.WhyNot) || e.Complete && uint64(len(e.Payload)) != e.Length {
			t.Fatalf("complete %t, %v, %d of %d bytes", e.Complete, e.Why, len(e.Payload), e.Length)
		}
		if e.Plain {
			said := strings.ReplaceAll(e.Summary(), "…", "")
			if e.Opcode != wsframe.OpText || !plain(string(e.Payload)) || !plain(said) {
				t.Fatalf("%q is said to be plain, and its summary is %q", e.Payload, said)
			}
		}
		if e.Latin {
			said := strings.ReplaceAll(e.Summary(), "…", "")
			if e.Opcode != wsframe.OpText || !latin(string(e.Payload)) || !latin(said) {
				t.Fatalf("%q is said to be Latin, and its summary is %q", e.Payload, said)
			}
		}
	case *wsframe.Gap:
		s.gaps++
	case *wsframe.Violation:
		s.broken++
	case *wsframe.Closed:
		s.closed = true
		if got := s.conn; got.Gaps != s.gaps || got.Violations != s.broken {
			t.Fatalf("%d gaps, %d violations counted; %d and %d told", got.Gaps, got.Violations, s.gaps, s.broken)
		}
		for d, want := range s.totals {
			got := s.conn.Totals[d]
			got.Skipped = 0
			if got != want {
				t.Fatalf("totals %+v, events %+v", got, want)
			}
		}
	}
	return nil
}

// plain reports whether nothing in a text needs escaping.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
}

// latin reports whether nothing in a text needs escaping, nor more columns than
// characters.
func latin(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !plain(string(r)) && (r < 0xc0 || r > 0x2ff) })
}

func isViolation(e wsframe.Event) bool { _, ok := e.(*wsframe.Violation); return ok }

// frame holds a frame against what Frame promises.
func (c *checker) frame(s *state, f *wsframe.Frame) {
	t := c.t
	if n := len(f.Header); n < 2 || n > 14 {
		t.Fatalf("a header of %d bytes", n)
	}
	if len(f.Payload) > c.o.FrameLimit || f.Missing > f.Length || uint64(len(f.Payload)) > f.Length-f.Missing {
		t.Fatalf("%d bytes of a payload of %d, %d missing", len(f.Payload), f.Length, f.Missing)
	}
	var end, sum uint64
	for i, h := range f.Holes {
		if h.Bytes == 0 || i > 0 && h.At <= end || h.At+h.Bytes > f.Length {
			t.Fatalf("holes %v in %d bytes", f.Holes, f.Length)
		}
		end = h.At + h.Bytes
		sum += h.Bytes
	}
	if sum > f.Missing {
		t.Fatalf("holes %v, missing %d", f.Holes, f.Missing)
	}
	tt := &s.totals[f.From]
	tt.Frames++
	tt.Payload += f.Length - f.Missing
	if f.Opcode.IsControl() {
		tt.Control++
		if f.Message != nil || f.Index != 0 {
			t.Fatal("a control frame in a message")
		}
	}
	s.pending = f.Message
	if m := f.Message; f.Simple && (m == nil || !f.Fin || f.Rsv != 0 || f.Opcode != wsframe.OpText && f.Opcode != wsframe.OpBinary ||
		f.Certainty != wsframe.Exact || uint64(len(f.Payload)) != f.Length || len(f.Violations) > 0 ||
		m.Frames != 1 || m.Compressed || !m.Complete || m.InvalidUTF8 || !bytes.Equal(m.Payload, f.Payload)) {
		t.Fatalf("%+v is said to be simple, with %+v", f, m)
	}
}
