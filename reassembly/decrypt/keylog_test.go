package decrypt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/reassembly/reassemblytest"
)

var (
	random0 = strings.Repeat("0a", 32)
	random1 = strings.Repeat("1b", 32)
	short   = strings.Repeat("c7", 32)
	long    = strings.Repeat("d8", 48)
)

func TestKeyLogLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		label      label
		n          uint16
		want       byte // first byte of the secret; 0: none
	}{
		{"TLS 1.2", "CLIENT_RANDOM " + random0 + " " + long + "\n", masterSecret, 0, 0xd8},
		{"no line end", "CLIENT_RANDOM " + random0 + " " + long, masterSecret, 0, 0xd8},
		{"CRLF", "CLIENT_RANDOM " + random0 + " " + long + "\r\n", masterSecret, 0, 0xd8},
		{"upper case", "CLIENT_RANDOM " + strings.ToUpper(random0+" "+long) + "\n", masterSecret, 0, 0xd8},
		{"comment before", "# SSL/TLS secrets log file\n\nCLIENT_RANDOM " + random0 + " " + long, masterSecret, 0, 0xd8},
		{"cut", "CLIENT_RANDOM " + random0 + " " + long[:90], masterSecret, 0, 0},
		{"cut at an odd digit", "CLIENT_RANDOM " + random0 + " " + long[:95], masterSecret, 0, 0},
		{"short random", "CLIENT_RANDOM " + random0[:60] + " " + long, masterSecret, 0, 0},
		{"no hexadecimal", "CLIENT_RANDOM " + random0 + " " + strings.Repeat("x", 96), masterSecret, 0, 0},
		{"unknown label", "EXPORTER_SECRET " + random0 + " " + short, clientTraffic, 0, 0},
		{"early", "CLIENT_EARLY_TRAFFIC_SECRET " + random0 + " " + short, clientEarly, 0, 0xc7},
		{"handshake", "SERVER_HANDSHAKE_TRAFFIC_SECRET " + random0 + " " + short, serverHandshake, 0, 0xc7},
		{"numbered", "SERVER_TRAFFIC_SECRET_12 " + random0 + " " + long, serverTraffic, 12, 0xd8},
		{"number without end", "SERVER_TRAFFIC_SECRET_99999 " + random0 + " " + long, serverTraffic, 0, 0},
		{"no number", "CLIENT_TRAFFIC_SECRET_ " + random0 + " " + long, clientTraffic, 0, 0},
		{"last line counts", "CLIENT_TRAFFIC_SECRET_0 " + random0 + " " + short + "\nCLIENT_TRAFFIC_SECRET_0 " + random0 + " " + long, clientTraffic, 0, 0xd8},
		{"endless line", "CLIENT_RANDOM " + random0 + " " + strings.Repeat(" ", 2000) + long, masterSecret, 0, 0},
		{"of another connection", "CLIENT_RANDOM " + random1 + " " + long, masterSecret, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := new(KeyLog)
			k.AddSecrets([]byte(c.text))
			secret := k.entries[[32]byte(unhex(t, random0))].get(c.label, c.n)
			if c.want == 0 && secret != nil || c.want != 0 && (len(secret) == 0 || secret[0] != c.want) {
				t.Errorf("got %x", secret)
			}
		})
	}
}

// TestKeyFile: a file is followed while it appears, grows by parts of lines, is
// truncated and replaced.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.log")
	k := new(KeyLog)
	defer k.Close()
	if err := k.AddFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a file that is not there: %v", err)
	}
	var text string
	write := func(s string, flag int) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Close(), k.Poll()); err != nil {
			t.Fatal(err)
		}
		text = s
	}
	expect := func(what string, want int) {
		t.Helper()
		if k.Len() != want {
			t.Errorf("%s: %d connections after %.20q, want %d", what, k.Len(), text, want)
		}
	}
	line := func(i int) string { return fmt.Sprintf("CLIENT_RANDOM %064x %s\n", i, long) }
	write(line(1), 0)
	expect("appears", 1)
	write(line(2)[:100], os.O_APPEND)
	expect("half a line", 1)
	write(line(2)[100:], os.O_APPEND)
	expect("the other half", 2)
	write(strings.Repeat("z", 3*maxLine), os.O_APPEND)
	write("\n"+line(3)[:len(line(3))-1], os.O_APPEND)
	expect("behind an endless line, without line end", 3)
	write(line(4), os.O_TRUNC)
	expect("truncated", 4)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := k.Poll(); err != nil {
		t.Errorf("removed: %v", err)
	}
	write(line(5)+line(6), 0)
	expect("replaced", 6)
	if err := k.AddFile(filepath.Dir(path)); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory: %v", err)
	}
}

// TestKeyLogBound: of too many connections the oldest are forgotten.
func TestKeyLogBound(t *testing.T) {
	k := new(KeyLog)
	for i := range maxEntries + 10 {
		k.add(fmt.Appendf(nil, "CLIENT_TRAFFIC_SECRET_0 %064x %s", i, short))
	}
	if k.Len() != maxEntries || len(k.order) != maxEntries {
		t.Errorf("%d and %d entries", k.Len(), len(k.order))
	}
	for i, want := range map[int]bool{9: false, 10: true, maxEntries + 9: true} {
		if got := k.entries[[32]byte(unhex(t, fmt.Sprintf("%064x", i)))] != nil; got != want {
			t.Errorf("entry %d known: %t", i, got)
		}
	}
	for n := range 1000 {
		k.add(fmt.Appendf(nil, "CLIENT_TRAFFIC_SECRET_%d %s %s", n, random0, short))
	}
	if n := len(k.entries[[32]byte(unhex(t, random0))].secrets); n != maxPerEntry {
		t.Errorf("%d secrets of one connection", n)
	}
}

// TestSecretsAreNotPrinted: no verb of fmt shows a secret.
func TestSecretsAreNotPrinted(t *testing.T) {
	k := new(KeyLog)
	k.AddSecrets([]byte("CLIENT_RANDOM " + random0 + " " + long + "\n"))
	h := New(&reassemblytest.Recorder{}, k, Options{})
	s := h.Open(stream())
	if err := s.Data(0, []byte{0x16, 3, 1, 0, 9, 1}, stamp(1)); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, v := range []any{k, h, struct{ K *KeyLog }{k}} {
			text := fmt.Sprintf(verb, v)
			for _, b := range []string{"d8d8", "216 216", "0xd8, 0xd8", `\xd8\xd8`} {
				if strings.Contains(text, b) {
					t.Errorf("%s of %T: %s", verb, v, text)
				}
			}
		}
	}
}

func FuzzKeyLog(f *testing.F) {
	f.Add([]byte("CLIENT_RANDOM "+random0+" "+long+"\n"), 20)
	f.Add([]byte("# x\r\nSERVER_TRAFFIC_SECRET_0 "+random1+" "+short), 3)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		// A file that is read in two parts tells what the whole tells.
		at = min(max(at, 0), len(text))
		whole, parts := new(KeyLog), new(KeyLog)
		whole.AddSecrets(text)
		file := new(keyFile)
		file.lines(parts, text[:at])
		file.lines(parts, text[at:])
		if !file.long {
			parts.add(file.line)
		}
		if whole.Len() != parts.Len() || whole.generation != parts.generation {
			t.Fatalf("%d connections and %d", whole.Len(), parts.Len())
		}
		for random, e := range whole.entries {
			for _, s := range e.secrets {
				if !bytes.Equal(parts.entries[random].get(s.label, s.n), s.value) {
					t.Fatalf("another secret of %x", random)
				}
			}
		}
	})
}
