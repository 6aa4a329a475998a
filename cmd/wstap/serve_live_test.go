//go:build cgo && linux

package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// getHere is a GET request from the test's own thread, and so from its
// namespace, where those of an http.Client come from anywhere.
func getHere(t *testing.T, url string) *http.Response {
	t.Helper()
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %v, %v", url, r, err)
	}
	return r
}

// A page that is open is told the rows of a session while it runs, what was
// captured, and on SIGINT the end; wstap ends though the page is open.
func testLiveServe(t *testing.T, binary string) {
	enterNamespace(t)
	const peers = "../../testdata/peers/"
	records := t.TempDir()
	server := start(t, "python3", peers+"server.py", "127.0.0.1", "0", records+"/server.json")
	port := strings.TrimSpace(server.line(t))
	wstap := start(t, binary, "serve", "--open=false", "-i", "lo", "-f", "tcp port "+port)
	var url string
	for end := time.Now().Add(livePatience); url == ""; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("wstap says %q", wstap.complaints())
		}
		for line := range strings.Lines(wstap.complaints()) {
			if at, ok := strings.CutPrefix(line, "wstap: http"); ok {
				url, _, _ = strings.Cut("http"+at, " ")
			}
		}
	}
	page := bufio.NewScanner(getHere(t, url+"events").Body)
	page.Buffer(nil, 16<<20)
	start(t, "python3", peers+"client.py", "127.0.0.1", port, records+"/client.json")
	for closed, captured := false, false; !closed || !captured; {
		if !page.Scan() {
			t.Fatalf("the stream ended; wstap says %q", wstap.complaints())
		}
		closed = closed || strings.Contains(page.Text(), `"closed":`)
		captured = captured || strings.Contains(page.Text(), `"capture":`)
	}
	if err := wstap.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	until(t, page, "event: end")
	if _, code := wstap.exit(t); code != exitDone {
		t.Errorf("exits with %d: %s", code, wstap.complaints())
	}
}
