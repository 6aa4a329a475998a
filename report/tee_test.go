package report_test

import (
	"errors"
	"slices"
	"testing"

	"wstap/report"
	"wstap/wsframe"
)

// recorder notes what is done to it.
type recorder struct {
	did             []string
	emitErr, endErr error
}

func (r *recorder) Emit(e wsframe.Event) error {
	if _, ok := e.(*wsframe.Tick); ok {
		r.did = append(r.did, "tick")
	} else {
		r.did = append(r.did, "event")
	}
	return r.emitErr
}

func (r *recorder) Close() error {
	r.did = append(r.did, "close")
	return r.endErr
}

func TestTeeStopsAtTheFirstErrorButClosesAll(t *testing.T) {
	errA, errB := errors.New("a"), errors.New("b")
	a, b := &recorder{}, &recorder{emitErr: errA, endErr: errB}
	c := &recorder{endErr: errA}
	tee := report.Tee{a, b, c}
	if err := tee.Emit(&wsframe.Tick{}); !errors.Is(err, errA) {
		t.Errorf("Emit: %v", err)
	}
	if err := tee.Close(); !errors.Is(err, errA) || !errors.Is(err, errB) {
		t.Errorf("Close: %v", err)
	}
	for i, want := range [][]string{{"tick", "close"}, {"tick", "close"}, {"close"}} {
		if got := tee[i].(*recorder).did; !slices.Equal(got, want) {
			t.Errorf("sink %d did %v, want %v", i, got, want)
		}
	}
}

func TestFilterKeeps(t *testing.T) {
	r := &recorder{}
	f := report.Filter{Next: r, Keep: func(e wsframe.Event) bool {
		_, tick := e.(*wsframe.Tick)
		return !tick
	}}
	f.Emit(&wsframe.Tick{})
	f.Emit(&wsframe.Gap{})
	f.Close()
	if want := []string{"event", "close"}; !slices.Equal(r.did, want) {
		t.Errorf("did %v, want %v", r.did, want)
	}
}
