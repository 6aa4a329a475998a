package probe_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wstap/wsframe/probe"
)

// server is the other end of a pipe: it reads the request, and answers as told.
// KEY in the answer stands for the Accept that is due.
func server(t *testing.T, answer string, then func(io.ReadWriter)) (net.Conn, *http.Request) {
	t.Helper()
	client, conn := net.Pipe()
	deadline := time.Now().Add(5 * time.Second)
	client.SetDeadline(deadline)
	conn.SetDeadline(deadline)
	request := new(http.Request)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer conn.Close()
		r := bufio.NewReader(conn)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		*request = *req
		sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		io.WriteString(conn, strings.ReplaceAll(answer, "KEY", base64.StdEncoding.EncodeToString(sum[:])))
		if then != nil {
			then(struct {
				io.Reader
				io.Writer
			}{r, conn})
		}
	}()
	t.Cleanup(func() { client.Close(); <-done })
	return client, request
}

const granted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		err          error
		want         probe.Answer
	}{
		{"granted", granted + "\r\n", nil, probe.Answer{Status: 101}},
		{"subprotocol", granted + "Sec-WebSocket-Protocol: chat\r\n\r\n", nil, probe.Answer{Status: 101, Subprotocol: "chat"}},
		{"subprotocol not offered", granted + "Sec-WebSocket-Protocol: mail\r\n\r\n", probe.ErrSubprotocol, probe.Answer{Status: 101}},
		{"wrong accept", strings.Replace(granted, "KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1) + "\r\n", probe.ErrInvalid, probe.Answer{Status: 101}},
		{"no upgrade", strings.Replace(granted, "Upgrade: websocket\r\n", "", 1) + "\r\n", probe.ErrInvalid, probe.Answer{Status: 101}},
		{"forbidden", "HTTP/1.1 403 Forbidden\r\nServer: gate\r\nVia: 1.1 p\r\nContent-Length: 15\r\n\r\nno\nmore of this", probe.ErrRefused,
			probe.Answer{Status: 403, Server: "gate", Via: "1.1 p", Body: "no"}},
		{"moved", "HTTP/1.1 301 Moved\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n", probe.ErrRefused, probe.Answer{Status: 301, Location: "https://x/"}},
		{"no HTTP", "220 mail.example.test\r\n\r\n", probe.ErrNotHTTP, probe.Answer{Status: 101}},
		{"hang-up", "", io.EOF, probe.Answer{Status: 101}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, request := server(t, tt.answer, nil)
			u, _ := url.Parse("ws://chat.example.test:8080/chat?x=1")
			_, got, err := probe.Upgrade(conn, u, probe.Options{Subprotocols: []string{"chat"}, Header: http.Header{"Origin": {"http://o"}}})
			if !errors.Is(err, tt.err) && !(tt.err == io.EOF && errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if got.Subprotocol = strings.TrimPrefix(got.Subprotocol, "mail"); got != tt.want {
				t.Errorf("answer %+v, want %+v", got, tt.want)
			}
			if request.Header.Get("Origin") != "http://o" || request.Host != "chat.example.test:8080" || request.URL.RequestURI() != "/chat?x=1" {
				t.Errorf("asked for %s of %s with %v", request.URL, request.Host, request.Header)
			}
		})
	}
}

// readFrame reads a masked frame of up to 125 bytes.
func readFrame(t *testing.T, r io.Reader) (opcode byte, payload []byte) {
	head := make([]byte, 6)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Error(err)
		return 0, nil
	}
	if head[1]&0x80 == 0 {
		t.Error("the client did not mask")
	}
	payload = make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(r, payload); err != nil {
		t.Error(err)
	}
	for i := range payload {
		payload[i] ^= head[2+i%4]
	}
	return head[0] & 15, payload
}

// Before the pong come, in one segment with the answer and after: data, a ping
// to be answered, and a pong that answers nothing.
func TestPingAndClose(t *testing.T) {
	large := append([]byte{0x82, 126, 0x10, 0}, make([]byte, 0x1000)...)
	conn, _ := server(t, granted+"\r\n\x81\x02hi", func(rw io.ReadWriter) {
		op, payload := readFrame(t, rw)
		if op != 9 || string(payload) != "there?" {
			t.Errorf("got %d %q, want a ping", op, payload)
		}
		rw.Write(large)
		rw.Write([]byte("\x89\x01x\x8a\x05other"))
		if op, payload := readFrame(t, rw); op != 10 || string(payload) != "x" {
			t.Errorf("got %d %q, want a pong", op, payload)
		}
		rw.Write([]byte("\x8a\x06there?"))
		if op, payload := readFrame(t, rw); op != 8 || !bytes.Equal(payload, []byte{3, 0xe8}) {
			t.Errorf("got %d %q, want a close with 1000", op, payload)
		}
		rw.Write([]byte("\x88\x02\x03\xe9"))
	})
	u, _ := url.Parse("ws://chat.example.test/")
	c, _, err := probe.Upgrade(conn, u, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte("there?")
	if closed, err := c.Ping(payload); closed || err != nil || string(payload) != "there?" {
		t.Errorf("ping: closed %t, %v; payload now %q", closed, err, payload)
	}
	if code, err := c.Close(); code != 1001 || err != nil {
		t.Errorf("close: %d, %v", code, err)
	}
}

// A frame that declares a length beyond all reason costs no memory.
func TestDeclaredLengthIsNotAllocated(t *testing.T) {
	conn, _ := server(t, granted+"\r\n", func(rw io.ReadWriter) {
		readFrame(t, rw)
		rw.Write([]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffshort"))
	})
	u, _ := url.Parse("ws://chat.example.test/")
	c, _, err := probe.Upgrade(conn, u, probe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ping([]byte("x")); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want EOF", err)
	}
}
