package main

import (
	"io"
	"testing"
	"time"

	"wstap/capture/benchtest"
	"wstap/report"
	"wstap/report/jsonl"
	"wstap/report/text"
	"wstap/wsframe"
)

// Once a connection has begun, a packet in order costs no allocation from the
// file to the printed line.
func TestPacketsInOrderAllocateNothing(t *testing.T) {
	for name, sink := range map[string]wsframe.Sink{
		"text":     text.NewTimeline(report.NewBuffer(io.Discard), text.Options{}),
		"jsonl":    jsonl.New(io.Discard, jsonl.Options{}),
		"filtered": filtered(t, text.NewTimeline(io.Discard, text.Options{})),
	} {
		for _, p := range []benchtest.Profile{benchtest.Small, benchtest.Bulk} {
			t.Run(name+" "+string(p), func(t *testing.T) {
				// The first half begins the connections and lets buffers grow; at
				// the end are those of the connections.
				file := generated(t, p, 4e6, 10)
				n := len(packetsOf(t, file))
				in := opened(t, file)
				c := newChain(sink, wsframe.Options{})
				var at time.Time
				run := func(n int) {
					for range n {
						pkt, err := in.Next()
						if err == nil {
							at = pkt.Time
							err = c.packet(pkt)
						}
						if err != nil {
							t.Fatal(err)
						}
					}
				}
				run(n / 2)
				begun := at
				got := testing.AllocsPerRun(1, func() { run(n / 8) }) // runs it twice, and counts the second
				// The exception is a wsframe.Tick in each second of the capture.
				if ticks := at.Sub(begun)/time.Second + 1; got > float64(ticks) {
					t.Errorf("%v allocations for %d packets", got, n/8)
				}
			})
		}
	}
}
