package capturetest

import (
	"fmt"
)

// icmpCodes are type and code of ICMP errors (RFC 792, RFC 4443, RFC 1812).
var icmpCodes = map[string]struct{ v4, v6 [2]byte }{
	"net":      {[2]byte{3, 0}, [2]byte{1, 0}},
	"host":     {[2]byte{3, 1}, [2]byte{1, 3}},
	"port":     {[2]byte{3, 3}, [2]byte{1, 4}},
	"toobig":   {[2]byte{3, 4}, [2]byte{2, 0}},
	"filtered": {[2]byte{3, 13}, [2]byte{1, 1}},
	"timeout":  {[2]byte{11, 0}, [2]byte{3, 0}},
}

// runICMP sends an ICMP error about the last packet of the other end.
func (o *sending) runICMP(a Arrival) error {
	codes, ok := icmpCodes[o.icmp]
	if !ok {
		return fmt.Errorf("unknown ICMP error %s: net host port toobig filtered timeout are known", o.icmp)
	}
	quoted := o.conn.half[o.dir.Reverse()].last.Body
	if quoted == nil {
		return fmt.Errorf("no packet yet that an ICMP error could quote")
	}
	src, dst := o.conn.config.Server.Addr(), o.conn.config.Client.Addr()
	if o.dir == FromClient {
		src, dst = dst, src
	}
	if o.router.IsValid() {
		if src = o.router; src.BitLen() != dst.BitLen() {
			return fmt.Errorf("router %v is of another IP version", src)
		}
	}
	ip := ipHeader{src: src, dst: dst}
	var b []byte
	if src.Is4() {
		ip.proto = protoICMP
		header := int(quoted[0]&15) * 4
		b = append([]byte{codes.v4[0], codes.v4[1], 0, 0, 0, 0, 0, 0}, quoted[:min(header+8, len(quoted))]...)
		sum := checksum(b)
		b[2], b[3] = byte(sum>>8), byte(sum)
	} else {
		ip.proto = protoICMPv6
		b = append([]byte{codes.v6[0], codes.v6[1], 0, 0, 0, 0, 0, 0}, quoted[:min(1232, len(quoted))]...)
		sum := checksum(pseudoHeader(src, dst, protoICMPv6, len(b)), b)
		b[2], b[3] = byte(sum>>8), byte(sum)
	}
	encap := append(o.segment.Encap[:len(o.segment.Encap):len(o.segment.Encap)], o.conn.config.Encap...)
	o.conn.trace.datagram(o.dir, ip.datagram(b), encap, a)
	return nil
}
