// Attack writes captures that cost an analyzer as much as they can, to measure
// what wstap takes for them:
//
//	go run ./testdata/attack NAME MEGABYTES | /usr/bin/time -v wstap -q -r - -T jsonl:/dev/null
//
// Without arguments it lists the names.
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
)

// capture is a pcap file of raw IPv4 packets, a millisecond apart.
type capture struct {
	w       *bufio.Writer
	left    int // bytes still to be written
	packets uint32
	next    map[int]*[2]uint32 // sequence numbers due, by connection
}

const (
	client, server     = 0, 1
	fin, syn, rst, ack = 1, 2, 4, 16
)

// raw writes a packet of protocol proto.
func (c *capture) raw(proto byte, src, dst uint32, fragment uint16, b []byte) {
	c.packets++
	c.left -= 16 + 20 + len(b)
	h := make([]byte, 36)
	binary.LittleEndian.PutUint32(h, 1767225600+c.packets/1000)
	binary.LittleEndian.PutUint32(h[4:], c.packets%1000*1000)
	binary.LittleEndian.PutUint32(h[8:], uint32(20+len(b)))
	binary.LittleEndian.PutUint32(h[12:], uint32(20+len(b)))
	h[16], h[24], h[25] = 0x45, 64, proto
	binary.BigEndian.PutUint16(h[18:], uint16(20+len(b)))
	binary.BigEndian.PutUint16(h[20:], uint16(c.packets))
	binary.BigEndian.PutUint16(h[22:], fragment)
	binary.BigEndian.PutUint32(h[28:], src)
	binary.BigEndian.PutUint32(h[32:], dst)
	c.w.Write(h)
	c.w.Write(b)
}

// tcp writes a segment of connection n.
func (c *capture) tcp(n, from int, flags byte, seq, ack uint32, p []byte) {
	t := make([]byte, 20, 20+len(p))
	src, dst := uint32(0x0a000000+n>>15), uint32(0xc0000201)
	sport, dport := uint16(1024+n&0x7fff), uint16(8080)
	if from == server {
		src, dst, sport, dport = dst, src, dport, sport
	}
	binary.BigEndian.PutUint16(t, sport)
	binary.BigEndian.PutUint16(t[2:], dport)
	binary.BigEndian.PutUint32(t[4:], seq)
	binary.BigEndian.PutUint32(t[8:], ack)
	t[12], t[13] = 5<<4, flags
	binary.BigEndian.PutUint16(t[14:], 65535)
	c.raw(6, src, dst, 0, append(t, p...))
}

// send writes the next bytes of connection n, in segments; lose leaves them out.
func (c *capture) send(n, from int, p []byte) {
	s := c.next[n]
	for len(p) > 0 {
		k := min(len(p), 1400)
		c.tcp(n, from, ack, s[from], s[1-from], p[:k])
		s[from] += uint32(k)
		p = p[k:]
	}
}

func (c *capture) lose(n, from int, k uint32) { c.next[n][from] += k }

func (c *capture) open(n int) {
	c.tcp(n, client, syn, 0, 0, nil)
	c.tcp(n, server, syn|ack, 0, 1, nil)
	c.next[n] = &[2]uint32{1, 1}
}

// upgrade opens a WebSocket.
func (c *capture) upgrade(n int, extension string) {
	c.open(n)
	if extension != "" {
		extension = "Sec-WebSocket-Extensions: " + extension + "\r\n"
	}
	c.send(n, client, []byte("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+extension+"\r\n"))
	c.send(n, server, []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"+extension+"\r\n"))
}

// frame is one from the server.
func frame(first byte, p []byte) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(len(p))), p...)
}

func deflated(n int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(make([]byte, n))
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// each calls one for connections 0, 1, ... until the capture is large enough.
func each(one func(c *capture, n int)) func(*capture) {
	return func(c *capture) {
		for n := 0; c.left > 0; n++ {
			one(c, n)
			delete(c.next, n)
		}
	}
}

// stream sends bytes of the server on one WebSocket until it is large enough.
func stream(extension string, begin, more []byte) func(*capture) {
	return func(c *capture) {
		c.upgrade(0, extension)
		c.send(0, server, begin)
		for c.left > 0 {
			c.send(0, server, more)
		}
	}
}

var long = bytes.Repeat([]byte("a"), 60_000)

var attacks = map[string]func(*capture){
	"syn-flood":            each(func(c *capture, n int) { c.tcp(n, client, syn, 0, 0, nil) }),
	"syn-flood-same-ports": each(func(c *capture, n int) { c.tcp(n%100, client, syn, uint32(n)*7, 0, nil) }),
	"idle-connections":     each(func(c *capture, n int) { c.upgrade(n, "permessage-deflate") }),
	"short-connections": each(func(c *capture, n int) {
		c.upgrade(n, "")
		c.send(n, server, frame(0x81, []byte("hello")))
		s := c.next[n]
		c.tcp(n, client, fin|ack, s[0], s[1], nil)
		c.tcp(n, server, fin|ack, s[1], s[0]+1, nil)
	}),
	"hoarding-one-stream": func(c *capture) {
		c.upgrade(0, "")
		for c.left > 0 {
			c.lose(0, server, 1)
			c.send(0, server, long[:1])
		}
	},
	"hoarding-many-streams": each(func(c *capture, n int) {
		c.upgrade(n, "")
		c.lose(n, server, 1)
		for range 15 {
			c.send(n, server, long)
		}
	}),
	"endless-head": each(func(c *capture, n int) {
		c.open(n)
		c.send(n, client, []byte("GET / HTTP/1.1\r\nA: "))
		c.send(n, client, long)
	}),
	"endless-chunk-lines": each(func(c *capture, n int) {
		c.open(n)
		c.send(n, client, []byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;"))
		c.send(n, client, long[:4000])
	}),
	"pipelined-requests": each(func(c *capture, n int) {
		c.open(n)
		for range 255 {
			c.send(n, client, []byte("GET /"+string(long[:1200])+" HTTP/1.1\r\n\r\n"))
		}
	}),
	"frame-of-2^63": stream("", []byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), long),
	"many-frames-of-2^63": each(func(c *capture, n int) {
		c.upgrade(n, "")
		c.send(n, server, []byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"))
		c.send(n, server, long[:3000])
	}),
	"unfinished-messages": each(func(c *capture, n int) {
		c.upgrade(n, "")
		c.send(n, server, frame(0x01, long))
	}),
	"fragments":           stream("", []byte("\x01\x00"), bytes.Repeat([]byte("\x00\x01a\x89\x00"), 1000)),
	"empty-frames":        stream("", nil, bytes.Repeat([]byte("\x82\x00"), 1000)),
	"violations":          stream("", nil, bytes.Repeat([]byte("\x73\x80\x00\x00\x00\x00"), 1000)),
	"deflate-bombs":       stream("permessage-deflate", nil, frame(0xc2, deflated(1<<30))),
	"small-deflate-bombs": stream("permessage-deflate", nil, frame(0xc2, deflated(64<<10))),
	"takeover-windows": each(func(c *capture, n int) {
		c.upgrade(n, "permessage-deflate")
		c.send(n, server, frame(0xc2, deflated(64<<10)))
	}),
	"searches": each(func(c *capture, n int) {
		c.upgrade(n, "")
		c.lose(n, server, 1)
		c.send(n, server, append([]byte("\x02\x7e\xff\xff"), bytes.Repeat([]byte("\xff"), 60_000)...))
		c.tcp(n, client, ack, c.next[n][0], c.next[n][1], nil)
	}),
	"midstream-noise": each(func(c *capture, n int) {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		c.next[n] = &[2]uint32{1, 1}
		p := make([]byte, 30_000)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		c.send(n, server, append([]byte("\x02\x7e\xff\xff"), p...))
	}),
	"single-bytes": func(c *capture) {
		c.upgrade(0, "")
		for c.left > 0 {
			for _, b := range frame(0x82, long[:1000]) {
				c.send(0, server, []byte{b})
			}
		}
	},
	"ip-fragments": func(c *capture) {
		for n := uint32(0); c.left > 0; n++ {
			c.raw(6, 0x0a000000+n, 0xc0000201, 0x2000|uint16(n%100), long[:800])
		}
	},
}

func main() {
	log.SetFlags(0)
	var name string
	megabytes := 100
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	if len(os.Args) > 2 {
		megabytes, _ = strconv.Atoi(os.Args[2])
	}
	attack, ok := attacks[name]
	if !ok {
		log.Fatalf("name one of: %s", strings.Join(slices.Sorted(maps.Keys(attacks)), " "))
	}
	c := &capture{w: bufio.NewWriterSize(os.Stdout, 1<<20), left: megabytes << 20, next: make(map[int]*[2]uint32)}
	io.WriteString(c.w, "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00")
	attack(c)
	if err := c.w.Flush(); err != nil {
		log.Fatal(fmt.Errorf("writing: %w", err))
	}
}
