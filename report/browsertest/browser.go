// Package browsertest drives a headless Chromium, for tests of what wstap makes
// for browsers. It speaks the Chrome DevTools Protocol.
package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// patience bounds each wait, so that a fault is a failure and not a hang.
// Nothing is measured by it.
const patience = 20 * time.Second

// Browser is a Chromium that runs until its test ends.
type Browser struct {
	host string // of its DevTools
}

// Start starts Chromium with a profile of its own. It skips the test where
// there is none, or where it does not start, and with -short.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Chromium")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed: what it shows is not tried")
	}
	profile, err := os.MkdirTemp("", "wstap-chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
		"--enable-precise-memory-info", "--remote-debugging-port=0", "--remote-allow-origins=*", "--user-data-dir="+profile, "about:blank")
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
	b := &Browser{}
	for lines := bufio.NewScanner(stderr); b.host == "" && lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "DevTools listening on ws://"); ok {
			b.host, _, _ = strings.Cut(rest, "/")
		}
	}
	if b.host == "" {
		t.Skip("Chromium does not start here: what it shows is not tried")
	}
	go io.Copy(io.Discard, stderr) // it blocks when nobody reads
	return b
}

// DevTools is the address of the developer tools as a page.
func (b *Browser) DevTools() string { return "http://" + b.host + "/devtools/devtools_app.html" }

// New returns an empty tab of 1400x900 px, which listens to what goes wrong. It
// is closed with the test.
func (b *Browser) New(t testing.TB) *Tab {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, "http://"+b.host+"/json/new?about:blank", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var target struct{ ID, WebSocketDebuggerURL string }
	if err := json.NewDecoder(response.Body).Decode(&target); err != nil {
		t.Fatal(err)
	}
	conn, err := websocket.Dial(target.WebSocketDebuggerURL, "", "http://"+b.host)
	if err != nil {
		t.Fatal(err)
	}
	conn.MaxPayloadBytes = 256 << 20
	p := &Tab{t: t, browser: b, conn: conn, answers: map[int]chan answer{}, over: make(chan struct{})}
	go p.read()
	t.Cleanup(func() {
		conn.Close()
		if r, err := http.Get("http://" + b.host + "/json/close/" + target.ID); err == nil {
			r.Body.Close()
		}
	})
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Audits", "Accessibility"} {
		p.Call(domain+".enable", nil, nil)
	}
	p.Size(1400, 900)
	return p
}

// Open returns a new tab that shows the address, once it has loaded.
func (b *Browser) Open(t testing.TB, address string) *Tab {
	t.Helper()
	p := b.New(t)
	p.Go(address)
	return p
}

// FileURL is the address of a file, whose path is absolute.
func FileURL(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// bounded is a context that ends with patience or with the test.
func bounded(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), patience)
}
