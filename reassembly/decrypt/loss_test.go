package decrypt

import (
	"bytes"
	"crypto/tls"
	"math/rand/v2"
	"testing"

	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// TestLoss: with segments lost at random behind the handshake, every record
// that is whole is found, at its place in the plaintext, and nothing else.
func TestLoss(t *testing.T) {
	words := script(40)
	eachSuite(t, func(t *testing.T, version, suite uint16) {
		client, server, log := configs(t, version, suite)
		w := talk(t, client, server, words)
		keys := new(KeyLog)
		keys.AddSecrets(log.Bytes())
		// What else TLS 1.3 sends in records of this type: handshake messages.
		var other [2]int
		whole := &reassemblytest.Recorder{}
		h := New(whole, keys, Options{})
		end(t, h, w.feed(t, h, stream(), nil))
		for d := range other {
			d := reassembly.Direction(d)
			other[d] = wholeRecords(w, d, nil) - sound(t, whole, said(words, d), d, "")
		}
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, 0))
			segments := w.cut(100 + rng.IntN(1400))
			r, st := &reassemblytest.Recorder{}, stream()
			h := New(r, keys, Options{})
			// The server's first answer is read: the handshake is over.
			begun, lost := false, map[int]bool{}
			s := segments.feed(t, h, st, func(i int) bool {
				begun = begun || len(r.Bytes(0, reassembly.FromServer, 0)) > 0
				if begun && rng.Float64() < 0.05 {
					lost[i] = true
				}
				return lost[i]
			})
			end(t, h, s)
			for _, f := range r.Faults {
				t.Error(f)
			}
			for d := reassembly.FromClient; d <= reassembly.FromServer; d++ {
				whole := wholeRecords(segments, d, lost) - other[d]
				n := sound(t, r, said(words, d), d, st.TLS.Cipher)
				// In TLS 1.0 a record can't be opened without the end of the one
				// before, which may be what was lost.
				missable := 0
				if version == tls.VersionTLS10 {
					missable = len(lost)
				}
				if n < whole-missable {
					t.Errorf("seed %d: %v: %d records found of %d", seed, d, n, whole)
				}
			}
		}
	})
}

// wholeRecords counts the records of application data of which nothing is lost.
func wholeRecords(segments wire, d reassembly.Direction, lost map[int]bool) (n int) {
	var all []byte
	var gone []bool
	for i, p := range segments {
		if p.dir == d {
			all = append(all, p.data...)
			for range p.data {
				gone = append(gone, lost[i])
			}
		}
	}
	for len(all) > 0 {
		size := recordSize(all)
		ok := all[0] == typeApplication
		for _, g := range gone[:size] {
			ok = ok && !g
		}
		if ok {
			n++
		}
		all, gone = all[size:], gone[size:]
	}
	return n
}

// sound checks that what was handed on is what was said, and where the suite
// tells lengths exactly that gaps have theirs. It returns how many records
// were handed on.
func sound(t *testing.T, r *reassemblytest.Recorder, want []byte, d reassembly.Direction, cipher string) (n int) {
	t.Helper()
	exact := suiteKindOf(cipher) != cbcSuite
	place := 0
	for _, c := range r.Calls {
		if c.Dir != d || c.Method != "data" {
			continue
		}
		n++
		if exact {
			place = int(c.Offset)
		} else if i := bytes.Index(want[place:], c.Data); i >= 0 {
			place += i
		}
		if place+len(c.Data) > len(want) || !bytes.Equal(want[place:place+len(c.Data)], c.Data) {
			t.Fatalf("%v: at %d: %.40q is not what was said", d, place, c.Data)
		}
		place += len(c.Data)
	}
	return n
}

func suiteKindOf(name string) suiteKind {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if s.Name == name {
			if x := suite12(s.ID); x != nil {
				return x.kind
			}
			return suite13(s.ID).kind
		}
	}
	return 0
}

// records parts what was sent into its records.
func (w wire) records() (all wire) {
	for _, p := range w {
		for len(p.data) > 0 {
			n := recordSize(p.data)
			all = append(all, piece{p.dir, p.data[:n]})
			p.data = p.data[n:]
		}
	}
	return all
}

// TestLostHandshake: whichever record of the handshake is lost, the
// conversation is read, unless TLS 1.2's ServerHello is; then that is told.
func TestLostHandshake(t *testing.T) {
	words := script(6)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server, log := configs(t, version, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)
		w := talk(t, client, server, words).records()
		keys := new(KeyLog)
		// Others come before and behind.
		keys.AddSecrets([]byte("CLIENT_RANDOM " + random0 + " " + long + "\nSERVER_TRAFFIC_SECRET_0 " + random0 + " " + short + "\n"))
		keys.AddSecrets(log.Bytes())
		keys.AddSecrets([]byte("CLIENT_RANDOM " + random1 + " " + long + "\nCLIENT_TRAFFIC_SECRET_0 " + random1 + " " + long + "\n"))
		for lost := range 9 {
			r, st := &reassemblytest.Recorder{}, stream()
			h := New(r, keys, Options{})
			end(t, h, w.feed(t, h, st, func(i int) bool { return i == lost }))
			if version == tls.VersionTLS12 && w[lost].data[0] == typeHandshake && w[lost].data[5] == msgServerHello {
				if len(r.Calls) > 0 || st.TLS.State != "no server hello, client random "+st.TLS.ClientRandom {
					t.Errorf("server hello lost: told %q, handed on\n%v", st.TLS.State, r)
				}
				continue
			}
			for d := reassembly.FromClient; d <= reassembly.FromServer; d++ {
				if got, want := tail(r, d), said(words, d); !bytes.HasSuffix(want, got) || len(got) < len(want)/2 {
					t.Errorf("%s: record %d of %v lost: %d of %d bytes of %v, %s", tls.VersionName(version), lost, w[lost].dir, len(got), len(want), d, st.TLS.State)
				}
			}
		}
	}
}
