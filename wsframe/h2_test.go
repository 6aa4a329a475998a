package wsframe_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
	"wstap/wsframe/h2"
	"wstap/wsframe/wsframetest"
)

// h2Talk plays an HTTP/2 connection to an Analyzer: each call is a packet with
// one frame, unless it says otherwise.
type h2Talk struct {
	t      *testing.T
	rec    wsframetest.Recorder
	a      *wsframe.Analyzer
	stream *reassembly.Stream
	to     reassembly.StreamHandler
	at     capture.Stamp
	out    [2]bytes.Buffer
	framer [2]*http2.Framer
	block  [2]bytes.Buffer
	hpack  [2]*hpack.Encoder
	drop   bool // packets are lost
	tap    *[2]strings.Builder
}

// h2Raw is an h2Talk of which nothing was said yet.
func h2Raw(t *testing.T) *h2Talk {
	k := &h2Talk{t: t}
	k.rec.Packets = true
	k.stream = reassembly.NewStream(0, netip.MustParseAddrPort("10.0.0.2:40000"), netip.MustParseAddrPort("10.0.0.1:8080"), reassembly.Handshake{
		First: capture.Stamp{Packet: 1}, SYN: capture.Stamp{Packet: 1}, SYNACK: capture.Stamp{Packet: 2}, ACK: capture.Stamp{Packet: 3},
	})
	k.at.Packet = 3
	k.a = wsframe.NewAnalyzer(&k.rec, wsframe.Options{})
	k.to = k.a.Open(k.stream)
	for d := range k.framer {
		k.framer[d] = http2.NewFramer(&k.out[d], nil)
		k.hpack[d] = hpack.NewEncoder(&k.block[d])
	}
	return k
}

// h2Begun has exchanged SETTINGS that allow extended CONNECT.
func h2Begun(t *testing.T) *h2Talk {
	k := h2Raw(t)
	k.send(wsframe.FromClient, h2.Preface)
	k.do(wsframe.FromClient, func(f *http2.Framer) error { return f.WriteSettings() })
	k.do(wsframe.FromServer, func(f *http2.Framer) error {
		return f.WriteSettings(http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})
	})
	return k
}

// send hands over a packet's bytes, lent, or loses them.
func (k *h2Talk) send(from wsframe.Direction, b string) {
	k.t.Helper()
	k.at.Packet++
	if k.tap != nil {
		k.tap[from].WriteString(b)
	}
	var err error
	if k.drop {
		err = k.to.Gap(from, reassembly.Gap{Bytes: int64(len(b))}, k.at)
	} else {
		lent := []byte(b)
		err = k.to.Data(from, lent, k.at)
		clear(lent)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *h2Talk) do(from wsframe.Direction, write func(*http2.Framer) error) {
	k.t.Helper()
	k.out[from].Reset()
	if err := write(k.framer[from]); err != nil {
		k.t.Fatal(err)
	}
	k.send(from, k.out[from].String())
}

// headers sends a header block in a HEADERS frame.
func (k *h2Talk) headers(from wsframe.Direction, stream uint32, end bool, fields ...string) {
	k.t.Helper()
	k.block[from].Reset()
	for i := 0; i < len(fields); i += 2 {
		if err := k.hpack[from].WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			k.t.Fatal(err)
		}
	}
	k.do(from, func(f *http2.Framer) error {
		return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: k.block[from].Bytes(), EndHeaders: true, EndStream: end})
	})
}

// connect asks for a WebSocket.
func (k *h2Talk) connect(stream uint32, more ...string) {
	k.t.Helper()
	k.headers(wsframe.FromClient, stream, false, append([]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https",
		":authority", "ws.example.test", ":path", fmt.Sprintf("/%d", stream), "sec-websocket-version", "13"}, more...)...)
}

// data sends DATA.
func (k *h2Talk) data(from wsframe.Direction, stream uint32, end bool, b string) {
	k.t.Helper()
	k.do(from, func(f *http2.Framer) error { return f.WriteData(stream, end, []byte(b)) })
}

// h2Text is a text frame; a client's is masked.
func h2Text(from wsframe.Direction, s string) string { return wsFrame(from, 0x81, s) }

func wsFrame(from wsframe.Direction, first byte, s string) string {
	if from == wsframe.FromServer {
		return string([]byte{first, byte(len(s))}) + s
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b := append([]byte{first, 0x80 | byte(len(s))}, key[:]...)
	for i := range len(s) {
		b = append(b, s[i]^key[i%4])
	}
	return string(b)
}

// end ends the TCP connection and returns the events.
func (k *h2Talk) end(how reassembly.How, by wsframe.Direction) string {
	k.t.Helper()
	k.at.Packet++
	if err := k.to.Close(reassembly.Reason{How: how, By: by}, k.at); err != nil {
		k.t.Fatal(err)
	}
	return k.rec.String()
}

const client, server = wsframe.FromClient, wsframe.FromServer

// TestH2 holds the events of each phenomenon against what they should be.
func TestH2(t *testing.T) {
	for _, c := range []struct {
		name  string
		begin func(*testing.T) *h2Talk
		play  func(k *h2Talk)
		how   reassembly.How
		want  string
	}{
		{"two at once, one frame over two DATA and two packets", h2Begun, func(k *h2Talk) {
			k.connect(1, "sec-websocket-protocol", "chat, superchat")
			k.headers(server, 1, false, ":status", "200", "sec-websocket-protocol", "chat")
			k.connect(3)
			f := h2Text(client, "hello from one")
			k.data(client, 1, false, f[:9])
			k.headers(server, 3, false, ":status", "200")
			k.data(client, 3, false, h2Text(client, "three"))
			k.data(client, 1, false, f[9:])
			k.data(server, 3, false, h2Text(server, "THREE"))
		}, reassembly.FINs, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 subprotocol "chat" @8
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 200 @11
			#2 client frame text fin=true rsv=0 length=5 masked "three" @12
			#2 client message text frames=1 length=5 "three" @12
			#1 client frame text fin=true rsv=0 length=14 masked "hello from one" @10-13
			#1 client message text frames=1 length=14 "hello from one" @10-13
			#2 server frame text fin=true rsv=0 length=5 "THREE" @14
			#2 server message text frames=1 length=5 "THREE" @14
			#1 closed by client, fin, code 0 "" @15
			#2 closed by client, fin, code 0 "" @15`},
		{"closed by a Close frame", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.data(server, 1, false, wsFrame(server, 0x88, "\x03\xe8bye"))
			k.data(client, 1, true, wsFrame(client, 0x88, "\x03\xe8"))
			k.data(server, 1, true, "")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#1 server frame close fin=true rsv=0 length=5 code=1000 "\x03\xe8bye" @9
			#1 client frame close fin=true rsv=0 length=2 masked code=1000 "\x03\xe8" @10
			#1 closed by server, close frame, code 1000 "bye" @11`},
		{"END_STREAM from both, no Close frame", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.data(client, 1, true, h2Text(client, "last"))
			k.data(server, 1, true, "")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#1 client frame text fin=true rsv=0 length=4 masked "last" @9
			#1 client message text frames=1 length=4 "last" @9
			#1 closed by client, end_stream, code 0 "" @10`},
		{"RST_STREAM inside a frame", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.data(server, 1, false, h2Text(server, "whole")+h2Text(server, "partial")[:5])
			k.do(server, func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) })
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#1 server frame text fin=true rsv=0 length=5 "whole" @9
			#1 server message text frames=1 length=5 "whole" @9
			#1 server frame text fin=true rsv=0 length=7 missing=4[] "par" @9-10
			#1 server message text frames=1 length=3 incomplete: connection ended "par" @9-10
			#1 closed by server, rst_stream, code 0 "" CANCEL @10`},
		{"GOAWAY, then the end of TCP", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.connect(3)
			k.do(server, func(f *http2.Framer) error { return f.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, nil) })
			k.data(server, 1, false, h2Text(server, "still open"))
		}, reassembly.FINs, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 0 not upgraded @9
			#2 closed by server, goaway, code 0 "" ENHANCE_YOUR_CALM @10
			#1 server frame text fin=true rsv=0 length=10 "still open" @11
			#1 server message text frames=1 length=10 "still open" @11
			#1 closed by server, goaway, code 0 "" ENHANCE_YOUR_CALM @12`},
		{"refused, with and without a body", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "403", "server", "edge", "content-type", "text/plain")
			k.data(server, 1, true, "not for you\nsecond line")
			k.connect(3)
			k.headers(server, 3, true, ":status", "404")
			k.connect(5)
			k.headers(server, 5, false, ":status", "500")
			k.do(server, func(f *http2.Framer) error { return f.WriteRSTStream(5, http2.ErrCodeNo) })
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 403 body "not for you" not upgraded @8
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 404 not upgraded @11
			#3 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 5 wss://ws.example.test/5 500 not upgraded @13`},
		{"never answered", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.connect(3)
			k.do(client, func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) })
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 0 not upgraded @7
			#1 closed by client, rst_stream, code 0 "" CANCEL @9
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 0 not upgraded @8
			#2 closed by none, capture ended, code 0 "" @10`},
		{"interim response, and DATA before the answer", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "103", "link", "</x>")
			k.data(client, 1, false, h2Text(client, "early"))
			k.headers(server, 1, false, ":status", "200")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @10
			#1 client frame text fin=true rsv=0 length=5 masked "early" @9
			#1 client message text frames=1 length=5 "early" @9
			#1 closed by none, capture ended, code 0 "" @11`},
		{"rules broken in the request and the answer", h2Raw, func(k *h2Talk) {
			k.send(client, h2.Preface)
			k.do(server, func(f *http2.Framer) error { return f.WriteSettings() })
			k.headers(client, 1, false, ":method", "CONNECT", ":protocol", "websocket", ":authority", "a", ":path", "/", "sec-websocket-protocol", "one")
			k.headers(server, 1, false, ":status", "200", "sec-websocket-protocol", "two", "sec-websocket-extensions", "permessage-deflate")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 ws://a/ 200 subprotocol "two" extensions "permessage-deflate" @7
			#1 client violates connect-protocol-unannounced (8441 3): expected SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 from the server before, found none @6
			#1 client violates connect-pseudo-missing (8441 4): expected :scheme, found none @6
			#1 client violates version-unsupported (6455 4.1): expected 13, found none @6
			#1 server violates subprotocol-unoffered (6455 4.1): expected one of "one", found "two" @7
			#1 server violates extension-unoffered (6455 4.1): expected one of none, found "permessage-deflate" @7
			#1 closed by none, capture ended, code 0 "" @8`},
		{"among requests that are none", h2Begun, func(k *h2Talk) {
			k.headers(client, 1, true, ":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/")
			k.headers(server, 1, false, ":status", "200", "content-type", "text/html")
			k.data(server, 1, true, h2Text(server, "{\"no\":\"websocket\"}"))
			k.headers(client, 3, false, ":method", "CONNECT", ":authority", "b:443")
			k.headers(server, 3, false, ":status", "200")
			k.data(client, 3, false, "\x16\x03\x01")
			k.headers(client, 5, false, ":method", "CONNECT", ":protocol", "connect-udp", ":scheme", "https", ":authority", "a", ":path", "/")
			k.data(client, 5, false, h2Text(client, "{\"no\":\"websocket\"}"))
		}, reassembly.End, ``},
		{"the server's SETTINGS come first", h2Raw, func(k *h2Talk) {
			k.do(server, func(f *http2.Framer) error {
				return f.WriteSettings(http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})
			})
			k.send(client, h2.Preface[:5])
			k.send(client, h2.Preface[5:])
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#1 closed by none, capture ended, code 0 "" @9`},
		{"upgrade from HTTP/1.1", h2Raw, func(k *h2Talk) {
			settings := base64.RawURLEncoding.EncodeToString([]byte("\x00\x03\x00\x00\x00\x64"))
			k.send(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "+settings+"\r\n\r\n")
			k.send(server, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"+
				"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x01")
			k.send(client, h2.Preface)
			k.headers(server, 1, true, ":status", "204")
			k.connect(3)
			k.headers(server, 3, false, ":status", "200")
			k.data(server, 3, false, h2Text(server, "hi"))
		}, reassembly.RST, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 200 @9
			#1 server frame text fin=true rsv=0 length=2 "hi" @10
			#1 server message text frames=1 length=2 "hi" @10
			#1 closed by client, rst, code 0 "" @11`},
		{"inside a CONNECT tunnel", h2Raw, func(k *h2Talk) {
			k.send(client, "CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n")
			k.send(server, "HTTP/1.1 200 OK\r\n\r\n")
			k.send(client, h2.Preface)
			k.do(server, func(f *http2.Framer) error {
				return f.WriteSettings(http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1})
			})
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 proxy b:80 wss://ws.example.test/1 200 @9
			#1 closed by none, capture ended, code 0 "" @10`},
		{"a request that is lost: its answer tells", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.drop = true
			k.connect(3, "sec-websocket-protocol", "chat")
			k.drop = false
			k.headers(server, 3, false, ":status", "200", "sec-websocket-protocol", "chat")
			k.data(server, 3, false, h2Text(server, "welcome"))
			k.data(client, 1, false, h2Text(client, `{"one":"goes on"}`))
			k.data(client, 3, false, h2Text(client, `{"three":"is found"}`))
			k.connect(5)
			k.headers(server, 5, false, ":status", "200")
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#1 client gap of 39, acked @9
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3  200 subprotocol "chat" headers partial @10
			#2 server frame text fin=true rsv=0 length=7 "welcome" @11
			#2 server message text frames=1 length=7 "welcome" @11
			#1 client frame text fin=true rsv=0 length=17 masked resynced "{\"one\":\"goes on\"}" @12
			#1 client message text frames=1 length=17 resynced "{\"one\":\"goes on\"}" @12
			#2 client frame text fin=true rsv=0 length=20 masked resynced "{\"three\":\"is found\"}" @13
			#2 client message text frames=1 length=20 resynced "{\"three\":\"is found\"}" @13
			#1 closed by none, capture ended, code 0 "" @16
			#2 closed by none, capture ended, code 0 "" @16`},
		{"joined midway, the ends not known", func(t *testing.T) *h2Talk {
			k := h2Raw(t)
			*k.stream = *reassembly.NewStream(0, k.stream.Server(), k.stream.Client(), reassembly.Handshake{First: capture.Stamp{Packet: 1}})
			return k
		}, func(k *h2Talk) {
			for i := range 3 { // the server is the stream's client, so that directions are the other way round
				k.data(client, 7, false, h2Text(server, fmt.Sprintf(`{"reply":%d}`, i)))
				k.data(server, 7, false, h2Text(client, fmt.Sprintf(`{"request":%d}`, i)))
			}
			k.data(client, 9, false, "some other stream, not a WebSocket, for all that is known")
		}, reassembly.FINs, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 7  0 headers partial @4
			#1 server frame text fin=true rsv=0 length=11 midstream "{\"reply\":0}" @4
			#1 server message text frames=1 length=11 midstream "{\"reply\":0}" @4
			#1 client frame text fin=true rsv=0 length=13 masked midstream "{\"request\":0}" @5
			#1 client message text frames=1 length=13 midstream "{\"request\":0}" @5
			#1 server frame text fin=true rsv=0 length=11 midstream "{\"reply\":1}" @6
			#1 server message text frames=1 length=11 midstream "{\"reply\":1}" @6
			#1 client frame text fin=true rsv=0 length=13 masked midstream "{\"request\":1}" @7
			#1 client message text frames=1 length=13 midstream "{\"request\":1}" @7
			#1 server frame text fin=true rsv=0 length=11 midstream "{\"reply\":2}" @8
			#1 server message text frames=1 length=11 midstream "{\"reply\":2}" @8
			#1 client frame text fin=true rsv=0 length=13 masked midstream "{\"request\":2}" @9
			#1 client message text frames=1 length=13 midstream "{\"request\":2}" @9
			#1 closed by server, fin, code 0 "" @11`},
		{"a loss inside one DATA frame is that WebSocket's alone", h2Begun, func(k *h2Talk) {
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			k.connect(3)
			k.headers(server, 3, false, ":status", "200")
			k.send(server, "\x00\x00\x18\x00\x00\x00\x00\x00\x01"+h2Text(server, "before")+"\x81\x0e012")
			k.drop = true
			k.send(server, "45678")
			k.drop = false
			k.send(server, "9abcde")
			k.data(server, 3, false, h2Text(server, "not hurt"))
			k.data(server, 1, false, h2Text(server, "exact again"))
		}, reassembly.End, `
			#1 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 1 wss://ws.example.test/1 200 @8
			#2 opened stream 0 10.0.0.2:40000 > 10.0.0.1:8080 via h2 stream 3 wss://ws.example.test/3 200 @10
			#1 server frame text fin=true rsv=0 length=6 "before" @11
			#1 server message text frames=1 length=6 "before" @11
			#1 server gap of 5, acked @12
			#1 server frame text fin=true rsv=0 length=14 missing=5[{3 5}] "0129abcde" @11-13
			#1 server message text frames=1 length=9 incomplete: bytes missing "0129abcde" @11-13
			#2 server frame text fin=true rsv=0 length=8 "not hurt" @14
			#2 server message text frames=1 length=8 "not hurt" @14
			#1 server frame text fin=true rsv=0 length=11 "exact again" @15
			#1 server message text frames=1 length=11 "exact again" @15
			#1 closed by none, capture ended, code 0 "" @16
			#2 closed by none, capture ended, code 0 "" @16`},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := c.begin(t)
			c.play(k)
			got := k.end(c.how, client)
			want := strings.ReplaceAll(strings.TrimPrefix(c.want, "\n"), "\t", "")
			if want != "" {
				want += "\n"
			}
			if got != want {
				t.Errorf("events differ\n--- got\n%s--- want\n%s", got, want)
			}
		})
	}
}
