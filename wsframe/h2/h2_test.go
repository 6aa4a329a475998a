package h2_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"wstap/capture"
	"wstap/wsframe/h2"
)

// recorder writes down what a Conn tells. Data of one frame is joined, since
// packets cut it anywhere.
type recorder struct {
	lines []string
}

func (r *recorder) add(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) Headers(b *h2.Headers) error {
	var fields []string
	for _, f := range b.Fields {
		fields = append(fields, f.Name+"="+f.Value)
	}
	r.add("%v headers %d %d %q unknown=%d broken=%t limited=%t end=%t", b.From, b.Stream, b.Promised, fields, b.Unknown, b.Broken, b.Limited, b.End)
	return nil
}

func (r *recorder) Data(d *h2.Data) error {
	switch prefix := fmt.Sprintf("%v data %d ", d.From, d.Stream); {
	case d.Missing.Bytes > 0:
		r.add("%s missing %d", prefix, d.Missing.Bytes)
	case len(d.Bytes) > 0:
		s := fmt.Sprintf("%x", d.Bytes)
		if n := len(r.lines); n > 0 && strings.HasPrefix(r.lines[n-1], prefix+"bytes") {
			r.lines[n-1] += s
		} else {
			r.add("%sbytes %s", prefix, s)
		}
	}
	if d.End {
		r.add("%v end %d", d.From, d.Stream)
	}
	return nil
}

func (r *recorder) Signal(s h2.Signal) error {
	switch s.Kind {
	case h2.Reset:
		r.add("%v reset %d %v", s.From, s.Stream, s.Code)
	case h2.GoAway:
		r.add("%v goaway %d %v", s.From, s.Stream, s.Code)
	case h2.Setting:
		r.add("%v setting %d=%d", s.From, s.ID, s.Value)
	case h2.Lost:
		r.add("%v lost", s.From)
	}
	return nil
}

func (r *recorder) String() string { return strings.Join(r.lines, "\n") }

// writer builds the bytes of one direction with x/net's Framer, and notes what
// is to be read from them.
type writer struct {
	from   h2.Direction
	rng    *rand.Rand
	out    bytes.Buffer
	framer *http2.Framer
	block  bytes.Buffer
	hpack  *hpack.Encoder
	want   recorder
	starts []int // where frames begin
}

func newWriter(from h2.Direction, seed uint64) *writer {
	w := &writer{from: from, rng: rand.New(rand.NewPCG(seed, 2))}
	w.framer = http2.NewFramer(&w.out, nil)
	w.framer.AllowIllegalWrites = true
	w.hpack = hpack.NewEncoder(&w.block)
	if from == h2.FromClient {
		w.out.WriteString(h2.Preface)
	}
	return w
}

// frames writes n random frames.
func (w *writer) frames(n int) {
	for range n {
		w.starts = append(w.starts, w.out.Len())
		w.frame(w.rng.IntN(11), uint32(w.rng.IntN(20))*2+1)
	}
}

func (w *writer) frame(kind int, stream uint32) {
	f, end := w.framer, w.rng.IntN(4) == 0
	switch kind {
	case 0, 1, 2:
		data := w.bytes(w.rng.IntN(300))
		var err error
		if pad := w.rng.IntN(60); kind == 2 {
			err = f.WriteDataPadded(stream, end, data, make([]byte, pad))
		} else {
			if len(data) == 0 {
				end = true
			}
			err = f.WriteData(stream, end, data)
		}
		check(err)
		_ = w.want.Data(&h2.Data{From: w.from, Stream: stream, Bytes: data, End: end})
	case 3, 4:
		w.headers(stream, 0, end, w.fields())
	case 5:
		w.headers(stream, stream+1, false, w.fields())
	case 6:
		id, value := http2.SettingID(w.rng.IntN(10)+1), w.rng.Uint32()
		if id == http2.SettingMaxFrameSize {
			value = 1 << 14
		}
		check(f.WriteSettings(http2.Setting{ID: id, Val: value}, http2.Setting{ID: 8, Val: 1}))
		w.want.add("%v setting %d=%d", w.from, id, value)
		w.want.add("%v setting 8=1", w.from)
	case 7:
		check(f.WriteRSTStream(stream, http2.ErrCode(w.rng.IntN(20))))
		w.want.add("%v reset %d %v", w.from, stream, h2.ErrCode(be32(w.out.Bytes()[w.out.Len()-4:])))
	case 8:
		check(f.WriteGoAway(stream, http2.ErrCodeNo, w.bytes(w.rng.IntN(20))))
		w.want.add("%v goaway %d NO_ERROR", w.from, stream)
	case 9:
		check(f.WritePing(end, [8]byte{1, 2, 3}))
		check(f.WriteSettingsAck())
		check(f.WriteWindowUpdate(stream, 7))
		check(f.WritePriority(stream, http2.PriorityParam{StreamDep: 1}))
	case 10:
		check(f.WriteRawFrame(0x10, 0, 0, []byte("\x00\x00\x00\x01u=3")))
	}
}

func (w *writer) fields() []h2.Field {
	fields := []h2.Field{{":method", "CONNECT"}}
	for range w.rng.IntN(8) {
		fields = append(fields, h2.Field{
			Name:  fmt.Sprintf("x-%d", w.rng.IntN(30)),
			Value: strings.Repeat("v", w.rng.IntN(40)) + fmt.Sprint(w.rng.IntN(4)),
		})
	}
	return fields
}

// headers writes a header block: in several frames, padded and with priority as
// chance has it.
func (w *writer) headers(stream, promised uint32, end bool, fields []h2.Field) {
	if w.rng.IntN(6) == 0 {
		w.hpack.SetMaxDynamicTableSize(uint32(w.rng.IntN(4096)))
	}
	block := w.encode(fields)
	cut := len(block)
	if w.rng.IntN(3) == 0 {
		cut = w.rng.IntN(len(block) + 1)
	}
	last := cut == len(block)
	if promised != 0 {
		check(w.framer.WritePushPromise(http2.PushPromiseParam{StreamID: stream, PromiseID: promised,
			BlockFragment: block[:cut], EndHeaders: last, PadLength: uint8(w.rng.IntN(3))}))
	} else {
		p := http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:cut], EndHeaders: last, EndStream: end,
			PadLength: uint8(w.rng.IntN(3))}
		if w.rng.IntN(2) == 0 {
			p.Priority = http2.PriorityParam{StreamDep: 3, Weight: 9}
		}
		check(w.framer.WriteHeaders(p))
	}
	for block = block[cut:]; !last; {
		n := w.rng.IntN(len(block) + 1)
		last = n == len(block)
		check(w.framer.WriteContinuation(stream, last, block[:n]))
		block = block[n:]
	}
	_ = w.want.Headers(&h2.Headers{From: w.from, Stream: stream, Promised: promised, Fields: fields, End: end})
}

func (w *writer) encode(fields []h2.Field) []byte {
	w.block.Reset()
	for _, f := range fields {
		check(w.hpack.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: w.rng.IntN(5) == 0}))
	}
	return bytes.Clone(w.block.Bytes())
}

func (w *writer) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return b
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// feed hands over b in pieces of at most n bytes, each in memory of its own that
// is overwritten afterwards: bytes are lent.
func feed(c *h2.Conn, from h2.Direction, b []byte, n int) {
	for packet := uint64(1); len(b) > 0; packet++ {
		k := min(n, len(b))
		lent := bytes.Clone(b[:k])
		check(c.Feed(from, lent, capture.Stamp{Packet: packet}))
		for i := range lent {
			lent[i] = 0xaa
		}
		b = b[k:]
	}
}

// TestOracle: what x/net's Framer and HPACK encoder write is read, however it
// is cut.
func TestOracle(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		for _, from := range []h2.Direction{h2.FromClient, h2.FromServer} {
			w := newWriter(from, seed)
			w.frames(60)
			for _, n := range []int{1, 7, 1460, 1 << 20} {
				var got recorder
				feed(h2.New(&got), from, w.out.Bytes(), n)
				if got.String() != w.want.String() {
					t.Fatalf("seed %d, %v, cut to %d bytes:\n--- got\n%s\n--- want\n%s", seed, from, n, &got, &w.want)
				}
			}
		}
	}
}

// TestHPACKExamples reads the header blocks of RFC 7541, C.3 to C.6: three each
// on one dynamic table.
func TestHPACKExamples(t *testing.T) {
	for name, blocks := range map[string][]string{
		"C.3 requests": {
			"828684410f7777772e6578616d706c652e636f6d", `[":method=GET" ":scheme=http" ":path=/" ":authority=www.example.com"]`,
			"828684be58086e6f2d6361636865", `[":method=GET" ":scheme=http" ":path=/" ":authority=www.example.com" "cache-control=no-cache"]`,
			"828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", `[":method=GET" ":scheme=https" ":path=/index.html" ":authority=www.example.com" "custom-key=custom-value"]`,
		},
		"C.4 requests with Huffman coding": {
			"828684418cf1e3c2e5f23a6ba0ab90f4ff", `[":method=GET" ":scheme=http" ":path=/" ":authority=www.example.com"]`,
			"828684be5886a8eb10649cbf", `[":method=GET" ":scheme=http" ":path=/" ":authority=www.example.com" "cache-control=no-cache"]`,
			"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", `[":method=GET" ":scheme=https" ":path=/index.html" ":authority=www.example.com" "custom-key=custom-value"]`,
		},
		"C.5 responses with eviction": {
			"3fe101" + "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
			`[":status=302" "cache-control=private" "date=Mon, 21 Oct 2013 20:13:21 GMT" "location=https://www.example.com"]`,
			"4803333037c1c0bf", `[":status=307" "cache-control=private" "date=Mon, 21 Oct 2013 20:13:21 GMT" "location=https://www.example.com"]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got recorder
			c := h2.New(&got)
			for i := 0; i < len(blocks); i += 2 {
				var block []byte
				fmt.Sscanf(blocks[i], "%x", &block)
				var out bytes.Buffer
				check(http2.NewFramer(&out, nil).WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true}))
				feed(c, h2.FromServer, out.Bytes(), 1<<20)
				want := fmt.Sprintf("server headers 1 0 %s unknown=0 broken=false limited=false end=false", blocks[i+1])
				if last := got.lines[len(got.lines)-1]; last != want {
					t.Errorf("got  %s\nwant %s", last, want)
				}
			}
		})
	}
}
