package reassemblytest

import (
	"errors"
	"io"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
)

// Driver brings packets to an Assembler as wstap does: those that are no TCP
// move its time on.
type Driver struct {
	Assembler *reassembly.Assembler
	Decoder   capture.Decoder
	Segment   capture.Segment // of the packet that was brought last, where it is TCP
}

// Packet brings one packet.
func (d *Driver) Packet(p *capture.Packet) (capture.Kind, error) {
	kind := d.Decoder.Decode(p, &d.Segment)
	if kind == capture.KindTCP {
		return kind, d.Assembler.Segment(&d.Segment)
	}
	return kind, d.Assembler.Advance(p.Time)
}

// Run brings all packets of src. before and behind are called around each, unless
// they are nil. The Assembler is not closed.
func (d *Driver) Run(tb testing.TB, src capture.Source, before func(*capture.Packet), behind func(*capture.Packet, capture.Kind)) {
	tb.Helper()
	for {
		p, err := src.Next()
		switch {
		case err == io.EOF:
			return
		case errors.Is(err, capture.ErrIdle):
			continue
		case err != nil:
			tb.Fatalf("reading: %v", err)
		}
		if before != nil {
			before(&p)
		}
		kind, err := d.Packet(&p)
		if err != nil {
			tb.Fatalf("packet %d: %v", p.Packet, err)
		}
		if behind != nil {
			behind(&p, kind)
		}
	}
}
