package decrypt

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// versions and suites that Go speaks.
func eachSuite(t *testing.T, f func(t *testing.T, version, suite uint16)) {
	var all []*tls.CipherSuite
	all = append(append(all, tls.CipherSuites()...), tls.InsecureCipherSuites()...)
	for _, s := range all {
		for _, v := range s.SupportedVersions {
			if strings.Contains(s.Name, "RC4") {
				continue
			}
			if v == tls.VersionTLS13 && s.ID != tls.TLS_AES_128_GCM_SHA256 {
				continue // Go chooses by hardware; the others are in join_test
			}
			t.Run(fmt.Sprintf("%s %s", tls.VersionName(v), s.Name), func(t *testing.T) { f(t, v, s.ID) })
		}
	}
}

// TestSuites: what Go's client and server say over each suite is read, however
// the segments are cut.
func TestSuites(t *testing.T) {
	words := script(12)
	eachSuite(t, func(t *testing.T, version, suite uint16) {
		client, server, log := configs(t, version, suite)
		w := talk(t, client, server, words)
		for _, size := range []int{1 << 20, 1448, 7, 1} {
			keys := new(KeyLog)
			keys.AddSecrets(log.Bytes())
			r := &reassemblytest.Recorder{}
			h := New(r, keys, Options{})
			st := stream()
			end(t, h, w.cut(size).feed(t, h, st, nil))
			check(t, r, words)
			if i := st.TLS; i == nil || i.State != "decrypted" || i.SNI != "ws.example.test" || i.ALPN != "http/1.1" ||
				i.Version != strings.ReplaceAll(tls.VersionName(version), "TLS v", "TLS ") || version < tls.VersionTLS13 && i.Cipher != tls.CipherSuiteName(suite) {
				t.Errorf("told: %+v", i)
			}
		}
	})
}

// TestKeyLate: what came before its key is handed on with the stamps it came
// with, and in the order of packets.
func TestKeyLate(t *testing.T) {
	words := script(5)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server, log := configs(t, version, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
		w := talk(t, client, server, words)
		early := &reassemblytest.Recorder{}
		keys := new(KeyLog)
		keys.AddSecrets(log.Bytes())
		h := New(early, keys, Options{})
		end(t, h, w.feed(t, h, stream(), nil))
		for _, when := range []string{"in between", "at Advance", "after the stream"} {
			t.Run(tls.VersionName(version)+" "+when, func(t *testing.T) {
				r, keys, st := &reassemblytest.Recorder{}, new(KeyLog), stream()
				h := New(r, keys, Options{})
				var s reassembly.StreamHandler
				if when == "in between" {
					n := 2 * len(w) / 3
					s = w[:n].feed(t, h, st, nil)
					keys.AddSecrets(log.Bytes())
					for i, p := range w[n:] {
						if err := s.Data(p.dir, p.data, stamp(n+i+1)); err != nil {
							t.Fatal(err)
						}
					}
				} else {
					s = w.feed(t, h, st, nil)
				}
				if when != "in between" && len(r.Calls) > 0 {
					t.Fatal("handed on without a key")
				}
				if when == "at Advance" {
					keys.AddSecrets(log.Bytes())
					if err := h.Advance(stamp(1000).Time); err != nil {
						t.Fatal(err)
					}
					if len(r.Calls) == 0 {
						t.Fatal("nothing was handed on at Advance")
					}
				}
				if err := s.Close(reassembly.Reason{How: reassembly.End}, stamp(1<<20)); err != nil {
					t.Fatal(err)
				}
				keys.AddSecrets(log.Bytes())
				if err := h.Close(); err != nil {
					t.Fatal(err)
				}
				check(t, r, words)
				if got, want := r.String(), early.String(); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
				if st.TLS.State != "decrypted, key arrived late" || h.Stats().Late != 1 || h.held != 0 {
					t.Errorf("told %q, %d late, %d bytes held", st.TLS.State, h.Stats().Late, h.held)
				}
			})
		}
	}
}

// encryptedRecorder also notes the streams without keys.
type encryptedRecorder struct {
	reassemblytest.Recorder
	encrypted []string
}

func (r *encryptedRecorder) Encrypted(s *reassembly.Stream, _ reassembly.Reason, _ capture.Stamp) error {
	r.encrypted = append(r.encrypted, s.TLS.State)
	return nil
}

// TestNoKey: without a key nothing is handed on, and why is told, however the
// segments are cut; all protected records are counted.
func TestNoKey(t *testing.T) {
	client, server, log := configs(t, tls.VersionTLS13, 0)
	w := talk(t, client, server, script(2))
	random := bytes.Fields(log.Bytes())[1]
	protected := uint64(0)
	for _, r := range w.records() {
		if r.data[0] == typeApplication {
			protected++
		}
	}
	for i, size := range []int{1 << 20, 1448, 7, 1, 1 << 20} {
		keys := []*KeyLog{nil, nil, nil, nil, new(KeyLog)}[i]
		r, st := &encryptedRecorder{}, stream()
		h := New(r, keys, Options{})
		end(t, h, w.cut(size).feed(t, h, st, nil))
		want := []string{"no key for client random " + string(random)}
		if n := h.Stats().Failed; n != protected {
			t.Errorf("cut to %d bytes, %d protected records, of %d", size, n, protected)
		}
		if len(r.Calls) > 0 || !slices.Equal(r.encrypted, want) {
			t.Errorf("told %q, handed on:\n%v", r.encrypted, r.String())
		}
		if st.TLS.SNI != "ws.example.test" || st.TLS.Version != "TLS 1.3" || st.TLS.Keyed || h.held != 0 {
			t.Errorf("%+v", st.TLS)
		}
	}
}

// TestWait: a stream that has ended is given up after the time that the
// options name.
func TestWait(t *testing.T) {
	client, server, _ := configs(t, tls.VersionTLS13, 0)
	w := talk(t, client, server, script(2))
	r := &encryptedRecorder{}
	h := New(r, new(KeyLog), Options{Wait: 10e9})
	s := w.feed(t, h, stream(), nil)
	if err := s.Close(reassembly.Reason{How: reassembly.FINs}, stamp(100)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, want int }{{9000, 0}, {20000, 1}} {
		if err := h.Advance(stamp(c.at).Time); err != nil {
			t.Fatal(err)
		}
		if len(r.encrypted) != c.want {
			t.Errorf("after %d ms: %d given up", c.at, len(r.encrypted))
		}
	}
	if h.held != 0 || h.waiting.first != nil {
		t.Errorf("%d bytes still held", h.held)
	}
}

// TestResumption: Go writes no line for a resumed connection of TLS 1.2.
func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			client, server, log := configs(t, version, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
			client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
			keys := new(KeyLog)
			h := New(&reassemblytest.Recorder{}, keys, Options{})
			for i := range 3 {
				words := script(3 + i)
				w := talk(t, client, server, words)
				keys.AddSecrets(log.Bytes())
				r, st := &reassemblytest.Recorder{}, stream()
				h.inner = r
				s := w.feed(t, h, st, nil)
				if err := s.Close(reassembly.Reason{How: reassembly.End}, stamp(1<<20)); err != nil {
					t.Fatal(err)
				}
				check(t, r, words)
				if st.TLS.State != "decrypted" {
					t.Errorf("connection %d: %s", i, st.TLS.State)
				}
			}
			if want := map[uint16]int{tls.VersionTLS12: 1, tls.VersionTLS13: 3}[version]; keys.Len() != want {
				t.Errorf("the log names %d connections", keys.Len())
			}
		})
	}
}

// TestUsedAgain: what is told of a stream does not depend on those before it,
// whose memory it takes over, and what was told of them stays as it was.
func TestUsedAgain(t *testing.T) {
	kinds := []func(h *Handler) *reassembly.TLSInfo{}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client, server, _ := configs(t, version, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
		w := talk(t, client, server, script(5))
		for _, lost := range []func(i int) bool{nil, func(i int) bool { return i == 0 }, func(i int) bool { return i == 2 || i > 30 }} {
			for _, st := range []func() *reassembly.Stream{stream, joined} {
				kinds = append(kinds, func(h *Handler) *reassembly.TLSInfo {
					st := st()
					s := w.cut(100).feed(t, h, st, lost)
					if err := s.Close(reassembly.Reason{How: reassembly.End}, stamp(1<<20)); err != nil && !ignored(err) {
						t.Fatal(err)
					}
					return st.TLS
				})
			}
		}
	}
	shared := New(&reassemblytest.Recorder{}, nil, Options{})
	var told []*reassembly.TLSInfo
	var want []string
	for n := range 3 * len(kinds) {
		k := kinds[(n*5+n/len(kinds))%len(kinds)]
		told = append(told, k(shared))
		want = append(want, fmt.Sprintf("%+v", k(New(&reassemblytest.Recorder{}, nil, Options{}))))
	}
	if len(shared.ended) == 0 || len(shared.spare) == 0 {
		t.Errorf("%d sessions and %d streams to be used again", len(shared.ended), len(shared.spare))
	}
	for n, i := range told {
		if got := fmt.Sprintf("%+v", i); got != want[n] {
			t.Errorf("stream %d: got\n%s\nwant\n%s", n, got, want[n])
		}
	}
}

func TestRetryRandom(t *testing.T) {
	if sum := sha256.Sum256([]byte("HelloRetryRequest")); string(sum[:]) != retryRandom {
		t.Errorf("%x", sum)
	}
}
