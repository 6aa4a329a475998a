package wsframe_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sys/unix"

	"wstap/capture"
	"wstap/capture/capturetest"
	"wstap/reassembly"
	"wstap/wsframe"
)

// call is what an assembler may say of a stream: the bytes of a packet, or a
// gap.
type call struct {
	from reassembly.Direction
	data []byte
	gap  int64
}

// counter is a Sink that counts events.
type counter struct{ events int }

func (c *counter) Emit(wsframe.Event) error { c.events++; return nil }
func (c *counter) Close() error             { return nil }

// play makes the calls for one stream. A stream whose SYN was not seen is one
// that the capture joined mid-stream.
func play(tb testing.TB, a *wsframe.Analyzer, syn bool, calls []call) {
	tb.Helper()
	if err := drive(a, syn, calls); err != nil {
		tb.Fatal(err)
	}
}

// drive is play for those who want the error.
func drive(a *wsframe.Analyzer, syn bool, calls []call) error {
	at := capture.Stamp{Time: time.Unix(1767225600, 0)}
	var handshake reassembly.Handshake
	if syn {
		handshake.SYN = capture.Stamp{Time: at.Time, Packet: 1}
	}
	st := reassembly.NewStream(0, netip.MustParseAddrPort("10.0.0.2:40000"), netip.MustParseAddrPort("10.0.0.1:8080"), handshake)
	h := a.Open(st)
	for i, c := range calls {
		at.Packet, at.Time = uint64(i+2), at.Time.Add(time.Millisecond)
		var err error
		if c.gap > 0 {
			err = h.Gap(c.from, reassembly.Gap{Bytes: c.gap, Cause: reassembly.Acked}, at)
		} else {
			err = h.Data(c.from, c.data, at)
		}
		if err == reassembly.ErrIgnore {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return h.Close(reassembly.Reason{How: reassembly.FINs}, at)
}

// upgrade is the handshake, with permessage-deflate where deflate is true.
func upgrade(deflate bool) []call {
	request, response := capturetest.Upgrade("/", "10.0.0.1:8080"), capturetest.Switching(capturetest.Key)
	if deflate {
		request.Set("Sec-WebSocket-Extensions: permessage-deflate")
		response.Set("Sec-WebSocket-Extensions: permessage-deflate")
	}
	return []call{
		{from: reassembly.FromClient, data: request.Append(nil)},
		{from: reassembly.FromServer, data: response.Append(nil)},
	}
}

// cut makes calls of b, each of size bytes.
func cut(from reassembly.Direction, b []byte, size int) (calls []call) {
	for len(b) > 0 {
		k := min(size, len(b))
		calls = append(calls, call{from: from, data: b[:k]})
		b = b[k:]
	}
	return calls
}

// lost puts a gap of n bytes before each of the calls.
func lost(n int64, calls []call) (all []call) {
	for _, c := range calls {
		all = append(all, call{from: c.from, gap: n}, c)
	}
	return all
}

// repeat is n bytes of s over and over.
func repeat(s string, n int) []byte {
	return bytes.Repeat([]byte(s), n/len(s)+1)[:n]
}

// deflated is n bytes of DEFLATE without its tail, as a message has it.
func deflated(p []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// zeros is what n bytes of zeros are deflated to.
func zeros(n int) []byte { return deflated(make([]byte, n)) }

// compressed is a frame from the server with RSV1.
func compressed(p []byte) []byte {
	return capturetest.Frame{Opcode: capturetest.OpBinary, Rsv: 4, Payload: p}.Append(nil)
}

// hostile are the inputs that cost the most that we could think of, each of
// some n payload bytes.
var hostile = []struct {
	name  string
	syn   bool
	calls func(n int) []call
}{
	{"fragments", true, func(n int) []call {
		return append(upgrade(false), cut(1, append([]byte{1, 0}, repeat("\x00\x01a", n)...), 1400)...)
	}},
	{"empty fragments", true, func(n int) []call {
		return append(upgrade(false), cut(1, append([]byte{1, 0}, repeat("\x00\x00", n)...), 1400)...)
	}},
	{"pings between fragments", true, func(n int) []call {
		return append(upgrade(false), cut(1, append([]byte{1, 0}, repeat("\x00\x01a\x89\x02hi", n)...), 1400)...)
	}},
	{"violations", true, func(n int) []call {
		return append(upgrade(false), cut(1, repeat("\xf9\x80\x00\x00\x00\x00", n), 1400)...)
	}},
	{"violations of 2 bytes", true, func(n int) []call { return append(upgrade(false), cut(1, repeat("\x73\x00", n), 1400)...) }},
	{"single bytes", true, func(n int) []call {
		return append(upgrade(false), cut(1, repeat("\x82\x7e\x01\x00"+string(make([]byte, 256)), n), 1)...)
	}},
	{"2^63 in single bytes", true, func(n int) []call {
		return append(upgrade(false), cut(1, append([]byte("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), make([]byte, n)...), 1)...)
	}},
	{"holes in a payload", true, func(n int) []call {
		all := append(upgrade(false), cut(1, []byte("\x82\x7f\x00\x00\x00\x00\x7f\x00\x00\x00"), 10)...)
		return append(all, lost(1, cut(1, make([]byte, n), 1))...)
	}},
	{"endless head", true, func(n int) []call {
		var all []call
		for range n / (64 << 10) {
			all = append(all, call{from: 0, data: []byte("GET / HTTP/1.1\r\n")})
		}
		return append(all, cut(0, repeat("A: b\r\n", min(n, 60<<10)), 1)...)
	}},
	{"pipelined upgrades", true, func(n int) []call {
		request := capturetest.Upgrade("/", "h").Append(nil)
		all := cut(0, request, len(request))
		all = append(all, cut(0, bytes.Repeat(request, 60<<10/len(request)), 1)...)
		return append(all, cut(1, repeat("HTTP/1.1 100 \r\n\r\n", n), 1400)...)
	}},
	{"refused upgrades in single bytes", true, func(n int) []call {
		var all []call
		request := capturetest.Upgrade("/", "h").Append(nil)
		refusal := []byte("HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n")
		for i := 0; i < n; i += 300 * (len(request) + len(refusal)) {
			all = append(all, cut(0, bytes.Repeat(request, 300), 1)...)
			all = append(all, cut(1, bytes.Repeat(refusal, 300), 1400)...)
		}
		return all
	}},
	{"answers in doubt", true, func(n int) []call {
		request := capturetest.Upgrade("/", "h").Append(nil)
		all := cut(0, request, len(request))
		all = append(all, cut(0, repeat("\x81\xfe\x01\x80ABCD", 60<<10), 1400)...)
		return append(all, lost(1, cut(1, repeat("HTTP/1.1 100 \r\n\r\n", n), 17))...)
	}},
	{"folded fields", true, func(n int) []call {
		head := append([]byte("GET / HTTP/1.1\r\nA: b\r\n"), bytes.Repeat(append(repeat(" x", 200), '\n'), 250)...)
		head = append(head, "\r\n"...)
		return cut(0, bytes.Repeat(head, n/len(head)), 1400)
	}},
	{"chunks", true, func(n int) []call {
		head := "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		return cut(0, append([]byte(head), repeat("1\r\nx\r\n", n)...), 1)
	}},
	{"deflate bombs", true, func(n int) []call {
		return append(upgrade(true), cut(1, bytes.Repeat(compressed(zeros(64<<20)), n/(64<<10)), 1400)...)
	}},
	{"small deflate bombs", true, func(n int) []call {
		f := compressed(zeros(32 << 10))
		return append(upgrade(true), cut(1, bytes.Repeat(f, n/len(f)), 1400)...)
	}},
	{"empty deflate messages", true, func(n int) []call {
		f := compressed(zeros(32 << 10))
		return append(upgrade(true), cut(1, append(f, repeat("\xc2\x01\x00", n)...), 1400)...)
	}},
	{"final deflate blocks", true, func(n int) []call {
		f := append(compressed(zeros(32<<10)), repeat(string(compressed(repeat("\x03\x00", 16))), n)...)
		return append(upgrade(true), cut(1, f, 1400)...)
	}},
	{"corrupt deflate", true, func(n int) []call { return append(upgrade(true), cut(1, repeat("\xc2\x03\xff\xff\xff", n), 1400)...) }},
}

// shapes are bytes that look like headers wherever one looks.
var shapes = map[string]func(n int) []byte{
	"noise": func(n int) []byte {
		r := rand.New(rand.NewPCG(1, 2))
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		return p
	},
	"zeros":            func(n int) []byte { return make([]byte, n) },
	"empty text":       func(n int) []byte { return repeat("\x81\x00", n) },
	"medium":           func(n int) []byte { return repeat("\x82\x7e", n) },
	"two bytes":        func(n int) []byte { return repeat("\x02\x02", n) },
	"overlapping text": func(n int) []byte { return repeat("\x01\x7e", n) },
	"text of 4 KiB":    func(n int) []byte { return repeat("\x01\x7e\x0f\x7e", n) },
	"text of 125":      func(n int) []byte { return repeat("\x01\x7d", n) },
	"masked empty":     func(n int) []byte { return repeat("\x81\x80", n) },
	"masked text of 4 KiB": func(n int) []byte {
		return repeat("\x01\xfe\x0f\x7eaaaa"+string(bytes.Repeat([]byte{'a' ^ 'x'}, 56)), n)
	},
	"binary of 16 MiB": func(n int) []byte { return repeat("\x02\x7f\x00\x00\x00\x00\x00\x02\x02\x7f", n) },
	"steps": func(n int) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(2 + i%2*(i>>1&0x7f))
		}
		return p
	},
}

// BenchmarkLinear prints how much longer twice the input takes, and what a
// byte of it costs.
func BenchmarkLinear(b *testing.B) {
	for _, h := range hostile {
		b.Run(h.name, func(b *testing.B) { linear(b, h.syn, h.calls) })
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		shape := shapes[name]
		for _, size := range []int{1, 1400, 65000} {
			b.Run(fmt.Sprintf("resync/%s/cut %d", name, size), func(b *testing.B) {
				linear(b, true, func(n int) []call {
					all := append(upgrade(true), call{from: 1, gap: 1}, call{from: 0, gap: 1})
					return append(append(all, cut(1, shape(n), size)...), cut(0, shape(n), size)...)
				})
			})
			b.Run(fmt.Sprintf("resync with gaps/%s/cut %d", name, size), func(b *testing.B) {
				linear(b, true, func(n int) []call {
					return append(upgrade(true), lost(1, cut(1, shape(n), size))...)
				})
			})
			b.Run(fmt.Sprintf("midstream/%s/cut %d", name, size), func(b *testing.B) {
				linear(b, false, func(n int) []call { return cut(0, shape(n), size) })
			})
		}
	}
}

// busy is the processor time that was used so far: other programs do not count.
func busy(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// linear prints the figures of one input, and fails where they are not those of
// linear cost.
func linear(b *testing.B, syn bool, calls func(n int) []call) {
	const n = 256 << 10
	var best [2]time.Duration
	once, twice := calls(n), calls(2*n)
	size := 0
	for _, c := range once {
		size += len(c.data)
	}
	// Collecting garbage would mark the input, which is the larger the longer it
	// is, in the one run and not in the other.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for b.Loop() {
		// The fastest of several, as many as fit into a while: what else the
		// machine does is not of interest.
		for begin := time.Now(); best[1] == 0 || time.Since(begin) < 100*time.Millisecond; {
			for i, in := range [][]call{once, twice} {
				runtime.GC()
				start := busy(b)
				play(b, wsframe.NewAnalyzer(&counter{}, wsframe.Options{}), syn, in)
				if d := busy(b) - start; best[i] == 0 || d < best[i] {
					best[i] = d
				}
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	ratio := float64(best[1]) / float64(best[0])
	if ratio > 2.5 && best[1] > 20*time.Millisecond { // less is noise
		b.Errorf("twice the input takes %.1f times as long", ratio)
	}
	b.ReportMetric(ratio, "time(2n)/time(n)")
	b.ReportMetric(float64(best[0].Nanoseconds())/float64(size), "ns/byte")
}
