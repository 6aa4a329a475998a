package benchtest_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/capture/benchtest"
)

var profiles = []benchtest.Profile{benchtest.Small, benchtest.Bulk, benchtest.Deflate, benchtest.Mixed, benchtest.Idle}

func generate(t *testing.T, o benchtest.Options) ([]byte, benchtest.Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := benchtest.Write(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

// The same options give the same bytes, other seeds other bytes.
func TestSeed(t *testing.T) {
	for _, p := range profiles {
		o := benchtest.Options{Profile: p, Bytes: 3e5, Connections: 5, Seed: 1}
		first, truth := generate(t, o)
		again, same := generate(t, o)
		o.Seed = 2
		other, _ := generate(t, o)
		if !bytes.Equal(first, again) || truth != same {
			t.Errorf("%s: not the same again", p)
		}
		if bytes.Equal(first, other) {
			t.Errorf("%s: the seed does not matter", p)
		}
	}
}

// Each file is whole, about as large as it was to be, and each direction's
// segments follow one another without a hole.
func TestInOrder(t *testing.T) {
	for _, p := range profiles {
		file, truth := generate(t, benchtest.Options{Profile: p, Bytes: 2e6, Connections: 10, Seed: 3})
		if n := len(file); p != benchtest.Idle && (n < 1_900_000 || n > 3_200_000) {
			t.Errorf("%s: %d bytes", p, n)
		}
		in, err := capture.NewReader(bytes.NewReader(file), string(p))
		if err != nil {
			t.Fatal(err)
		}
		var d capture.Decoder
		var s capture.Segment
		packets, due := uint64(0), map[capture.Flow]uint32{}
		for {
			pkt, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", p, err)
			}
			packets++
			if d.Decode(&pkt, &s) != capture.KindTCP {
				continue
			}
			if next, ok := due[s.Flow()]; ok == s.Flags.Has(capture.SYN) || ok && next != s.Seq {
				t.Fatalf("%s: packet %d: sequence number %d, want %d", p, packets, s.Seq, next)
			}
			if s.Flags.Has(capture.ACK) && s.Ack != due[s.Reverse().Flow()] {
				t.Fatalf("%s: packet %d acknowledges %d, want %d", p, packets, s.Ack, due[s.Reverse().Flow()])
			}
			next := s.Seq + uint32(len(s.Payload))
			if s.Flags.Has(capture.SYN) || s.Flags.Has(capture.FIN) {
				next++
			}
			due[s.Flow()] = next
		}
		if packets != truth.Packets {
			t.Errorf("%s: %d packets, told %d", p, packets, truth.Packets)
		}
	}
}

// Mixed has its WebSockets in 2 % of the packets.
func TestMixedShare(t *testing.T) {
	_, truth := generate(t, benchtest.Options{Profile: benchtest.Mixed, Bytes: 1e7, Connections: 10, Seed: 1})
	if share := float64(truth.WebSocketPackets) / float64(truth.Packets); share < 0.018 || share > 0.035 {
		t.Errorf("%.3f of the packets", share)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := benchtest.Write(io.Discard, benchtest.Options{Profile: "large"}); err == nil || !strings.Contains(err.Error(), "there are bulk, deflate, idle, mixed, small") {
		t.Error(err)
	}
	if _, err := benchtest.Write(io.Discard, benchtest.Options{Profile: benchtest.Idle, Connections: -1}); err == nil {
		t.Error("-1 connections")
	}
}
