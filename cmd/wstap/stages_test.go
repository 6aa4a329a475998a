package main

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/benchtest"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/jsonl"
	"wstap/report/text"
	"wstap/wsframe"
)

// BenchmarkStages measures each stage of a packet's way alone, on what the
// stage before has made of a capture, and all of them together, per packet of
// the capture. frames is parsing, unmasking and, in deflate, inflating.
func BenchmarkStages(b *testing.B) {
	for _, p := range []benchtest.Profile{benchtest.Small, benchtest.Bulk, benchtest.Deflate, benchtest.Mixed} {
		file := generated(b, p, 8e6, 0)
		packets := packetsOf(b, file)
		segments, calls := segmentsOf(packets), &calls{}
		reassemble(b, segments, calls)
		var seen events
		calls.replay(b, &seen)
		for _, stage := range []struct {
			name string
			run  func()
		}{
			{"read", func() { eachPacket(b, file, func(capture.Packet) {}) }},
			{"decode", func() { decode(packets) }},
			{"read and decode", func() {
				decodeAhead(b, file, new(capture.Decoder), func(*capture.Decoded) error { return nil })
			}},
			{"reassemble", func() { reassemble(b, segments, nowhere{}) }},
			{"frames", func() { calls.replay(b, discard{}) }},
			{"filter", func() { seen.replay(b, filtered(b, discard{})) }},
			{"text", func() { seen.replay(b, text.NewTimeline(report.NewBuffer(io.Discard), text.Options{})) }},
			{"jsonl", func() { seen.replay(b, jsonl.New(io.Discard, jsonl.Options{})) }},
			{"all text", func() {
				newChain(text.NewTimeline(report.NewBuffer(io.Discard), text.Options{}), wsframe.Options{Once: true}).read(b, file)
			}},
			{"all jsonl", func() { newChain(jsonl.New(io.Discard, jsonl.Options{}), wsframe.Options{}).read(b, file) }},
		} {
			b.Run(string(p)+"/"+stage.name, func(b *testing.B) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for b.Loop() {
					stage.run()
				}
				runtime.ReadMemStats(&after)
				n := float64(b.N * len(packets))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/packet")
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/packet")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// generated is a capture file in memory.
func generated(t testing.TB, p benchtest.Profile, size int64, connections int) []byte {
	t.Helper()
	if p != benchtest.Small && p != benchtest.Bulk && connections == 0 {
		connections = 50 // a compressor takes 0.7 MB
	}
	var b bytes.Buffer
	if _, err := benchtest.Write(&b, benchtest.Options{Profile: p, Bytes: size, Connections: connections, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(t testing.TB, file []byte) *capture.File {
	t.Helper()
	in, err := capture.NewReader(bytes.NewReader(file), "generated")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func eachPacket(t testing.TB, file []byte, each func(capture.Packet)) {
	t.Helper()
	var pkt capture.Packet
	for in := opened(t, file); ; {
		err := in.NextInto(&pkt)
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(pkt)
	}
}

func packetsOf(t testing.TB, file []byte) (all []capture.Packet) {
	t.Helper()
	eachPacket(t, file, func(p capture.Packet) {
		p.Data = bytes.Clone(p.Data)
		all = append(all, p)
	})
	return all
}

func decode(packets []capture.Packet) {
	var d capture.Decoder
	var s capture.Segment
	for _, p := range packets {
		d.Decode(&p, &s)
	}
}

// segmentsOf decodes packets whose bytes stay valid.
func segmentsOf(packets []capture.Packet) []capture.Segment {
	var d capture.Decoder
	all := make([]capture.Segment, 0, len(packets))
	for _, p := range packets {
		var s capture.Segment
		if d.Decode(&p, &s) == capture.KindTCP {
			all = append(all, s)
		}
	}
	return all
}

func reassemble(t testing.TB, segments []capture.Segment, h reassembly.Handler) {
	t.Helper()
	a := reassembly.New(h, reassembly.Options{})
	for i := range segments {
		if err := a.Segment(&segments[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// nowhere is a Handler to which no stream matters.
type nowhere struct{}

func (nowhere) Open(*reassembly.Stream) reassembly.StreamHandler              { return nowhere{} }
func (nowhere) Advance(time.Time) error                                       { return nil }
func (nowhere) Data(reassembly.Direction, []byte, capture.Stamp) error        { return nil }
func (nowhere) Gap(reassembly.Direction, reassembly.Gap, capture.Stamp) error { return nil }
func (nowhere) Close(reassembly.Reason, capture.Stamp) error                  { return nil }

// calls is a Handler that remembers what it is told, to tell it again.
type calls struct {
	streams []reassembly.Stream
	told    []call
}

// call is one of Open (neither data nor end), Data and Close.
type call struct {
	stream int
	from   reassembly.Direction
	data   []byte
	why    *reassembly.Reason
	at     capture.Stamp
}

// heard is one stream of calls.
type heard struct {
	nowhere
	calls  *calls
	stream int
}

func (c *calls) Advance(time.Time) error { return nil }

func (c *calls) Open(s *reassembly.Stream) reassembly.StreamHandler {
	c.streams = append(c.streams, *s)
	c.told = append(c.told, call{stream: len(c.streams) - 1})
	return &heard{calls: c, stream: len(c.streams) - 1}
}

func (h *heard) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	h.calls.told = append(h.calls.told, call{stream: h.stream, from: d, data: b, at: at})
	return nil
}

func (h *heard) Close(why reassembly.Reason, at capture.Stamp) error {
	h.calls.told = append(h.calls.told, call{stream: h.stream, why: &why, at: at})
	return nil
}

// replay tells an analyzer that prints to sink.
func (c *calls) replay(t testing.TB, sink wsframe.Sink) {
	t.Helper()
	a := wsframe.NewAnalyzer(sink, wsframe.Options{})
	streams := slices.Clone(c.streams)
	handlers := make([]reassembly.StreamHandler, len(streams))
	for _, k := range c.told {
		var err error
		switch h := handlers[k.stream]; {
		case h == nil && k.data == nil && k.why == nil:
			handlers[k.stream] = a.Open(&streams[k.stream])
		case h == nil: // ignored
		case k.data != nil:
			err = h.Data(k.from, k.data, k.at)
		case k.why != nil:
			err = h.Close(*k.why, k.at)
		}
		if errors.Is(err, reassembly.ErrIgnore) {
			handlers[k.stream] = nil
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Emit(wsframe.Event) error { return nil }
func (discard) Close() error             { return nil }

// events is a Sink that remembers frames and messages.
type events []wsframe.Event

func (s *events) Close() error { return nil }

func (s *events) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		kept := *e
		*s = append(*s, &kept)
	case *wsframe.Frame:
		kept := *e
		kept.Header, kept.Payload, kept.Reason = bytes.Clone(e.Header), bytes.Clone(e.Payload), bytes.Clone(e.Reason)
		if e.Message != nil {
			kept.Message = keptMessage(e.Message)
		}
		*s = append(*s, &kept)
	case *wsframe.Message:
		*s = append(*s, keptMessage(e))
	}
	return nil
}

func keptMessage(m *wsframe.Message) *wsframe.Message {
	kept := *m
	kept.Payload = bytes.Clone(m.Payload)
	return &kept
}

func (s *events) replay(t testing.TB, sink wsframe.Sink) {
	t.Helper()
	for _, e := range *s {
		if err := sink.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
}

// filtered is next behind a filter that passes all frames.
func filtered(t testing.TB, next wsframe.Sink) wsframe.Sink {
	t.Helper()
	f, err := dfilter.Compile("tcp.port == 8080 && websocket.opcode < 11", dfilter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := &dfilter.Context{}
	f.Require(x)
	return dfilter.NewSink(f, x, next)
}

// chain is the way of a packet to a printed line, as run has it.
type chain struct {
	decoder   capture.Decoder
	segment   capture.Segment
	assembler *reassembly.Assembler
}

func newChain(sink wsframe.Sink, o wsframe.Options) *chain {
	return &chain{assembler: reassembly.New(wsframe.NewAnalyzer(sink, o), reassembly.Options{})}
}

func (c *chain) packet(p capture.Packet) error {
	if c.decoder.Decode(&p, &c.segment) == capture.KindTCP {
		return c.assembler.Segment(&c.segment)
	}
	return c.assembler.Advance(p.Time)
}

// read reads a file as run does: many packets at once, as far as they are common.
func (c *chain) read(t testing.TB, file []byte) {
	t.Helper()
	decodeAhead(t, file, &c.decoder, func(p *capture.Decoded) error {
		if p.Kind == capture.KindTCP {
			return c.assembler.Segment(&p.Segment)
		}
		return c.assembler.Advance(p.Time)
	})
	if err := c.assembler.Close(); err != nil {
		t.Fatal(err)
	}
}

func decodeAhead(t testing.TB, file []byte, d *capture.Decoder, each func(*capture.Decoded) error) {
	t.Helper()
	var ahead [stopPackets]capture.Decoded
	var pkt capture.Packet
	for in := opened(t, file); ; {
		n := in.Decode(d, ahead[:])
		if n == 0 {
			err := in.NextInto(&pkt)
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			ahead[0].Kind = d.Decode(&pkt, &ahead[0].Segment)
			ahead[0].Stamp = pkt.Stamp
			n = 1
		}
		for i := range ahead[:n] {
			if err := each(&ahead[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
}
