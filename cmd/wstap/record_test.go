package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sentRecord is what the peers of testdata/peers wrote down: each message and
// control frame they sent, in order.
type sentRecord struct {
	Client, Server []sentEntry
}

type sentEntry struct {
	Opcode int
	Length int
	Text   string // of a text message
	SHA256 string // of anything else but a close
	Code   int    // of a close
	Reason string
}

// printedEvent is the part of a jsonl event that the record says something of.
type printedEvent struct {
	Type, From, Text, Base64, Reason  string
	Opcode, Length, Code, Connections int
	Complete                          bool
}

// entry is the event as its sender would have recorded it.
func (e printedEvent) entry(t *testing.T) sentEntry {
	t.Helper()
	payload := []byte(e.Text)
	if e.Base64 != "" {
		var err error
		if payload, err = base64.StdEncoding.DecodeString(e.Base64); err != nil {
			t.Fatal(err)
		}
	}
	switch e.Opcode {
	case 1:
		return sentEntry{Opcode: 1, Length: e.Length, Text: e.Text}
	case 8:
		return sentEntry{Opcode: 8, Length: e.Length, Code: e.Code, Reason: e.Reason}
	}
	if len(payload) != e.Length {
		t.Errorf("%d bytes are printed of %d", len(payload), e.Length)
	}
	sum := sha256.Sum256(payload)
	return sentEntry{Opcode: e.Opcode, Length: e.Length, SHA256: hex.EncodeToString(sum[:])}
}

// checkRecord holds the printed events against what the peers say they sent:
// data and close frames, pings, and pongs, each in order. Not all peers know
// of their pongs, so these are held against the pings they answer.
func checkRecord(t *testing.T, events []printedEvent, sent sentRecord) {
	t.Helper()
	var printed sentRecord
	for _, e := range events {
		if e.Type != "message" && (e.Type != "frame" || e.Opcode < 8) {
			continue
		}
		if e.Type == "message" && !e.Complete {
			t.Errorf("a message of %s is not whole", e.From)
		}
		switch e.From {
		case "client":
			printed.Client = append(printed.Client, e.entry(t))
		case "server":
			printed.Server = append(printed.Server, e.entry(t))
		}
	}
	data := func(all []sentEntry) []string { return pick(all, func(op int) bool { return op <= 8 }) }
	pings := func(all []sentEntry) []string { return pick(all, func(op int) bool { return op == 9 }) }
	pongs := func(all []sentEntry) []string { return pick(all, func(op int) bool { return op == 10 }) }
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"data and close of the client", data(printed.Client), data(sent.Client)},
		{"data and close of the server", data(printed.Server), data(sent.Server)},
		{"pings of the client", pings(printed.Client), pings(sent.Client)},
		{"pings of the server", pings(printed.Server), pings(sent.Server)},
		{"pongs of the client", pongs(printed.Client), pings(sent.Server)},
		{"pongs of the server", pongs(printed.Server), pings(sent.Client)},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: printed\n%s\nsent\n%s", c.what, strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if len(data(sent.Client)) < 10 || len(data(sent.Server)) < 10 {
		t.Error("the record is empty: nothing was checked")
	}
}

// pick writes down the entries with the wanted opcodes, apart from the opcode of
// control frames, which is that of the other side for a pong.
func pick(all []sentEntry, want func(opcode int) bool) (lines []string) {
	for _, e := range all {
		if !want(e.Opcode) {
			continue
		}
		if e.Opcode > 8 {
			e.Opcode = 0
		}
		lines = append(lines, fmt.Sprintf("%+v", e))
	}
	return lines
}

// readEvents reads jsonl.
func readEvents(t *testing.T, text string) (events []printedEvent) {
	t.Helper()
	for line := range strings.Lines(text) {
		var e printedEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		events = append(events, e)
	}
	return events
}

// The bundled session is printed as its peers recorded it.
func TestDemoIsAsRecorded(t *testing.T) {
	const demo = "../../testdata/demo/signalling"
	text, err := os.ReadFile(demo + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var sent sentRecord
	if err := json.Unmarshal(text, &sent); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := program{
		args:   []string{"-r", demo + ".pcapng", "-T", "jsonl"},
		stdout: out, stderr: os.Stderr,
		getenv: os.Getenv, now: time.Now, stopped: func() bool { return false },
	}
	if code := p.main(); code != exitDone {
		t.Fatalf("exits with %d", code)
	}
	printed, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	checkRecord(t, readEvents(t, string(printed)), sent)
}
