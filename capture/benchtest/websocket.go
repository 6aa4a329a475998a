package benchtest

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
)

// serverAddr is that of the WebSocket server, serverPort its port.
const (
	serverAddr = 0xc0000201 // 192.0.2.1 (RFC 5737)
	serverPort = 8080
)

// Opcodes (RFC 6455, 5.2).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// upgrade opens a WebSocket connection into c.
func (g *generator) upgrade(c *conn, extension string) {
	c.ws = true
	g.dialInto(c, serverAddr, serverPort)
	var nonce [16]byte
	binary.LittleEndian.PutUint64(nonce[:], g.rand.Uint64())
	binary.LittleEndian.PutUint64(nonce[8:], g.rand.Uint64())
	key := base64.StdEncoding.EncodeToString(nonce[:])
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if extension != "" {
		extension = "Sec-WebSocket-Extensions: " + extension + "\r\n"
	}
	g.wait(100)
	g.segment(c, client, psh|ack, []byte("GET /feed HTTP/1.1\r\nHost: feed.example.test:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Origin: http://feed.example.test\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+key+"\r\n"+extension+"\r\n"))
	g.wait(300)
	g.segment(c, server, psh|ack, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(accept[:])+"\r\n"+extension+"\r\n"))
}

// open upgrades as many connections as are asked for.
func (g *generator) open(extension string) []conn {
	conns := make([]conn, g.truth.Connections)
	for i := range conns {
		g.upgrade(&conns[i], extension)
		g.wait(500)
	}
	return conns
}

// close ends all of conns with a closing handshake (RFC 6455, 7.1).
func (g *generator) close(conns []conn) {
	for i := range conns {
		c := &conns[i]
		first := direction(g.rand.IntN(2))
		going := []byte{1000 >> 8, 1000 & 0xff}
		g.wire = g.appendFrame(g.wire[:0], first, opClose, 0, going)
		g.segment(c, first, psh|ack, g.wire)
		g.wait(200)
		g.wire = g.appendFrame(g.wire[:0], 1-first, opClose, 0, going)
		g.segment(c, 1-first, psh|ack, g.wire)
		g.wait(100)
		g.hangUp(c, server) // the server closes first (RFC 6455, 7.1.1)
	}
}

// appendFrame adds a frame to dst (RFC 6455, 5.2), masked if it is the
// client's. rsv1 is 0x40 on compressed messages (RFC 7692, 6).
func (g *generator) appendFrame(dst []byte, from direction, opcode, rsv1 byte, payload []byte) []byte {
	g.truth.Frames++
	g.truth.PayloadBytes += uint64(len(payload))
	if opcode < opClose {
		g.truth.Messages++
	}
	mask := byte(0x80)
	if from == server {
		mask = 0
	}
	dst = append(dst, 0x80|rsv1|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, mask|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, mask|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, mask|127), uint64(n))
	}
	if from == server {
		return append(dst, payload...)
	}
	key := g.rand.Uint32()
	dst = binary.LittleEndian.AppendUint32(dst, key)
	at := len(dst)
	dst = append(dst, payload...)
	b, wide := dst[at:], uint64(key)<<32|uint64(key)
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
	}
	for i := range b {
		b[i] ^= byte(wide >> (8 * i))
	}
	return dst
}
