package decrypt

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

// TestDecorator: what is not TLS passes untouched.
func TestDecorator(t *testing.T) {
	reassemblytest.TestDecorator(t, func(h reassembly.Handler) reassembly.Handler {
		return New(h, new(KeyLog), Options{})
	})
}

// before is what may come in a stream before TLS or HTTP.
const (
	proxyLine   = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
	proxyLine6  = "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"
	proxyNobody = "PROXY UNKNOWN\r\n"
	proxyBinary = proxySignature + "\x21\x11\x00\x0f\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb\x04\x00\x00"
	proxyLocal  = proxySignature + "\x20\x00\x00\x00"
)

// TestProxyHeader: a PROXY header is taken out before TLS and before HTTP,
// however it is cut, and names the client.
func TestProxyHeader(t *testing.T) {
	words := script(3)
	client, server, log := configs(t, tls.VersionTLS13, 0)
	w := talk(t, client, server, words)
	plain := wire(words)
	for _, c := range []struct{ name, header, origin string }{
		{"version 1", proxyLine, "192.0.2.7:56324"},
		{"version 1, IPv6", proxyLine6, "[2001:db8::7]:56324"},
		{"version 1, unknown", proxyNobody, ""},
		{"version 2", proxyBinary, "192.0.2.7:56324"},
		{"version 2, local", proxyLocal, ""},
	} {
		for _, what := range []string{"TLS", "plain"} {
			for _, size := range []int{1 << 20, 5, 1} {
				t.Run(c.name+" "+what, func(t *testing.T) {
					all := w
					if what == "plain" {
						all = plain
					}
					all = slices.Clone(all)
					all[0].data = append([]byte(c.header), all[0].data...)
					keys := new(KeyLog)
					keys.AddSecrets(log.Bytes())
					r, st := &reassemblytest.Recorder{}, stream()
					h := New(r, keys, Options{})
					end(t, h, all.cut(size).feed(t, h, st, nil))
					check(t, r, words)
					want, _ := netip.ParseAddrPort(c.origin)
					if st.Origin() != want || (st.TLS != nil) != (what == "TLS") {
						t.Errorf("origin %v, TLS %v", st.Origin(), st.TLS)
					}
				})
			}
		}
	}
}

// TestTunnel: TLS inside a CONNECT tunnel, behind a refusal, and again inside
// of that TLS.
func TestTunnel(t *testing.T) {
	words := script(3)
	client, server, log := configs(t, tls.VersionTLS13, 0)
	ask := []piece{
		{reassembly.FromClient, []byte("CONNECT ws.example.test:443 HTTP/1.1\r\nHost: ws.example.test:443\r\n\r\n")},
		{reassembly.FromServer, []byte("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")},
		{reassembly.FromClient, []byte("CONNECT ws.example.test:443 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n")},
		{reassembly.FromServer, []byte("HTTP/1.1 200 Connection established\r\n\r\n")},
	}
	inner := wire(append(slices.Clone(ask), talk(t, client, server, words)...))
	for _, c := range []struct {
		name string
		wire wire
		want []piece
	}{
		{"once", inner, append(slices.Clone(ask), words...)},
		{"in TLS to the proxy", talk(t, client, server, inner), append(slices.Clone(ask), words...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := new(KeyLog)
			keys.AddSecrets(log.Bytes())
			r, st := &reassemblytest.Recorder{}, stream()
			h := New(r, keys, Options{})
			end(t, h, c.wire.feed(t, h, st, nil))
			check(t, r, c.want)
			if st.TLS == nil || st.TLS.State != "decrypted" {
				t.Errorf("%+v", st.TLS)
			}
		})
	}
	t.Run("without a key", func(t *testing.T) {
		r, st := &encryptedRecorder{}, stream()
		h := New(r, nil, Options{})
		end(t, h, inner.feed(t, h, st, nil))
		check(t, &r.Recorder, ask)
		if len(r.encrypted) != 1 {
			t.Errorf("told %q", r.encrypted)
		}
	})
}

// TestIgnore: a handler that does not want the plaintext is left alone.
func TestIgnore(t *testing.T) {
	client, server, log := configs(t, tls.VersionTLS13, 0)
	w := talk(t, client, server, script(3))
	for _, late := range []bool{false, true} {
		r := &reassemblytest.Recorder{Answer: func(c reassemblytest.Call) error {
			if c.Method == "data" {
				return reassembly.ErrIgnore
			}
			return nil
		}}
		keys := new(KeyLog)
		if !late {
			keys.AddSecrets(log.Bytes())
		}
		h := New(r, keys, Options{})
		s := h.Open(stream())
		ended := false
		for i, p := range w {
			if err := s.Data(p.dir, p.data, stamp(i+1)); err != nil {
				ended = true
				break
			}
		}
		if late {
			keys.AddSecrets(log.Bytes())
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
		} else if !ended {
			t.Error("ErrIgnore was not passed on")
		}
		if text := r.String(); strings.Count(text, "\n") != 2 || h.held != 0 {
			t.Errorf("%d held, calls:\n%s", h.held, text)
		}
	}
}
