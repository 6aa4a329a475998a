package dfilter_test

import (
	"os"
	"strings"
	"testing"

	"wstap/report/dfilter"
)

// TestDocumentedFilters compiles the filters that docs/display-filter.md shows.
func TestDocumentedFilters(t *testing.T) {
	text, err := os.ReadFile("../../docs/display-filter.md")
	if err != nil {
		t.Fatal(err)
	}
	n, inside := 0, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```filter":
			inside = true
		case line == "```":
			inside = false
		case inside:
			n++
			if _, err := dfilter.Compile(line, dfilter.Options{}); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d filters", n)
	}
}
