package jsonl_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wstap/report"
	"wstap/report/jsonl"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

func open(w io.Writer) wsframe.Sink { return jsonl.New(w, jsonl.Options{}) }

func TestConformance(t *testing.T) { sinktest.Run(t, open) }

func openParallel(w io.Writer) wsframe.Sink { return jsonl.NewParallel(w, jsonl.Options{}, 3) }

func TestParallelConformance(t *testing.T) { sinktest.Run(t, openParallel) }

// TestParallel: what is written does not depend on who formats it.
func TestParallel(t *testing.T) {
	write := func(s wsframe.Sink) {
		rng := rand.New(rand.NewPCG(1, 2))
		conn := &wsframe.Conn{Number: 7, Upgrade: &wsframe.Upgrade{}}
		for i := range 30_000 {
			meta := wsframe.Meta{Conn: conn}
			meta.Packet = uint64(i)
			var err error
			switch rng.IntN(5) {
			case 0:
				err = s.Emit(&wsframe.Gap{M: meta, Bytes: int64(i)})
			case 1:
				err = s.Emit(&wsframe.Frame{M: meta, Opcode: wsframe.OpPing, Payload: []byte("ping")})
			case 2:
				size := rng.IntN(300)
				if rng.IntN(200) == 0 {
					size = rng.IntN(200_000)
				}
				err = s.Emit(&wsframe.Message{M: meta, Opcode: wsframe.OpText, Payload: bytes.Repeat([]byte{byte('a' + i%26)}, size)})
			default:
				err = s.Emit(&wsframe.Frame{M: meta, Opcode: wsframe.OpText, Length: uint64(i)})
			}
			if err != nil {
				t.Fatal(err)
			}
			conn.Totals[0].Frames++ // as the Analyzer does meanwhile
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var want bytes.Buffer
	write(jsonl.New(&want, jsonl.Options{}))
	for cores := 1; cores <= 4; cores++ {
		var got bytes.Buffer
		write(jsonl.NewParallel(&got, jsonl.Options{}, cores))
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%d cores: %d bytes, other than the %d of one", cores, got.Len(), want.Len())
		}
	}
}

// line is an object of the stream as a reader sees it.
type line map[string]any

// emit writes one event and decodes its line; nil where there is none.
func emit(t *testing.T, o jsonl.Options, e wsframe.Event) line {
	t.Helper()
	var out bytes.Buffer
	if err := jsonl.New(&out, o).Emit(e); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		return nil
	}
	if bytes.Count(out.Bytes(), []byte{'\n'}) != 1 || !utf8.Valid(out.Bytes()) {
		t.Fatalf("not one line of UTF-8: %q", out.Bytes())
	}
	var l line
	d := json.NewDecoder(&out)
	d.UseNumber()
	if err := d.Decode(&l); err != nil {
		t.Fatalf("%v in %q", err, out.Bytes())
	}
	return l
}

func (l line) is(t *testing.T, key string, want any) {
	t.Helper()
	got, ok := l[key]
	if n, isNumber := got.(json.Number); isNumber {
		got = n.String()
	}
	switch w := want.(type) {
	case nil:
		if ok {
			t.Errorf("%s: %s is there: %v", l["type"], key, got)
		}
		return
	case string, bool:
	default:
		b, _ := json.Marshal(w)
		want = string(b)
		if s, isString := got.(string); !isString || s == "" {
			b, _ := json.Marshal(l[key])
			got = string(b)
		}
	}
	if !ok || got != want {
		t.Errorf("%s: %s is %v, want %v", l["type"], key, got, want)
	}
}

// TestEveryLineTellsItsEvent decodes the stream with encoding/json and holds
// it against the events.
func TestEveryLineTellsItsEvent(t *testing.T) {
	for _, e := range sinktest.Events() {
		l := emit(t, jsonl.Options{}, e)
		if l == nil {
			switch e.(type) {
			case *report.Started, *wsframe.Tick:
			default:
				t.Errorf("no line for %T", e)
			}
			continue
		}
		m := e.Meta()
		if m.Conn != nil {
			l.is(t, "conn", m.Conn.Number)
		} else {
			l.is(t, "conn", nil)
		}
		if m.Time.IsZero() {
			l.is(t, "time", nil)
		} else {
			l.is(t, "time", m.Time.UTC().Format("2006-01-02T15:04:05.000000000Z"))
		}
		if l["type"] != "summary" {
			l.is(t, "packet", m.Packet)
		}
		switch e := e.(type) {
		case *wsframe.Opened:
			checkConnection(t, l, e.M.Conn)
		case *wsframe.Frame:
			checkFrame(t, l, e)
		case *wsframe.Message:
			checkMessage(t, l, e)
		case *wsframe.Gap:
			l.is(t, "type", "gap")
			l.is(t, "from", e.From.String())
			l.is(t, "bytes", e.Bytes)
			l.is(t, "why", e.Cause.String())
		case *wsframe.Violation:
			l.is(t, "type", "violation")
			l.is(t, "from", e.From.String())
			l.is(t, "code", e.Rule.Code)
			l.is(t, "rfc", e.Rule.RFC)
			l.is(t, "expected", e.Expected)
			l.is(t, "found", valid(e.Found))
		case *wsframe.Closed:
			checkClosed(t, l, e)
		case *report.Summary:
			l.is(t, "type", "summary")
			l.is(t, "packets", e.Capture.Packets)
			l.is(t, "truncated", e.Capture.Truncated)
			l.is(t, "dropped", e.Capture.Dropped)
			l.is(t, "interface_dropped", e.Capture.InterfaceDropped)
			l.is(t, "tcp_streams", e.Streams)
			l.is(t, "connections", e.Connections)
			l.is(t, "frames", e.Frames)
			l.is(t, "messages", e.Messages)
			l.is(t, "limits", map[string]int{"head": 1, "message": 2})
		}
	}
}

func checkConnection(t *testing.T, l line, c *wsframe.Conn) {
	t.Helper()
	l.is(t, "type", "connection")
	l.is(t, "tcp_stream", c.Stream.Index)
	l.is(t, "client", map[string]any{"ip": c.Client.Addr().String(), "port": c.Client.Port()})
	l.is(t, "server", map[string]any{"ip": c.Server.Addr().String(), "port": c.Server.Port()})
	l.is(t, "via", c.Via)
	optional(t, l, "url", latin(c.URL))
	optional(t, l, "subprotocol", latin(c.Subprotocol))
	optional(t, l, "extensions", latin(c.Extensions))
	optional(t, l, "accept", c.Accept.String())
	optional(t, l, "proxy", latin(c.Proxy))
	optional(t, l, "body", latin(c.Body))
	if c.Status == 0 {
		l.is(t, "status", nil)
	} else {
		l.is(t, "status", c.Status)
	}
	for key, h := range map[string]*wsframe.Head{"request_headers": c.Request, "response_headers": c.Response} {
		if h == nil {
			l.is(t, key, nil)
			continue
		}
		want := [][2]string{}
		for _, f := range h.Fields {
			want = append(want, [2]string{latin(f.Name), latin(f.Value)})
		}
		l.is(t, key, want)
	}
}

func optional(t *testing.T, l line, key, want string) {
	t.Helper()
	if want == "" {
		l.is(t, key, nil)
	} else {
		l.is(t, key, want)
	}
}

func checkFrame(t *testing.T, l line, f *wsframe.Frame) {
	t.Helper()
	l.is(t, "type", "frame")
	l.is(t, "from", f.From.String())
	l.is(t, "first_packet", f.First.Packet)
	l.is(t, "opcode", int(f.Opcode))
	l.is(t, "name", wsframe.OpcodeName(f.Opcode))
	l.is(t, "fin", f.Fin)
	l.is(t, "rsv", int(f.Rsv))
	l.is(t, "masked", f.Masked)
	if f.Masked {
		l.is(t, "masking_key", hex.EncodeToString(f.Key[:]))
	} else {
		l.is(t, "masking_key", nil)
	}
	l.is(t, "length", f.Length)
	l.is(t, "missing", f.Missing)
	l.is(t, "certainty", f.Certainty.String())
	switch {
	case f.Opcode == wsframe.OpClose && f.Code != 0:
		l.is(t, "code", f.Code)
		l.is(t, "reason", valid(string(f.Reason)))
		if !utf8.Valid(f.Reason) {
			l.is(t, "base64", base64.StdEncoding.EncodeToString(f.Payload))
		}
	case f.Opcode == wsframe.OpClose:
		l.is(t, "code", nil)
		optional(t, l, "base64", base64.StdEncoding.EncodeToString(f.Payload))
	case f.Opcode.IsControl():
		checkPayload(t, l, f.Payload, utf8.Valid(f.Payload))
	default:
		l.is(t, "text", nil)
		l.is(t, "base64", nil)
	}
}

func checkMessage(t *testing.T, l line, m *wsframe.Message) {
	t.Helper()
	l.is(t, "type", "message")
	l.is(t, "from", m.From.String())
	l.is(t, "first_packet", m.First.Packet)
	l.is(t, "opcode", int(m.Opcode))
	l.is(t, "frames", m.Frames)
	l.is(t, "compressed", m.Compressed)
	l.is(t, "wire_length", m.WireLength)
	l.is(t, "length", m.Length)
	l.is(t, "complete", m.Complete)
	optional(t, l, "reason", m.Why.String())
	optional(t, l, "summary", valid(m.Summary()))
	if m.InvalidUTF8 {
		l.is(t, "invalid_utf8", true)
	} else {
		l.is(t, "invalid_utf8", nil)
	}
	if m.Why == wsframe.ContextLost {
		l.is(t, "text", nil)
		l.is(t, "base64", nil)
		return
	}
	checkPayload(t, l, m.Payload, m.Opcode != wsframe.OpBinary && utf8.Valid(m.Payload))
}

func checkPayload(t *testing.T, l line, b []byte, text bool) {
	t.Helper()
	if text {
		l.is(t, "text", string(b))
		l.is(t, "base64", nil)
	} else {
		l.is(t, "base64", base64.StdEncoding.EncodeToString(b))
		l.is(t, "text", nil)
	}
}

func checkClosed(t *testing.T, l line, e *wsframe.Closed) {
	t.Helper()
	l.is(t, "type", "close")
	l.is(t, "by", e.By)
	l.is(t, "how", e.How)
	if e.Code == 0 {
		l.is(t, "code", nil)
		l.is(t, "reason", nil)
	} else {
		l.is(t, "code", e.Code)
		l.is(t, "reason", valid(e.Reason))
	}
	for d, key := range []string{"from_client", "from_server"} {
		c := e.M.Conn.Totals[d]
		l.is(t, key, map[string]uint64{
			"frames": c.Frames, "messages": c.Messages, "control": c.Control,
			"payload_bytes": c.Payload, "message_bytes": c.Data, "skipped_bytes": c.Skipped,
		})
	}
}

// valid is what a reader sees of a string that may not be UTF-8.
func valid(s string) string {
	var b strings.Builder
	for _, r := range s { // each bad byte gives one U+FFFD
		b.WriteRune(r)
	}
	return b.String()
}

// latin is what a reader sees of a string of an HTTP head.
func latin(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	r := make([]rune, len(s))
	for i := range len(s) {
		r[i] = rune(s[i])
	}
	return string(r)
}

func TestPayloadLimit(t *testing.T) {
	text := func(s string) *wsframe.Message {
		return &wsframe.Message{Opcode: wsframe.OpText, Payload: []byte(s), Length: uint64(len(s)), Complete: true}
	}
	binary := &wsframe.Message{Opcode: wsframe.OpBinary, Payload: []byte{1, 2, 3, 4}, Length: 4, Complete: true}
	for _, tc := range []struct {
		name  string
		limit report.Limit
		m     *wsframe.Message
		text  any
		b64   any
		cut   any
	}{
		{"none", report.NoLimit(), text("hello"), "hello", nil, nil},
		{"unset", report.Limit{}, text("hello"), "hello", nil, nil},
		{"exact", report.LimitBytes(5), text("hello"), "hello", nil, nil},
		{"cut", report.LimitBytes(4), text("hello"), "hell", nil, true},
		{"never within a character", report.LimitBytes(4), text("caf\u00e9s"), "caf", nil, true},
		{"only half a character fits", report.LimitBytes(1), text("\u00e9"), nil, nil, true},
		{"zero", report.LimitBytes(0), text("hello"), nil, nil, true},
		{"zero of nothing", report.LimitBytes(0), text(""), "", nil, nil},
		{"binary", report.LimitBytes(3), binary, nil, "AQID", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := emit(t, jsonl.Options{Payload: tc.limit}, tc.m)
			l.is(t, "text", tc.text)
			l.is(t, "base64", tc.b64)
			l.is(t, "payload_cut", tc.cut)
			l.is(t, "length", tc.m.Length)
		})
	}
}

// TestLimitHoldsForSummaries: a summary that only repeats the payload's
// beginning is payload; a message's name is not.
func TestLimitHoldsForSummaries(t *testing.T) {
	o := jsonl.Options{Payload: report.LimitBytes(0)}
	l := emit(t, o, &wsframe.Message{Opcode: wsframe.OpText, Payload: []byte("secret things"), Length: 13, Complete: true})
	l.is(t, "summary", nil)
	l = emit(t, o, &wsframe.Message{Opcode: wsframe.OpText, Payload: []byte(`{"type":"login"}`), Length: 16, Complete: true})
	l.is(t, "summary", "login")
}

func TestTimesAcrossSeconds(t *testing.T) {
	var out bytes.Buffer
	w := jsonl.New(&out, jsonl.Options{})
	at := time.Date(2026, 1, 1, 0, 0, 0, 5, time.FixedZone("", -3600))
	for i := range 3 {
		m := wsframe.Meta{}
		m.Time = at.Add(time.Duration(i) * 999_999_999)
		w.Emit(&wsframe.Gap{M: m})
	}
	for i, want := range []string{"2026-01-01T01:00:00.000000005Z", "2026-01-01T01:00:01.000000004Z", "2026-01-01T01:00:02.000000003Z"} {
		if line := strings.Split(out.String(), "\n")[i]; !strings.Contains(line, `"time":"`+want+`"`) {
			t.Errorf("%s lacks %s", line, want)
		}
	}
}

// FuzzString: encoding/json reads back what went in, bad bytes replaced.
func FuzzString(f *testing.F) {
	f.Add(sinktest.Hostile)
	f.Add("a plain run that is long enough\" and \\ then \u2028 and \x7f")
	f.Fuzz(func(t *testing.T, s string) {
		m := &wsframe.Message{Opcode: wsframe.OpText, Payload: []byte(s), Length: uint64(len(s)), Complete: true, InvalidUTF8: !utf8.ValidString(s)}
		l := emit(t, jsonl.Options{}, m)
		optional(t, l, "summary", valid(m.Summary()))
		checkPayload(t, l, []byte(s), utf8.ValidString(s))
	})
}

func TestFramesDoNotAllocate(t *testing.T) {
	s := open(io.Discard)
	for _, e := range sinktest.Events() {
		switch e.(type) {
		case *wsframe.Frame, *wsframe.Message, *wsframe.Gap, *wsframe.Violation:
		default:
			continue
		}
		if n := testing.AllocsPerRun(10, func() { s.Emit(e) }); n != 0 {
			t.Errorf("%v allocations for %+v", n, e)
		}
	}
}

func BenchmarkFrameAndMessage(b *testing.B) {
	s := open(io.Discard)
	var frame *wsframe.Frame
	for _, e := range sinktest.Events() {
		if f, ok := e.(*wsframe.Frame); ok && f.Message != nil {
			frame = f
			break
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Emit(frame)
		s.Emit(frame.Message)
	}
}
