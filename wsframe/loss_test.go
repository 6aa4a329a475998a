package wsframe_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// sentFrame is a frame as its sender knows it.
type sentFrame struct {
	conn       int
	from       capturetest.Direction
	start, end int // in the direction's stream, from its first frame byte
	key        string
}

// style is a kind of traffic: how long payloads are, and whether frames share
// segments.
type style struct {
	name    string
	payload func(r *rand.Rand) (opcode byte, p []byte)
	joined  int // up to so many frames in one segment
}

func text(r *rand.Rand, n int) []byte {
	p := fmt.Appendf(nil, `{"message":"m%d","data":["`, r.IntN(100))
	for len(p) < n {
		p = append(p, byte('a'+r.IntN(26)))
	}
	return append(p, `"]}`...)
}

func noise(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

var styles = []style{
	{"small json", func(r *rand.Rand) (byte, []byte) { return capturetest.OpText, text(r, 30+r.IntN(300)) }, 1},
	{"small binary", func(r *rand.Rand) (byte, []byte) { return capturetest.OpBinary, noise(r, r.IntN(200)) }, 1},
	{"joined", func(r *rand.Rand) (byte, []byte) {
		if r.IntN(3) == 0 {
			return capturetest.OpBinary, noise(r, r.IntN(60))
		}
		return capturetest.OpText, text(r, 10+r.IntN(100))
	}, 6},
	{"bulk", func(r *rand.Rand) (byte, []byte) { return capturetest.OpBinary, noise(r, 4<<10+r.IntN(28<<10)) }, 2},
	{"mixed", func(r *rand.Rand) (byte, []byte) {
		switch r.IntN(10) {
		case 0:
			return capturetest.OpBinary, noise(r, r.IntN(20<<10))
		case 1:
			return capturetest.OpPing, noise(r, r.IntN(12))
		}
		return capturetest.OpText, text(r, r.IntN(400))
	}, 3},
}

// traffic makes conns connections that send frames in turn.
func traffic(s style, seed uint64, conns, frames int) ([]capture.Packet, []sentFrame) {
	r := rand.New(rand.NewPCG(seed, 7))
	tr := capturetest.NewTrace()
	all := make([]*capturetest.Conn, conns)
	var sent []sentFrame
	var at [][2]int
	for i := range all {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, 2}), uint16(40000+i))
		all[i] = tr.Conn(capturetest.Config{Client: client})
		all[i].Open()
		all[i].Client(capturetest.Upgrade("/", "10.0.0.1:8080").Append(nil))
		all[i].Server(capturetest.Switching(capturetest.Key).Append(nil))
		at = append(at, [2]int{})
	}
	for len(sent) < frames {
		i := r.IntN(conns)
		d := capturetest.Direction(r.IntN(2))
		var b []byte
		for range 1 + r.IntN(s.joined) {
			f := capturetest.Frame{Masked: d == capturetest.FromClient}
			f.Opcode, f.Payload = s.payload(r)
			if f.Masked {
				copy(f.Key[:], noise(r, 4))
			}
			n := len(b)
			b = f.Append(b)
			sent = append(sent, sentFrame{i, d, at[i][d] + n, at[i][d] + len(b), frameKey(i, int(d), int(f.Opcode), f.Payload)})
		}
		at[i][d] += len(b)
		all[i].Send(d, capturetest.Segment{Payload: b})
	}
	for _, c := range all {
		c.Close(capturetest.FromClient)
	}
	return tr.Packets(), sent
}

func frameKey(conn, from, opcode int, payload []byte) string {
	return fmt.Sprintf("%d %d %d %d %x", conn, from, opcode, len(payload), sha256.Sum256(payload))
}

// frameCounter counts frames by what they hold.
type frameCounter struct {
	t     *testing.T
	found map[string]int
}

func (c *frameCounter) Emit(e wsframe.Event) error {
	if f, ok := e.(*wsframe.Frame); ok && f.Missing == 0 {
		c.found[frameKey(int(f.M.Conn.Client.Port())-40000, int(f.From), int(f.Opcode), f.Payload)]++
	}
	return nil
}

func (c *frameCounter) Close() error { return nil }

// TestLoss takes packets out at random and demands the frames whose bytes are
// all there: 99.5 % at 1 % loss, 98 % at 5 %, and one false frame in 10 000 at
// most. It prints what it measured.
func TestLoss(t *testing.T) {
	frames := 10500
	if testing.Short() {
		frames = 2000
	}
	for _, s := range styles {
		packets, sent := traffic(s, 1, 60, frames)
		for _, loss := range []struct{ p, least float64 }{{0.01, 0.995}, {0.05, 0.98}} {
			t.Run(fmt.Sprintf("%s/%g", s.name, loss.p), func(t *testing.T) {
				kept, lost := capturetest.Lose(packets, 42, loss.p)
				intact := intactFrames(packets, sent, lost)
				c := &frameCounter{t, make(map[string]int)}
				wsframetest.Run(t, capturetest.NewSource(kept), c, wsframe.Options{})
				want := make(map[string]int)
				for _, f := range sent {
					if intact[f] {
						want[f.key]++
					}
				}
				total, hit, false_ := 0, 0, 0
				for k, n := range want {
					total += n
					hit += min(n, c.found[k])
				}
				for k, n := range c.found {
					false_ += max(0, n-want[k])
				}
				share := float64(hit) / float64(total)
				t.Logf("%d frames, %d packets lost: %d of %d intact frames found (%.3f %%), %d false",
					len(sent), len(lost), hit, total, 100*share, false_)
				if share < loss.least || false_ > max(1, total/10000) {
					t.Errorf("want at least %.1f %%, and 1 false in 10 000 at most", 100*loss.least)
				}
			})
		}
	}
}

// intactFrames are those no byte of which was in a lost packet.
func intactFrames(packets []capture.Packet, sent []sentFrame, lost []capturetest.Loss) map[sentFrame]bool {
	// Where the frames of each direction begin: behind the head.
	type flow struct {
		conn int
		from capturetest.Direction
	}
	first := make(map[flow]uint32)
	var dec capture.Decoder
	var s capture.Segment
	id := func(f capture.Flow) flow {
		if f.Src.Port() == 8080 {
			return flow{int(f.Dst.Port()) - 40000, capturetest.FromServer}
		}
		return flow{int(f.Src.Port()) - 40000, capturetest.FromClient}
	}
	for _, p := range packets {
		if dec.Decode(&p, &s) != capture.KindTCP {
			continue
		}
		if bytes.HasPrefix(s.Payload, []byte("GET ")) || bytes.HasPrefix(s.Payload, []byte("HTTP")) {
			first[id(s.Flow())] = s.Seq + uint32(len(s.Payload))
		}
	}
	holes := make(map[flow][][2]int)
	for _, l := range lost {
		k := id(l.Flow)
		at := int(l.Seq - first[k])
		holes[k] = append(holes[k], [2]int{at, at + len(l.Bytes)})
	}
	intact := make(map[sentFrame]bool)
	for _, f := range sent {
		ok := true
		for _, h := range holes[flow{f.conn, f.from}] {
			ok = ok && (f.end <= h[0] || f.start >= h[1])
		}
		intact[f] = ok
	}
	return intact
}
