package reassembly_test

import (
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// refuser ignores every stream.
type refuser struct{ reassembly.Handler }

func (refuser) Open(*reassembly.Stream) reassembly.StreamHandler { return nil }

// TestConversationOfTheLatestSegment: every segment is told with its number,
// those behind the end and of ignored streams too.
func TestConversationOfTheLatestSegment(t *testing.T) {
	pkts := capturetest.Load(t, "../testdata/scenario/port-reuse.txt")
	for _, ignore := range []bool{false, true} {
		rec := &reassemblytest.Recorder{}
		var h reassembly.Handler = rec
		if ignore {
			h = refuser{rec}
		}
		a := reassembly.New(h, reassembly.Options{})
		if _, wanted := a.Conversation(); wanted {
			t.Error("a conversation before the first segment")
		}
		wantedData, last := 0, uint64(0)
		d := reassemblytest.Driver{Assembler: a}
		d.Run(t, capturetest.NewSource(pkts), nil, func(p *capture.Packet, kind capture.Kind) {
			if kind != capture.KindTCP {
				return
			}
			index, wanted := a.Conversation()
			if index < last {
				t.Errorf("packet %d is of conversation %d, behind %d", p.Stamp.Packet, index, last)
			}
			last = index
			if wanted && len(d.Segment.Payload) > 0 {
				wantedData++
			}
		})
		if last == 0 || (wantedData == 0) != ignore {
			t.Errorf("ignored %v: %d conversations, %d segments with data are wanted", ignore, last+1, wantedData)
		}
	}
}
