package page

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func pageOf(modules map[string]string) fstest.MapFS {
	files := fstest.MapFS{"index.html": {Data: []byte("<html lang=\"en\">\n" + charsetLine +
		"\n<link rel=\"stylesheet\" href=\"a.css\">\n<body>\n<script type=\"module\" src=\"app.js\"></script>\n</body>\n</html>\n")},
		"a.css": {Data: []byte("b { color: red }\n")}}
	for name, text := range modules {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// TestModulesAreJoined: each once, behind those it imports, without the words
// that only modules know.
func TestModulesAreJoined(t *testing.T) {
	b, err := NewBundle(pageOf(map[string]string{
		"app.js": "import {one} from './a.js';\nimport {two} from './b.js';\nconst app = one() + two;\n",
		"a.js":   "import {two} from './b.js';\nexport function one() {\n  return two;\n}\n",
		"b.js":   "export const two = 2;\n",
		"c.js":   "export const two = 'not needed';\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	const want = "\n// b.js\nconst two = 2;\n\n// a.js\nfunction one() {\n  return two;\n}\n\n// app.js\nconst app = one() + two;\n"
	if !strings.Contains(string(b.Head), `<script type="module">`+want+"</script>") || string(b.Tail) != "</body>\n</html>\n" {
		t.Errorf("got %s...%s", b.Head, b.Tail)
	}
	for _, part := range []string{want, "b { color: red }\n"} {
		if !strings.Contains(string(b.Head), hash(part)) {
			t.Errorf("no hash of %q in the policy", part)
		}
	}
}

// TestWhatCannotBeJoinedIsRefused, with the place of the fault.
func TestWhatCannotBeJoinedIsRefused(t *testing.T) {
	for name, x := range map[string]struct{ app, other, want string }{
		"two of a name":       {"import {a} from './b.js';\nconst a = 1;\n", "export const a = 1;\n", "app.js: a is declared in b.js too"},
		"no such export":      {"import {c} from './b.js';\n", "export const a = 1;\n", "b.js does not export c"},
		"a renamed import":    {"import {a as b} from './b.js';\n", "export const a = 1;\n", "b.js does not export a as b"},
		"default export":      {"import {a} from './b.js';\n", "export default 1;\n", "b.js: an export in a form"},
		"import of all":       {"import * as b from './b.js';\n", "", "app.js: an import in a form"},
		"missing":             {"import {a} from './c.js';\n", "", "c.js"},
		"end of the element":  {"const a = '</SCRIPT>';\n", "", "would end the script element"},
		"comment":             {"const a = '<!--';\n", "", "would end the script element"},
		"beyond ASCII":        {"const a = '\u00e9';\n", "", "not ASCII"},
		"a carriage return":   {"const a = 1;\r\n", "", "not ASCII"},
		"async two of a name": {"import {a} from './b.js';\nfunction a() {}\n", "export async function a() {}\n", "a is declared in b.js too"},
	} {
		_, err := NewBundle(pageOf(map[string]string{"app.js": x.app, "b.js": x.other}))
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want %q", name, err, x.want)
		}
	}
}

// TestThePageIsJoined: its modules keep to the rules, all are used, and the
// whole is a module.
func TestThePageIsJoined(t *testing.T) {
	b, err := NewBundle(Assets())
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(b.Head), `<script type="module">`)
	script, _, _ = strings.Cut(script, "</script>")
	for _, left := range []string{"\nimport ", "\nexport ", "import(", "innerHTML", "eval("} {
		if strings.Contains(script, left) {
			t.Errorf("%q in the script", left)
		}
	}
	if load := regexp.MustCompile(`(?i)(src|href)="([^#d]|d[^a])`).FindString(string(b.Head)); load != "" {
		t.Errorf("the page loads something: %s", load)
	}
	t.Logf("the page has %d bytes, its script %d", len(b.Head)+len(b.Tail), len(script))
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	path := filepath.Join(t.TempDir(), "page.mjs")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(node, "--check", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
