package main

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	random "math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

// traffic is clients that connect, exchange frames with an echoing server, idle,
// and leave in all the ways there are. They have one address with 8192 ports, all
// of which have been used before after a few minutes: wstap keeps a record of
// every conversation, to number them, until there are a million.
type traffic struct {
	plain, secure net.Listener
	client        *tls.Config
	done          chan struct{} // closed when the last client has left

	connections, frames atomic.Uint64
	failed              atomic.Uint64
}

func newTraffic(keys *os.File) (*traffic, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	t := &traffic{done: make(chan struct{}), client: &tls.Config{InsecureSkipVerify: true, KeyLogWriter: keys}}
	if t.plain, err = net.Listen("tcp", "127.0.0.1:8080"); err != nil {
		return nil, err
	}
	t.secure, err = tls.Listen("tcp", "127.0.0.1:8443", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
	})
	return t, err
}

// run keeps that many clients busy until ctx ends, and waits for the last.
func (t *traffic) run(ctx context.Context, clients int) {
	var server, all sync.WaitGroup
	for _, l := range []net.Listener{t.plain, t.secure} {
		server.Go(func() { t.serve(l) })
	}
	for i := range clients {
		rng := random.New(random.NewPCG(1, uint64(i)))
		all.Go(func() {
			for ctx.Err() == nil {
				if err := t.session(rng); err != nil {
					t.failed.Add(1)
					fmt.Println("client:", err)
				}
			}
		})
	}
	all.Wait()
	t.plain.Close()
	t.secure.Close()
	server.Wait()
	close(t.done)
}

func (t *traffic) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go t.echo(c)
	}
}

// echo answers each frame with the same, and a Close frame by closing.
func (t *traffic) echo(c net.Conn) {
	defer c.Close()
	extension := wsflate.Extension{Parameters: parameters}
	upgrader := ws.Upgrader{Negotiate: extension.Negotiate}
	if _, err := upgrader.Upgrade(c); err != nil {
		return
	}
	for {
		h, err := ws.ReadHeader(c)
		if err != nil {
			return // the client has left
		}
		f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
		if _, err := io.ReadFull(c, f.Payload); err != nil {
			return
		}
		f = ws.UnmaskFrameInPlace(f)
		if f.Header.OpCode == ws.OpPing {
			f.Header.OpCode = ws.OpPong
		}
		if ws.WriteFrame(c, f) != nil {
			return
		}
		t.frames.Add(1)
		if f.Header.OpCode == ws.OpClose {
			return
		}
	}
}

var parameters = wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}

// session is one connection from beginning to end.
func (t *traffic) session(rng *random.Rand) error {
	secure := rng.IntN(50) == 0
	compressed := rng.IntN(3) == 0
	c, err := t.dial(secure, compressed)
	if err != nil {
		return err
	}
	defer c.Close()
	t.connections.Add(1)
	for range 1 + rng.IntN(30) {
		if err := t.exchange(c, rng, compressed); err != nil {
			return err
		}
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
		}
	}
	if rng.IntN(20) == 0 { // idle, and then still there
		time.Sleep(time.Duration(rng.IntN(5000)) * time.Millisecond)
		if err := t.exchange(c, rng, compressed); err != nil {
			return err
		}
	}
	switch rng.IntN(3) {
	case 0:
		f := ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "done"))
		return t.ask(c, f)
	case 1:
		if tcp, ok := c.(*net.TCPConn); ok {
			return tcp.SetLinger(0) // closing sends an RST
		}
	}
	return nil
}

func (t *traffic) dial(secure, compressed bool) (net.Conn, error) {
	dialer := ws.Dialer{
		Timeout:   20 * time.Second,
		TLSConfig: t.client,
	}
	if compressed {
		dialer.Extensions = append(dialer.Extensions, parameters.Option())
	}
	url := "ws://127.0.0.1:8080/soak"
	if secure {
		url = "wss://127.0.0.1:8443/soak"
	}
	c, early, _, err := dialer.Dial(context.Background(), url)
	if early != nil {
		ws.PutReader(early) // the server does not speak first
	}
	return c, err
}

// exchange sends a ping, or a text or binary message.
func (t *traffic) exchange(c net.Conn, rng *random.Rand, compressed bool) error {
	if rng.IntN(10) == 0 {
		return t.ask(c, ws.NewPingFrame([]byte("alive")))
	}
	var text bytes.Buffer
	for n := rng.IntN(300) * rng.IntN(30); text.Len() <= n; {
		fmt.Fprintf(&text, `{"seq":%d,"price":%.2f}`, rng.IntN(1e6), rng.Float64()*100)
	}
	f := ws.NewTextFrame(text.Bytes())
	if compressed {
		var deflated bytes.Buffer
		w, err := flate.NewWriter(&deflated, flate.BestSpeed)
		if err != nil {
			return err
		}
		w.Write(text.Bytes())
		w.Flush()
		f = ws.NewTextFrame(bytes.TrimSuffix(deflated.Bytes(), []byte{0, 0, 0xff, 0xff})) // RFC 7692, 7.2.1
		f.Header.Rsv = ws.Rsv(true, false, false)
	}
	return t.ask(c, f)
}

// ask sends a frame and waits for the answer.
func (t *traffic) ask(c net.Conn, f ws.Frame) error {
	length := f.Header.Length
	if err := ws.WriteFrame(c, ws.MaskFrame(f)); err != nil {
		return err
	}
	t.frames.Add(1)
	h, err := ws.ReadHeader(c)
	if err != nil {
		return err
	}
	if h.Length != length {
		return fmt.Errorf("%d bytes came back for %d", h.Length, length)
	}
	_, err = io.CopyN(io.Discard, c, h.Length)
	return err
}

// verdict compares what wstap says at its end with what was sent.
func (t *traffic) verdict(said string) error {
	fmt.Printf("sent: %d connections, %d frames; %d failed\n", t.connections.Load(), t.frames.Load(), t.failed.Load())
	want := map[string]uint64{"connections": t.connections.Load(), "frames": t.frames.Load()}
	for _, part := range strings.Split(strings.TrimPrefix(said, "wstap: "), ", ") {
		part, _, _ = strings.Cut(part, ";")
		i := strings.LastIndexByte(part, ' ')
		if i < 0 {
			continue
		}
		count, err := strconv.ParseUint(strings.ReplaceAll(part[:i], " ", ""), 10, 64)
		if n, ok := want[part[i+1:]]; ok {
			if err != nil || n != count {
				return fmt.Errorf("wstap has found %s, and %d were sent", part, n)
			}
			delete(want, part[i+1:])
		}
	}
	if len(want) > 0 || t.failed.Load() > 0 {
		return fmt.Errorf("wstap says %q", said)
	}
	fmt.Println("found: all of them")
	return nil
}
