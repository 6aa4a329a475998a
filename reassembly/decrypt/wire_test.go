package decrypt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// piece is what one direction sent in one go.
type piece struct {
	dir  reassembly.Direction
	data []byte
}

// wire is what went over a connection.
type wire []piece

// link is a connection in memory that never blocks who writes, and notes what
// went over it.
type link struct {
	mu     sync.Mutex
	more   sync.Cond
	queue  [2][]byte // what each direction has under way
	closed bool
	wire   wire
}

// linkEnd is one end of a link: dir is the direction it writes in.
type linkEnd struct {
	net.Conn // nil: what TLS does not need
	link     *link
	dir      reassembly.Direction
}

func (e linkEnd) Write(b []byte) (int, error) {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	e.link.wire = append(e.link.wire, piece{e.dir, bytes.Clone(b)})
	e.link.queue[e.dir] = append(e.link.queue[e.dir], b...)
	e.link.more.Broadcast()
	return len(b), nil
}

func (e linkEnd) Read(b []byte) (int, error) {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	queue := &e.link.queue[e.dir.Reverse()]
	for len(*queue) == 0 {
		if e.link.closed {
			return 0, io.EOF
		}
		e.link.more.Wait()
	}
	n := copy(b, *queue)
	*queue = (*queue)[n:]
	return n, nil
}

func (e linkEnd) Close() error {
	e.link.mu.Lock()
	defer e.link.mu.Unlock()
	e.link.closed = true
	e.link.more.Broadcast()
	return nil
}

// certificates are throw-away, of both kinds, and made once: RSA keys take time.
var certificates = sync.OnceValues(func() (all []tls.Certificate, err error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"ws.example.test"}, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	one, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	two, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	for _, k := range []struct{ public, private any }{{one.Public(), one}, {two.Public(), two}} {
		der, err := x509.CreateCertificate(rand.Reader, template, template, k.public, k.private)
		if err != nil {
			return nil, err
		}
		all = append(all, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k.private})
	}
	return all, nil
})

// talk is one connection of a Go client with a Go server that say each other
// the lines of a script in turn. It returns what went over the wire.
func talk(t *testing.T, client, server *tls.Config, script []piece) wire {
	t.Helper()
	l := new(link)
	l.more.L = &l.mu
	a, b := linkEnd{link: l, dir: reassembly.FromClient}, linkEnd{link: l, dir: reassembly.FromServer}
	c, s := tls.Client(a, client), tls.Server(b, server)
	run := func(conn *tls.Conn, d reassembly.Direction) error {
		if err := conn.Handshake(); err != nil {
			return err
		}
		for _, p := range script {
			if p.dir == d {
				if _, err := conn.Write(p.data); err != nil {
					return err
				}
			} else if _, err := io.ReadFull(conn, make([]byte, len(p.data))); err != nil {
				return err
			}
		}
		return nil
	}
	done := make(chan error)
	go func() {
		err := run(s, reassembly.FromServer)
		if err != nil {
			b.Close()
		}
		done <- err
	}()
	err := run(c, reassembly.FromClient)
	if err != nil {
		a.Close()
	}
	if serverErr := <-done; err == nil {
		err = serverErr
	}
	if err != nil {
		t.Fatal(err)
	}
	return l.wire
}

// script is a conversation with messages of all sizes.
func script(lines int) (all []piece) {
	for i := range lines {
		text := fmt.Appendf(nil, "message %d of the client ", i)
		all = append(all, piece{reassembly.FromClient, bytes.Repeat(text, 1+i%7)})
		text = fmt.Appendf(nil, "answer %d of the server ", i)
		all = append(all, piece{reassembly.FromServer, bytes.Repeat(text, 1+(i*i)%11)})
	}
	return append(all, piece{reassembly.FromServer, bytes.Repeat([]byte("large "), 3000)})
}

// said is what direction d says in a script.
func said(script []piece, d reassembly.Direction) (b []byte) {
	for _, p := range script {
		if p.dir == d {
			b = append(b, p.data...)
		}
	}
	return b
}

// cut parts what was sent into segments of n bytes at most.
func (w wire) cut(n int) (all wire) {
	for _, p := range w {
		for len(p.data) > n {
			all = append(all, piece{p.dir, p.data[:n]})
			p.data = p.data[n:]
		}
		all = append(all, p)
	}
	return all
}

// stream is a TCP connection seen from its beginning.
func stream() *reassembly.Stream {
	return reassembly.NewStream(0, netip.MustParseAddrPort("10.0.0.2:40000"), netip.MustParseAddrPort("10.0.0.1:443"),
		reassembly.Handshake{First: stamp(0), SYN: stamp(0), SYNACK: stamp(0)})
}

// stamp is that of packet n of a test.
func stamp(n int) capture.Stamp {
	return capture.Stamp{Time: reassemblytest.Start.Add(time.Duration(n) * time.Millisecond), Packet: uint64(n) + 1}
}

// feed hands the pieces to h, each in a packet of its own; lost are told as
// gaps. The buffer lent is overwritten after each call.
func (w wire) feed(t testing.TB, h *Handler, st *reassembly.Stream, lost func(i int) bool) reassembly.StreamHandler {
	t.Helper()
	s := h.Open(st)
	var buf []byte
	for i, p := range w {
		buf = append(buf[:0], p.data...)
		var err error
		if lost != nil && lost(i) {
			err = s.Gap(p.dir, reassembly.Gap{Bytes: int64(len(p.data)), Cause: reassembly.Acked}, stamp(i+1))
		} else {
			err = s.Data(p.dir, buf, stamp(i+1))
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range buf {
			buf[i] = 0xee
		}
	}
	return s
}

// end closes a stream and the handler.
func end(t testing.TB, h *Handler, s reassembly.StreamHandler) {
	t.Helper()
	if err := s.Close(reassembly.Reason{How: reassembly.End}, stamp(1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// check compares what a recorder was handed of stream 0 with a script.
func check(t testing.TB, r *reassemblytest.Recorder, want []piece) {
	t.Helper()
	for _, f := range r.Faults {
		t.Error(f)
	}
	for d := reassembly.FromClient; d <= reassembly.FromServer; d++ {
		if got := r.Bytes(0, d, 0); !bytes.Equal(got, said(want, d)) {
			t.Errorf("%v: %d bytes, want %d", d, len(got), len(said(want, d)))
		}
	}
}

// configs are those of a client and a server that speak one version and suite,
// and the key log that the client writes.
func configs(t *testing.T, version, suite uint16) (client, server *tls.Config, log *bytes.Buffer) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 1)
	both, err := certificates()
	if err != nil {
		t.Fatal(err)
	}
	log = new(bytes.Buffer)
	server = &tls.Config{Certificates: both, MinVersion: version, MaxVersion: version, NextProtos: []string{"http/1.1"}}
	client = &tls.Config{ServerName: "ws.example.test", InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, KeyLogWriter: log, NextProtos: []string{"h2", "http/1.1"}}
	if version < tls.VersionTLS13 {
		client.CipherSuites, server.CipherSuites = []uint16{suite}, []uint16{suite}
	}
	return client, server, log
}
