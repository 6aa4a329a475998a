package benchtest

import (
	"encoding/binary"
	"math/bits"
)

const (
	recordLen   = 16
	ethernetLen = 14
	ipLen       = 20
	tcpLen      = 20
	udpLen      = 8

	protoTCP = 6
	protoUDP = 17

	// largest is what a packet may take in the file.
	largest = recordLen + ethernetLen + 1<<16
)

// fileHeader begins a pcap file of Ethernet with microseconds.
func (g *generator) fileHeader() {
	b := g.w.AvailableBuffer()
	b = binary.LittleEndian.AppendUint32(b, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint32(b, 2|4<<16) // version 2.4
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 262144)
	b = binary.LittleEndian.AppendUint32(b, 1)
	g.write(b)
}

func (g *generator) write(b []byte) {
	g.left -= int64(len(b))
	g.w.Write(b)
}

// packet begins a packet of n bytes of TCP or UDP, ready to be appended to.
func (g *generator) packet(proto byte, src, dst uint32, id uint16, n int) []byte {
	if g.w.Available() < largest {
		g.w.Flush()
	}
	g.truth.Packets++
	b := g.w.AvailableBuffer()
	b = binary.LittleEndian.AppendUint32(b, uint32(g.now/1e6))
	b = binary.LittleEndian.AppendUint32(b, uint32(g.now%1e6))
	b = binary.LittleEndian.AppendUint32(b, uint32(ethernetLen+ipLen+n))
	b = binary.LittleEndian.AppendUint32(b, uint32(ethernetLen+ipLen+n))
	b = append(b, 2, 0, 0, 0, 0, byte(dst), 2, 0, 0, 0, 0, byte(src), 8, 0) // 02: locally administered
	ip := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(ipLen+n))
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x40, 0, 64, proto, 0, 0) // don't fragment, 64 hops
	b = binary.BigEndian.AppendUint32(b, src)
	b = binary.BigEndian.AppendUint32(b, dst)
	binary.BigEndian.PutUint16(b[ip+10:], checksum(b[ip:], 0))
	return b
}

// segment writes one TCP segment and moves the connection on.
func (g *generator) segment(c *conn, from direction, flags byte, payload []byte) {
	options := 12
	if flags&syn != 0 {
		options = 20
	}
	n := tcpLen + options + len(payload)
	c.id[from]++
	b := g.packet(protoTCP, c.addr[from], c.addr[1-from], c.id[from], n)
	tcp := len(b)
	b = binary.BigEndian.AppendUint16(b, c.port[from])
	b = binary.BigEndian.AppendUint16(b, c.port[1-from])
	b = binary.BigEndian.AppendUint32(b, c.next[from])
	acknowledged := uint32(0)
	if flags&ack != 0 {
		acknowledged = c.next[1-from]
		c.acked[from] = acknowledged
	}
	b = binary.BigEndian.AppendUint32(b, acknowledged)
	b = append(b, byte(tcpLen+options)<<2, flags, 502>>8, 502&0xff, 0, 0, 0, 0) // 64 KB of window at scale 7
	stamp := c.clock[from] + uint32(g.now/1000)
	if flags&syn != 0 {
		b = append(b, 2, 4, mssOption>>8, mssOption&0xff, 4, 2)
	} else {
		b = append(b, 1, 1)
	}
	b = append(b, 8, 10)
	b = binary.BigEndian.AppendUint32(b, stamp)
	b = binary.BigEndian.AppendUint32(b, c.seen[from])
	c.seen[1-from] = stamp
	if flags&syn != 0 {
		b = append(b, 1, 3, 3, 7)
	}
	b = append(b, payload...)
	binary.BigEndian.PutUint16(b[tcp+16:], checksum(b[tcp:], pseudo(protoTCP, c.addr, n)))
	c.next[from] += uint32(len(payload)) + uint32(flags&fin) + uint32(flags&syn)>>1
	if c.ws {
		g.truth.WebSocketPackets++
	}
	g.write(b)
}

// mssOption is the maximum segment size of Ethernet, options not counted.
const mssOption = 1460

// datagram writes one UDP datagram.
func (g *generator) datagram(addr [2]uint32, port [2]uint16, payload []byte) {
	n := udpLen + len(payload)
	b := g.packet(protoUDP, addr[0], addr[1], uint16(g.truth.Packets), n)
	udp := len(b)
	b = binary.BigEndian.AppendUint16(b, port[0])
	b = binary.BigEndian.AppendUint16(b, port[1])
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = append(b, 0, 0)
	b = append(b, payload...)
	binary.BigEndian.PutUint16(b[udp+6:], checksum(b[udp:], pseudo(protoUDP, addr, n)))
	g.write(b)
}

// pseudo is the sum of the pseudo header (RFC 9293, 3.1).
func pseudo(proto byte, addr [2]uint32, n int) uint64 {
	return uint64(addr[0]) + uint64(addr[1]) + uint64(proto) + uint64(n)
}

// checksum is the internet checksum (RFC 1071) of b, on top of sum.
func checksum(b []byte, sum uint64) uint16 {
	for ; len(b) >= 8; b = b[8:] {
		var carry uint64
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum += carry
	}
	var rest [8]byte
	copy(rest[:], b)
	sum, carry := bits.Add64(sum, binary.BigEndian.Uint64(rest[:]), 0)
	sum += carry
	sum = sum>>32 + sum&0xffffffff
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
