package har_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/report/har"
	"wstap/report/sinktest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

func TestSink(t *testing.T) {
	sinktest.Run(t, func(w io.Writer) wsframe.Sink { return har.New(w, har.Options{Version: "1"}) })
	sinktest.Run(t, func(w io.Writer) wsframe.Sink { return har.New(w, har.Options{Secrets: true}) })
}

// write is the archive of events.
func write(t *testing.T, o har.Options, events ...wsframe.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	w := har.New(&out, o)
	for _, e := range events {
		if err := w.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEmptyArchive(t *testing.T) {
	if n := len(validate(t, write(t, har.Options{}))); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// TestEveryEvent: all that can happen fits the schema.
func TestEveryEvent(t *testing.T) {
	text := write(t, har.Options{Version: "1"}, sinktest.Events()...)
	entries := validate(t, text)
	connections := 0
	for _, e := range sinktest.Events() {
		if _, ok := e.(*wsframe.Opened); ok {
			connections++
		}
	}
	if len(entries) != connections {
		t.Errorf("%d entries of %d connections", len(entries), connections)
	}
}

// TestScenarios: the archive of each scenario fits the schema, and has a row for
// each message and each ping and pong.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var out bytes.Buffer
			c := &counter{Sink: har.New(&out, har.Options{Secrets: true})}
			wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, file)), c, wsframe.Options{})
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			entries := validate(t, out.Bytes())
			rows, statuses := 0, 0
			for _, e := range entries {
				for _, m := range e.list("_webSocketMessages") {
					if m.m["type"] != "error" {
						rows++
					}
				}
				if e.object("response").m["status"] == 101.0 {
					statuses++
				}
			}
			if len(entries) != c.connections || statuses != c.upgraded || rows != c.rows {
				t.Errorf("%d entries, %d with 101, %d rows; want %d, %d, %d", len(entries), statuses, rows, c.connections, c.upgraded, c.rows)
			}
		})
	}
}

// counter counts what passes it.
type counter struct {
	wsframe.Sink
	connections, upgraded, rows int
}

func (c *counter) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		c.connections++
		if e.M.Conn.Status == 101 {
			c.upgraded++
		}
	case *wsframe.Message:
		if e.Why != wsframe.ContextLost {
			c.rows++
		}
	case *wsframe.Frame:
		if e.Opcode == wsframe.OpPing || e.Opcode == wsframe.OpPong || e.Opcode > 10 {
			c.rows++
		}
	}
	return c.Sink.Emit(e)
}

// upgraded is the beginning of a connection, and its end.
func upgraded(change func(*wsframe.Conn)) (opened *wsframe.Opened, closed *wsframe.Closed) {
	for _, e := range sinktest.Events() {
		if o, ok := e.(*wsframe.Opened); ok {
			if change != nil {
				change(o.M.Conn)
			}
			return o, &wsframe.Closed{M: o.M, By: "client", How: "rst"}
		}
	}
	return nil, nil
}

func text(o *wsframe.Opened, s string) *wsframe.Message {
	return &wsframe.Message{M: o.M, Opcode: wsframe.OpText, Frames: 1, Payload: []byte(s), Length: uint64(len(s)), Complete: true}
}

// rowsOf lists type, opcode and data of the only entry's rows.
func rowsOf(t *testing.T, archive []byte) (rows []string) {
	t.Helper()
	for _, m := range validate(t, archive)[0].list("_webSocketMessages") {
		rows = append(rows, fmt.Sprint(m.m["type"], " ", m.m["opcode"], " ", m.m["data"]))
	}
	return rows
}

// TestViolationsOfARefusedUpgrade stand in its entry, behind and before.
func TestViolationsOfARefusedUpgrade(t *testing.T) {
	open, _ := upgraded(func(c *wsframe.Conn) { c.Upgraded, c.Status = false, 400 })
	found := &wsframe.Violation{M: open.M, Rule: wsframe.RuleVersion, Expected: "13", Found: "8"}
	for _, events := range [][]wsframe.Event{{open, found}, {found, open}} {
		archive := write(t, har.Options{}, append(events, &wsframe.Tick{})...)
		if rows := rowsOf(t, archive); len(validate(t, archive)) != 1 || len(rows) != 1 {
			t.Errorf("%d rows in\n%s", len(rows), archive)
		}
	}
}

func TestRowLimit(t *testing.T) {
	open, end := upgraded(nil)
	events := []wsframe.Event{open}
	for i := range 5 {
		events = append(events, text(open, fmt.Sprint(i)))
	}
	archive := write(t, har.Options{Rows: 3}, append(events, end)...)
	want := []string{"send 1 0", "send 1 1", "send 1 2", "error -1 reset by the client with RST, without a Close frame"}
	if got := rowsOf(t, archive); !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	for _, told := range []string{"2 rows left out: more than --har-limit 3", "2 rows left out, see"} {
		if !bytes.Contains(archive, []byte(told)) {
			t.Errorf("%q is not told in\n%s", told, archive)
		}
	}
}

func TestPayloadLimitLeavesNoHalfOfASecret(t *testing.T) {
	open, end := upgraded(nil)
	archive := write(t, har.Options{Payload: report.LimitBytes(20)}, open, text(open, `{"password":"hunter2","x":1}`), end)
	if got := rowsOf(t, archive)[0]; got != `send 1 {"password":"[redact` {
		t.Error(got)
	}
	if !bytes.Contains(archive, []byte("1 payload cut by --payload-limit")) {
		t.Error("the cut is not told")
	}
}

// TestSecrets: wherever a secret may stand, it is in the archive only if asked
// for, and the archive says which.
func TestSecrets(t *testing.T) {
	const secret = "s3cr3t-value"
	open, end := upgraded(func(c *wsframe.Conn) {
		c.URL = "wss://h/p?token=" + secret + "&room=1"
		c.Request.Fields = []wsframe.Field{
			{Name: "Cookie", Value: "a=" + secret + "; b=" + secret}, {Name: "Authorization", Value: "Basic " + secret},
			{Name: "Sec-WebSocket-Protocol", Value: "bearer, " + secret},
		}
		c.Response.Fields = []wsframe.Field{{Name: "Set-Cookie", Value: "c=" + secret + "; HttpOnly"}, {Name: "Location", Value: "/?token=" + secret}}
		c.Body = "password=" + secret
	})
	end.How, end.Reason, end.Code = "close frame", "token="+secret, 1000
	events := []wsframe.Event{open, text(open, `{"sipPassword":"`+secret+`"}`), end}
	archive := write(t, har.Options{}, events...)
	validate(t, archive)
	if bytes.Contains(archive, []byte(secret)) {
		t.Errorf("the secret is in\n%s", archive)
	}
	if !bytes.Contains(archive, []byte("are replaced by [redacted]")) {
		t.Error("the archive does not say that it is redacted")
	}
	open2, _ := upgraded(nil)
	open2.M.Conn = open.M.Conn
	archive = write(t, har.Options{Secrets: true}, events...)
	validate(t, archive)
	if n := bytes.Count(archive, []byte(secret)); n != 15 {
		t.Errorf("asked for, the secret is %d times in\n%s", n, archive)
	}
	if !bytes.Contains(archive, []byte("secrets are not redacted")) {
		t.Error("the archive does not say so")
	}
}

var update = flag.Bool("update", false, "write testdata anew")

func TestGolden(t *testing.T) {
	var out bytes.Buffer
	w := har.New(&out, har.Options{Version: "(test)"})
	wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/plain-session.txt")), w, wsframe.Options{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "plain-session.har")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%v; got\n%s", err, out.Bytes())
	}
}
