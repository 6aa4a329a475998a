package text_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/text"
	"wstap/wsframe"
)

// packets are the payloads of packets with small frames, and who sent them.
func packets() (all [][]byte) {
	for i, payload := range []string{
		`{"message":"setRemoteSDP","id":12,"data":[{"sdp":"v=0 o=- 46117317 2 IN IP4 127.0.0.1","n":1}]}`,
		`{"jsonrpc":"2.0","id":123456,"result":{"ok":true}}`,
		"a line of prose, gr\u00fc\u00dfe",
		`{"id":1,"price":12.50,"symbol":"ABC"}`,
	} {
		f := capturetest.Frame{Opcode: 1, Masked: i%2 == 0, Key: [4]byte{1, 2, 3, 250}, Payload: []byte(payload)}
		all = append(all, f.Append(nil))
	}
	return all
}

// open brings a WebSocket into being, whose events go to sink.
func open(tb testing.TB, sink wsframe.Sink) reassembly.StreamHandler {
	at := capture.Stamp{Time: time.Unix(1767225600, 0), Packet: 1}
	h := wsframe.NewAnalyzer(sink, wsframe.Options{}).Open(&reassembly.Stream{})
	for d, b := range [][]byte{capturetest.Upgrade("/", "a.test").Append(nil), capturetest.Switching(capturetest.Key).Append(nil)} {
		if err := h.Data(reassembly.Direction(d), b, at); err != nil {
			tb.Fatal(err)
		}
	}
	return h
}

// TestInOrderFramesDoNotAllocate: from the bytes of a packet to the line.
func TestInOrderFramesDoNotAllocate(t *testing.T) {
	var lines int
	h := open(t, report.Tee{text.NewTimeline(count{&lines}, text.Options{})}.Sink())
	at := capture.Stamp{Time: time.Unix(1767225601, 0), Packet: 2}
	for i, b := range packets() {
		lines = 0
		n := testing.AllocsPerRun(1000, func() {
			at.Packet++
			at.Time = at.Time.Add(time.Millisecond)
			if err := h.Data(reassembly.Direction(i%2), b, at); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 || lines != 1001 {
			t.Errorf("packet %d: %v allocations, %d lines", i, n, lines)
		}
	}
}

// count counts Write calls.
type count struct{ n *int }

func (c count) Write(b []byte) (int, error) {
	*c.n++
	return len(b), nil
}

// BenchmarkSmallFrame is a packet's way through wsframe, and through the
// timeline besides.
func BenchmarkSmallFrame(b *testing.B) {
	for name, sink := range map[string]wsframe.Sink{
		"frame": report.Filter{Keep: func(wsframe.Event) bool { return false }},
		"line":  text.NewTimeline(io.Discard, text.Options{}),
	} {
		for i, p := range packets() {
			b.Run(fmt.Sprintf("%s%d", name, i), func(b *testing.B) {
				h := open(b, sink)
				at := capture.Stamp{Time: time.Unix(1767225601, 123456000), Packet: 123456}
				b.ReportAllocs()
				for b.Loop() {
					h.Data(reassembly.Direction(i%2), p, at)
				}
			})
		}
	}
}
