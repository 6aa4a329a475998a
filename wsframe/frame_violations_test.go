package wsframe_test

import (
	"path/filepath"
	"slices"
	"testing"

	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// announced holds the violations that a frame carries against the events that
// follow it.
type announced struct {
	t    *testing.T
	due  []wsframe.Violation
	seen int
}

func (a *announced) Emit(e wsframe.Event) error {
	if v, ok := e.(*wsframe.Violation); ok && len(a.due) > 0 {
		if *v != a.due[0] {
			a.t.Errorf("the frame carries %+v, the event is %+v", a.due[0], *v)
		}
		a.due = a.due[1:]
		a.seen++
		return nil
	}
	if len(a.due) > 0 {
		a.t.Errorf("%T comes before %+v", e, a.due)
	}
	if f, ok := e.(*wsframe.Frame); ok {
		a.due = slices.Clone(f.Violations)
	}
	return nil
}

func (a *announced) Close() error { return nil }

// TestFramesCarryTheirViolations: those that come right behind them, in order,
// and no others.
func TestFramesCarryTheirViolations(t *testing.T) {
	paths, err := filepath.Glob("../testdata/scenario/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		a := announced{t: t}
		wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), &a, wsframe.Options{})
		if len(a.due) > 0 {
			t.Errorf("%s: no event for %+v", path, a.due)
		}
		seen += a.seen
	}
	if seen < 20 {
		t.Errorf("only %d violations were seen", seen)
	}
}
