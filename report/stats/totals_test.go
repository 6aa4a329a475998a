package stats_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/stats"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// summed is what adds up, as the analyzer has it and as the figures tell it.
type summed struct {
	Frames, Payload, Messages, Data uint64
}

// totals are the analyzer's own, of all connections.
type totals [2]summed

func (s *totals) Emit(e wsframe.Event) error {
	if e, ok := e.(*wsframe.Closed); ok {
		for d, t := range e.M.Conn.Totals {
			s[d].Frames += t.Frames
			s[d].Payload += t.Payload
			s[d].Messages += t.Messages
			s[d].Data += t.Data
		}
	}
	return nil
}

func (s *totals) Close() error { return nil }

// toldSide is a side as JSON tells it.
type toldSide struct {
	Frames   uint64            `json:"frames"`
	ByOpcode map[string]uint64 `json:"frames_by_opcode"`
	Payload  uint64            `json:"payload_bytes"`
	Messages uint64            `json:"messages"`
	Data     uint64            `json:"message_bytes"`
}

func (s toldSide) summed() summed { return summed{s.Frames, s.Payload, s.Messages, s.Data} }

// TestFiguresAddUp: in every scenario, those of all are the analyzer's totals,
// and so are the sums over connections, opcodes and names.
func TestFiguresAddUp(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	type count struct{ Messages, Bytes uint64 }
	type figures struct {
		Client toldSide `json:"from_client"`
		Server toldSide `json:"from_server"`
		Names  []struct {
			Client count `json:"from_client"`
			Server count `json:"from_server"`
		}
	}
	for _, path := range paths {
		name := filepath.Base(path)
		s := capturetest.LoadScenario(t, path)
		var want totals
		wsframetest.Run(t, capturetest.NewSource(s.Packets()), &want, wsframe.Options{})
		var got struct {
			Connections []figures
			All         figures
		}
		if err := json.Unmarshal(measured(t, s, stats.Options{Format: stats.JSON}), &got); err != nil {
			t.Fatal(err)
		}
		if all := (totals{got.All.Client.summed(), got.All.Server.summed()}); all != want {
			t.Errorf("%s: figures of all are %+v, the analyzer's %+v", name, all, want)
		}
		var sum totals
		for _, c := range append(got.Connections, got.All) {
			for _, side := range []toldSide{c.Client, c.Server} {
				n := uint64(0)
				for _, k := range side.ByOpcode {
					n += k
				}
				if n != side.Frames {
					t.Errorf("%s: %d frames by opcode, %d in all", name, n, side.Frames)
				}
			}
			var byName [2]count
			for _, n := range c.Names {
				byName[0].Messages += n.Client.Messages
				byName[0].Bytes += n.Client.Bytes
				byName[1].Messages += n.Server.Messages
				byName[1].Bytes += n.Server.Bytes
			}
			if want := [2]count{{c.Client.Messages, c.Client.Data}, {c.Server.Messages, c.Server.Data}}; byName != want {
				t.Errorf("%s: by name %v, in all %v", name, byName, want)
			}
		}
		for _, c := range got.Connections {
			for d, side := range []toldSide{c.Client, c.Server} {
				sum[d].Frames += side.Frames
				sum[d].Payload += side.Payload
				sum[d].Messages += side.Messages
				sum[d].Data += side.Data
			}
		}
		if sum != want {
			t.Errorf("%s: connections add up to %+v, want %+v", name, sum, want)
		}
	}
}
