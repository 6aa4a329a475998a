package diagnose_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wstap/capture"
	"wstap/report"
	"wstap/report/diagnose"
	"wstap/report/jsonl"
	"wstap/report/sinktest"
	"wstap/report/text"
	"wstap/wsframe"
)

// sinks are the ways out.
var sinks = map[string]func(io.Writer) wsframe.Sink{
	"text":     func(w io.Writer) wsframe.Sink { return diagnose.NewText(w, text.Options{}) },
	"ascii":    func(w io.Writer) wsframe.Sink { return diagnose.NewText(w, text.Options{ASCII: true, Width: 60}) },
	"markdown": func(w io.Writer) wsframe.Sink { return diagnose.NewMarkdown(w) },
	"json":     func(w io.Writer) wsframe.Sink { return diagnose.NewJSON(w) },
	"whole": func(w io.Writer) wsframe.Sink {
		return diagnose.New(diagnose.NewText(w, text.Options{}), diagnose.Options{Live: true, Expect: []string{"hello"}})
	},
	"jsonl": func(w io.Writer) wsframe.Sink { return jsonl.New(w, jsonl.Options{}) },
}

func TestSinksAreSound(t *testing.T) {
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) { sinktest.Run(t, open) })
	}
}

// told are findings and a verdict that quote what a peer sent.
func told(foreign string) []wsframe.Event {
	at := capture.Stamp{Time: time.Unix(1700000000, 0).UTC(), Packet: 7}
	server := netip.MustParseAddrPort("[fd00::1]:8080")
	return []wsframe.Event{
		&report.Finding{
			M: wsframe.Meta{Stamp: at}, Severity: report.Error, Code: "upgrade-refused", Server: server, Count: 2, First: at,
			Packets: []uint64{3, 7}, Streams: []uint64{0, 4}, Text: "It says: " + foreign, Advice: "Ask " + foreign,
		},
		&report.Finding{M: wsframe.Meta{Stamp: at}, Code: "no-websocket", Count: 1, Early: true, Text: foreign, Advice: foreign},
		&report.Verdict{
			M: wsframe.Meta{Stamp: at}, Text: "refused: " + foreign,
			Servers: []report.ServerVerdict{{Server: server, Text: foreign, Connections: 2}, {Text: foreign}},
			Paths: []report.Path{{Client: server, Server: server, URL: foreign, Steps: []report.Step{
				{Name: "TCP connect", At: at, Note: foreign}, {Name: "response", State: report.Failed, Note: foreign}}}},
		},
	}
}

// What a peer sent steers nothing, whichever way out it takes.
func TestForeignTextIsEscaped(t *testing.T) {
	for name, open := range sinks {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := open(&out)
			for _, e := range told("\x1b]0;title\x07 \r\n# heading <script> | `code` \u202e \xff" + sinktest.Hostile) {
				if err := s.Emit(e); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(out.Bytes()) {
				t.Error("not UTF-8")
			}
			for _, r := range out.String() {
				if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e || name == "ascii" && r > 0x7f {
					t.Fatalf("%U got through:\n%s", r, out.String())
				}
			}
			if name == "markdown" && (strings.Contains(out.String(), "<script>") || strings.Contains(out.String(), "\n# heading")) {
				t.Errorf("foreign Markdown or HTML:\n%s", out.String())
			}
			if name == "json" {
				var all []map[string]any
				if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all) != 3 {
					t.Errorf("%d objects: %v", len(all), err)
				}
			}
		})
	}
}

// Lines are no longer than the terminal is wide, but for the verdict, which is
// whole on the first line, and for words that are longer.
func TestTextFitsTheWidth(t *testing.T) {
	var out bytes.Buffer
	s := diagnose.NewText(&out, text.Options{Width: 60})
	for _, e := range told(strings.Repeat("some words in a row ", 20)) {
		if err := s.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	for i, line := range strings.Split(out.String(), "\n") {
		if n := report.Columns(line); n > 60 && !strings.HasPrefix(line, "refused: ") && i > 0 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// An error of a way out ends the run.
func TestErrorsOfTheSinkAreReturned(t *testing.T) {
	full := errors.New("no space left")
	d := diagnose.New(refusing{full}, diagnose.Options{})
	if err := d.Emit(&report.Summary{}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type refusing struct{ err error }

func (r refusing) Emit(wsframe.Event) error { return r.err }
func (r refusing) Close() error             { return nil }
