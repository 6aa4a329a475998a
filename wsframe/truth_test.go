package wsframe_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// truth is what the servers of the corpus noted: messages, pings and pongs, as
// (from, opcode, length, hash) with how often each came.
type truth map[string]int

func (t truth) total() (n int) {
	for _, k := range t {
		n += k
	}
	return n
}

func readTruth(t *testing.T, name string) truth {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus(), "own", name, "gt.jsonl"))
	if err != nil {
		t.Skipf("no corpus: %v", err)
	}
	defer f.Close()
	all := make(truth)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e struct {
			Ev, Dir, Text, Sha256 string
			Op, Bytes             int
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Ev != "msg" && e.Ev != "ping" && e.Ev != "pong" {
			continue
		}
		if e.Sha256 == "" {
			sum := sha256.Sum256([]byte(e.Text))
			e.Sha256 = hex.EncodeToString(sum[:])
		}
		from := map[string]string{"c2s": "client", "s2c": "server"}[e.Dir]
		all[fmt.Sprintf("%s %d %d %s", from, e.Op, e.Bytes, e.Sha256)]++
	}
	return all
}

// complete is a Sink that notes what was printed as whole, by the same rule.
type complete truth

func (c complete) Emit(e wsframe.Event) error {
	add := func(from wsframe.Direction, op wsframe.Opcode, p []byte) {
		c[fmt.Sprintf("%v %d %d %x", from, op, len(p), sha256.Sum256(p))]++
	}
	switch e := e.(type) {
	case *wsframe.Message:
		if e.Complete && e.Opcode <= wsframe.OpBinary {
			add(e.From, e.Opcode, e.Payload)
		}
	case *wsframe.Frame:
		if e.Missing == 0 && (e.Opcode == wsframe.OpPing || e.Opcode == wsframe.OpPong) {
			add(e.From, e.Opcode, e.Payload)
		}
	}
	return nil
}

func (complete) Close() error { return nil }

// against counts what is right, false and missing.
func (c complete) against(want truth) (right, wrong, missing int) {
	for k, n := range c {
		right += min(n, want[k])
		wrong += max(0, n-want[k])
	}
	return right, wrong, want.total() - right
}

var plainCases = []string{
	"01-chromium-ws-plain-deflate", "23-python-ws-plain-ipv6", "27-node-ws-plain-smallwindow", "28-node-h2c-plaintext-continuation",
}

// TestTruth: message for message what the servers noted.
func TestTruth(t *testing.T) {
	for _, name := range plainCases {
		t.Run(name, func(t *testing.T) {
			want, got := readTruth(t, name), make(complete)
			wsframetest.Run(t, capturetest.NewSource(ownCapture(t, name)), got, wsframe.Options{})
			if right, wrong, missing := got.against(want); wrong+missing > 0 {
				t.Errorf("%d right, %d wrong, %d missing", right, wrong, missing)
			}
		})
	}
}

// TestNothingFalse: whatever is lost, cut or never seen, what is printed as
// complete is what was sent. Compression with context takeover makes this
// hard: a stale window gives other text without an error.
func TestNothingFalse(t *testing.T) {
	harms := []struct {
		name string
		do   func(p []capture.Packet, seed uint64) []capture.Packet
	}{
		{"1 % lost", lose(0.01)}, {"5 % lost", lose(0.05)}, {"20 % lost", lose(0.2)},
		{"cut to 400 bytes", func(p []capture.Packet, _ uint64) []capture.Packet { return capturetest.Snap(p, 400) }},
		{"cut to 96 bytes", func(p []capture.Packet, _ uint64) []capture.Packet { return capturetest.Snap(p, 96) }},
		{"joined late", func(p []capture.Packet, seed uint64) []capture.Packet {
			return capturetest.Strip(p, int(seed*7919)%len(p))
		}},
		{"joined late and lost", func(p []capture.Packet, seed uint64) []capture.Packet {
			return lose(0.05)(capturetest.Strip(p, int(seed*7919)%len(p)), seed)
		}},
		{"client only", func(p []capture.Packet, _ uint64) []capture.Packet {
			return capturetest.OneDirection(p, capturetest.FromClient)
		}},
		{"server only", func(p []capture.Packet, _ uint64) []capture.Packet {
			return capturetest.OneDirection(p, capturetest.FromServer)
		}},
	}
	for _, name := range plainCases {
		want := readTruth(t, name)
		packets := ownCapture(t, name)
		for _, h := range harms {
			t.Run(name+"/"+h.name, func(t *testing.T) {
				n := 5 * seeds(t)
				sum, bad := 0, 0
				for seed := uint64(1); seed <= n; seed++ {
					p := h.do(packets, seed)
					got := make(complete)
					wsframetest.Run(t, capturetest.NewSource(p), got, wsframe.Options{})
					right, wrong, _ := got.against(want)
					sum, bad = sum+right, bad+wrong
					if wrong > 0 && bad == wrong { // the first says enough
						t.Errorf("seed %d: %d of %d are false", seed, wrong, right+wrong)
					}
				}
				t.Logf("%d of %d found, %d false", sum, want.total()*int(n), bad)
			})
		}
	}
}

func lose(p float64) func([]capture.Packet, uint64) []capture.Packet {
	return func(pkts []capture.Packet, seed uint64) []capture.Packet {
		kept, _ := capturetest.Lose(pkts, seed, p)
		return kept
	}
}
