package stats_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/sinktest"
	"wstap/report/stats"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestConformance(t *testing.T) {
	for name, o := range map[string]stats.Options{
		"text": {}, "text in ASCII": {ASCII: true}, "json": {Format: stats.JSON}, "jsonl": {Format: stats.JSONLines},
	} {
		t.Run(name, func(t *testing.T) {
			sinktest.Run(t, func(w io.Writer) wsframe.Sink { return stats.New(w, o) })
		})
	}
}

// measured are the figures of a scenario, in a format.
func measured(t *testing.T, packets *capturetest.Scenario, o stats.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	s := stats.New(&out, o)
	wsframetest.Run(t, capturetest.NewSource(packets.Packets()), s, wsframe.Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestScenarios(t *testing.T) {
	for _, name := range []string{"signalling-session", "deflate-takeover", "two-connections", "lost-over-boundary", "refused-403", "midstream-plain"} {
		for ext, o := range map[string]stats.Options{"golden": {}, "json": {Format: stats.JSON}} {
			if ext == "json" && name != "signalling-session" {
				continue
			}
			got := measured(t, capturetest.LoadScenario(t, "../../testdata/scenario/"+name+".txt"), o)
			path := filepath.Join("testdata", name+"."+ext)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: got\n%s\nwant\n%s(go test ./report/stats -update writes it anew)", name, got, want)
			}
		}
	}
}

// part is what the tests below look at.
type part struct {
	Connections []struct {
		Client sides `json:"from_client"`
		Server sides `json:"from_server"`
	}
}

type sides struct {
	Pings, ApplicationPings, Replies json.RawMessage
	Pinged                           pinged `json:"pings"`
	App                              pinged `json:"application_pings"`
	Replied                          struct {
		Latency struct{ Count, Max float64 } `json:"latency_seconds"`
		Slowest struct{ Name, ID string }
	} `json:"replies"`
}

type pinged struct {
	Sent, Answered, Skipped, Unanswered int
	Unsolicited                         int                        `json:"unsolicited_pongs"`
	Trip                                struct{ Min, Max float64 } `json:"round_trip_seconds"`
}

func measure(t *testing.T, script string) (client, server sides) {
	t.Helper()
	s, err := capturetest.Parse(t.Name(), "conn A 10.0.0.2:40000 > 10.0.0.1:8080\nautoack off\nA open\nA upgrade /\n"+script)
	if err != nil {
		t.Fatal(err)
	}
	var p part
	if err := json.Unmarshal(measured(t, s, stats.Options{Format: stats.JSON}), &p); err != nil {
		t.Fatal(err)
	}
	return p.Connections[0].Client, p.Connections[0].Server
}

func TestPings(t *testing.T) {
	for _, tc := range []struct {
		name, script            string
		sent, answered, skipped int
		unanswered, unsolicited int
		least, longest          float64
	}{
		{"answered in order", "A > ping \"1\"\n+10ms A < pong \"1\"\nA > ping \"2\"\n+30ms A < pong \"2\"", 2, 2, 0, 0, 0, 0.010, 0.030},
		{"two under way", "A > ping \"1\"\n+10ms A > ping \"2\"\n+10ms A < pong \"1\"\n+10ms A < pong \"2\"", 2, 2, 0, 0, 0, 0.020, 0.020},
		{"only the latest answered", "A > ping \"1\"\n+10ms A > ping \"2\"\n+10ms A < pong \"2\"", 2, 1, 1, 0, 0, 0.010, 0.010},
		{"none answered", "A > ping \"1\"\nA > ping \"2\"\nA < text \"hello\"", 2, 0, 0, 2, 0, 0, 0},
		{"bodies alike, one lost", "A > ping\n+5s A > ping\n+10ms A < pong\n+5s A > ping\n+20ms A < pong", 3, 2, 1, 0, 0, 0.010, 0.020},
		{"a pong that nobody asked for", "A < pong \"x\"\nA > ping \"1\"\n+10ms A < pong \"1\"", 1, 1, 0, 0, 1, 0.010, 0.010},
		{"a pong of the same side", "A > ping \"1\"\nA > pong \"1\"", 1, 0, 0, 1, 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := measure(t, tc.script)
			want := pinged{Sent: tc.sent, Answered: tc.answered, Skipped: tc.skipped, Unanswered: tc.unanswered, Unsolicited: tc.unsolicited}
			want.Trip.Min, want.Trip.Max = tc.least, tc.longest
			if c.Pinged != want {
				t.Errorf("got %+v, want %+v", c.Pinged, want)
			}
		})
	}
}

func TestPingsOfApplications(t *testing.T) {
	c, s := measure(t, `A < text "{\"message\":\"ping\",\"data\":[1]}"
+7ms A > text "{\"message\":\"pong\",\"data\":[1]}"
A > text "{\"type\":\"Ping\",\"id\":1}"
+9ms A > text "{\"type\":\"Ping\",\"id\":2}"
+9ms A < text "{\"type\":\"Pong\",\"id\":1}"
`)
	if s.App.Sent != 1 || s.App.Answered != 1 || s.App.Trip.Max != 0.007 {
		t.Errorf("server: %+v", s.App)
	}
	if c.App.Sent != 2 || c.App.Answered != 1 || c.App.Unanswered != 1 || c.App.Trip.Max != 0.018 {
		t.Errorf("client: %+v", c.App)
	}
}

func TestAnswersById(t *testing.T) {
	for _, tc := range []struct {
		name, script      string
		toClient          float64
		toServer          float64
		slowest, slowest2 string
	}{
		{"in another order", `A > text "{\"type\":\"a\",\"id\":1}"
A > text "{\"type\":\"b\",\"id\":2}"
+5ms A < text "{\"type\":\"c\",\"id\":2}"
+5ms A < text "{\"type\":\"d\",\"requestId\":\"1\"}"`, 2, 0, "a", ""},
		{"both ask with the same ids in JSON-RPC", `A > text "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":1}"
A < text "{\"jsonrpc\":\"2.0\",\"method\":\"b\",\"id\":1}"
+5ms A > text "{\"jsonrpc\":\"2.0\",\"result\":0,\"id\":1}"
+6ms A < text "{\"jsonrpc\":\"2.0\",\"result\":0,\"id\":1}"`, 1, 1, "a", "b"},
		{"no one asked", `A < text "{\"result\":0,\"id\":1}"
A > text "{\"type\":\"x\",\"id\":1}"`, 0, 0, "", ""},
		{"the same side again", `A > text "{\"type\":\"x\",\"id\":1}"
A > text "{\"type\":\"x\",\"id\":1}"`, 0, 0, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, s := measure(t, tc.script)
			if c.Replied.Latency.Count != tc.toClient || s.Replied.Latency.Count != tc.toServer {
				t.Errorf("%v answers to the client, %v to the server", c.Replied.Latency.Count, s.Replied.Latency.Count)
			}
			if c.Replied.Slowest.Name != tc.slowest || s.Replied.Slowest.Name != tc.slowest2 {
				t.Errorf("slowest %q and %q", c.Replied.Slowest.Name, s.Replied.Slowest.Name)
			}
		})
	}
}
