package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report"
	"wstap/report/text"
	"wstap/wsframe"
)

// TestExcerptsShowNowhere: lines say the same whether the Analyzer keeps
// payloads whole or only what lines show; with fragments, losses, and messages
// cut by the limits.
func TestExcerptsShowNowhere(t *testing.T) {
	var kept [2]int
	for seed := range uint64(60) {
		var printed [2]string
		for i, excerpts := range []bool{false, true} {
			var out bytes.Buffer
			sink := report.Tee{text.NewTimeline(&out, text.Options{}), text.NewMessages(&out, text.Options{}), sizes{&kept[i]}}
			a := wsframe.NewAnalyzer(sink, wsframe.Options{FrameLimit: 30000, MessageLimit: 40000, Cores: int(seed % 2), Excerpts: excerpts})
			exchange(t, a, rand.New(rand.NewPCG(seed, 1)))
			fmt.Fprintf(&out, "%+v", a.Stats())
			printed[i] = out.String()
		}
		if printed[0] != printed[1] {
			t.Fatalf("seed %d: printed\n%swith excerpts, without\n%s", seed, printed[1], printed[0])
		}
	}
	if kept[1] > kept[0]*4/5 {
		t.Errorf("of %d bytes of payloads, %d are kept for excerpts", kept[0], kept[1])
	}
}

// sizes adds up the lengths of the frames' payloads.
type sizes struct{ total *int }

func (s sizes) Emit(e wsframe.Event) error {
	if f, ok := e.(*wsframe.Frame); ok {
		*s.total += len(f.Payload)
	}
	return nil
}

func (s sizes) Close() error { return nil }

// exchange opens a WebSocket, and has its sides send large messages of all
// kinds, in pieces, of which some are lost.
func exchange(t *testing.T, a *wsframe.Analyzer, r *rand.Rand) {
	t.Helper()
	at := capture.Stamp{Time: time.Unix(1767225600, 0), Packet: 1}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := a.Open(&reassembly.Stream{})
	check(h.Data(reassembly.FromClient, []byte("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), at))
	check(h.Data(reassembly.FromServer, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"), at))
	for range 40 {
		at.Packet++
		from := reassembly.Direction(r.IntN(2))
		stream := frameOf(r, from)
		most := []int{3000, 70000}[r.IntN(2)] // segments, or what receive offload makes of them
		for len(stream) > 0 {
			n := min(len(stream), 1+r.IntN(most))
			if at.Packet++; r.IntN(60) == 0 {
				check(h.Gap(from, reassembly.Gap{Bytes: int64(n)}, at))
			} else {
				check(h.Data(from, stream[:n], at))
			}
			stream = stream[n:]
		}
	}
	check(h.Close(reassembly.Reason{How: reassembly.End}, at))
	check(a.Flush())
}

// frameOf is a frame, mostly a binary message of its own.
func frameOf(r *rand.Rand, from reassembly.Direction) []byte {
	head := []byte{0x82, 0x82, 0x82, 0x82, 0x82, 0x82, 0x81, 0x02, 0x80, 0x89}[r.IntN(10)]
	beginning := []string{"", "\x89PNG\r\n\x1a\n", "SEND\ndestination:/q\n\n", `{"type":"x"}`, "plain words\n"}[r.IntN(5)]
	payload := []byte(beginning)
	n := r.IntN(20000)
	if r.IntN(10) == 0 {
		n *= 3
	}
	if head == 0x89 {
		n = r.IntN(100)
	}
	for len(payload) < n {
		payload = append(payload, byte(r.Uint32()))
	}
	b := binary.BigEndian.AppendUint16([]byte{head, 126}, uint16(len(payload)))
	if len(payload) < 126 {
		b = []byte{head, byte(len(payload))}
	}
	if from == reassembly.FromClient {
		b[1] |= 0x80
		b = append(b, 1, 2, 3, 4)
		for i := range payload {
			payload[i] ^= byte(i%4 + 1)
		}
	}
	return append(b, payload...)
}
