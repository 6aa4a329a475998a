package decrypt

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// sealer makes the records of one direction of TLS 1.3, as a peer would.
type sealer struct {
	t      testing.TB
	suite  *suite
	secret []byte
	keys   *aead13
	seq    uint64
}

func newSealer(t testing.TB, id uint16, secret []byte, seq uint64) *sealer {
	t.Helper()
	keys, err := newAEAD13(suite13(id), secret)
	if err != nil {
		t.Fatal(err)
	}
	return &sealer{t, suite13(id), secret, keys, seq}
}

// seal makes a record with padding (RFC 8446, 5.2).
func (s *sealer) seal(typ byte, content []byte, padding int) []byte {
	inner := append(append(bytes.Clone(content), typ), make([]byte, padding)...)
	n := len(inner) + s.suite.tag
	header := []byte{typeApplication, 3, 3, byte(n >> 8), byte(n)}
	var nonce [12]byte
	xorNonce(&nonce, s.keys.iv, s.seq)
	s.seq++
	return append(header, s.keys.aead.Seal(nil, nonce[:], inner, header)...)
}

// update makes a KeyUpdate record and takes the next key.
func (s *sealer) update() []byte {
	r := s.seal(typeHandshake, []byte{msgKeyUpdate, 0, 0, 1, 0}, 0)
	next, err := nextSecret(s.suite, s.secret)
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := newAEAD13(s.suite, next)
	if err != nil {
		s.t.Fatal(err)
	}
	s.secret, s.keys, s.seq = next, keys, 0
	return r
}

// secretOf is a secret of the suite's length.
func secretOf(id uint16, fill byte) []byte {
	return bytes.Repeat([]byte{fill}, suite13(id).hash.Size())
}

// joined is a stream of which no handshake was seen.
func joined() *reassembly.Stream {
	s := stream()
	s.Begun = false
	return s
}

// TestJoin: each suite of TLS 1.3 is read from the middle on, far from the
// beginning, among the entries of other connections in the key log; at once
// where packets begin with records, and behind a record that was cut.
func TestJoin(t *testing.T) {
	for id := uint16(0x1301); id <= 0x1305; id++ {
		for _, inside := range []int{0, 3000} {
			t.Run(fmt.Sprintf("%s, %d bytes into the stream", suite13(id).name, inside), func(t *testing.T) {
				keys := new(KeyLog)
				for i := range byte(2) {
					for _, end := range []string{"CLIENT", "SERVER"} {
						fill := 0x40 + i
						if end == "SERVER" {
							fill |= 0x80
						}
						fmt.Fprintf(logWriter{keys}, "%s_TRAFFIC_SECRET_0 %064x %x\n", end, i, secretOf(id, fill))
					}
				}
				client, server := newSealer(t, id, secretOf(id, 0x41), 1234), newSealer(t, id, secretOf(id, 0xc1), 3000)
				words := script(8)
				r, st := &reassemblytest.Recorder{}, joined()
				h := New(r, keys, Options{})
				var w wire
				if inside > 0 {
					w = append(w, piece{reassembly.FromServer, client.seal(typeApplication, make([]byte, 9000), 0)[inside:]})
					w = w.cut(1400)
				}
				for i, p := range words {
					s := client
					if p.dir == reassembly.FromServer {
						s = server
					}
					for len(p.data) > 0 {
						n := min(len(p.data), 16000)
						w = append(w, piece{p.dir, s.seal(typeApplication, p.data[:n], i%3)})
						p.data = p.data[n:]
					}
				}
				end(t, h, w.feed(t, h, st, nil))
				if st.TLS == nil || st.TLS.State != "decrypted, joined mid-stream" || st.TLS.Version != "TLS 1.3" || st.TLS.Cipher != suite13(id).name {
					t.Fatalf("told %+v", st.TLS)
				}
				if inside == 0 {
					check(t, r, words)
					return
				}
				for d := reassembly.FromClient; d <= reassembly.FromServer; d++ {
					got := tail(r, d)
					if !bytes.HasSuffix(said(words, d), got) || len(got) < 500 {
						t.Errorf("%v: %d bytes", d, len(got))
					}
				}
			})
		}
	}
}

// tail is what was handed on of a direction in the last opening.
func tail(r *reassemblytest.Recorder, d reassembly.Direction) (b []byte) {
	for _, c := range r.Calls {
		switch {
		case c.Method == "open":
			b = nil
		case c.Dir == d:
			b = append(b, c.Data...)
		}
	}
	return b
}

// logWriter writes lines into a key log.
type logWriter struct{ k *KeyLog }

func (w logWriter) Write(b []byte) (int, error) {
	w.k.AddSecrets(b)
	return len(b), nil
}

// TestRecover: the sequence number is computed from a record, and a wrong
// record has none.
func TestRecover(t *testing.T) {
	for _, id := range []uint16{0x1301, 0x1302} {
		s := newSealer(t, id, secretOf(id, 9), 0)
		for _, seq := range []uint64{0, 1, 255, 1 << 20, 1<<63 + 12345} {
			for _, n := range []int{1, 15, 16, 17, 1000} {
				s.seq = seq
				record := s.seal(typeApplication, make([]byte, n), 0)
				if got, ok := s.keys.recover(record); !ok || got != seq {
					t.Errorf("%d bytes: %d, %t, want %d", n, got, ok, seq)
				}
				record[len(record)-n/2-1] ^= 1
				if got, ok := s.keys.recover(record); ok {
					t.Errorf("%d bytes: a wrong record is number %d", n, got)
				}
			}
		}
	}
}

// hello is a ClientHello or ServerHello record of TLS 1.3, as short as can be.
func hello(typ byte, random [32]byte, suite uint16) []byte {
	body := append([]byte{3, 3}, random[:]...)
	body = append(body, 0)
	if typ == msgClientHello {
		body = append(body, 0, 2, 0x13, 1, 1, 0, 0, 0)
	} else {
		body = append(body, byte(suite>>8), byte(suite), 0, 0, 6, 0, extSupportedVersions, 0, 2, 3, 4)
	}
	b := append([]byte{typ, 0, 0, byte(len(body))}, body...)
	return append([]byte{typeHandshake, 3, 3, 0, byte(len(b))}, b...)
}

// TestKeyUpdates: with and without the KeyUpdate record itself.
func TestKeyUpdates(t *testing.T) {
	const id = 0x1303
	random := [32]byte{1, 2, 3}
	for _, lose := range []bool{false, true} {
		keys := new(KeyLog)
		fmt.Fprintf(logWriter{keys}, "CLIENT_TRAFFIC_SECRET_0 %s %x\n", hex.EncodeToString(random[:]), secretOf(id, 5))
		fmt.Fprintf(logWriter{keys}, "SERVER_TRAFFIC_SECRET_0 %s %x\n", hex.EncodeToString(random[:]), secretOf(id, 6))
		w := wire{{reassembly.FromClient, hello(msgClientHello, random, 0)}, {reassembly.FromServer, hello(msgServerHello, [32]byte{9}, id)}}
		s := newSealer(t, id, secretOf(id, 5), 0)
		updates := map[int]bool{}
		var words []piece
		for i := range 5 {
			text := fmt.Appendf(nil, "number %d", i)
			words = append(words, piece{reassembly.FromClient, text})
			w = append(w, piece{reassembly.FromClient, s.seal(typeApplication, text, 0)})
			updates[len(w)] = lose
			w = append(w, piece{reassembly.FromClient, s.update()})
		}
		r, st := &reassemblytest.Recorder{}, stream()
		h := New(r, keys, Options{})
		end(t, h, w.feed(t, h, st, func(i int) bool { return updates[i] }))
		if got := tail(r, reassembly.FromClient); !bytes.Equal(got, said(words, reassembly.FromClient)) {
			t.Errorf("updates lost: %t: got %q; %s", lose, got, st.TLS.State)
		}
	}
}

// TestEarlyData: early data are handed on with their own stamp if the server
// takes them; if it does not, the client sends them again, and once is enough.
func TestEarlyData(t *testing.T) {
	const id = 0x1301
	random := [32]byte{4}
	for _, taken := range []bool{true, false} {
		keys := new(KeyLog)
		for i, name := range []string{"CLIENT_EARLY_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"} {
			fmt.Fprintf(logWriter{keys}, "%s %x %x\n", name, random, secretOf(id, byte(i)))
		}
		// The ClientHello with the extension early_data.
		first := hello(msgClientHello, random, 0)
		first = append(first[:len(first)-2], 0, 4, 0, extEarlyData, 0, 0)
		first[4] += 4
		first[8] += 4
		request := []byte("GET / HTTP/1.1\r\n\r\n")
		early := newSealer(t, id, secretOf(id, 0), 0)
		extensions := []byte{msgEncryptedExtensions, 0, 0, 2, 0, 0}
		if taken {
			extensions = []byte{msgEncryptedExtensions, 0, 0, 6, 0, 4, 0, extEarlyData, 0, 0}
		}
		client := newSealer(t, id, secretOf(id, 3), 0)
		w := wire{
			{reassembly.FromClient, first},
			{reassembly.FromClient, early.seal(typeApplication, request, 0)},
			{reassembly.FromServer, hello(msgServerHello, [32]byte{9}, id)},
			{reassembly.FromServer, newSealer(t, id, secretOf(id, 1), 0).seal(typeHandshake, extensions, 0)},
		}
		if taken {
			w = append(w, piece{reassembly.FromClient, early.seal(typeHandshake, []byte{msgEndOfEarlyData, 0, 0, 0}, 0)})
		}
		finished := append([]byte{msgFinished, 0, 0, 32}, make([]byte, 32)...)
		w = append(w, piece{reassembly.FromClient, newSealer(t, id, secretOf(id, 2), 0).seal(typeHandshake, finished, 0)})
		packet := stamp(2)
		if !taken {
			packet = stamp(len(w) + 1)
			w = append(w, piece{reassembly.FromClient, client.seal(typeApplication, request, 0)})
		}
		r, st := &reassemblytest.Recorder{}, stream()
		h := New(r, keys, Options{})
		end(t, h, w.feed(t, h, st, nil))
		if len(r.Calls) != 3 || !bytes.Equal(r.Calls[1].Data, request) || r.Calls[1].At != packet {
			t.Errorf("taken: %t, %s:\n%v", taken, st.TLS.State, r)
		}
	}
}
