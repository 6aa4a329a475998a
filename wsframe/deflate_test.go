package wsframe

import (
	"bytes"
	stdflate "compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"wstap/wsframe/inflate"
)

// sender is the plain model of the other end: a compressor that keeps its
// window between messages, unless fresh (RFC 7692, 7.2.1).
type sender struct {
	level int
	fresh bool
	out   bytes.Buffer
	w     *stdflate.Writer
}

func (s *sender) message(text []byte) []byte {
	s.out.Reset()
	if s.w == nil || s.fresh {
		s.w, _ = stdflate.NewWriter(&s.out, s.level)
	}
	s.w.Write(text)
	s.w.Flush()
	return bytes.Clone(bytes.TrimSuffix(s.out.Bytes(), []byte("\x00\x00\xff\xff")))
}

// noise is n bytes, or up to seven more, that repeat nothing.
func noise(r *rand.Rand, n int) []byte {
	var b []byte
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b
}

// randomText makes texts that repeat much of each other, as messages do, of
// all sizes from nothing to several windows, most of them small.
func randomText(r *rand.Rand) []byte {
	words := []string{`{"message":"`, `","data":[`, "publishStream", "setRemoteSDP", "candidate:", "ping", "pong", `]}`, " 10.0.0.1 ", "\r\n", "é€"}
	var b []byte
	n := 1 << r.IntN(12)
	if r.IntN(16) == 0 {
		n = 1 << r.IntN(17)
	}
	for len(b) < n && r.IntN(2000) > 0 {
		switch r.IntN(6) {
		case 0:
			b = fmt.Appendf(b, "%x", r.Uint32())
		case 1:
			b = append(b, noise(r, r.IntN(300))...)
		default:
			b = append(b, words[r.IntN(len(words))]...)
		}
	}
	return b
}

const noLimit = 1 << 30

func TestInflateAgainstStdlib(t *testing.T) {
	var z Inflater // one for all, as in an Analyzer
	var out []byte
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 7692))
		s := sender{level: r.IntN(12) - 2, fresh: r.IntN(3) == 0}
		w := window{fresh: s.fresh}
		for i := range 40 {
			text := randomText(r)
			var total uint64
			var err error
			out, total, err = z.Message(out[:0], &w, s.message(text), noLimit)
			if err != nil || !bytes.Equal(out, text) || total != uint64(len(text)) {
				t.Fatalf("seed %d, level %d, message %d of %d bytes: got %d bytes, total %d, error %v", seed, s.level, i, len(text), len(out), total, err)
			}
			if s.fresh && w.history() > 0 {
				t.Fatal("a window is kept without takeover")
			}
			if w.memory() > wholeBytes {
				t.Fatalf("a window of %d bytes", w.memory())
			}
		}
	}
}

// pythonSender compresses the messages that it reads, base64 in JSON, with the
// real zlib, at each window size that it has.
const pythonSender = `
import sys, json, base64, zlib
out = []
for wbits in range(9, 16):
    for level in (1, 6, 9):
        for fresh in (False, True):
            c = None
            messages = []
            for m in json.load(open(sys.argv[1])):
                if c is None or fresh:
                    c = zlib.compressobj(level, zlib.DEFLATED, -wbits)
                d = c.compress(base64.b64decode(m)) + c.flush(zlib.Z_SYNC_FLUSH)
                assert d.endswith(b"\x00\x00\xff\xff")
                messages.append(base64.b64encode(d[:-4] or b"\x00").decode())
            out.append({"Bits": wbits, "Fresh": fresh, "Messages": messages})
json.dump(out, sys.stdout)
`

func TestInflateAgainstZlib(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: zlib's own compressor is not compared with")
	}
	r := rand.New(rand.NewPCG(1, 1951))
	var texts [][]byte
	for range 20 {
		texts = append(texts, randomText(r))
	}
	file := t.TempDir() + "/messages.json"
	encoded, _ := json.Marshal(texts)
	writeFile(t, file, encoded)
	answer, err := exec.Command(python, "-c", pythonSender, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var runs []struct {
		Bits     int
		Fresh    bool
		Messages [][]byte
	}
	if err := json.Unmarshal(answer, &runs); err != nil {
		t.Fatal(err)
	}
	var z Inflater
	for _, run := range runs {
		bits := []int{run.Bits}
		if run.Bits == 9 {
			bits = []int{8, 9} // zlib makes 9 of 8
		}
		for _, n := range bits {
			w := window{bits: n, fresh: run.Fresh}
			for i, m := range run.Messages {
				out, _, err := z.Message(nil, &w, m, noLimit)
				if err != nil || !bytes.Equal(out, texts[i]) {
					t.Fatalf("%d bits, fresh %v, message %d of %d bytes: got %d bytes, error %v", n, run.Fresh, i, len(texts[i]), len(out), err)
				}
			}
			if most := max(w.size(), w.size()/inflate.Reach*wholeBytes); w.memory() > most {
				t.Errorf("%d bits: %d bytes of window, %d at most", n, w.memory(), most)
			}
		}
	}
}

// After lost messages nothing wrong is ever given out, and what needs nothing
// of what was lost is.
func TestInflateAfterLossIsNeverWrong(t *testing.T) {
	var z Inflater
	right, lost, regained := 0, 0, 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 68))
		s := sender{level: 1 + r.IntN(9)}
		rarely := 4 + r.IntN(40)
		var w window
		for range 60 {
			text := randomText(r)
			if r.IntN(20) == 0 { // a window full of what refers to nothing
				text = noise(r, 40<<10)
			}
			compressed := s.message(text)
			if r.IntN(rarely) == 0 {
				w.lose()
				continue
			}
			wasLost := w.lost
			out, total, err := z.Message(nil, &w, compressed, noLimit)
			switch {
			case err == nil && (!bytes.Equal(out, text) || total != uint64(len(text))):
				t.Fatalf("seed %d: wrong text of %d bytes for %d, without an error", seed, len(out), len(text))
			case err == nil:
				right++
				if wasLost && !w.lost {
					regained++
				}
			case !errors.Is(err, errContextLost):
				t.Fatalf("seed %d: %v", seed, err)
			case !bytes.HasPrefix(text, out):
				t.Fatalf("seed %d: what came before the fault is wrong", seed)
			case !wasLost:
				t.Fatalf("seed %d: context lost that was not", seed)
			default:
				lost++
				if w.history() != 0 || !w.lost {
					t.Fatal("the window is kept after an error")
				}
			}
		}
	}
	// The numbers follow from the seeds; all three happen often.
	if right < 200 || lost < 100 || regained < 10 {
		t.Errorf("%d right, %d lost, %d regained: the test tests little", right, lost, regained)
	}
}

// The examples of RFC 7692, 7.2.3, and what is at the edges of them.
func TestInflateExamples(t *testing.T) {
	tests := []struct {
		name     string
		messages []string // each inflates to "Hello", unless want says something else
		fresh    bool
		want     string
		err      error
	}{
		{name: "one block (7.2.3.1)", messages: []string{"\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{name: "shared window (7.2.3.2)", messages: []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x00\x11\x00\x00"}},
		{name: "shared window that is not", messages: []string{"\xf2\x00\x11\x00\x00"}, err: errDeflate, want: "H"},
		{name: "without takeover", fresh: true, messages: []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", "\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{name: "block without compression (7.2.3.3)", messages: []string{"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"}},
		{name: "last block (7.2.3.4)", messages: []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "\xf2\x00\x11\x00\x00"}},
		{name: "last block without the byte behind it", messages: []string{"\xf3\x48\xcd\xc9\xc9\x07\x00"}},
		{name: "last block, then another stream", messages: []string{"\xf3\x48\xcd\xc9\xc9\x07\x00" + "\xf2\x48\xcd\xc9\xc9\x07\x00"}, want: "HelloHello"},
		{name: "last block, then a reference before it", messages: []string{"\xf3\x48\xcd\xc9\xc9\x07\x00" + "\xf2\x00\x11\x00\x00"}, want: "HelloHello"},
		{name: "two blocks (7.2.3.5)", messages: []string{"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"}},
		{name: "empty message (7.2.3.6)", messages: []string{"\x00", "\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{name: "empty payload", messages: []string{"", "\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{name: "reserved block type", messages: []string{"\x06"}, err: errDeflate, want: "-"},
		{name: "bytes behind the last block", messages: []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\xff"}, err: errDeflate},
		{name: "cut in a block", messages: []string{"\xf2\x48\xcd"}, err: errDeflate, want: "-"},
		{name: "stored block cut", messages: []string{"\x00\x09\x00\xf6\xffab"}, err: errDeflate, want: "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var z Inflater
			w := window{fresh: tt.fresh}
			for i, m := range tt.messages {
				out, total, err := z.Message(nil, &w, []byte(m), noLimit)
				if i < len(tt.messages)-1 {
					if err != nil {
						t.Fatal(err)
					}
					continue
				}
				want := tt.want
				if want == "" {
					want = "Hello"
				}
				if !errors.Is(err, tt.err) || want != "-" && string(out) != want || total != uint64(len(out)) {
					t.Errorf("%q, total %d, error %v; want %q, %v", out, total, err, want, tt.err)
				}
				if err != nil && w.history() > 0 {
					t.Error("the window is kept after an error")
				}
			}
		})
	}
}

// A message that is cut off anywhere is an error, or a beginning of the text,
// or what every receiver would read: a stored block that takes the four bytes
// for its own, which RFC 7692, 7.2.2 puts behind the message.
func TestInflateCut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for level := -2; level <= 9; level++ {
		text := []byte(strings.Repeat("some text that repeats itself ", 20))
		text = append(text, noise(r, 40)...)
		s := sender{level: level}
		compressed := s.message(text)
		var z Inflater
		for n := range compressed {
			var w window
			out, _, err := z.Message(nil, &w, compressed[:n], noLimit)
			if err == nil && !bytes.HasPrefix(text, bytes.TrimSuffix(out, []byte(tails[:4]))) {
				t.Fatalf("level %d, %d of %d bytes: wrong text without an error", level, n, len(compressed))
			}
		}
	}
}

func TestInflateLimits(t *testing.T) {
	zeros := sender{level: 9}
	block := zeros.message(make([]byte, 1<<20)) // 1 MiB in about 1 KiB
	t.Run("kept and counted", func(t *testing.T) {
		var z Inflater
		var w window
		s := sender{level: 6}
		for i, size := range []int{0, 1, 999, 1000, 1001, 100_000, 1000} {
			text := bytes.Repeat([]byte{'a' + byte(i)}, size)
			out, total, err := z.Message([]byte("before"), &w, s.message(text), 1000)
			if err != nil || total != uint64(size) || string(out) != "before"+string(text[:min(size, 1000)]) {
				t.Errorf("%d bytes: kept %d, total %d, error %v", size, len(out)-6, total, err)
			}
			if cap(out) > 4096 {
				t.Errorf("%d bytes allocated for a limit of 1000", cap(out))
			}
		}
	})
	t.Run("none kept", func(t *testing.T) {
		var z Inflater
		var w window
		out, total, err := z.Message(nil, &w, block, 0)
		if len(out) != 0 || total != 1<<20 || err != nil {
			t.Errorf("%d bytes, total %d, error %v", len(out), total, err)
		}
	})
	t.Run("bomb", func(t *testing.T) {
		var z Inflater
		var w window
		bomb := bytes.Repeat(append(bytes.Clone(block), tails[:4]...), inflateLimit>>20+1)
		out, total, err := z.Message(nil, &w, bomb, 1<<20)
		if len(out) != 1<<20 || total < inflateLimit || total > inflateLimit+1<<16 || !errors.Is(err, errInflateLimit) || w.history() != 0 || !w.lost {
			t.Errorf("%d bytes, total %d, error %v, window of %d", len(out), total, err, w.history())
		}
		if _, _, err := z.Message(nil, &w, []byte("\xf2\x00\x11\x00\x00"), noLimit); !errors.Is(err, errContextLost) {
			t.Errorf("behind a bomb: %v", err)
		}
	})
	t.Run("streams in one message", func(t *testing.T) {
		var z Inflater
		var w window
		const last = "\x03\x00" // an empty block with BFINAL = 1
		if _, _, err := z.Message(nil, &w, []byte(strings.Repeat(last, 16)), noLimit); err != nil {
			t.Errorf("16 streams: %v", err)
		}
		if _, _, err := z.Message(nil, &w, []byte(strings.Repeat(last, 1000)), noLimit); !errors.Is(err, errInflateLimit) {
			t.Errorf("1000 streams: %v", err)
		}
	})
}

func TestInflateAllocatesNothing(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		s := sender{level: 6, fresh: fresh}
		r := rand.New(rand.NewPCG(5, 5))
		var messages [][]byte
		for range 64 {
			messages = append(messages, s.message(randomText(r)))
		}
		var z Inflater
		w := window{fresh: fresh}
		out := make([]byte, 0, 1<<20)
		run := func() {
			w.lose() // so that the first message fits again
			for _, m := range messages {
				var err error
				if out, _, err = z.Message(out[:0], &w, m, noLimit); err != nil {
					t.Fatal(err)
				}
			}
		}
		run()
		if n := testing.AllocsPerRun(5, run); n != 0 {
			t.Errorf("fresh %v: %v allocations for %d messages", fresh, n, len(messages))
		}
	}
}

// Any bytes give the same as the standard library's decompressor gives, or an
// error, and a window of the last bytes.
func FuzzInflate(f *testing.F) {
	s := sender{level: 6}
	f.Add(s.message([]byte("Hello, hello, hello")), []byte("Hello"), uint16(100))
	f.Add([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []byte(""), uint16(3))
	f.Add([]byte("\xf2\x00\x11\x00\x00"), []byte("Hello"), uint16(0))
	f.Add([]byte("\x00"), []byte("x"), uint16(9))
	f.Fuzz(func(t *testing.T, compressed, history []byte, limit uint16) {
		if len(compressed) > 1<<14 {
			return
		}
		var z Inflater
		var w window
		z.windows.use(&w, history)
		out, total, err := z.Message(nil, &w, compressed, int(limit))
		if len(out) > int(limit) || uint64(len(out)) > total || err == nil && uint64(len(out)) != min(total, uint64(limit)) {
			t.Fatalf("%d bytes of %d, limit %d", len(out), total, limit)
		}
		if err != nil {
			if w.history() > 0 || !w.lost {
				t.Fatal("the window is kept after an error")
			}
			return
		}
		if len(compressed) == 0 {
			return
		}
		// The model reads the streams one after the other, all in memory.
		all := history
		in := bytes.NewReader(append(bytes.Clone(compressed), tails...))
		for in.Len() > 0 && in.Len() != len(tails) || len(all) == len(history) && in.Len() == len(compressed)+len(tails) {
			part, err := io.ReadAll(stdflate.NewReaderDict(in, all))
			if err != nil {
				t.Fatalf("the standard library fails: %v", err)
			}
			all = append(all[:len(all):len(all)], part...)
		}
		text := all[len(history):]
		if uint64(len(text)) != total || !bytes.HasPrefix(text, out) {
			t.Fatalf("%d bytes, standard library %d", total, len(text))
		}
		if !bytes.HasSuffix(all, contents(&w)) || w.history() < min(len(all), w.size()) {
			t.Fatalf("a window of %d bytes", w.history())
		}
	})
}

// BenchmarkInflate compares shapes of traffic; B/op shows what a message costs.
func BenchmarkInflate(b *testing.B) {
	text := func(i, size int) []byte {
		t := fmt.Appendf(nil, `{"message":"notifyStreamStatusEvent","data":[{"stream":%d,"seq":%d,"at":"2024-01-01T00:00:%02d"`, i*7919%1000, i, i%60)
		for len(t) < size {
			t = fmt.Appendf(t, `,"k%d":%d`, len(t)*i%97, i*len(t)%10007)
		}
		return append(t, "}]}"...)
	}
	for _, size := range []int{100, 900, 16 << 10} {
		for _, fresh := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/fresh=%v", size, fresh), func(b *testing.B) {
				s := sender{level: 6, fresh: fresh}
				var messages [][]byte
				n := 0
				for i := range 256 {
					m := text(i, size)
					n += len(m)
					messages = append(messages, s.message(m))
				}
				var z Inflater
				w := window{fresh: fresh}
				var out []byte
				b.ReportAllocs()
				b.SetBytes(int64(n / len(messages)))
				for i := 0; b.Loop(); i++ {
					if i%len(messages) == 0 {
						w.lose()
					}
					var err error
					if out, _, err = z.Message(out[:0], &w, messages[i%len(messages)], noLimit); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
