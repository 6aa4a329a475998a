package capture

import (
	"fmt"
	"math"
	"time"
)

// pcapHeader writes the file header.
func (w *Writer) pcapHeader(in Interface) error {
	w.begun = true
	w.buf = w.buf[:0]
	if w.opts.Format == PCAPNano {
		w.u32(pcapMagicNano)
	} else {
		w.u32(pcapMagic)
	}
	w.u16(2)
	w.u16(4)
	w.u32(0) // times are UTC
	w.u32(0) // accuracy: nobody knows
	w.u32(in.SnapLen)
	w.u32(uint32(in.Link))
	_, err := w.w.Write(w.buf)
	return err
}

// pcapRecord writes one packet; length is that on the wire.
func (w *Writer) pcapRecord(p Packet, in Interface, length uint32) error {
	ticks, err := ticksOf(p, in)
	if err != nil {
		return err
	}
	perSecond := powersOf10[in.Resolution]
	if ticks/perSecond > math.MaxUint32 {
		return fmt.Errorf("packet %d: its time %s is beyond what pcap can hold: write pcapng", p.Packet, p.Time.Format(time.RFC3339Nano))
	}
	w.buf = w.buf[:0]
	w.u32(uint32(ticks / perSecond))
	w.u32(uint32(ticks % perSecond))
	w.u32(uint32(len(p.Data)))
	w.u32(length)
	w.buf = append(w.buf, p.Data...)
	_, err = w.w.Write(w.buf)
	return err
}
