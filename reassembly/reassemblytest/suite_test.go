package reassemblytest_test

import (
	"testing"
	"time"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
)

func TestRecorder(t *testing.T) {
	reassemblytest.TestHandler(t, func() reassembly.Handler { return &reassemblytest.Recorder{} })
}

// A decorator that passes everything on passes.
func TestPassing(t *testing.T) {
	reassemblytest.TestDecorator(t, func(h reassembly.Handler) reassembly.Handler { return passing{h} })
}

type passing struct{ reassembly.Handler }

// The Recorder sees what a caller does wrong.
func TestRecorderFindsFaults(t *testing.T) {
	faults := map[string]func(h reassembly.StreamHandler){
		"empty data":        func(h reassembly.StreamHandler) { _ = h.Data(0, nil, capture.Stamp{}) },
		"empty gap":         func(h reassembly.StreamHandler) { _ = h.Gap(0, reassembly.Gap{}, capture.Stamp{}) },
		"closed at once":    func(h reassembly.StreamHandler) { _ = h.Close(reassembly.Reason{}, capture.Stamp{}) },
		"no conflict":       func(h reassembly.StreamHandler) { _ = h.(reassembly.ConflictHandler).Conflict(0, 0, capture.Stamp{}) },
		"data behind a FIN": func(h reassembly.StreamHandler) { fin(h); data(h) },
		"data behind the close": func(h reassembly.StreamHandler) {
			data(h)
			_ = h.Close(reassembly.Reason{}, capture.Stamp{})
			data(h)
		},
	}
	for name, breach := range faults {
		r := &reassemblytest.Recorder{}
		breach(r.Open(&reassembly.Stream{}))
		if len(r.Faults) != 1 {
			t.Errorf("%s: %q", name, r.Faults)
		}
	}
	r := &reassemblytest.Recorder{Answer: func(c reassemblytest.Call) error {
		if c.Method == "data" {
			return reassembly.ErrIgnore
		}
		return nil
	}}
	h := r.Open(&reassembly.Stream{})
	data(h)
	data(h)
	_ = r.Advance(time.Unix(2, 0))
	_ = r.Advance(time.Unix(1, 0))
	if len(r.Faults) != 2 {
		t.Errorf("%q", r.Faults)
	}
}

func data(h reassembly.StreamHandler) { _ = h.Data(0, []byte("x"), capture.Stamp{}) }
func fin(h reassembly.StreamHandler)  { _ = h.(reassembly.FINHandler).FIN(0, capture.Stamp{}) }
