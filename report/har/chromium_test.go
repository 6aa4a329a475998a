package har_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/websocket"

	"wstap/capture/capturetest"
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
	if testing.Short() {
		t.Skip("starts Chromium")
	}
	evaluate := developerTools(t)
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
			if err := json.Unmarshal([]byte(evaluate(t, fmt.Sprintf(importer, literal))), &got); err != nil {
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

// developerTools starts Chromium with its developer tools as a page, and returns
// what evaluates an expression there (Chrome DevTools Protocol).
func developerTools(t *testing.T) func(*testing.T, string) string {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed: its importer is not tried")
	}
	profile, err := os.MkdirTemp("", "wstap-chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
		"--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir="+profile, "about:blank")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(profile) // its children may be at it still
	})
	var host string
	for lines := bufio.NewScanner(stderr); host == "" && lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "DevTools listening on ws://"); ok {
			host, _, _ = strings.Cut(rest, "/")
		}
	}
	if host == "" {
		t.Skip("Chromium does not start here: its importer is not tried")
	}
	go func() { // it blocks when nobody reads
		for b := make([]byte, 4096); ; {
			if _, err := stderr.Read(b); err != nil {
				return
			}
		}
	}()
	page := "http://" + host + "/devtools/devtools_app.html"
	request, err := http.NewRequest(http.MethodPut, "http://"+host+"/json/new?"+page, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var target struct{ WebSocketDebuggerURL string }
	if err := json.NewDecoder(response.Body).Decode(&target); err != nil {
		t.Fatal(err)
	}
	conn, err := websocket.Dial(target.WebSocketDebuggerURL, "", "http://"+host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	id := 0
	evaluate := func(t *testing.T, expression string) string {
		t.Helper()
		id++
		call := map[string]any{"id": id, "method": "Runtime.evaluate", "params": map[string]any{
			"expression": expression, "awaitPromise": true, "returnByValue": true,
		}}
		if err := websocket.JSON.Send(conn, call); err != nil {
			t.Fatal(err)
		}
		for {
			var answer struct {
				ID     int
				Error  any
				Result struct {
					Result           struct{ Value any }
					ExceptionDetails any
				}
			}
			if err := websocket.JSON.Receive(conn, &answer); err != nil {
				t.Fatal(err)
			}
			if answer.ID != id {
				continue // an event
			}
			if answer.Error != nil || answer.Result.ExceptionDetails != nil {
				t.Fatalf("%v %v", answer.Error, answer.Result.ExceptionDetails)
			}
			return fmt.Sprint(answer.Result.Result.Value)
		}
	}
	for evaluate(t, "document.readyState + ' ' + location.href") != "complete "+page {
	}
	return evaluate
}
