package capturetest

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"wstap/capture"
)

// maxSnaplen is the snapshot length that the files name, tcpdump's default.
const maxSnaplen = 262144

// WritePcap writes pkts as a little-endian pcap file with nanoseconds. All
// must have the same link type; without packets it is Ethernet.
func WritePcap(w io.Writer, pkts []capture.Packet) error {
	link := capture.LinkEthernet
	if len(pkts) > 0 {
		link = pkts[0].Link
	}
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, maxSnaplen)
	b = binary.LittleEndian.AppendUint32(b, uint32(link))
	for _, p := range pkts {
		if p.Link != link {
			return fmt.Errorf("packet %d has link type %v, the file %v: write pcapng", p.Packet, p.Link, link)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Time.Unix()))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Time.Nanosecond()))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.Data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Length))
		b = append(b, p.Data...)
	}
	_, err := w.Write(b)
	return err
}

// WritePcapng writes pkts as a little-endian pcapng file of one section, with
// nanoseconds. The link type of an interface is that of its first packet.
func WritePcapng(w io.Writer, pkts []capture.Packet) error {
	b := block(nil, 0x0a0d0d0a, []byte{0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	links, err := interfaces(pkts)
	if err != nil {
		return err
	}
	for _, l := range links {
		idb := binary.LittleEndian.AppendUint32([]byte{byte(l), byte(l >> 8), 0, 0}, maxSnaplen)
		b = block(b, 1, append(idb, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0)) // if_tsresol 9
	}
	for _, p := range pkts {
		ns := uint64(p.Time.Sub(time.Unix(0, 0)))
		epb := binary.LittleEndian.AppendUint32(nil, uint32(p.Interface))
		epb = binary.LittleEndian.AppendUint32(epb, uint32(ns>>32))
		epb = binary.LittleEndian.AppendUint32(epb, uint32(ns))
		epb = binary.LittleEndian.AppendUint32(epb, uint32(len(p.Data)))
		epb = binary.LittleEndian.AppendUint32(epb, uint32(p.Length))
		b = block(b, 6, append(epb, p.Data...))
	}
	_, err = w.Write(b)
	return err
}

// interfaces lists the link types of the interfaces; one without packets is
// Ethernet.
func interfaces(pkts []capture.Packet) ([]capture.LinkType, error) {
	links := make(map[int]capture.LinkType)
	n := 0
	for _, p := range pkts {
		if p.Interface < 0 || p.Interface > 1000 {
			return nil, fmt.Errorf("packet %d: no interface %d", p.Packet, p.Interface)
		}
		if l, ok := links[p.Interface]; ok && l != p.Link {
			return nil, fmt.Errorf("packet %d: interface %d has two link types", p.Packet, p.Interface)
		}
		links[p.Interface] = p.Link
		n = max(n, p.Interface+1)
	}
	out := make([]capture.LinkType, n)
	for i := range out {
		out[i] = capture.LinkEthernet
		if l, ok := links[i]; ok {
			out[i] = l
		}
	}
	return out, nil
}

func block(b []byte, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
}
