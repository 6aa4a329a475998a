package html

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/page"
	"wstap/wsframe"
)

// traffic emits n messages on some connections, each payload made by f.
func traffic(t *testing.T, s wsframe.Sink, n int, f func(r *rand.Rand, i int) []byte) {
	t.Helper()
	r := rand.New(rand.NewSource(8))
	at := capture.Stamp{Time: time.Unix(1700000000, 123456000)}
	next := func() {
		at.Packet += 1 + uint64(r.Intn(2))
		at.Time = at.Time.Add(time.Duration(r.ExpFloat64()*2000) * time.Microsecond)
	}
	emit := func(e wsframe.Event) {
		if err := s.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	var conns []*wsframe.Conn
	for i := range 20 {
		next()
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), uint16(40000+i))
		server := netip.MustParseAddrPort("10.0.1.1:8080")
		c := &wsframe.Conn{
			Number: i + 1,
			Stream: reassembly.NewStream(uint64(i), client, server, reassembly.Handshake{}),
			Upgrade: &wsframe.Upgrade{
				Upgraded: true, Status: 101, Via: "http/1.1", Requested: at, Responded: at, URL: "ws://example.test/chat",
				Client: client, Server: server,
			},
		}
		conns = append(conns, c)
		emit(&wsframe.Opened{M: wsframe.Meta{Stamp: at, Conn: c}})
	}
	for i := range n {
		next()
		payload := f(r, i)
		m := &wsframe.Message{
			M: wsframe.Meta{Stamp: at, Conn: conns[r.Intn(len(conns))]}, From: wsframe.Direction(r.Intn(2)), First: at,
			Opcode: wsframe.OpText, Frames: 1, WireLength: uint64(len(payload)), Length: uint64(len(payload)), Payload: payload, Complete: true,
		}
		fr := &wsframe.Frame{M: m.M, From: m.From, First: at, Fin: true, Opcode: m.Opcode, Length: m.Length, Payload: payload, Message: m}
		fr.Header = []byte{0x81, byte(len(payload))}
		if len(payload) > 125 {
			fr.Header = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(payload)))
		}
		if fr.Masked = m.From == wsframe.FromClient; fr.Masked {
			r.Read(fr.Key[:])
			fr.Header[1] |= 0x80
			fr.Header = append(fr.Header, fr.Key[:]...)
		}
		emit(fr)
		emit(m)
	}
	for _, c := range conns {
		next()
		emit(&wsframe.Closed{M: wsframe.Meta{Stamp: at, Conn: c}, By: "client", How: "fin"})
	}
}

// chat is what applications send: JSON objects of a few shapes, with an id, a
// name, a number that changes, and words.
func chat(r *rand.Rand, i int) []byte {
	words := []string{"hello", "there", "how", "are", "you", "please", "call", "me", "back", "when", "the", "build", "is", "green", "again", "thanks"}
	text := ""
	for range 3 + r.Intn(20) {
		text += words[r.Intn(len(words))] + " "
	}
	return fmt.Appendf(nil, `{"type":"message","id":"%08x","room":"room-%d","from":{"user":%d,"name":"user %d"},"sent":%d,"text":%q}`,
		r.Uint32(), r.Intn(30), r.Intn(500), r.Intn(500), 1700000000000+i*2, text)
}

// ticks are the smallest messages that make sense.
func ticks(r *rand.Rand, _ int) []byte {
	return fmt.Appendf(nil, `{"s":"ABC","p":%d}`, 1000+r.Intn(50))
}

// TestFileIsSmall: the rows take at most 1.3 times what gzip -6 makes of the
// payloads. Where payloads are next to nothing, the masking keys (4 bytes that
// nothing compresses), times and packet numbers outweigh them.
func TestFileIsSmall(t *testing.T) {
	for _, x := range []struct {
		name string
		most float64
		f    func(*rand.Rand, int) []byte
	}{{"chat", 1.3, chat}, {"ticks", 6, ticks}} {
		var payloads, file bytes.Buffer
		zip, _ := gzip.NewWriterLevel(&payloads, 6)
		w := New(&file, page.Options{Secrets: true})
		traffic(t, w, 5000, func(r *rand.Rand, i int) []byte {
			b := x.f(r, i)
			zip.Write(b)
			return b
		})
		zip.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		fixed := len(w.bundle.Head) + len(w.bundle.Tail)
		ratio := float64(file.Len()-fixed) / float64(payloads.Len())
		t.Logf("%s: %d bytes of gzipped payloads, %d of data (%.2f times as many), %d of page", x.name, payloads.Len(), file.Len()-fixed, ratio, fixed)
		if ratio > x.most {
			t.Errorf("%s: the data are %.2f times the gzipped payloads", x.name, ratio)
		}
	}
}

// TestMemoryIsFlat: what is held after many messages is no more than after some.
func TestMemoryIsFlat(t *testing.T) {
	long := bytes.Repeat([]byte("word "), 500)
	held := func(n int) uint64 {
		w := New(io.Discard, page.Options{})
		traffic(t, w, n, func(*rand.Rand, int) []byte { return long })
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(w)
		return m.HeapAlloc
	}
	some, many := held(1000), held(5000)
	if many > some+2<<20 {
		t.Errorf("%d bytes held after 5000 messages, %d after 1000", many, some)
	}
}
