package capturetest

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"wstap/capture"
)

// view is a packet that the manglers understand: a whole TCP segment over
// IPv4 or IPv6, directly or behind 802.1Q tags on a link that splitLink knows.
type view struct {
	packet   capture.Packet
	ip, tcp  int // offsets of the headers
	flow     capture.Flow
	seq, ack uint32
	flags    capture.Flags
	payload  []byte
}

// control are the flags of segments that open or end a connection.
const control = capture.SYN | capture.FIN | capture.RST

// look finds the TCP segment in p; ok is false where there is none, or p is
// truncated, a fragment or in a tunnel.
func look(p capture.Packet) (v view, ok bool) {
	header, d, ok := splitLink(p)
	if !ok || len(p.Data) < p.Length {
		return v, false
	}
	v.packet, v.ip = p, len(header)
	for d.EtherType == etherVLAN || d.EtherType == etherQinQ {
		if len(d.Body) < 4 {
			return v, false
		}
		d = Datagram{EtherType: binary.BigEndian.Uint16(d.Body[2:]), Body: d.Body[4:]}
		v.ip += 4
	}
	b := d.Body
	var src, dst netip.Addr
	switch {
	case d.EtherType == etherIPv4 && len(b) >= 20 && b[9] == protoTCP && b[6]&0x3f|b[7] == 0:
		v.tcp = v.ip + int(b[0]&15)*4
		src, dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	case d.EtherType == etherIPv6 && len(b) >= 40 && b[6] == protoTCP:
		v.tcp = v.ip + 40
		src, dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	default:
		return v, false
	}
	b, _ = trimIP(b)
	end := v.ip + len(b)
	if end < v.tcp+20 {
		return v, false
	}
	t := p.Data[v.tcp:end]
	n := int(t[12]>>4) * 4
	if n < 20 || n > len(t) {
		return v, false
	}
	v.flow.Src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(t))
	v.flow.Dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(t[2:]))
	v.seq, v.ack = binary.BigEndian.Uint32(t[4:]), binary.BigEndian.Uint32(t[8:])
	v.flags, v.payload = capture.Flags(t[13]), t[n:]
	return v, true
}

// with returns the packet with other numbers, flags and payload, its lengths
// and checksums made right.
func (v *view) with(seq, ack uint32, flags capture.Flags, payload []byte) capture.Packet {
	n := v.tcp + int(v.packet.Data[v.tcp+12]>>4)*4
	b := append(make([]byte, 0, n+len(payload)), v.packet.Data[:n]...)
	b = append(b, payload...)
	t := b[v.tcp:]
	binary.BigEndian.PutUint32(t[4:], seq)
	binary.BigEndian.PutUint32(t[8:], ack)
	t[13] = byte(flags)
	t[16], t[17] = 0, 0
	sum := checksum(pseudoHeader(v.flow.Src.Addr(), v.flow.Dst.Addr(), protoTCP, len(t)), t)
	binary.BigEndian.PutUint16(t[16:], sum)
	ip := b[v.ip:v.tcp]
	if ip[0]>>4 == 4 {
		binary.BigEndian.PutUint16(ip[2:], uint16(len(b)-v.ip))
		ip[10], ip[11] = 0, 0
		binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(t)))
	}
	p := v.packet
	p.Data, p.Length = b, len(b)
	return p
}

// random is the source of every mangler's choices.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x77737461)) }

// between is a number from lo to hi, both included.
func between(r *rand.Rand, lo, hi int) int { return lo + r.IntN(max(hi-lo, 0)+1) }
