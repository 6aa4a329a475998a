package har_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
	"wstap/report/har"
	"wstap/report/sinktest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// imported is a request as Chromium's developer tools have it after importing.
type imported struct {
	URL, Type, Remote string
	Status            int
	Rows              [][3]any // type, opcode, text
}

// importer imports an archive as the "Import HAR" button does, from the text to
// the log's requests, and says what came of it.
const importer = `(async () => {
	const har = await import('/devtools/models/har/har.js');
	const root = new har.HARFormat.HARRoot(JSON.parse(%s));
	return JSON.stringify(har.Importer.Importer.requestsFromHARLog(root.log).map(r => ({
		url: r.url(), type: r.resourceType().name(), status: r.statusCode, remote: r.remoteAddress(),
		rows: r.frames().map(f => [f.type, f.opCode, f.text]),
	})));
})()`

// TestChromiumImports: developer tools read the archive of each event there is
// and of some scenarios, and have each entry with its status, its address and
// all of its rows.
func TestChromiumImports(t *testing.T) {
	browser := browsertest.Start(t)
	tools := browser.Open(t, browser.DevTools())
	archives := map[string][]byte{"every event": write(t, har.Options{Version: "1"}, sinktest.Events()...)}
	for _, name := range []string{"plain-session", "close-both", "refused-403", "forged-rst", "half-close"} {
		file := filepath.Join("../../testdata/scenario", name+".txt")
		var out bytes.Buffer
		w := har.New(&out, har.Options{})
		wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, file)), w, wsframe.Options{})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		archives[name] = out.Bytes()
	}
	for name, archive := range archives {
		t.Run(name, func(t *testing.T) {
			literal, err := json.Marshal(string(archive))
			if err != nil {
				t.Fatal(err)
			}
			var got []imported
			if err := json.Unmarshal([]byte(tools.Text(fmt.Sprintf(importer, literal))), &got); err != nil {
				t.Fatal(err)
			}
			compare(t, got, validate(t, archive))
		})
	}
}

// compare holds what was imported against the archive. The tools sort entries
// by their start, so they are matched by all that is compared.
func compare(t *testing.T, got []imported, entries []object) {
	t.Helper()
	if len(got) != len(entries) {
		t.Fatalf("%d entries imported of %d", len(got), len(entries))
	}
	left := map[string]int{}
	for _, e := range entries {
		var rows [][3]any
		for _, m := range e.list("_webSocketMessages") {
			rows = append(rows, [3]any{m.m["type"], m.m["opcode"], m.m["data"]})
		}
		left[fmt.Sprint(e.object("response").m["status"], e.m["serverIPAddress"], rows)]++
	}
	for _, g := range got {
		ip := strings.Trim(g.Remote[:max(0, strings.LastIndexByte(g.Remote, ':'))], "[]")
		key := fmt.Sprint(g.Status, ip, g.Rows)
		if g.Type != "websocket" || left[key] == 0 {
			t.Errorf("imported %+v, which is not as in the archive", g)
			continue
		}
		left[key]--
	}
}
