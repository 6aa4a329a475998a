package benchtest

import (
	"encoding/binary"
	"strconv"
)

// mixed puts small among other traffic.
func (g *generator) mixed() {
	conns := g.open("")
	others := [...]func(){g.download, g.encrypted, g.encrypted, g.pages, g.datagrams}
	for g.left > int64(len(conns))*closing {
		if g.truth.WebSocketPackets*50 <= g.truth.Packets {
			g.talk(conns)
		} else {
			pick(g, others[:])()
		}
	}
	g.close(conns)
}

// download is a file of 50 KB to 1 MB over HTTP.
func (g *generator) download() {
	c := g.dial(0xc0000202, 80)
	left := g.between(50_000, 1_000_000)
	g.segment(c, client, psh|ack, []byte("GET /files/nightly.img HTTP/1.1\r\nHost: files.example.test\r\nAccept: */*\r\n\r\n"))
	g.wait(400)
	g.payload = strconv.AppendInt(append(g.payload[:0], "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: "...), int64(left), 10)
	g.segment(c, server, psh|ack, append(g.payload, "\r\n\r\n"...))
	for left > 0 {
		n := min(left, 48<<10)
		left -= n
		g.send(c, server, g.random(n), mss)
		g.wait(100)
		g.acknowledge(c, client)
	}
	g.hangUp(c, server)
}

// encrypted is a TLS 1.3 connection (RFC 8446) of some exchanges; what is
// encrypted is random.
func (g *generator) encrypted() {
	c := g.dial(0xc0000203, 443)
	g.segment(c, client, psh|ack, g.hello(1))
	g.wait(300)
	reply := append([]byte(nil), g.hello(2)...)
	reply = append(reply, 20, 3, 3, 0, 1, 1) // change_cipher_spec, for middleboxes (appendix D.4)
	g.send(c, server, g.appendRecord(reply, g.between(2000, 4000)), mss)
	for range g.between(3, 12) {
		g.wait(300)
		g.send(c, client, g.appendRecord(nil, g.between(60, 700)), mss)
		g.wait(500)
		g.wire = g.wire[:0]
		for left := g.between(200, 40_000); left > 0; left -= 16 << 10 {
			g.wire = g.appendRecord(g.wire, min(left, 16<<10))
		}
		g.send(c, server, g.wire, mss)
	}
	g.wait(100)
	g.acknowledge(c, client)
	g.hangUp(c, client)
}

// appendRecord adds a record of n encrypted bytes (RFC 8446, 5.2).
func (g *generator) appendRecord(b []byte, n int) []byte {
	b = binary.BigEndian.AppendUint16(append(b, 23, 3, 3), uint16(n))
	return append(b, g.random(n)...)
}

// hello is the record of a ClientHello (1) or ServerHello (2); RFC 8446, 4.1.
func (g *generator) hello(kind byte) []byte {
	body := append([]byte{3, 3}, g.random(32)...)
	body = append(append(body, 32), g.random(32)...)
	share := append([]byte{0, 29, 0, 32}, g.random(32)...) // x25519
	if kind == 1 {
		body = append(body, 0, 6, 0x13, 1, 0x13, 2, 0x13, 3, 1, 0) // suites, no compression
		name := "shop.example.test"
		sni := append([]byte{0, 0, 0, byte(len(name) + 5), 0, byte(len(name) + 3), 0, 0, byte(len(name))}, name...)
		extensions := append(sni, 0, 43, 0, 3, 2, 3, 4, 0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 8, 4)
		extensions = append(append(extensions, 0, 51, 0, byte(len(share)+2), 0, byte(len(share))), share...)
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(extensions))), extensions...)
	} else {
		body = append(body, 0x13, 1, 0)
		extensions := append([]byte{0, 43, 0, 2, 3, 4, 0, 51, 0, byte(len(share))}, share...)
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(extensions))), extensions...)
	}
	record := binary.BigEndian.AppendUint16([]byte{22, 3, 1}, uint16(len(body)+4))
	record = append(record, kind, 0)
	return append(binary.BigEndian.AppendUint16(record, uint16(len(body))), body...)
}

// pages is an HTTP connection with some requests.
func (g *generator) pages() {
	c := g.dial(0xc0000204, 8080)
	for range g.between(2, 20) {
		g.payload = strconv.AppendUint(append(g.payload[:0], "GET /api/items/"...), uint64(g.rand.Uint32N(1e6)), 10)
		g.payload = append(g.payload, " HTTP/1.1\r\nHost: api.example.test:8080\r\nAccept: application/json\r\nUser-Agent: bench\r\n\r\n"...)
		g.segment(c, client, psh|ack, g.payload)
		g.wait(400)
		g.payload = g.appendDocument(g.payload[:0])
		g.wire = append(g.wire[:0], "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: "...)
		g.wire = append(strconv.AppendInt(g.wire, int64(len(g.payload)), 10), "\r\n\r\n"...)
		g.send(c, server, append(g.wire, g.payload...), mss)
		g.wait(2000)
	}
	g.acknowledge(c, client)
	g.hangUp(c, client)
}

// datagrams are DNS (RFC 1035), QUIC (RFC 9000) and RTP (RFC 3550), in runs.
func (g *generator) datagrams() {
	addr := [2]uint32{0x0a800000 + g.rand.Uint32N(1<<16), 0xc0000205}
	port := [2]uint16{uint16(g.between(32768, 60999)), 53}
	back := func(a [2]uint32) [2]uint32 { return [2]uint32{a[1], a[0]} }
	switch g.rand.IntN(3) {
	case 0:
		for range 10 {
			port[0] = uint16(g.between(32768, 60999))
			query := append(binary.BigEndian.AppendUint16(nil, uint16(g.rand.Uint32())), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
			query = append(query, "\x04feed\x07example\x04test\x00\x00\x01\x00\x01"...)
			g.datagram(addr, port, query)
			g.wait(500)
			query[2], query[3], query[7] = 0x81, 0x80, 1
			answer := append(query, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
			g.datagram(back(addr), [2]uint16{53, port[0]}, answer)
			g.wait(500)
		}
	case 1:
		port[1] = 443
		for range g.between(50, 400) {
			g.wire = append(append(g.wire[:0], 0x40|byte(g.rand.Uint32N(32))), g.random(g.between(1100, 1250))...)
			g.datagram(back(addr), [2]uint16{443, port[0]}, g.wire)
			g.wait(10)
		}
	case 2:
		port[1] = 20000
		for i := range g.between(50, 400) {
			g.wire = binary.BigEndian.AppendUint16(append(g.wire[:0], 0x80, 0), uint16(i))
			g.wire = binary.BigEndian.AppendUint32(g.wire, uint32(i)*160)
			g.wire = append(append(g.wire, 0, 0, 0, 1), g.random(160)...)
			g.datagram(addr, port, g.wire)
			g.wait(40)
		}
	}
}
