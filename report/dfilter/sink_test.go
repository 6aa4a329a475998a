package dfilter_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"wstap/report"
	"wstap/report/dfilter"
	"wstap/report/sinktest"
	"wstap/wsframe"
)

// log notes what reaches it.
type log struct {
	lines  []string
	fail   error
	closed int
}

func (l *log) Emit(e wsframe.Event) error {
	line := fmt.Sprintf("%T", e)[len("*wsframe."):]
	if m := e.Meta(); m.Conn != nil {
		line += fmt.Sprint(" ", m.Conn.Number)
	}
	l.lines = append(l.lines, line)
	return l.fail
}

func (l *log) Close() error { l.closed++; return nil }

func filtered(t *testing.T, filter string, events ...wsframe.Event) []string {
	t.Helper()
	f, err := dfilter.Compile(filter, dfilter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var l log
	s := dfilter.NewSink(f, &dfilter.Context{}, &l)
	for _, e := range events {
		if err := s.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil || l.closed != 1 {
		t.Errorf("closed %d times, %v", l.closed, err)
	}
	return l.lines
}

func TestSinkPassesWhatBelongsToFrames(t *testing.T) {
	c := connection()
	refused := connection()
	refused.Number, refused.Upgraded, refused.Status = 4, false, 403
	hello, ping := textFrame(c, "hello"), textFrame(c, "")
	ping.Opcode, ping.Message = wsframe.OpPing, nil
	m := wsframe.Meta{Stamp: hello.M.Stamp, Conn: c}
	other := wsframe.Meta{Stamp: hello.M.Stamp, Conn: refused}
	violation := func(m wsframe.Meta) *wsframe.Violation { return &wsframe.Violation{M: m, Rule: wsframe.RuleRSV} }
	events := []wsframe.Event{
		&report.Started{}, &wsframe.Opened{M: m}, violation(m),
		&wsframe.Opened{M: other}, violation(other),
		ping, violation(m),
		hello, violation(m), hello.Message,
		&wsframe.Gap{M: m}, &wsframe.Tick{}, &wsframe.Closed{M: m}, &report.Summary{},
	}
	for _, tc := range []struct {
		filter string
		want   []string
	}{
		{"websocket.opcode == 1", []string{"tarted", "Opened 3", "Violation 3", "Frame 3", "Violation 3", "Message 3", "Tick", "Closed 3", "ummary"}},
		{"websocket.opcode == 9", []string{"tarted", "Opened 3", "Violation 3", "Frame 3", "Violation 3", "Tick", "Closed 3", "ummary"}},
		{"websocket.opcode == 2", []string{"tarted", "Tick", "ummary"}},
		{"http.response.code == 403", []string{"tarted", "Opened 4", "Violation 4", "Tick", "ummary"}},
		{"wstap.conn == 3 && !websocket", []string{"tarted", "Tick", "ummary"}},
	} {
		got := filtered(t, tc.filter, events...)
		for i := range got { // what report's own events are called
			if got[i] == "Started" || got[i] == "Summary" {
				got[i] = got[i][1:]
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s\ngot  %q\nwant %q", tc.filter, got, tc.want)
		}
	}
}

func TestSinkLooksAtSilentConnections(t *testing.T) {
	c := connection()
	m := wsframe.Meta{Stamp: textFrame(c, "").M.Stamp, Conn: c}
	silent := []wsframe.Event{&wsframe.Opened{M: m}, &wsframe.Closed{M: m}}
	if got := filtered(t, `http.host == "example.test"`, silent...); !slices.Equal(got, []string{"Opened 3", "Closed 3"}) {
		t.Errorf("got %q", got)
	}
	if got := filtered(t, "websocket", silent...); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestSinkReturnsErrors(t *testing.T) {
	f, err := dfilter.Compile("wstap", dfilter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	failed := 0
	for _, e := range sinktest.Events() {
		s := dfilter.NewSink(f, &dfilter.Context{}, &log{fail: full})
		if err := s.Emit(e); errors.Is(err, full) {
			failed++
		} else if err != nil {
			t.Error(err)
		}
	}
	if failed < 10 {
		t.Errorf("%d errors came back", failed)
	}
}
