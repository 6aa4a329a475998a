package page

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// runNode runs a script beside the page's modules, with input as JSON in the
// variable `input`. What it returns from `main` is put into output.
func runNode(t *testing.T, script string, input, output any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("assets")); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	const harness = `import {readFileSync, writeFileSync} from 'node:fs';
import {main} from './main.js';
writeFileSync('output.json', JSON.stringify(await main(JSON.parse(readFileSync('input.json', 'utf8'))) ?? null));
`
	for name, text := range map[string]string{"package.json": `{"type":"module"}`, "main.js": script, "harness.js": harness, "input.json": string(in)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, "harness.js")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	out, err := fs.ReadFile(os.DirFS(dir), "output.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatal(err)
	}
}
