package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples runs each "$ wstap" line of the ```console blocks in README.md
// and docs, at the top of the repository, and compares what it prints with
// what stands below it. A line "..." stands for any lines. With -update the
// blocks without "..." are written anew.
func TestExamples(t *testing.T) {
	const top = "../.."
	pages, err := filepath.Glob(filepath.Join(top, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, filepath.Join(top, "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		out := replaceExamples(string(text), func(command, want string) string {
			got := runExample(t, top, command)
			if !like(got, want) {
				if *update && !strings.Contains("\n"+want, "\n...\n") {
					return got
				}
				t.Errorf("%s: $ %s\n--- prints\n%s--- but the page says\n%s", filepath.Base(page), command, got, want)
			}
			return want
		})
		if *update && out != string(text) {
			if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// replaceExamples calls do for each wstap command in a console block, with the
// lines below it, and puts what do returns in their place.
func replaceExamples(text string, do func(command, want string) string) string {
	var out strings.Builder
	inside := false
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSuffix(lines[i], "\n")
		out.WriteString(lines[i])
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && strings.HasPrefix(line, "$ wstap "):
			var want strings.Builder
			for i+1 < len(lines) && !strings.HasPrefix(lines[i+1], "```") && !strings.HasPrefix(lines[i+1], "$ ") {
				i++
				want.WriteString(lines[i])
			}
			out.WriteString(do(strings.TrimPrefix(line, "$ "), want.String()))
		}
	}
	return out.String()
}

// runExample runs a command line, whose words are parted by spaces or quoted
// in single or double quotes, and returns its output and errors.
func runExample(t *testing.T, dir, command string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Args = words(command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "TZ=UTC", "COLUMNS=110", "GORACE="+noExitSleep)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // examples of errors exit with 1 to 3
	return out.String()
}

func words(s string) (all []string) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var word strings.Builder
		for s != "" && s[0] != ' ' {
			if q := s[0]; q == '\'' || q == '"' {
				body, rest, _ := strings.Cut(s[1:], string(q))
				word.WriteString(body)
				s = rest
				continue
			}
			word.WriteByte(s[0])
			s = s[1:]
		}
		all = append(all, word.String())
	}
	return all
}

// like compares line by line; "..." in want stands for any lines.
func like(got, want string) bool {
	if want == "" {
		return got == ""
	}
	before, after, open := strings.Cut("\n"+want, "\n...\n")
	if !open {
		return got == want
	}
	rest, ok := strings.CutPrefix("\n"+got, before)
	if !ok {
		return false
	}
	if after == "" {
		return true
	}
	for i := 0; i < len(rest); i++ {
		if rest[i] == '\n' && like(rest[i+1:], after) {
			return true
		}
	}
	return false
}
