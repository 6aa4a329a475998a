package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wstap/capture/capturetest"
	"wstap/report"
	"wstap/report/sinktest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// rowsOf are the rows of events as a reader gets them, each described by all
// that it has to tell.
func rowsOf(t *testing.T, emit func(wsframe.Sink)) (got, want []string) {
	t.Helper()
	conns := map[int]*wsframe.Conn{}
	d := NewDecoder(func(n int) *wsframe.Conn { return conns[n] })
	e := NewEncoder(Options{Secrets: true, Payload: report.NoLimit()}, func(b Batch) error {
		rows, err := d.Decode(bytes.Clone(b.Data))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != b.Rows || b.Rows > 0 && rows[0].Number != b.First {
			t.Errorf("%d rows from %d, want %d from %d", len(rows), rows[0].Number, b.Rows, b.First)
		}
		for _, r := range rows {
			got = append(got, describe(r.Event))
		}
		return nil
	})
	var told *wsframe.Message // by its frame
	emit(report.Tee{watcher(func(ev wsframe.Event) {
		if f, ok := ev.(*wsframe.Frame); ok {
			told = f.Message
		}
		if ev == told {
			return
		}
		if c := ev.Meta().Conn; c != nil {
			conns[c.Number] = c
		}
		if s := describe(ev); s != "" {
			want = append(want, s)
		}
	}), e})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return got, want
}

type watcher func(wsframe.Event)

func (w watcher) Emit(e wsframe.Event) error { w(e); return nil }
func (w watcher) Close() error               { return nil }

// describe tells an event by what rows keep of it; "" for events without a row.
func describe(e wsframe.Event) string {
	if e == nil {
		return "none"
	}
	m := e.Meta()
	head := fmt.Sprintf("%T %d ", e, m.Packet)
	if !m.Time.IsZero() {
		head += m.Time.UTC().Format(time.RFC3339Nano) + " "
	}
	if m.Conn != nil {
		head += fmt.Sprint(m.Conn.Number, " ")
	}
	switch e := e.(type) {
	case *wsframe.Frame:
		payload := e.Payload
		if e.Message != nil && (e.Message.Compressed || e.Message.Frames != 1 || e.Message.Why == wsframe.ContextLost) || e.Message == nil && e.Opcode <= wsframe.OpBinary {
			payload = nil // the message has it, or nobody
		} else if e.Message != nil {
			payload = e.Message.Payload
		}
		var codes []string
		for _, v := range e.Violations {
			codes = append(codes, v.Rule.Code)
		}
		s := head + fmt.Sprint(e.From, e.First.Packet, e.Fin, e.Rsv, e.Opcode, e.Masked, e.Length, e.Holes, e.Missing, e.Certainty, e.Code, e.Index, codes) +
			fmt.Sprintf(" %x %x %q %q", e.Header, e.Key, strings.ToValidUTF8(string(e.Reason), "\ufffd"), payload)
		if e.Message != nil {
			s += message(e.Message)
		}
		return s
	case *wsframe.Message:
		return head + message(e)
	case *wsframe.Opened:
		return head
	case *wsframe.Gap:
		return head + fmt.Sprint(e.From, e.Bytes, e.Cause)
	case *wsframe.Violation:
		return head + fmt.Sprintf("%v %s %s %q %q", e.From, e.Rule.Code, e.Rule.RFC, valid(e.Expected), valid(e.Found))
	case *wsframe.Closed:
		return head + fmt.Sprintf("%s %d %q %s %s", e.By, e.Code, valid(e.Reason), e.How, e.H2Error)
	case *wsframe.Encrypted:
		return "none"
	}
	return ""
}

func message(m *wsframe.Message) string {
	payload := m.Payload
	if m.Why == wsframe.ContextLost {
		payload = nil
	}
	return fmt.Sprint(" message ", m.First.Packet, m.From, m.Opcode, m.Frames, m.Compressed, m.WireLength, m.Length, m.InvalidUTF8, m.Complete, m.Why, m.Inferred) +
		fmt.Sprintf(" %q", payload)
}

func TestRowsTellTheirEvents(t *testing.T) {
	same := func(t *testing.T, emit func(wsframe.Sink)) {
		got, want := rowsOf(t, emit)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("row %d\n%s\nwant\n%s", i, at(got, i), at(want, i))
			}
		}
	}
	t.Run("all types", func(t *testing.T) {
		same(t, func(s wsframe.Sink) {
			for _, e := range sinktest.Events() {
				s.Emit(e)
			}
		})
	})
	scenarios, err := filepath.Glob("../../testdata/scenario/*.txt")
	if err != nil || len(scenarios) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, path := range scenarios {
		t.Run(filepath.Base(path), func(t *testing.T) {
			same(t, func(s wsframe.Sink) {
				wsframetest.Run(t, capturetest.NewSource(capturetest.Load(t, path)), s, wsframe.Options{Handshakes: true})
			})
		})
	}
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return "nothing"
}

// decodeAll are the rows of all batches.
func decodeAll(t *testing.T, o Options, events []wsframe.Event) ([]Row, map[string]any) {
	t.Helper()
	var all []Row
	d := NewDecoder(nil)
	e := NewEncoder(o, func(b Batch) error {
		rows, err := d.Decode(bytes.Clone(b.Data))
		all = append(all, rows...)
		return err
	})
	for _, ev := range events {
		if err := e.Emit(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(e.AppendIndex(nil), &index); err != nil {
		t.Fatal(err)
	}
	return all, index
}
