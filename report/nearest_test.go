package report_test

import (
	"testing"

	"wstap/report"
)

func TestNearest(t *testing.T) {
	flags := []string{"payload-limit", "color", "count", "quiet", "time-format"}
	for word, want := range map[string]string{
		"payload-limt": "payload-limit", "paylaod-limit": "payload-limit", "colour": "color", "coutn": "count",
		"time": "time-format", "payload": "payload-limit", "frobnicate": "", "x": "", "": "",
	} {
		if got := report.Nearest(word, flags); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
