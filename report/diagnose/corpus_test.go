package diagnose_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly/decrypt"
	"wstap/report"
	"wstap/report/diagnose"
)

// corpus is where the captures of real browsers and servers lie; the test is
// skipped where it is absent.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WSTAP_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v (WSTAP_CORPUS names its directory)", err)
	}
	return dir
}

// truly is what cases hold besides: pings that their client, a bare TLS
// client, does not answer, and damage that was done on purpose.
var truly = map[string]string{
	"30-openssl-tls13-keyupdate":   "pong-missing",
	"60-loss-tls13-one-segment":    "capture-loss",
	"62-loss-tls12-gcm":            "capture-loss",
	"67-lost-clienthello-tls13":    "capture-loss",
	"68-loss-small-messages-tls13": "capture-loss",
}

// keysOf are the keys that lie beside a capture.
func keysOf(t *testing.T, path string) *decrypt.KeyLog {
	t.Helper()
	keys := new(decrypt.KeyLog)
	files, err := filepath.Glob(filepath.Dir(path) + "/*keys.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		keys.AddSecrets(b)
	}
	return keys
}

// TestHealthySessionsStaySilent: real sessions give no error and no warning but
// the close with 4001 that most of them hold. What is inside TLS is noted as
// encrypted.
func TestHealthySessionsStaySilent(t *testing.T) {
	files, err := filepath.Glob(corpus(t) + "/own/*/capture.pcap*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, path := range files {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			for _, keys := range []*decrypt.KeyLog{nil, keysOf(t, path)} {
				src, err := capture.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				got := runSource(t, src, keys, diagnose.Options{}, nil)
				src.Close()
				for _, f := range got.all {
					switch {
					case f.Severity == report.Note:
					case f.Code == "closed-with-error" && strings.Contains(f.Text, "4001"):
					case f.Code == truly[name]:
					default:
						t.Errorf("%v %s: %s (packets %d)", f.Severity, f.Code, f.Text, f.Packets)
					}
				}
				t.Logf("%s: %q", got.verdict.Text, got.codes())
			}
		})
	}
}
