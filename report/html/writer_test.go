package html

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wstap/report/page"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

func TestConformance(t *testing.T) {
	sinktest.RunBinary(t, func(w io.Writer) wsframe.Sink {
		return New(w, page.Options{Version: "1", Name: "a.pcap", Kind: "file"})
	})
}

// TestFileHoldsRowsAndIndex as the Encoder makes them.
func TestFileHoldsRowsAndIndex(t *testing.T) {
	o := page.Options{Version: "1", Name: sinktest.Hostile, Kind: "file"}
	var file bytes.Buffer
	w := New(&file, o)
	var want [][]byte
	e := page.NewEncoder(o, func(b page.Batch) error { want = append(want, bytes.Clone(b.Data)); return nil })
	for _, s := range []wsframe.Sink{w, e} {
		for _, ev := range sinktest.Events() {
			if err := s.Emit(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := blocks(file.Bytes(), "batch")
	if err != nil || len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
		t.Errorf("%d batches, want %d: %v", len(got), len(want), err)
	}
	index, err := blocks(file.Bytes(), "index")
	if err != nil || len(index) != 1 || !bytes.Equal(index[0], e.AppendIndex(nil)) || !json.Valid(index[0]) {
		t.Errorf("index %q: %v", index, err)
	}
	if !bytes.HasSuffix(file.Bytes(), []byte("</html>\n")) {
		t.Error("the page does not end")
	}
}

// TestEmptyRunIsAPage too.
func TestEmptyRunIsAPage(t *testing.T) {
	var file bytes.Buffer
	if err := New(&file, page.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	if index, err := blocks(file.Bytes(), "index"); err != nil || len(index) != 1 {
		t.Errorf("%q %v", index, err)
	}
}

// hostile are bytes that HTML, JavaScript or text files take for something.
func hostile() [][]byte {
	all := [][]byte{
		[]byte("</script"), []byte("</script>"), []byte("<!--<script>"), []byte("-->"), []byte("]]>"), []byte("\r\n\r\n\n\r"), {0}, {0, '=', 0},
		[]byte("\u2028\u2029\ufeff"), []byte("=@=M=|=}"), []byte("="), []byte("=="), {0xef, 0xbb, 0xbf}, {0xff, 0xfe}, {0x1a}, {},
	}
	var each []byte
	for i := range 256 {
		each = append(each, byte(i))
	}
	all = append(all, each)
	r := rand.New(rand.NewSource(1))
	random := make([]byte, 100_000)
	r.Read(random)
	return append(all, random)
}

func escapedText(b []byte) []byte {
	var out bytes.Buffer
	e := &escaper{w: &out}
	e.Write(b) // a bytes.Buffer takes all
	e.flush()
	return out.Bytes()
}

// TestContainerHoldsAnyBytes, and nothing that HTML would take for something.
func TestContainerHoldsAnyBytes(t *testing.T) {
	for _, b := range hostile() {
		text := escapedText(b)
		if i := bytes.IndexAny(text, "<\r\x00"); i >= 0 {
			t.Errorf("%q is left at %d", text[i], i)
		}
		if back, err := unescape(text); err != nil || !bytes.Equal(back, b) {
			t.Errorf("%q comes back as %q: %v", b[:min(len(b), 50)], back[:min(len(back), 50)], err)
		}
	}
	random := hostile()[len(hostile())-1]
	if more := len(escapedText(random)) - len(random); more > len(random)/50 {
		t.Errorf("%d bytes more of %d", more, len(random))
	}
}

func FuzzContainer(f *testing.F) {
	for _, b := range hostile() {
		f.Add(b[:min(len(b), 1000)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text := escapedText(b)
		if back, err := unescape(text); err != nil || !bytes.Equal(back, b) || bytes.ContainsAny(text, "<\r\x00") {
			t.Errorf("%q is %q and comes back as %q: %v", b, text, back, err)
		}
	})
}

// TestContainerInJavaScript: container.js reads what a browser makes of the text.
func TestContainerInJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir := t.TempDir()
	module, err := fs.ReadFile(page.Assets(), "container.js")
	if err != nil {
		t.Fatal(err)
	}
	var input, want []string
	for _, b := range hostile() {
		var packed bytes.Buffer
		x := &Writer{w: &packed}
		if err := x.compress(b); err != nil {
			t.Fatal(err)
		}
		input = append(input, windows1252(packed.Bytes()))
		want = append(want, base64.StdEncoding.EncodeToString(b))
	}
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"container.mjs": module, "in.json": in, "main.mjs": []byte(`
import {readFileSync} from 'node:fs';
import {unpack, inflate} from './container.mjs';
const out = [];
for (const text of JSON.parse(readFileSync('in.json', 'utf8'))) out.push(Buffer.from(await inflate(unpack(text))).toString('base64'));
console.log(JSON.stringify(out));
`)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, "main.mjs")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("case %d comes back otherwise", i)
		}
	}
}

// windows1252 is what a browser makes of bytes: as the Encoding Standard has it,
// the five bytes that the code page leaves open are C1 controls.
func windows1252(b []byte) string {
	high := []rune("\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
		"\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178")
	var out strings.Builder
	for _, c := range b {
		if c >= 0x80 && c < 0xa0 {
			out.WriteRune(high[c-0x80])
		} else {
			out.WriteRune(rune(c))
		}
	}
	return out.String()
}

// TestPolicyAllowsOnlyThePage: the policy names the script and the styles by
// hash, and nothing in the file could run or load beside them.
func TestPolicyAllowsOnlyThePage(t *testing.T) {
	var file bytes.Buffer
	w := New(&file, page.Options{Name: sinktest.Hostile})
	for _, e := range sinktest.Events() {
		w.Emit(e)
	}
	w.Close()
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindSubmatch(file.Bytes())
	if policy == nil || !strings.HasPrefix(string(policy[1]), "default-src 'none'; script-src 'sha256-") {
		t.Fatalf("policy %q", policy)
	}
	if s := string(policy[1]); strings.Contains(s, "unsafe") || strings.Contains(s, "http") || strings.Contains(s, "*") {
		t.Errorf("policy %s", s)
	}
	if n := bytes.Count(file.Bytes(), []byte("<script")); n != 1+2 {
		t.Errorf("%d script elements, want the page's, a batch and the index", n)
	}
	i := bytes.Index(file.Bytes(), []byte(`charset="windows-1252"`))
	if i < 0 || i > 1024-100 { // where a browser stops looking for it (HTML, 4.2.5.4)
		t.Errorf("the encoding is declared at byte %d", i)
	}
}
