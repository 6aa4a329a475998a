package reassembly_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// soup reads any bytes as segments of two connections: eight bytes each.
// A payload byte is a function of its connection, end and sequence number, so
// that what is handed on can be told from what was sent.
func soup(data []byte) []capture.Segment {
	var segments []capture.Segment
	now := reassemblytest.Start
	var seq [2][2]uint32
	for ; len(data) >= 8 && len(segments) < 4000; data = data[8:] {
		b := data[:8]
		conn, d := int(b[0]&1), int(b[0]>>1&1)
		s := capture.Segment{Flags: capture.ACK, Window: uint16(b[4]) << 6, Scale: int8(b[0]>>4&7) - 1}
		switch b[1] & 15 {
		case 0, 1:
			s.Flags = capture.SYN
		case 2:
			s.Flags = capture.SYN | capture.ACK
		case 3:
			s.Flags |= capture.FIN
		case 4:
			s.Flags |= capture.RST
		case 5:
			s.Flags = capture.RST
		case 6:
			s.Flags = 0
		}
		// Small steps to and fro, and now and then a leap.
		s.Seq = seq[conn][d] + uint32(int32(int8(b[2])))
		if b[1]&16 != 0 && b[1]&32 != 0 {
			s.Seq += uint32(b[2]) << 24
		}
		n := int(b[3])
		if b[0]&4 != 0 {
			n = 0
		}
		s.Ack = seq[conn][1-d] + uint32(int32(int8(b[5])))
		if b[1]&64 == 0 {
			s.Ack = seq[conn][1-d]
		}
		if b[1]&128 != 0 {
			s.Missing = int(b[6])
		}
		switch {
		case b[7] == 255:
			now = now.Add(time.Hour)
		case b[7] == 254:
			now = now.Add(-time.Minute)
		case b[7] == 253:
			now = time.Time{}
		default:
			now = now.Add(time.Duration(b[7]) * time.Millisecond)
		}
		s.Ends = capture.EndsOf(capture.Flow{Src: reassemblytest.Client, Dst: reassemblytest.Server})
		if conn == 1 {
			s.Src = capture.EndOf(netip.AddrPortFrom(s.Src.Addr(), 40001))
		}
		if d == 1 {
			s.Ends = s.Reverse()
		}
		first := s.Seq
		if s.Flags.Has(capture.SYN) {
			first++
		}
		for i := range n {
			s.Payload = append(s.Payload, content(conn, d, first+uint32(i)))
		}
		if b[0]&8 == 0 {
			seq[conn][d] = first + uint32(n+s.Missing)
		}
		s.Stamp = capture.Stamp{Time: now, Packet: uint64(len(segments) + 1)}
		segments = append(segments, s)
	}
	return segments
}

func content(conn, d int, seq uint32) byte {
	h := (seq+uint32(conn*2+d))*2654435761 ^ seq>>7
	return byte(h >> 13)
}

// soupCheck demands of the calls what holds for any segments: each piece of
// data is a part of the packet it names, and pieces and gaps join without a
// seam.
func soupCheck(segments []capture.Segment, r *reassemblytest.Recorder) error {
	if len(r.Faults) > 0 {
		return fmt.Errorf("%v", r.Faults)
	}
	type half struct {
		stream uint64
		d      reassembly.Direction
	}
	next := map[half]uint32{}
	for _, c := range r.Calls {
		h := half{c.Stream, c.Dir}
		switch c.Method {
		case "gap":
			if n, ok := next[h]; ok {
				next[h] = n + uint32(c.Gap.Bytes)
			}
		case "data":
			s := &segments[c.At.Packet-1]
			first := s.Seq
			if s.Flags.Has(capture.SYN) {
				first++
			}
			at, ok := next[h]
			if !ok {
				i := bytes.Index(s.Payload, c.Data)
				if i < 0 {
					return fmt.Errorf("%v: not of packet %d", c, s.Packet)
				}
				if len(c.Data) < 16 {
					continue // may stand elsewhere in it too
				}
				at = first + uint32(i)
			}
			i := int(int32(at - first))
			if i < 0 || i+len(c.Data) > len(s.Payload) || !bytes.Equal(c.Data, s.Payload[i:i+len(c.Data)]) {
				return fmt.Errorf("%v: packet %d has other bytes at %d", c, s.Packet, i)
			}
			next[h] = at + uint32(len(c.Data))
		}
	}
	return nil
}

// FuzzAssembler feeds any segments, and demands the contract, true content,
// bounds, and the same calls when they are fed again. The first byte tells how
// the handler behaves.
func FuzzAssembler(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomSoup(seed, 200))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		segments := soup(data[1:])
		var transcript string
		for range 2 {
			r := &reassemblytest.Recorder{}
			if k := int(data[0]); k >= 128 {
				n := 0
				r.Answer = func(reassemblytest.Call) error {
					if n++; n%(k-127) == 0 {
						return reassembly.ErrIgnore
					}
					return nil
				}
			}
			run(t, r, segments)
			if err := soupCheck(segments, r); err != nil {
				t.Fatal(err)
			}
			if transcript != "" && transcript != r.String() {
				t.Fatalf("fed again:\n%s\nbefore:\n%s", r, transcript)
			}
			transcript = r.String()
		}
	})
}

func randomSoup(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, 1+8*n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	for i := 1; i < len(b); i += 8 {
		if seed%2 == 0 && rng.IntN(10) > 0 {
			b[i+1] = b[i+1]&0xc0 | 7 // mostly plain data
			b[i+7] %= 100
		}
	}
	return b
}

// As the fuzz target, over soups that a generator favors: mostly data.
func TestSoup(t *testing.T) {
	for seed := range uint64(seeds(t, 200)) {
		segments := soup(randomSoup(seed, 300)[1:])
		r := &reassemblytest.Recorder{}
		run(t, r, segments)
		if err := soupCheck(segments, r); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
