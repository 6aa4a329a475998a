package wsframe_test

import (
	"fmt"
	"testing"

	"wstap/capture/capturetest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// twice writes down what is told, but for messages that the frame before has
// told already, which it counts.
type twice struct {
	told     []string
	owed     string // the message of the last frame that completed one
	repeated int
}

func (w *twice) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Frame:
		f := *e
		f.M.Conn, f.Message, f.Violations = nil, nil, nil
		w.told = append(w.told, fmt.Sprintf("%d %+v, %d violations", e.M.Conn.Number, f, len(e.Violations)))
		if w.owed = ""; e.Message != nil {
			w.owed = messageText(e.Message)
			w.told = append(w.told, w.owed)
		}
	case *wsframe.Message:
		m := messageText(e)
		if m == w.owed {
			w.repeated++
			return nil
		}
		w.told = append(w.told, m)
	default:
		w.told = append(w.told, fmt.Sprintf("%T %v", e, e.Meta().Stamp))
	}
	return nil
}

func (w *twice) Close() error { return nil }

func messageText(m *wsframe.Message) string {
	c := *m
	c.M.Conn = nil
	return fmt.Sprintf("%d %+v", m.M.Conn.Number, c)
}

// TestOnce: Options.Once leaves out the messages that frames tell, and nothing
// else, whether they wait to be inflated or not.
func TestOnce(t *testing.T) {
	repeated := 0
	for name, packets := range tracesOf(t, "*", 20) {
		for _, cores := range []int{0, 2} {
			var want, got twice
			wantStats, _ := wsframetest.Run(t, capturetest.NewSource(packets), &want, wsframe.Options{Cores: cores})
			stats, _ := wsframetest.Run(t, capturetest.NewSource(packets), &got, wsframe.Options{Cores: cores, Once: true})
			if fmt.Sprint(got.told) != fmt.Sprint(want.told) {
				t.Errorf("%s, %d cores: got\n%q, want\n%q", name, cores, got.told, want.told)
			}
			if repeated += want.repeated; got.repeated > 0 {
				t.Errorf("%s, %d cores: %d messages told twice", name, cores, got.repeated)
			}
			if stats != wantStats {
				t.Errorf("%s, %d cores: %+v, want %+v", name, cores, stats, wantStats)
			}
		}
	}
	if repeated < 100 {
		t.Errorf("%d messages told twice without Once", repeated)
	}
}
