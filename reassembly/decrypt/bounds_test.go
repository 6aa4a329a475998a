package decrypt

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"testing"

	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// TestHoldBound: what waits for keys is bounded, for each stream and for all of
// them, and what comes behind the bound is read again once the key is there.
func TestHoldBound(t *testing.T) {
	const id = 0x1301
	random := [32]byte{7}
	keys := new(KeyLog)
	r, st := &reassemblytest.Recorder{}, stream()
	h := New(r, keys, Options{})
	s := h.Open(st)
	send := func(s reassembly.StreamHandler, d reassembly.Direction, b []byte) {
		t.Helper()
		if err := s.Data(d, b, stamp(1)); err != nil {
			t.Fatal(err)
		}
		if h.held > maxHeld {
			t.Fatalf("%d bytes held", h.held)
		}
	}
	send(s, reassembly.FromClient, hello(msgClientHello, random, 0))
	send(s, reassembly.FromServer, hello(msgServerHello, [32]byte{9}, id))
	sealer := newSealer(t, id, secretOf(id, 5), 0)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	for range maxHold/len(content) + 50 {
		send(s, reassembly.FromServer, sealer.seal(typeApplication, content, 0))
	}
	if h.held > maxHold+sessionCost+itemCost || h.Stats().HoldLimit != 1 {
		t.Errorf("%d bytes held, limit hit by %d", h.held, h.Stats().HoldLimit)
	}
	fmt.Fprintf(logWriter{keys}, "SERVER_TRAFFIC_SECRET_0 %x %x\n", random, secretOf(id, 5))
	total := sealer.seq
	for range 3 {
		send(s, reassembly.FromServer, sealer.seal(typeApplication, content, 0))
	}
	if got := int64(len(r.Bytes(0, reassembly.FromServer, 0))); got != int64(total+3)*int64(len(content)) {
		t.Errorf("%d bytes and gaps, want %d", got, int64(total+3)*int64(len(content)))
	}
	if last := r.Calls[len(r.Calls)-1]; last.Method != "data" || h.held != 0 {
		t.Errorf("the last call is %v, %d held", last.Method, h.held)
	}
}

// TestHeldBound: many streams without keys hold no more than all may together.
func TestHeldBound(t *testing.T) {
	r := &encryptedRecorder{}
	h := New(r, new(KeyLog), Options{})
	record := append([]byte{typeApplication, 3, 3, 0x40, 0}, make([]byte, 1<<14)...)
	var open []reassembly.StreamHandler
	for i := range 200 {
		s := h.Open(stream())
		for _, b := range [][]byte{hello(msgClientHello, [32]byte{byte(i)}, 0), hello(msgServerHello, [32]byte{9}, 0x1301)} {
			if err := s.Data(reassembly.Direction(b[5]-1), b, stamp(1)); err != nil {
				t.Fatal(err)
			}
		}
		for range 40 {
			if err := s.Data(reassembly.FromServer, record, stamp(2)); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 {
			if err := s.Close(reassembly.Reason{How: reassembly.FINs}, stamp(3)); err != nil {
				t.Fatal(err)
			}
		} else {
			open = append(open, s)
		}
		if h.held > maxHeld {
			t.Fatalf("stream %d: %d bytes held", i, h.held)
		}
	}
	if h.Stats().HeldLimit == 0 || len(r.encrypted) == 0 {
		t.Error("the bound was not reached")
	}
	for _, s := range open {
		if err := s.Close(reassembly.Reason{How: reassembly.End}, stamp(4)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if len(r.encrypted) != 200 || h.held != 0 || h.waiting.first != nil {
		t.Errorf("%d streams told, %d bytes held", len(r.encrypted), h.held)
	}
}

// TestSearchBound: what looks like records everywhere, and is none, costs no
// more than a multiple of its length.
func TestSearchBound(t *testing.T) {
	for _, c := range []struct{ name, pattern string }{
		{"headers of the largest records", "\x17\x03\x03\x40\x00"},
		{"headers of the smallest records", "\x17\x03\x03\x00\x11"},
		{"change cipher spec and stray bytes", "\x14\x03\x03\x00\x01\x01x"},
		{"record types", "\x17"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := new(KeyLog)
			for i := range 50 {
				fmt.Fprintf(logWriter{keys}, "SERVER_TRAFFIC_SECRET_0 %064x %x\n", i, secretOf(0x1303, byte(i)))
				fmt.Fprintf(logWriter{keys}, "CLIENT_TRAFFIC_SECRET_0 %064x %x\n", i, secretOf(0x1303, byte(i)))
			}
			h := New(&reassemblytest.Recorder{}, keys, Options{})
			h.work = 8 << 20 // or the test would take long
			before := h.work
			s := h.Open(stream())
			segment := bytes.Repeat([]byte(c.pattern), 1400/len(c.pattern))
			sent := 0
			for _, b := range [][]byte{hello(msgClientHello, [32]byte{31: 3}, 0), hello(msgServerHello, [32]byte{9}, 0x1303)} {
				if err := s.Data(reassembly.Direction(b[5]-1), b, stamp(1)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Gap(reassembly.FromServer, reassembly.Gap{Bytes: 100000}, stamp(1)); err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if err := s.Data(reassembly.FromServer, segment, stamp(2)); err != nil {
					t.Fatal(err)
				}
				sent += len(segment)
				if n := cap(s.(*conn).layer.tls.half[1].scan); n > 1<<17 {
					t.Fatalf("%d bytes kept to search", n)
				}
			}
			end(t, h, s)
			if spent := before + byteGrant*int64(sent+1000) - h.work; h.work < 0 || spent > before+byteGrant*int64(sent+1000) {
				t.Errorf("%d bytes cost %d", sent, spent)
			}
		})
	}
}

// TestNoAllocation: records that lie in one segment are opened without an
// allocation.
func TestNoAllocation(t *testing.T) {
	client, server, log := configs(t, tls.VersionTLS13, 0)
	w := talk(t, client, server, script(1))
	keys := new(KeyLog)
	keys.AddSecrets(log.Bytes())
	h := New(sink{}, keys, Options{})
	s := w.feed(t, h, stream(), nil)
	half := &s.(*conn).layer.tls.half[reassembly.FromServer]
	last := w[len(w)-1].data
	record := last[len(last)-recordSize(lastRecord(last)):]
	seq := half.seq - 1
	if n := testing.AllocsPerRun(100, func() {
		half.seq = seq // the same record again
		if err := s.Data(reassembly.FromServer, record, stamp(1)); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
	if n := h.Stats().Failed; n > 0 {
		t.Errorf("%d records were not opened", n)
	}
}

// lastRecord is the last of the records that b consists of.
func lastRecord(b []byte) []byte {
	for len(b) > recordSize(b) {
		b = b[recordSize(b):]
	}
	return b
}
