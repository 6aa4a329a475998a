//go:build cgo && linux

package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// broken are the violations of each case of the public conformance suite that
// has some, by number, or by the number of its group. All other cases keep the
// rules. 3.5 to 3.7 break two bits of RSV, 5.16 and 5.17 do it twice.
var broken = map[string]string{
	"2.5": "control-too-long",
	"3.1": "rsv-set", "3.2": "rsv-set", "3.3": "rsv-set", "3.4": "rsv-set",
	"3.5": "rsv-set rsv-set", "3.6": "rsv-set rsv-set", "3.7": "rsv-set rsv-set",
	"4.1": "opcode-reserved", "4.2": "opcode-reserved",
	"5.1": "control-fragmented continuation-lone", "5.2": "control-fragmented continuation-lone",
	"5.9": "continuation-lone", "5.10": "continuation-lone", "5.11": "continuation-lone",
	"5.12": "continuation-lone", "5.13": "continuation-lone", "5.14": "continuation-lone", "5.15": "continuation-lone",
	"5.16": "continuation-lone continuation-lone", "5.17": "continuation-lone continuation-lone",
	"5.18": "message-interleaved",
	"6.3":  "utf8-invalid", "6.4": "utf8-invalid",
	// Letters of two bytes, cut in the middle.
	"6.6.1": "utf8-invalid", "6.6.3": "utf8-invalid", "6.6.5": "utf8-invalid", "6.6.7": "utf8-invalid", "6.6.9": "utf8-invalid",
	"6.8": "utf8-invalid", "6.10": "utf8-invalid", "6.12": "utf8-invalid", "6.13": "utf8-invalid",
	"6.14": "utf8-invalid", "6.15": "utf8-invalid", "6.16": "utf8-invalid", "6.17": "utf8-invalid",
	"6.18": "utf8-invalid", "6.19": "utf8-invalid", "6.20": "utf8-invalid", "6.21": "utf8-invalid",
	"7.1.2": "data-after-close", "7.1.3": "data-after-close", "7.1.4": "data-after-close",
	"7.1.5": "data-after-close", "7.1.6": "data-after-close",
	"7.3.2": "close-body-short", "7.3.6": "control-too-long", "7.5.1": "close-reason-utf8",
	"7.9": "close-code-invalid", "7.13": "close-code-invalid",
}

// breaks are the violations that a case is to show.
func breaks(number string) string {
	for {
		if codes, ok := broken[number]; ok {
			return codes
		}
		i := strings.LastIndexByte(number, '.')
		if i < 0 {
			return ""
		}
		number = number[:i]
	}
}

// TestConformance lets a raw client and a raw server send what the public
// conformance suite sends, over real TCP, and holds the violations told of each
// case against the rule that it breaks.
func TestConformance(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("live capture needs root: skipped")
	}
	for _, tool := range []string{"ip", "python3", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: skipped", tool)
		}
	}
	enterNamespace(t)
	binary := filepath.Join(t.TempDir(), "wstap")
	command(t, "go", "build", "-buildvcs=false", "-o", binary, ".")

	const port = "9001" // the suite's, free in a namespace of its own
	wstap := startCapture(t, binary, "-i", "lo", "-f", "tcp port "+port, "-T", "jsonl", "--payload-limit", "0")
	peers := start(t, "python3", "../../testdata/peers/conformance.py", "127.0.0.1", port)
	connections, err := strconv.Atoi(strings.TrimSpace(peers.line(t)))
	if err != nil {
		t.Fatal(err)
	}
	targets := make(map[int]string)
	found := make(map[string][]string)
	for closed := 0; closed < connections; {
		var e struct {
			Type, From, URL string
			Code            any // a violation's is text
			Conn            int
			Complete        bool
		}
		if err := json.Unmarshal([]byte(wstap.line(t)), &e); err != nil {
			t.Fatal(err)
		}
		switch e.Type {
		case "close":
			closed++
		case "connection":
			u, err := url.Parse(e.URL)
			if err != nil {
				t.Fatal(err)
			}
			targets[e.Conn] = u.Path
			found[u.Path] = []string{}
		case "message":
			if number, _, _ := strings.Cut(strings.TrimPrefix(targets[e.Conn], "/"), "/"); !e.Complete && number != "5.18" {
				t.Errorf("%s: a message is not whole", targets[e.Conn])
			}
		case "violation":
			target := targets[e.Conn]
			if !strings.HasSuffix(target, "/"+e.From) {
				t.Errorf("%s: %v is told of the %s", target, e.Code, e.From)
			}
			found[target] = append(found[target], fmt.Sprint(e.Code))
		}
	}
	done, code := peers.exit(t)
	if code != 0 {
		t.Fatalf("the peers exit with %d: %s", code, peers.complaints())
	}
	cases := strings.Fields(done)
	if len(cases) != connections || connections < 400 {
		t.Errorf("%d of %d cases were run", len(cases), connections)
	}
	for _, target := range cases {
		number, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
		got, ok := found[target]
		want := strings.Fields(breaks(number))
		slices.Sort(got)
		slices.Sort(want)
		if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: violations %v, expected %v", target, got, want)
		}
	}
}
