package fields_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/report/fields"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

// frame is a text frame from a server.
func frame(text string) *wsframe.Frame {
	client, server := netip.MustParseAddrPort("10.9.0.2:36914"), netip.MustParseAddrPort("10.9.0.1:80")
	c := &wsframe.Conn{Number: 1, Stream: reassembly.NewStream(4, client, server, reassembly.Handshake{}),
		Upgrade: &wsframe.Upgrade{Client: client, Server: server, Upgraded: true}}
	at := capture.Stamp{Time: time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC), Packet: 12}
	m := wsframe.Meta{Stamp: at, Conn: c}
	return &wsframe.Frame{
		M: m, From: wsframe.FromServer, First: at, Header: []byte{0x81, byte(len(text))}, Fin: true, Opcode: wsframe.OpText,
		Length: uint64(len(text)), Payload: []byte(text),
		Message: &wsframe.Message{M: m, Opcode: wsframe.OpText, Frames: 1, Payload: []byte(text), Length: uint64(len(text)), Complete: true},
	}
}

// options has these columns and layout.
func options(t testing.TB, columns, layout string) fields.Options {
	t.Helper()
	var o fields.Options
	var err error
	if o.Columns, err = fields.Columns(strings.Fields(columns)); err != nil {
		t.Fatal(err)
	}
	for s := range strings.FieldsSeq(layout) {
		if err := o.Layout.Set(s); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func written(t testing.TB, open func(io.Writer) wsframe.Sink, events ...wsframe.Event) string {
	t.Helper()
	var out bytes.Buffer
	s := open(&out)
	for _, e := range events {
		if err := s.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	for _, tc := range []struct{ name, columns, layout, text, want string }{
		{"no column is there", "vlan.id websocket.payload.ping", "", "a", "\t\n"},
		{"several values", "tcp.port ip.addr", "", "a", "80,36914\t10.9.0.1,10.9.0.2\n"},
		{"first and last", "tcp.port", "occurrence=f", "a", "80\n"},
		{"last", "tcp.port", "occurrence=l", "a", "36914\n"},
		{"other signs", "tcp.port websocket.opcode", "separator=; aggregator=/s", "a", "80 36914;1\n"},
		{"header", "websocket.fin websocket.rsv", "header=y separator=,", "a", "websocket.fin,websocket.rsv\n1,0x00\n"},
		{"byte order mark", "websocket.fin", "bom=y", "a", "\ufeff1\n"},
		{"double quotes", "websocket.payload.text vlan.id", "quote=d separator=,", `a "b"`, "\"a \"\"b\"\"\",\n"},
		{"single quotes", "websocket.payload.text", "quote=s", `it's`, "'it''s'\n"},
		{"controls", "websocket.payload.text", "", "a\tb\nc\r\x1b[2J\x00", `a\tb\nc\r\x1b[2J\x00` + "\n"},
		{"bytes", "websocket.payload", "", "\x00\xff", "00ff\n"},
		{"times", "frame.time frame.time_epoch frame.time_relative", "separator=,", "a",
			"Mar  1, 2026 12:00:00.000005000 UTC,1772366400.000005000,0.000000000\n"},
		{"the same column twice", "frame.number frame.number", "", "a", "12\t12\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t, tc.columns, tc.layout)
			if got := written(t, func(w io.Writer) wsframe.Sink { return fields.NewLines(w, o) }, frame(tc.text)); got != tc.want {
				t.Errorf("got\n%q\nwant\n%q", got, tc.want)
			}
		})
	}
}

func TestCSV(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"plain", "hello", "hello"},
		{"comma and quote", `a,"b"`, `"a,""b"""`},
		{"formula", "=cmd|' /C calc'!A0", `"'=cmd|' /C calc'!A0"`},
		{"plus", "+1", `"'+1"`},
		{"minus", "-1", `"'-1"`},
		{"at", "@SUM(1)", `"'@SUM(1)"`},
		{"behind a blank", " =1", `"' =1"`},
		{"tab", "\t=1", `"'\t=1"`},
		{"line end", "\r\n=1", `"'\r\n=1"`},
		{"full-width sign", "＝1", `"'＝1"`},
		{"sign inside", "a=1", "a=1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t, "websocket.payload.text", "")
			got := written(t, func(w io.Writer) wsframe.Sink { return fields.NewCSV(w, o) }, frame(tc.text))
			if want := "websocket.payload.text\n" + tc.want + "\n"; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestCSVIsRead(t *testing.T) {
	out := written(t, func(w io.Writer) wsframe.Sink { return fields.NewCSV(w, fields.Options{}) }, sinktest.Events()...)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestNegativeNumbersAreNoFormulas(t *testing.T) {
	f := frame("a")
	later := *f
	later.M.Time = f.M.Time.Add(-time.Second)
	o := options(t, "frame.time_relative", "")
	got := written(t, func(w io.Writer) wsframe.Sink { return fields.NewCSV(w, o) }, f, &later)
	if want := "frame.time_relative\n0.000000000\n-1.000000000\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestJSONHasUniqueKeys reads everything back and looks for keys that come
// twice in an object, which encoding/json would not tell.
func TestJSONHasUniqueKeys(t *testing.T) {
	chosen := options(t, "tcp.port tcp.port websocket.payload.text wstap.message frame.time", "")
	for name, o := range map[string]fields.Options{"all": {}, "chosen": chosen} {
		out := written(t, func(w io.Writer) wsframe.Sink { return fields.NewJSON(w, o) }, sinktest.Events()...)
		var rows []map[string]any
		if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) < 10 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
		if err := uniqueKeys(json.NewDecoder(strings.NewReader(out))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out = written(t, func(w io.Writer) wsframe.Sink { return fields.NewEK(w, o) }, sinktest.Events()...)
		for line := range strings.Lines(out) {
			if err := uniqueKeys(json.NewDecoder(strings.NewReader(line))); err != nil {
				t.Errorf("%s: %v in %s", name, err, line)
			}
		}
		if n := strings.Count(out, "\n"); n != 2*len(rows) {
			t.Errorf("%s: %d lines of ek for %d rows of json", name, n, len(rows))
		}
	}
}

// uniqueKeys reads one value.
func uniqueKeys(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	keys := make(map[any]bool)
	for t == json.Delim('{') && d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if keys[key] {
			return fmt.Errorf("key %v comes twice", key)
		}
		keys[key] = true
		if err := uniqueKeys(d); err != nil {
			return err
		}
	}
	for t == json.Delim('[') && d.More() {
		if err := uniqueKeys(d); err != nil {
			return err
		}
	}
	if t == json.Delim('{') || t == json.Delim('[') {
		_, err = d.Token()
	}
	return err
}

func TestJSONShape(t *testing.T) {
	o := options(t, "tcp.port vlan.id websocket.fin websocket.payload", "")
	want := `[
  {
    "_index": "packets-2026-03-01",
    "_type": "doc",
    "_score": null,
    "_source": {
      "layers": {
        "tcp.port": [
          "80",
          "36914"
        ],
        "websocket.fin": [
          "1"
        ],
        "websocket.payload": [
          "6869"
        ]
      }
    }
  }
]
`
	open := func(w io.Writer) wsframe.Sink { return fields.NewJSON(w, o) }
	if got := written(t, open, frame("hi")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := written(t, open); got != "[\n]\n" {
		t.Errorf("of nothing: %q", got)
	}
	want = `{"index":{"_index":"packets-2026-03-01","_type":"doc"}}
{"timestamp":"1772366400000","layers":{"tcp_port":["80","36914"],"websocket_fin":["1"],"websocket_payload":["6869"]}}
`
	if got := written(t, func(w io.Writer) wsframe.Sink { return fields.NewEK(w, o) }, frame("hi")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEKTypes(t *testing.T) {
	out := written(t, func(w io.Writer) wsframe.Sink { return fields.NewEK(w, fields.Options{}) }, frame("hi"))
	for _, want := range []string{
		`"frame":{"frame_frame_number":"12","frame_frame_time":"2026-03-01T12:00:00.000005000Z"`,
		`"websocket_websocket_fin":true`, `"websocket_websocket_payload":"68:69"`, `"tcp_tcp_port":["80","36914"]`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	for option, want := range map[string]string{
		"header":       "OPTION=VALUE",
		"headr=y":      "did you mean header?",
		"header=x":     "want y or n",
		"separator=":   "want one character",
		"separator=ab": "want one character",
		"occurrence=b": "want f for the first",
		"quote=x":      "want d for double quotes",
		"xyzzy=1":      "there are bom, header",
	} {
		var l fields.Layout
		if err := l.Set(option); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", option, err, want)
		}
	}
	for name, want := range map[string]string{"websocket.opcod": "did you mean websocket.opcode?", "zzz": "wstap fields lists"} {
		if _, err := fields.Columns([]string{"ip.src", name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
}

func TestRowsDoNotAllocate(t *testing.T) {
	f := frame(`{"type":"hello"}`)
	for name, s := range map[string]wsframe.Sink{
		"lines": fields.NewLines(io.Discard, options(t, "frame.number frame.time ip.src tcp.port websocket.opcode websocket.payload.text", "")),
		"csv":   fields.NewCSV(io.Discard, fields.Options{}),
		"json":  fields.NewJSON(io.Discard, fields.Options{}),
		"ek":    fields.NewEK(io.Discard, fields.Options{}),
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := s.Emit(f); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
