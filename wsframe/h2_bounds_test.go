package wsframe_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/wsframe"
	"wstap/wsframe/h2"
)

// TestH2StreamLimit: 1000 streams are followed at once, the others passed over
// and counted; those that end make room.
func TestH2StreamLimit(t *testing.T) {
	k := h2Begun(t)
	for i := range uint32(1200) {
		k.connect(2*i + 1)
	}
	if s := k.a.Stats(); s.Connections != 1000 || s.StreamLimit != 200 {
		t.Errorf("%d followed, %d passed over", s.Connections, s.StreamLimit)
	}
	k.do(client, func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) })
	k.data(server, 1, false, h2Text(server, "too late"))
	k.connect(3001)
	k.headers(server, 2001, false, ":status", "200") // one that was passed over
	k.data(server, 2001, false, h2Text(server, "nobody listens"))
	k.headers(server, 3001, false, ":status", "200")
	k.data(server, 3001, false, h2Text(server, "heard"))
	k.end(reassembly.End, client)
	if s := k.a.Stats(); s.Connections != 1001 || s.Messages != 1 || s.StreamLimit != 200 {
		t.Errorf("%+v", s)
	}
}

// TestH2Ordinary: streams that are no WebSocket are not followed, however many.
func TestH2Ordinary(t *testing.T) {
	k := h2Begun(t)
	for i := range uint32(5000) {
		k.headers(client, 2*i+1, true, ":method", "GET", ":scheme", "https", ":authority", "a", ":path", fmt.Sprint("/", i))
		k.headers(server, 2*i+1, false, ":status", "200")
		k.data(server, 2*i+1, true, "page")
	}
	if s := k.a.Stats(); s != (wsframe.Stats{}) {
		t.Errorf("%+v", s)
	}
}

// TestH2Hold: what clients send before the answer counts against the bound on
// all connections, and is given back.
func TestH2Hold(t *testing.T) {
	k := h2Begun(t)
	wsframe.SetMaxBuffered(k.a, 1<<20)
	for i := range uint32(100) {
		k.connect(2*i + 1)
		for range 5 {
			k.at.Packet++
			part := []byte("\x00\x40\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("x", 16<<10))
			part[8] = byte(2*i + 1)
			if err := k.to.Data(client, part, k.at); err == reassembly.ErrIgnore {
				if held := wsframe.Buffered(k.a); held != 0 {
					t.Errorf("%d bytes are held of a stream that was given up", held)
				}
				if s := k.a.Stats(); s.HoldLimit == 0 || s.BufferLimit != 1 {
					t.Errorf("%+v", s)
				}
				return
			}
			if held := wsframe.Buffered(k.a); held > 1<<20 {
				t.Fatalf("%d bytes are held", held)
			}
		}
	}
	t.Error("no bound was met")
}

// FuzzH2: whatever follows on a connection with an open WebSocket, there is no
// panic, each connection is opened once before its frames and closed once
// after, all that was held is given back, and the cuts between packets change
// nothing.
func FuzzH2(f *testing.F) {
	for _, play := range []func(*h2Talk){
		func(k *h2Talk) {
			k.connect(3)
			k.headers(server, 3, false, ":status", "200")
			k.data(server, 3, false, h2Text(server, "hello"))
			k.data(client, 3, false, h2Text(client, "hello"))
		},
		func(k *h2Talk) {
			k.data(client, 1, true, wsFrame(client, 0x88, "\x03\xe8"))
			k.do(server, func(f *http2.Framer) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) })
		},
		func(k *h2Talk) {
			k.connect(3)
			k.headers(server, 3, false, ":status", "403", "content-type", "text/plain")
			k.data(server, 3, true, "no")
			k.do(server, func(f *http2.Framer) error { return f.WriteGoAway(1, http2.ErrCodeNo, nil) })
		},
	} {
		var sent [2]strings.Builder
		k := h2Begun(new(testing.T))
		k.tap = &sent
		play(k)
		f.Add([]byte(sent[client].String()), []byte(sent[server].String()), uint16(20), uint16(0))
		f.Add([]byte(sent[client].String()), []byte(sent[server].String()), uint16(3), uint16(30))
	}
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte, cut, gap uint16) {
		run := func(n int) string {
			k := h2Begun(t)
			k.rec.Packets = false
			k.connect(1)
			k.headers(server, 1, false, ":status", "200")
			for _, d := range []wsframe.Direction{client, server, client} {
				b := fromClient
				if d == server {
					b = fromServer
				}
				for len(b) > 0 {
					m := min(n, len(b))
					k.send(d, string(b[:m]))
					b = b[m:]
				}
				if gap > 0 {
					if err := k.to.Gap(d, reassembly.Gap{Bytes: int64(gap)}, capture.Stamp{}); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := k.end(reassembly.FINs, client)
			if held := wsframe.Buffered(k.a); held != 0 {
				t.Errorf("%d bytes are still held", held)
			}
			checkLives(t, got)
			return got
		}
		whole, pieces := run(1<<20), run(int(cut)+1)
		// Behind a loss it is evidence where packets begin.
		if !strings.Contains(whole, "resynced") && !strings.Contains(whole, "midstream") && gap == 0 && whole != pieces {
			t.Errorf("cut to %d bytes:\n--- got\n%s--- whole\n%s", int(cut)+1, pieces, whole)
		}
	})
}

// checkLives holds the events of each connection against the order that all
// have: opened, anything, closed.
func checkLives(t *testing.T, events string) {
	t.Helper()
	state := map[string]string{}
	for line := range strings.Lines(events) {
		conn, what, _ := strings.Cut(line, " ")
		switch kind, _, _ := strings.Cut(what, " "); {
		case kind == "opened" && state[conn] != "", kind != "opened" && state[conn] != "opened":
			t.Fatalf("%s is %q before: %s", conn, state[conn], line)
		case kind == "opened", kind == "closed":
			state[conn] = kind
		}
	}
}

// deaf is a Sink that takes no notice.
type deaf struct{}

func (deaf) Emit(wsframe.Event) error { return nil }
func (deaf) Close() error             { return nil }

// TestH2NoAllocation: control frames, which need no summary, pass through HTTP/2 without an allocation.
func TestH2NoAllocation(t *testing.T) {
	k := h2Raw(t)
	k.a = wsframe.NewAnalyzer(deaf{}, wsframe.Options{})
	k.to = k.a.Open(k.stream)
	k.send(client, h2.Preface)
	k.connect(1)
	k.headers(server, 1, false, ":status", "200")
	frame := []byte("\x00\x00\x0c\x00\x00\x00\x00\x00\x01" + wsFrame(client, 0x89, "binary"))
	n := testing.AllocsPerRun(200, func() {
		if err := k.to.Data(client, frame, k.at); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
