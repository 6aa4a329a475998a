package decrypt

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// FuzzHandler damages a TLS 1.3 connection: bytes are changed, put in, taken
// out and lost. Whatever comes out was sent, in the order it was sent in.
func FuzzHandler(f *testing.F) {
	f.Add([]byte{}, uint16(1))
	f.Add([]byte{0, 200, 1, 2}, uint16(100))
	f.Add([]byte{1, 90, 3, 9, 2, 250, 0, 4, 3, 255, 3, 1}, uint16(33))
	f.Add([]byte{2, 130, 1, 20, 3, 140, 0, 40}, uint16(700))
	const id = 0x1301
	random := [32]byte{1}
	f.Fuzz(func(t *testing.T, damage []byte, size uint16) {
		keys := new(KeyLog)
		fmt.Fprintf(logWriter{keys}, "CLIENT_TRAFFIC_SECRET_0 %x %x\n", random, secretOf(id, 5))
		fmt.Fprintf(logWriter{keys}, "SERVER_TRAFFIC_SECRET_0 %x %x\n", random, secretOf(id, 6))
		streams := [2][]byte{hello(msgClientHello, random, 0), hello(msgServerHello, [32]byte{9}, id)}
		var sent [2][]string
		for d := range streams {
			s := newSealer(t, id, secretOf(id, byte(5+d)), 0)
			for i := range 12 {
				text := fmt.Sprintf("%d says %d%s", d, i, strings.Repeat(".", i*i))
				sent[d] = append(sent[d], text)
				streams[d] = append(streams[d], s.seal(typeApplication, []byte(text), 0)...)
				if i%5 == 4 {
					streams[d] = append(streams[d], s.update()...)
				}
			}
		}
		// Four bytes of damage are a kind, a place, and a length or value.
		lost := [2]map[int]bool{{}, {}}
		for len(damage) >= 4 {
			kind, d := damage[0]%4, int(damage[0])/4%2
			b := streams[d]
			at := (int(damage[1])<<8 | int(damage[2])) % len(b)
			n := min(int(damage[3]), len(b)-at)
			damage = damage[4:]
			switch kind {
			case 0:
				b[at] = byte(n)
			case 1:
				streams[d] = slices.Insert(b, at, b[at:at+n]...)
			case 2:
				if n < len(b) {
					streams[d] = slices.Delete(b, at, at+n)
				}
			case 3:
				lost[d][at/(1+int(size))] = true
			}
		}
		r := &reassemblytest.Recorder{}
		h := New(r, keys, Options{})
		s := h.Open(stream())
		packet := 0
		for i := 0; len(streams[0])+len(streams[1]) > 0; i++ {
			for d, b := range streams {
				n := min(len(b), 1+int(size))
				if n == 0 {
					continue
				}
				packet++
				var err error
				if lost[d][i] {
					err = s.Gap(reassembly.Direction(d), reassembly.Gap{Bytes: int64(n)}, stamp(packet))
				} else {
					err = s.Data(reassembly.Direction(d), b[:n:n], stamp(packet))
				}
				if err != nil {
					t.Fatal(err)
				}
				streams[d] = b[n:]
			}
		}
		end(t, h, s)
		for _, f := range r.Faults {
			t.Error(f)
		}
		if h.held != 0 || h.waiting.first != nil {
			t.Errorf("%d bytes held", h.held)
		}
		if h.Stats().Decrypted == 0 {
			return // the hellos were hit: it may be no TLS at all
		}
		// A stream whose beginning was lost passes as it is until its records are
		// recognized; then it is opened anew.
		again := 0
		for i, c := range r.Calls {
			if c.Method == "open" {
				again = i
			}
		}
		for _, c := range r.Calls[again:] {
			if c.Method != "data" {
				continue
			}
			i := slices.Index(sent[c.Dir], string(c.Data))
			if i < 0 {
				t.Fatalf("%v was never sent, or before", c)
			}
			sent[c.Dir] = sent[c.Dir][i+1:]
		}
	})
}

// FuzzStream feeds anything to a Handler with a key log: it must neither fail
// nor lose track of what it holds, and what is not TLS passes untouched.
func FuzzStream(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\n"), true)
	f.Add([]byte(proxyLine+"\x16\x03\x01\x00\x05\x01"), []byte("\x15\x03\x03\x00\x02\x02\x28"), true)
	f.Add(hello(msgClientHello, [32]byte{1}, 0), hello(msgServerHello, [32]byte{1}, 0xc02f), true)
	f.Add([]byte("\x17\x03\x03\x00\x01x"), []byte(proxyBinary), false)
	f.Fuzz(func(t *testing.T, client, server []byte, whole bool) {
		keys := new(KeyLog)
		fmt.Fprintf(logWriter{keys}, "CLIENT_RANDOM %064x %x\n", 1, secretOf(0x1302, 5))
		st := stream()
		if !whole {
			st = joined()
		}
		r := &reassemblytest.Recorder{}
		h := New(r, keys, Options{})
		w := wire{{reassembly.FromClient, client}, {reassembly.FromServer, server}}.cut(50)
		w = slices.DeleteFunc(w, func(p piece) bool { return len(p.data) == 0 })
		if len(w) == 0 {
			return
		}
		end(t, h, w.feed(t, h, st, nil))
		for _, f := range r.Faults {
			t.Error(f)
		}
		if h.held != 0 || h.waiting.first != nil {
			t.Errorf("%d bytes held", h.held)
		}
		if st.TLS != nil || st.Origin().IsValid() || strings.Contains(string(client), "PROXY ") || strings.Contains(string(client), proxySignature) {
			return
		}
		check(t, r, w)
	})
}
