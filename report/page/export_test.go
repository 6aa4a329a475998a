package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"wstap/report"
	"wstap/report/har"
	"wstap/report/jsonl"
	"wstap/wsframe"
)

// exporters are what a run's events are written with besides.
type exporters struct {
	*filterRun
	har, jsonl       *bytes.Buffer
	harSink, jsnSink wsframe.Sink
}

func (x *exporters) Emit(e wsframe.Event) error {
	for _, s := range []wsframe.Sink{x.harSink, x.jsnSink, x.filterRun} {
		if err := s.Emit(e); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporters) Close() error {
	for _, s := range []wsframe.Sink{x.harSink, x.jsnSink, x.filterRun} {
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

// TestExportsAreThoseOfTheCommandLine exports all rows of all captures that are
// kept as text, and compares with what -T jsonl and -T har write of them.
func TestExportsAreThoseOfTheCommandLine(t *testing.T) {
	t.Parallel()
	var all []*exporters
	eachCapture(t, func(name string, run func(wsframe.Sink)) {
		x := &exporters{filterRun: newFilterRun(t, name, nil), har: &bytes.Buffer{}, jsonl: &bytes.Buffer{}}
		x.harSink = har.New(x.har, har.Options{Secrets: true})
		x.jsnSink = jsonl.New(x.jsonl, jsonl.Options{})
		run(x)
		all = append(all, x)
	})
	var runs []*filterRun
	for _, x := range all {
		runs = append(runs, x.filterRun)
	}
	var got []struct{ Har, Jsonl string }
	runNode(t, `import {Store} from './store.js';
import {exportRows} from './export.js';
export const main = async (runs) => {
  const out = [];
  for (const run of runs) {
    const store = new Store();
    store.setIndex(run.Index);
    for (const batch of run.Batches || []) store.addBatch(new Uint8Array(Buffer.from(batch, 'base64')));
    const text = {};
    for (const format of ['har', 'jsonl']) {
      const rows = (function* () {
        for (let row = store.first; row < store.rows; row++) yield row;
      })();
      text[format] = await (await exportRows(store, rows, format)).text();
    }
    out.push(text);
  }
  return out;
};
`, runs, &got)
	for i, x := range all {
		if x.name == "length-2-to-the-63.txt" { // lengths beyond 2^53 are rounded in the page
			continue
		}
		compareLines(t, x.name, got[i].Jsonl, x.jsonl.String())
		compareHAR(t, x.name, got[i].Har, x.har.String())
	}
}

// compareLines compares events, but for what the page does not have: bytes that
// were skipped, summaries that only begin the payload, the capture's summary.
func compareLines(t *testing.T, name, got, want string) {
	t.Helper()
	mine, theirs := events(t, got), events(t, want)
	for i := range max(len(mine), len(theirs)) {
		if i >= len(mine) || i >= len(theirs) || !reflect.DeepEqual(mine[i], theirs[i]) {
			t.Errorf("%s: event %d of %d and %d differs:\n%v\n%v", name, i, len(mine), len(theirs), eventAt(mine, i), eventAt(theirs, i))
			return
		}
	}
}

func eventAt(all []map[string]any, i int) string {
	if i >= len(all) {
		return "none"
	}
	return fmt.Sprint(all[i])
}

func events(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(text) {
		var e map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for _, side := range []string{"from_client", "from_server"} {
			if totals, ok := e[side].(map[string]any); ok {
				delete(totals, "skipped_bytes")
			}
		}
		payload, _ := e["text"].(string)
		s, _ := e["summary"].(string)
		if e["invalid_utf8"] == true || report.Excerpts([]byte(payload), []byte(s)) {
			delete(e, "summary")
		}
		if e["type"] != "summary" {
			all = append(all, e)
		}
	}
	return all
}

// compareHAR compares archives but for the sizes of heads, which the page does
// not have, and for the order of entries, which is that of the first rows there.
func compareHAR(t *testing.T, name, got, want string) {
	t.Helper()
	mine, theirs := entries(t, bytesReplaced.ReplaceAllString(got, "\uFFFD")), entries(t, bytesReplaced.ReplaceAllString(want, "\uFFFD"))
	if len(mine) != len(theirs) {
		t.Errorf("%s: %d entries, want %d", name, len(mine), len(theirs))
	}
	for key, entry := range theirs {
		if !reflect.DeepEqual(mine[key], entry) {
			a, _ := json.Marshal(mine[key])
			b, _ := json.Marshal(entry)
			t.Errorf("%s, %s:\n%s\n%s", name, key, a, b)
		}
	}
}

// bytesReplaced are what stands for bytes that are not UTF-8: in Go one for each
// byte, in browsers one for each sequence cut short.
var bytesReplaced = regexp.MustCompile(`(?i)(\x{FFFD}|\\ufffd)+`)

func entries(t *testing.T, text string) map[string]any {
	t.Helper()
	var archive struct {
		Log struct {
			Version string
			Creator map[string]string
			Pages   []any
			Entries []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(text), &archive); err != nil {
		t.Fatal(err)
	}
	if archive.Log.Version != "1.2" || archive.Log.Creator["name"] != "wstap" || archive.Log.Pages == nil {
		t.Errorf("%+v is no archive", archive.Log)
	}
	all := map[string]any{}
	for _, e := range archive.Log.Entries {
		comment, _ := e["comment"].(string)
		for _, part := range []string{"request", "response"} {
			if m, ok := e[part].(map[string]any); ok {
				m["headersSize"] = 0
			}
		}
		all[comment] = e
	}
	return all
}
