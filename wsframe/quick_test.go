package wsframe_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/wsframe"
)

// dump writes down all that frames and messages say.
type dump []string

func (d *dump) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Frame:
		f := *e
		f.M.Conn, f.Message = nil, nil
		f.Simple = false // as Latin, only the quick path says it
		for i := range f.Violations {
			f.Violations[i].M.Conn = nil
		}
		*d = append(*d, fmt.Sprintf("%+v %v", f, e.Message != nil))
	case *wsframe.Message:
		m := *e
		m.M.Conn, m.Latin = nil, false
		*d = append(*d, fmt.Sprintf("%+v", m))
	case *wsframe.Closed:
		*d = append(*d, fmt.Sprintf("%+v", e.M.Conn.Totals))
	}
	return nil
}

func (d *dump) Close() error { return nil }

// TestWholeFramesSayTheSame: frames that lie whole in a packet take the quick
// path, those that come byte by byte do not. Both say the same, to the field.
func TestWholeFramesSayTheSame(t *testing.T) {
	at := capture.Stamp{Time: time.Unix(1767225600, 0), Packet: 7}
	payloads := []string{"", "a", "hello", `{"type":"x","id":12}`, "gr\u00fc\u00dfe", "\xff", "caf\xc3", string(make([]byte, 125)), string(make([]byte, 126)), string(make([]byte, 300))}
	opcodes := []byte{1, 1, 1, 2, 2, 0, 9, 10, 8, 3}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		var quick, slow dump
		o := wsframe.Options{FrameLimit: 200}
		whole := wsframe.NewAnalyzer(&quick, o).Open(&reassembly.Stream{})
		single := wsframe.NewAnalyzer(&slow, o).Open(&reassembly.Stream{})
		send := func(from reassembly.Direction, b []byte) {
			if err := whole.Data(from, b, at); err != nil {
				t.Fatal(err)
			}
			for i := range b {
				if err := single.Data(from, b[i:i+1], at); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range upgrade(seed%3 == 0) {
			for _, h := range []reassembly.StreamHandler{whole, single} {
				if err := h.Data(c.from, c.data, at); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 1 + r.IntN(8) { // packets
			from := reassembly.Direction(r.IntN(2))
			var packet []byte
			for range 1 + r.IntN(4) { // frames in it
				p := []byte(payloads[r.IntN(len(payloads))])
				f := capturetest.Frame{Opcode: opcodes[r.IntN(5)], Masked: from == reassembly.FromClient, Payload: p}
				if r.IntN(6) == 0 {
					f.More, f.Opcode = r.IntN(2) == 0, opcodes[r.IntN(len(opcodes))]
				}
				switch r.IntN(24) {
				case 0:
					f.Masked = !f.Masked
				case 1:
					f.Rsv = byte(1 + r.IntN(7))
				}
				f.Key = [4]byte{byte(r.Uint32()), byte(r.Uint32()), 0, byte(r.Uint32())}
				packet = f.Append(packet)
			}
			send(from, packet)
		}
		whole.Close(reassembly.Reason{How: reassembly.End}, at)
		single.Close(reassembly.Reason{How: reassembly.End}, at)
		if len(quick) < 2 || len(quick) != len(slow) {
			t.Fatalf("seed %d: %d events and %d", seed, len(quick), len(slow))
		}
		for i := range quick {
			if quick[i] != slow[i] {
				t.Fatalf("seed %d: event %d\n%s\n%s", seed, i, quick[i], slow[i])
			}
		}
	}
}

// TestPlainMessages: whichever way a text takes, Plain says whether something in
// it needs escaping.
func TestPlainMessages(t *testing.T) {
	at := capture.Stamp{Time: time.Unix(1767225600, 0), Packet: 7}
	texts := []string{"", "a", `{"type":"x","id":12}`, "gr\u00fc\u00dfe", `{"type":"\\u0041"}`, "two\nlines", "del\x7f",
		strings.Repeat("many words ", 30), strings.Repeat("many words ", 30) + "\t"}
	for _, from := range []reassembly.Direction{reassembly.FromClient, reassembly.FromServer} {
		for _, way := range []string{"whole", "byte by byte", "in two frames", "deflated", "deflated, waiting"} {
			o := wsframe.Options{}
			if way == "deflated, waiting" {
				o.Cores = 2
			}
			var got plains
			a := wsframe.NewAnalyzer(&got, o)
			h := a.Open(&reassembly.Stream{})
			data := func(from reassembly.Direction, b []byte) {
				if err := h.Data(from, b, at); err != nil {
					t.Fatal(err)
				}
			}
			packed := strings.HasPrefix(way, "deflated")
			for _, c := range upgrade(packed) {
				data(c.from, c.data)
			}
			var want plains
			for _, s := range append(texts, texts...) {
				want = append(want, plain(s))
				f := capturetest.Frame{Opcode: capturetest.OpText, Masked: from == reassembly.FromClient, Payload: []byte(s), Key: [4]byte{1, 2, 3, 0xf4}}
				if packed {
					f.Rsv, f.Payload = 4, deflated(f.Payload)
				}
				switch way {
				case "byte by byte":
					for _, c := range f.Append(nil) {
						data(from, []byte{c})
					}
				case "in two frames":
					f.More = true
					data(from, f.Append(nil))
					data(from, capturetest.Frame{Masked: f.Masked, Key: f.Key}.Append(nil))
				default:
					data(from, f.Append(nil))
				}
			}
			if err := a.Flush(); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s from %v: %v, want %v", way, from, got, want)
			}
		}
	}
}

// plains are what Message.Plain says of each message.
type plains []bool

func (p *plains) Emit(e wsframe.Event) error {
	if m, ok := e.(*wsframe.Message); ok {
		*p = append(*p, m.Plain)
	}
	return nil
}

func (p *plains) Close() error { return nil }
