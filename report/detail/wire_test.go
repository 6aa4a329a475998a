package detail_test

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/detail"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// TestDumpIsTheWire reads the dumps back: header and payload as on the wire are
// the bytes that each end has sent behind its head of the upgrade.
func TestDumpIsTheWire(t *testing.T) {
	for _, name := range []string{
		"plain-session", "signalling-session", "length-forms", "deflate-fragments", "deflate-takeover",
		"ping-between-fragments", "violation-mask-missing", "violation-length-non-minimal",
	} {
		t.Run(name, func(t *testing.T) {
			s := capturetest.LoadScenario(t, filepath.Join("../../testdata/scenario", name+".txt"))
			var out bytes.Buffer
			wsframetest.Run(t, capturetest.NewSource(s.Packets()), detail.New(&out, detail.Options{Hex: true}), wsframe.Options{})
			got := readDumps(t, out.String())
			for d, b := range got {
				_, want, _ := bytes.Cut(s.Conns()[0].Stream(capturetest.Direction(d)), []byte("\r\n\r\n"))
				if !bytes.Equal(b, want) {
					t.Errorf("%s: dumped\n%x\nsent\n%x", wsframe.Direction(d), b, want)
				}
			}
		})
	}
}

var (
	rowStart = regexp.MustCompile(`^ *\d+ +\d+\.\d+ +#\d+ +([→←])?`)
	dumpRow  = regexp.MustCompile(`^        [0-9a-f]{8,} ([0-9a-f |]+?)(?:  \|.*\|)?\n$`)
)

// readDumps joins the bytes on the wire that are dumped, by who sent.
func readDumps(t *testing.T, text string) (sent [2][]byte) {
	t.Helper()
	from, wire := wsframe.FromClient, false
	for line := range strings.Lines(text) {
		if m := rowStart.FindStringSubmatch(line); m != nil {
			from = wsframe.FromClient
			if m[1] == "←" {
				from = wsframe.FromServer
			}
		} else if m := dumpRow.FindStringSubmatch(line); m == nil {
			wire = !strings.HasPrefix(line, "    Unmasked") && !strings.HasPrefix(line, "    Inflated")
		} else if wire {
			b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "").Replace(m[1]))
			if err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			sent[from] = append(sent[from], b...)
		}
	}
	return sent
}
