package capture

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// countPackets reads a whole capture.
func countPackets(path string) (int, error) {
	f, err := Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for n := 0; ; n++ {
		if _, err := f.Next(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// Every public capture has as many packets as capinfos counts.
func TestPublicCorpus(t *testing.T) {
	dir := filepath.Join(corpusDir(t), "public")
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, line := range strings.Split(strings.TrimSpace(string(index)), "\n")[1:] {
		c := strings.Split(line, "\t")
		path, want, format := c[0], c[6], c[7]
		if format == "" { // key material
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			continue // the index also lists copies that are not kept twice
		}
		read++
		n, err := countPackets(filepath.Join(dir, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		// "?" is a link type that capinfos does not know: it gives no count.
		if want != "?" && strconv.Itoa(n) != want {
			t.Errorf("%s: %d packets, capinfos counts %s", path, n, want)
		}
	}
	if read < 900 {
		t.Errorf("only %d captures found", read)
	}
}

func TestOwnCorpus(t *testing.T) {
	dir := filepath.Join(corpusDir(t), "own")
	b, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		File    string
		Packets int
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if n, err := countPackets(filepath.Join(dir, c.File)); err != nil || n != c.Packets {
			t.Errorf("%s: %d packets, want %d; %v", c.File, n, c.Packets, err)
		}
	}
}

// The secrets in a capture are found, also where packets come before them.
func TestOwnCorpusSecrets(t *testing.T) {
	dir := filepath.Join(corpusDir(t), "own")
	for _, name := range []string{"70-dsb-injected", "71-dsb-late"} {
		f, err := Open(filepath.Join(dir, name, "capture.pcapng"))
		if _, err := drain(f, err); err != io.EOF {
			t.Fatalf("%s: %v", name, err)
		}
		s := f.Secrets()
		if len(s) == 0 || s[0].Type != SecretTLS || !strings.Contains(string(s[0].Data), "CLIENT_") {
			t.Errorf("%s: %d secrets", name, len(s))
		}
	}
}
