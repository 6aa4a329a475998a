package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// FuzzRoundTrip writes packets cut out of the input in every form, and reads
// them back.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("\x05hello\x00\x01x"), uint64(1_700_000_000_123_456_789), byte(9), uint32(0))
	f.Add([]byte("\x10more than the snaplen"), uint64(1), byte(0x8a), uint32(4))
	f.Add([]byte{}, uint64(1<<63), byte(6), uint32(65535))
	f.Fuzz(func(t *testing.T, script []byte, ticks uint64, res byte, snap uint32) {
		for _, w := range writings {
			var file bytes.Buffer
			wr := NewWriter(&file, w.opts)
			in := Interface{Link: LinkType(snap >> 16), SnapLen: snap, Resolution: Resolution(res)}
			if w.opts.Format == PCAP || in.Resolution == 0 {
				in.Resolution = Microseconds
			} else if w.opts.Format == PCAPNano {
				in.Resolution = Nanoseconds
			}
			if _, err := wr.AddInterface(in); err != nil {
				t.Fatal(err)
			}
			var want []Packet
			for rest := script; len(rest) > 0; {
				n := min(int(rest[0]), len(rest)-1)
				p := Packet{Data: rest[1 : 1+n], Link: in.Link, Length: n}
				if n%3 == 0 {
					p.Length += n * 7
				}
				if n%5 != 0 || w.opts.Format != PCAPNG {
					p.Time = in.Resolution.time(ticks, 0)
				}
				p.Packet = uint64(len(want) + 1)
				rest = rest[1+n:]
				if err := wr.WritePacket(p); err != nil {
					return // a time that the form cannot hold
				}
				if p.Time.IsZero() && len(p.Data) != simpleLen(in, uint32(p.Length)) {
					p.Time = time.Unix(0, 0).UTC() // an Enhanced Packet Block has no way to leave the time out
				}
				want = append(want, p)
			}
			got, err := readBytes(file.Bytes())
			if err != io.EOF {
				t.Fatalf("%s: %v", w.name, err)
			}
			samePackets(t, got, want)
		}
	})
}

// FuzzRead reads anything and holds what Source promises.
func FuzzRead(f *testing.F) {
	for _, w := range writings {
		var file bytes.Buffer
		sample(f, NewWriter(&file, w.opts), 3, 30)
		f.Add(file.Bytes())
		if w.opts == (WriterOptions{}) {
			f.Add(gzipped(f, file.Bytes()))
			f.Add(zstded(f, file.Bytes()))
		}
	}
	le := binary.LittleEndian
	f.Add(append(append(sectionBlock(le), interfaceBlock(le, LinkRaw, 0, uint16(9), uint16(1), "\xff")...), block(le, blockSimple, uint32(9), "abc")...))
	f.Add([]byte(`{"log":{"creator":{}}}`))
	var common bytes.Buffer
	wr := NewWriter(&common, WriterOptions{Format: PCAP})
	if _, err := wr.AddInterface(Interface{Link: LinkEthernet}); err != nil {
		f.Fatal(err)
	}
	for _, p := range commonPackets(rand.New(rand.NewPCG(1, 2)))[:20] {
		if err := wr.WritePacket(p); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(common.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := NewReader(bytes.NewReader(b), "x")
		if err != nil {
			return
		}
		if file.input.packing() != "" && len(b) > 1<<12 {
			return // a bomb is read in bounded memory, but takes its time
		}
		var n uint64
		var last int64
		var p Packet
		for ; ; n++ {
			if p, err = file.Next(); err != nil {
				break
			}
			switch {
			case p.Packet != n+1:
				t.Fatalf("packet %d has number %d", n+1, p.Packet)
			case file.input.packing() == "" && len(p.Data) > len(b):
				t.Fatalf("packet %d is longer than the input", n+1)
			case p.Length < len(p.Data):
				t.Fatalf("packet %d: %d bytes on the wire, %d captured", n+1, p.Length, len(p.Data))
			case p.Interface < 0 || p.Interface >= len(file.Interfaces()) || p.Link != file.Interfaces()[p.Interface].Link:
				t.Fatalf("packet %d: interface %d of %d", n+1, p.Interface, len(file.Interfaces()))
			case p.Time.Year() < 1 || p.Time.Year() > 9999:
				t.Fatalf("packet %d: time %s", n+1, p.Time)
			case file.in.offset() <= last:
				t.Fatalf("packet %d: no progress", n+1)
			}
			last = file.in.offset()
		}
		if file.Stats().Packets != n {
			t.Fatalf("%d packets counted, %d returned", file.Stats().Packets, n)
		}
		if _, again := file.Next(); again != err {
			t.Fatalf("after %v came %v", err, again)
		}
		if len(file.in.buf) > max(blockSize, 2*len(b)) && file.input.packing() == "" {
			t.Fatalf("a buffer of %d bytes for %d", len(file.in.buf), len(b))
		}
		var short *TruncatedError
		var bad *FormatError
		switch {
		case err == io.EOF:
		case errors.As(err, &short):
			if short.Packets != n || short.Packing == "" && short.Offset != int64(len(b)) {
				t.Fatalf("%+v after %d packets of %d bytes", short, n, len(b))
			}
		case errors.As(err, &bad):
			if bad.Packets != n || bad.Offset < last {
				t.Fatalf("%+v after %d packets, byte %d", bad, n, last)
			}
		default:
			t.Fatalf("neither cut nor damaged: %v", err)
		}
		open := func() (*File, error) { return NewReader(bytes.NewReader(b), "x") }
		sameAhead(t, "x", open, rand.New(rand.NewPCG(uint64(len(b)), 0)))
	})
}
