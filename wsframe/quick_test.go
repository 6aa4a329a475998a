package wsframe_test

import (
	"fmt"
	"math/rand/v2"
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
		for i := range f.Violations {
			f.Violations[i].M.Conn = nil
		}
		*d = append(*d, fmt.Sprintf("%+v %v", f, e.Message != nil))
	case *wsframe.Message:
		m := *e
		m.M.Conn = nil
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
