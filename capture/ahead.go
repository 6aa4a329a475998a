package capture

import (
	"encoding/binary"
	"time"
)

// Decoded is what Decode has made of a packet: of a segment (KindTCP) all, of
// any other packet only Kind and Stamp.
type Decoded struct {
	Kind Kind
	Segment
}

// Decode is NextInto and then Decoder.Decode of up to len(into) packets at once.
// It takes those with nothing uncommon about their records and headers, as far
// as they are in memory, and returns how many of into it has filled. If these
// are not all, the next packet is for NextInto. Nothing that it takes is an
// ICMP error or came in fragments, and no secrets stand between.
//
// Payloads are valid until the next call of NextInto or Close.
//
// What is done to a packet from here to its line does not fit the processor's
// cache of instructions. With many packets at once this part is fetched once
// for all of them: small frames take a tenth less.
func (f *File) Decode(d *Decoder, into []Decoded) (n int) {
	d.pieces = d.pieces[:0]
	switch {
	case f.err != nil || !f.opened:
		return 0
	case f.format == PCAPNG:
		return f.decodeBlocks(d, into)
	case f.plain:
		return f.decodeRecords(d, into)
	}
	return 0
}

// decodeRecords is Decode of a plain pcap file. What it does not take is left
// for nextPcap to judge.
func (f *File) decodeRecords(d *Decoder, into []Decoded) (n int) {
	w := &f.in
	b := w.buf[w.lo:w.hi:w.hi]
	for n < len(into) && len(b) >= pcapRecordLen {
		h := (*[pcapRecordLen]byte)(b)
		captured, length := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
		size := pcapRecordLen + int(captured)
		if captured > maxPacket || size > len(b) {
			break
		}
		p := &into[n]
		p.Kind = d.fast(f.link, b[pcapRecordLen:size:size], &p.Segment)
		if p.Kind == undecided {
			break
		}
		second, fraction := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:])
		p.Time = time.Unix(int64(second), int64(f.nanoseconds(fraction))).UTC()
		p.Packet = f.count(int(length), int(captured))
		b = b[size:len(b):len(b)]
		n++
	}
	w.lo = w.hi - len(b)
	return n
}

// decodeBlocks is Decode of a pcapng file.
func (f *File) decodeBlocks(d *Decoder, into []Decoded) (n int) {
	var packet Packet
	for ; n < len(into); n++ {
		at, stats := f.in.lo, f.stats
		if !f.commonBlock(&packet) {
			break
		}
		p := &into[n]
		p.Kind = d.fast(packet.Link, packet.Data, &p.Segment)
		if p.Kind == undecided { // it is for NextInto, which counts it
			f.in.lo, f.stats = at, stats
			break
		}
		p.Stamp = packet.Stamp
	}
	return n
}
