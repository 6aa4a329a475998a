package wsframe_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/wsframe"
)

// pipe is the pipeline from segments on: an Assembler and an Analyzer.
type pipe struct {
	tb        testing.TB
	analyzer  *wsframe.Analyzer
	assembler *reassembly.Assembler
	segment   capture.Segment
	step      time.Duration     // packet time from one segment to the next
	next      map[int][2]uint32 // sequence numbers due, of each connection
}

// newPipe begins with an empty pipeline whose events go to sink.
func newPipe(tb testing.TB, sink wsframe.Sink, o wsframe.Options) *pipe {
	p := &pipe{tb: tb, analyzer: wsframe.NewAnalyzer(sink, o), next: make(map[int][2]uint32)}
	p.assembler = reassembly.New(p.analyzer, reassembly.Options{})
	p.segment.Time, p.segment.Window, p.segment.Scale = time.Unix(1767225600, 0), 65535, -1
	return p
}

// flow is that of client number n.
func flow(n int) capture.Flow {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], 0x0a000000+uint32(n>>14))
	return capture.Flow{
		Src: netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(1024+n&0x3fff)),
		Dst: netip.MustParseAddrPort("192.0.2.1:8080"),
	}
}

func (p *pipe) put(n int, from reassembly.Direction, flags capture.Flags, seq, ack uint32, b []byte) {
	s := &p.segment
	s.Packet++
	s.Time = s.Time.Add(p.step)
	s.Ends, s.Flags, s.Seq, s.Ack, s.Payload = capture.EndsOf(flow(n)), flags, seq, ack, b
	if from == reassembly.FromServer {
		s.Ends = s.Reverse()
	}
	if err := p.assembler.Segment(s); err != nil {
		p.tb.Fatal(err)
	}
}

// open is the three-way handshake of connection n.
func (p *pipe) open(n int) {
	p.put(n, 0, capture.SYN, 0, 0, nil)
	p.put(n, 1, capture.SYN|capture.ACK, 0, 1, nil)
	p.next[n] = [2]uint32{1, 1}
}

// send is the next bytes of a direction of connection n, lost or captured.
func (p *pipe) send(n int, from reassembly.Direction, b []byte) {
	next := p.next[n]
	p.put(n, from, capture.ACK, next[from], next[from.Reverse()], b)
	next[from] += uint32(len(b))
	p.next[n] = next
}

// lose passes over bytes that are not captured, and lets the other end
// acknowledge them.
func (p *pipe) lose(n int, from reassembly.Direction, bytes uint32) {
	next := p.next[n]
	next[from] += bytes
	p.next[n] = next
}

// upgrade opens connection n and makes it a WebSocket.
func (p *pipe) upgrade(n int, deflate bool) {
	p.open(n)
	for _, c := range upgrade(deflate) {
		p.send(n, c.from, c.data)
	}
}

// heap is the memory in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// within demands that what p holds takes no more than limit bytes.
func (p *pipe) within(before int64, limit int64) {
	p.tb.Helper()
	clear(p.next)
	if got := heap() - before; got > limit {
		p.tb.Errorf("%d bytes of memory, %d allowed", got, limit)
	}
	runtime.KeepAlive(p)
}

// close ends the capture, and demands that nothing is held behind it.
func (p *pipe) close() wsframe.Stats {
	p.tb.Helper()
	if err := p.assembler.Close(); err != nil {
		p.tb.Fatal(err)
	}
	heads, windows := wsframe.Held(p.analyzer)
	if n := wsframe.Buffered(p.analyzer); n != 0 || heads != 0 || windows != 0 {
		p.tb.Errorf("behind the end: %d bytes held, %d of heads, %d of windows", n, heads, windows)
	}
	return p.analyzer.Stats()
}

func reached(t *testing.T, what string, n uint64) {
	t.Helper()
	if n == 0 {
		t.Errorf("%s: the bound was not reached", what)
	}
}

func TestSYNFlood(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	for n := range 600_000 {
		p.put(n, 0, capture.SYN, 0, 0, nil)
	}
	reached(t, "openings", p.assembler.Stats().OpeningsEvicted)
	p.within(before, 64<<20)
}

// idle is n upgraded connections that say nothing.
func idle(tb testing.TB, n int) *pipe {
	p := newPipe(tb, &counter{}, wsframe.Options{Brief: true})
	for i := range n {
		p.upgrade(i, i%2 == 0)
		p.next = make(map[int][2]uint32)
	}
	return p
}

func TestIdleConnections(t *testing.T) {
	const n = 50_000
	before := heap()
	p := idle(t, n)
	p.within(before, n*400)
	if got := p.close(); got.Connections != n {
		t.Errorf("%+v", got)
	}
}

// BenchmarkIdleConnections prints what each costs: a million would take five
// times as long, and as much.
func BenchmarkIdleConnections(b *testing.B) {
	const n = 200_000
	for b.Loop() {
		before := heap()
		p := idle(b, n)
		b.ReportMetric(float64(heap()-before)/n, "B/conn")
		runtime.KeepAlive(p)
	}
}

// openings makes connections first to last with these calls, and returns how often
// memory was allocated for each.
func (p *pipe) openings(first, last int, calls []call) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n := first; n < last; n++ {
		p.open(n)
		for _, c := range calls {
			p.send(n, c.from, c.data)
		}
		clear(p.next)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(last-first)
}

// TestOpeningsAllocateLittle: what a connection takes from its SYN to its Opened,
// and until it sleeps. Each of a million idle ones would be looked at again by
// the collections that garbage asks for. With the race detector the compiler
// keeps less on the stack.
func TestOpeningsAllocateLittle(t *testing.T) {
	for brief, most := range map[bool]float64{true: 6, false: 12} {
		if raced {
			most *= 3
		}
		p := newPipe(t, &counter{}, wsframe.Options{Brief: brief})
		wsframe.SetMaxAwake(p.analyzer, 100)
		p.openings(0, 1000, upgrade(false))
		if got := p.openings(1000, 5000, upgrade(false)); got > most {
			t.Errorf("brief %v: %.1f allocations for each connection, want at most %v", brief, got, most)
		}
	}
}

func BenchmarkOpening(b *testing.B) {
	for name, brief := range map[string]bool{"brief": true, "whole": false} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			p := newPipe(b, &counter{}, wsframe.Options{Brief: brief})
			p.openings(0, b.N, upgrade(false))
		})
	}
}

func TestEndlessHeads(t *testing.T) {
	const room = 1 << 20
	const post = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct{ begin, more string }{
		"start line":    {"GET /", "a"},
		"field line":    {"GET / HTTP/1.1\r\nA: ", "a"},
		"field lines":   {"GET / HTTP/1.1", "\r\nA:"},
		"chunk line":    {post + "1;", "a"},
		"trailer line":  {post + "0\r\nA:", "a"},
		"trailer lines": {post + "0", "\r\nA:"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipe(t, &counter{}, wsframe.Options{})
			p.open(0)
			p.send(0, 0, []byte(c.begin))
			for range 100 {
				p.send(0, 0, repeat(c.more, 1000))
			}
			reached(t, "head", p.close().HeadLimit)
		})
	}
	t.Run("of many streams", func(t *testing.T) {
		before := heap()
		p := newPipe(t, &counter{}, wsframe.Options{})
		wsframe.SetMaxBuffered(p.analyzer, room)
		for n := range 1000 {
			p.open(n)
			for range 5 {
				p.send(n, 0, append([]byte("GET / HTTP/1.1\r\nA: "), make([]byte, 1000)...))
			}
		}
		p.within(before, room+8<<20)
		reached(t, "buffered", p.close().BufferLimit)
	})
}

func TestLongHeadsOfOpenConnections(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	long := capturetest.Upgrade("/", "h")
	long.Set("Cookie: " + strings.Repeat("x", 60<<10))
	request := long.Append(nil)
	response := capturetest.Switching(capturetest.Key).Append(nil)
	for n := range 2 * wsframe.MaxLongHeads >> 16 {
		p.open(n)
		p.send(n, 0, request)
		p.send(n, 1, response)
	}
	p.within(before, wsframe.MaxLongHeads+32<<20)
	reached(t, "heads", p.close().HeadsCut)
}

// uncut counts the upgrades, and demands that they are told with their fields.
type uncut struct {
	tb     testing.TB
	opened int
}

func (u *uncut) Emit(e wsframe.Event) error {
	if e, ok := e.(*wsframe.Opened); ok {
		if u.opened++; len(e.M.Conn.Request.Fields) == 0 {
			u.tb.Errorf("connection %d was told without the fields of its request", e.M.Conn.Number)
		}
	}
	return nil
}

func (u *uncut) Close() error { return nil }

// TestLongHeadsThatWaitToBeTold: behind compressed messages Opened is told late,
// and says all the same.
func TestLongHeadsThatWaitToBeTold(t *testing.T) {
	sink := uncut{tb: t}
	p := newPipe(t, &sink, wsframe.Options{Cores: 1})
	const talker = 1 << 16
	p.upgrade(talker, true)
	compressed := append([]byte{0xc1, 7}, "\xf2\x48\xcd\xc9\xc9\x07\x00"...) // "Hello" (RFC 7692, 7.2.3.1)
	long := capturetest.Upgrade("/", "h")
	long.Set("Cookie: " + strings.Repeat("x", 60<<10))
	request := long.Append(nil)
	response := capturetest.Switching(capturetest.Key).Append(nil)
	const n = wsframe.MaxLongHeads>>16 + 200
	for i := range n {
		p.send(talker, 1, compressed)
		p.open(i)
		p.send(i, 0, request)
		p.send(i, 1, response)
	}
	if err := p.analyzer.Flush(); err != nil {
		t.Fatal(err)
	}
	reached(t, "heads", p.close().HeadsCut)
	if sink.opened != n+1 {
		t.Errorf("%d were told", sink.opened)
	}
}

func TestPipelinedRequests(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	request := []byte("GET /" + strings.Repeat("a", 1200) + " HTTP/1.1\r\n\r\n")
	const streams = 100
	for n := range streams {
		p.open(n)
		for range wsframe.MaxPending {
			p.send(n, 0, request)
		}
	}
	p.within(before, streams*wsframe.MaxPending*256)
	if got := p.analyzer.Stats(); got.PendingLimit != 0 {
		t.Errorf("%+v", got)
	}
	p.next[0] = [2]uint32{1 + uint32(wsframe.MaxPending*len(request)), 1}
	p.send(0, 0, request)
	reached(t, "pending", p.close().PendingLimit)
}

// What does not fit before the 101 is a hole, behind which frames are found
// again: no byte is taken for one that it is not.
func TestHoldBeforeTheAnswer(t *testing.T) {
	var rec kept
	p := newPipe(t, &rec, wsframe.Options{})
	p.open(0)
	up := upgrade(false)
	p.send(0, 0, up[0].data)
	message := func(i int) []byte {
		return capturetest.Frame{Opcode: capturetest.OpText, Masked: true, Key: [4]byte{1, 2, 3, byte(i)}, Payload: fmt.Appendf(nil, `{"message":"number %d"}`, i)}.Append(nil)
	}
	for i := range 1000 {
		p.send(0, 0, message(i))
	}
	p.send(0, 1, up[1].data)
	for i := 1000; i < 1100; i++ {
		p.send(0, 0, message(i))
	}
	reached(t, "hold", p.close().HoldLimit)
	if len(rec.texts) < 400 || len(rec.texts) > 700 {
		t.Errorf("%d messages", len(rec.texts))
	}
	for _, text := range rec.texts {
		if !strings.HasPrefix(text, `{"message":"number `) {
			t.Errorf("%q was never sent", text)
		}
	}
	if last := rec.texts[len(rec.texts)-1]; last != `{"message":"number 1099"}` {
		t.Errorf("the last is %q", last)
	}
}

// kept is a Sink that keeps the texts of messages.
type kept struct{ texts []string }

func (k *kept) Emit(e wsframe.Event) error {
	if m, ok := e.(*wsframe.Message); ok {
		k.texts = append(k.texts, string(m.Payload))
	}
	return nil
}
func (k *kept) Close() error { return nil }

func TestNestedTunnels(t *testing.T) {
	p := newPipe(t, &counter{}, wsframe.Options{})
	p.open(0)
	for range wsframe.MaxTunnels + 1 {
		p.send(0, 0, []byte("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"))
		p.send(0, 1, []byte("HTTP/1.1 200 OK\r\n\r\n"))
	}
	reached(t, "tunnels", p.close().TunnelLimit)
}

// A declared length allocates nothing, and what comes of it is cut.
func TestHugeFrames(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	head := []byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff")
	for n := range 1000 {
		p.upgrade(n, false)
		p.send(n, 1, head)
		p.send(n, 1, make([]byte, 1000))
	}
	for range 20 << 10 {
		p.send(0, 1, make([]byte, 1<<10))
	}
	p.within(before, 48<<20)
	got := p.close()
	reached(t, "frame", got.FrameLimit)
	reached(t, "message", got.MessageLimit)
}

func TestFragments(t *testing.T) {
	var rec lastMessage
	p := newPipe(t, &rec, wsframe.Options{})
	p.upgrade(0, false)
	p.send(0, 1, []byte("\x01\x00"))
	for range (wsframe.MaxFragments + 1000) / 100 {
		p.send(0, 1, repeat("\x00\x01a\x89\x00", 500))
	}
	p.send(0, 1, []byte("\x80\x01z"))
	if got := p.close(); got.FragmentLimit != 1 || got.Messages != 1 {
		t.Errorf("%+v", got)
	}
	if m := rec.Message; m.Frames < wsframe.MaxFragments || m.Complete || m.Why != wsframe.OverLimit || m.Length != uint64(m.Frames-1) ||
		strings.Trim(rec.payload, "a") != "" || len(rec.payload) != wsframe.MaxFragments-1 {
		t.Errorf("%d frames, complete %t, %v, %d bytes of %d", m.Frames, m.Complete, m.Why, len(rec.payload), m.Length)
	}
}

// lastMessage is a Sink that keeps the last message.
type lastMessage struct {
	wsframe.Message
	payload string
}

func (l *lastMessage) Emit(e wsframe.Event) error {
	if m, ok := e.(*wsframe.Message); ok {
		l.Message, l.payload = *m, string(m.Payload)
	}
	return nil
}
func (l *lastMessage) Close() error { return nil }

func TestUnfinishedMessages(t *testing.T) {
	const room = 4 << 20
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	wsframe.SetMaxBuffered(p.analyzer, room)
	fragment := capturetest.Frame{Opcode: capturetest.OpBinary, More: true, Payload: make([]byte, 60<<10)}.Append(nil)
	for n := range 1000 {
		p.upgrade(n, false)
		p.send(n, 1, fragment)
	}
	p.within(before, room+16<<20)
	reached(t, "buffered", p.close().BufferLimit)
}

// A finished message leaves its buffer to the next, which may be one byte: it
// is the buffer that counts.
func TestBuffersAreCountedAsTheyAre(t *testing.T) {
	const room = 1 << 20
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	wsframe.SetMaxBuffered(p.analyzer, room)
	long := append(capturetest.Frame{Opcode: capturetest.OpBinary, More: true, Payload: make([]byte, 40<<10)}.Append(nil), "\x80\x00"...)
	for n := range 1000 {
		p.upgrade(n, false)
		p.send(n, 1, long)
		p.send(n, 1, []byte("\x02\x01a"))
	}
	p.within(before, room+16<<20)
	reached(t, "buffered", p.close().BufferLimit)
}

func TestHoles(t *testing.T) {
	p := newPipe(t, &counter{}, wsframe.Options{})
	p.upgrade(0, false)
	p.send(0, 1, []byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"))
	for range 2 * wsframe.MaxHoles {
		p.lose(0, 1, 1)
		p.send(0, 1, []byte("x"))
		p.send(0, 0, nil) // acknowledges it
	}
	got := p.close()
	reached(t, "holes", got.HoleLimit)
	if got.Gaps < 2*wsframe.MaxHoles {
		t.Errorf("%d gaps", got.Gaps)
	}
}

// One MiB of it inflates to one GiB, of which no more than 64 MiB are looked
// at, and 16 kept.
func TestDeflateBombs(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	p.upgrade(0, true)
	bomb := compressed(bytes.Repeat(append(zeros(1<<20), "\x00\x00\xff\xff"...), 1<<10))
	for _, c := range cut(1, bomb, 60000) {
		p.send(0, 1, c.data)
	}
	small := compressed(zeros(20 << 10))
	for range 2000 {
		p.send(0, 1, small)
	}
	p.within(before, 64<<20)
	got := p.close()
	reached(t, "message", got.MessageLimit)
	if got.Messages != 2001 {
		t.Errorf("%d messages", got.Messages)
	}
}

func TestTakeoverWindows(t *testing.T) {
	const budget = 1 << 20
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	wsframe.SetWindowBudget(p.analyzer, budget)
	m := compressed(zeros(40 << 10))
	for n := range 1000 {
		p.upgrade(n, true)
		p.send(n, 1, m)
	}
	if _, windows := wsframe.Held(p.analyzer); windows > budget {
		t.Errorf("%d bytes of windows", windows)
	}
	p.within(before, budget+16<<20)
	reached(t, "windows", p.close().WindowsDropped)
}

// Where frames are searched for, what is held is bounded for each direction and
// in all, and one-byte packets are counted with what they cost.
func TestSearches(t *testing.T) {
	// What may be a frame of 64 KiB, and nothing behind it to tell.
	hoard := func(p *pipe, n int, size int) {
		p.step = time.Millisecond
		p.upgrade(n, false)
		p.lose(n, 1, 1)
		for _, c := range cut(1, append([]byte("\x02\x7e\xff\xff"), repeat("\xff", 60_000)...), size) {
			p.send(n, 1, c.data)
			p.send(n, 0, nil)
		}
	}
	t.Run("of single bytes", func(t *testing.T) {
		before := heap()
		p := newPipe(t, &counter{}, wsframe.Options{})
		hoard(p, 0, 1)
		p.within(before, 4<<20)
		reached(t, "seek", p.close().SeekLimit)
	})
	t.Run("on many streams", func(t *testing.T) {
		const room = 1 << 20
		before := heap()
		p := newPipe(t, &counter{}, wsframe.Options{})
		wsframe.SetMaxBuffered(p.analyzer, room)
		for n := range 200 {
			hoard(p, n, 1400)
		}
		p.within(before, room+8<<20)
		reached(t, "buffered", p.close().BufferLimit)
	})
	t.Run("joined mid-stream", func(t *testing.T) {
		const room = 1 << 20
		before := heap()
		p := newPipe(t, &counter{}, wsframe.Options{})
		wsframe.SetMaxBuffered(p.analyzer, room)
		for n := range 500 {
			p.next[n] = [2]uint32{1, 1}
			for range 10 {
				p.send(n, 1, append([]byte("\x82\x7f\x00\x00\x00\x00\x00\x0f\xff\xff"), make([]byte, 1390)...))
			}
		}
		p.within(before, room+8<<20)
		reached(t, "buffered", p.close().BufferLimit)
	})
}

// TestOutOfOrder hoards segments behind a hole: on one stream, and on
// thousands.
func TestOutOfOrder(t *testing.T) {
	before := heap()
	p := newPipe(t, &counter{}, wsframe.Options{})
	p.upgrade(0, false)
	p.lose(0, 1, 1)
	for range 4000 {
		p.send(0, 1, make([]byte, 1000))
	}
	p.within(before, 8<<20)
	reached(t, "queue", p.assembler.Stats().QueueLimit)
}

// BenchmarkOutOfOrder hoards on thousands of streams up to the bound on all.
func BenchmarkOutOfOrder(b *testing.B) {
	for b.Loop() {
		before := heap()
		p := newPipe(b, &counter{}, wsframe.Options{})
		chunk := make([]byte, 1400)
		for n := range 2000 {
			p.upgrade(n, false)
			p.lose(n, 1, 1)
			for range 150 {
				p.send(n, 1, chunk)
			}
		}
		if p.assembler.Stats().QueuedLimit == 0 {
			b.Error("the bound was not reached")
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		runtime.KeepAlive(p)
	}
}
