//go:build cgo && linux

package main

import (
	"strings"
	"syscall"
	"testing"
)

// flood is a WebSocket server that sends small text frames until it is killed,
// and its client.
const flood = `
import os, socket
listener = socket.create_server(("127.0.0.1", 0))
if os.fork():
    s, _ = listener.accept()
    s.recv(4096)
    s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    while True: s.sendall(b"\x81\x05hello" * 1000)
c = socket.create_connection(listener.getsockname())
c.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
while c.recv(1 << 20): pass
`

// testLiveSlowOutput: nobody reads what is printed, as when a pager is not
// scrolled. Capture goes on until 16 MiB wait; then what the kernel drops is
// told while it happens, and nothing that was captured is missing afterwards.
func testLiveSlowOutput(t *testing.T, binary string) {
	enterNamespace(t)
	p := startCapture(t, binary, "-i", "lo", "-B", "2", "-T", "jsonl", "--payload-limit", "none")
	peers := start(t, "python3", "-c", flood)
	p.says(t, "wstap: output is slow: stdout")
	p.says(t, " dropped by the kernel: ")
	peers.Process.Kill()
	p.Process.Signal(syscall.SIGINT)
	out, code := p.exit(t)
	if code != 0 {
		t.Errorf("exits with %d", code)
	}
	if len(out) < queueBytes {
		t.Errorf("printed %d bytes", len(out))
	}
	events := readEvents(t, out)
	if last := events[len(events)-1]; last.Type != "summary" || last.Connections != 1 {
		t.Errorf("the last event is %+v", last)
	}
	for _, want := range []string{`"dropped":`, `"output-queue":`} {
		if summary := out[strings.LastIndex(out, `{"type":"summary"`):]; !strings.Contains(summary, want) || strings.Contains(summary, `"dropped":0`) {
			t.Errorf("%s is not in %s", want, summary)
		}
	}
	if says := p.complaints(); !strings.Contains(says, "; capture waited ") {
		t.Errorf("says %q", says)
	}
}
