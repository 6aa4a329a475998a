package diagnose_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/diagnose"
	"wstap/report/text"
)

// fences are the fenced blocks of a page.
func fences(page string) (all []string) {
	for i, part := range strings.Split(page, "```\n") {
		if i%2 == 1 {
			all = append(all, part)
		}
	}
	return all
}

// Each code has a page, whose scenario is in testdata and gives the report that
// the page shows.
func TestPages(t *testing.T) {
	index := "# Findings of wstap diagnose\n\nBy weight; `wstap explain CODE` prints the page.\n\n| severity | code | what it means |\n| --- | --- | --- |\n"
	for _, c := range diagnose.Codes() {
		page := c.Page()
		index += fmt.Sprintf("| %v | [%v](%[2]v.md) | %s |\n", c.Severity(), c, c.Title())
		if !strings.HasPrefix(page, "# "+c.String()+": ") || c.Title() == "" || !strings.Contains(page, "Severity: "+c.Severity().String()+".") {
			t.Errorf("%v: the page begins %.60q", c, page)
			continue
		}
		blocks := fences(page)
		if len(blocks) < 2 {
			t.Errorf("%v: no scenario and report", c)
			continue
		}
		s, err := capturetest.Parse(c.String(), blocks[0])
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		var out bytes.Buffer
		run(t, s.Packets(), options(blocks[0]), diagnose.NewText(&out, text.Options{Width: 100}))
		if !strings.Contains(out.String(), " "+c.String()) || out.String() != blocks[1] {
			t.Errorf("%v: the page's scenario gives\n%s", c, out.String())
		}
		holds(t, c.String()+".md", page)
	}
	holds(t, "README.md", index)
}

// holds compares a file of docs/findings, which are what Code.Page has.
func holds(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("../../docs/findings", name)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s differs from the page that is built in (%v): write it with -update", path, err)
	}
}
