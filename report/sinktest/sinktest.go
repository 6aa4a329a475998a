// Package sinktest holds what every Sink is held to, as a test that each of
// them runs.
package sinktest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"wstap/wsframe"
)

// Run tests the sinks that open makes. Each must
//
//   - take events of every type, with hostile bytes, holes and without times;
//   - write the same bytes for the same events, in whole lines of valid UTF-8,
//     with none of the controls that the events hold;
//   - keep nothing that was lent to Emit;
//   - return an error of its writer, from Emit or from Close.
func Run(t *testing.T, open func(io.Writer) wsframe.Sink) {
	t.Helper()
	want := RunBinary(t, open)
	t.Run("no byte steers", func(t *testing.T) {
		if !utf8.Valid(want) {
			t.Error("not UTF-8")
		}
		if n := len(want); n > 0 && want[n-1] != '\n' {
			t.Error("the last line does not end")
		}
		for _, r := range string(want) {
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2066 || r == 0x2028 {
				t.Errorf("%U got through", r)
			}
		}
	})
}

// RunBinary is Run for sinks whose output is not for terminals: it may hold any
// bytes. It returns what they wrote.
func RunBinary(t *testing.T, open func(io.Writer) wsframe.Sink) (written []byte) {
	t.Helper()
	want := write(t, open, false)
	t.Run("same events give the same bytes", func(t *testing.T) {
		if again := write(t, open, false); !bytes.Equal(again, want) {
			t.Errorf("first\n%q\nthen\n%q", want, again)
		}
	})
	t.Run("keeps nothing lent", func(t *testing.T) {
		if spoiled := write(t, open, true); !bytes.Equal(spoiled, want) {
			t.Errorf("lent bytes changed after Emit changed the output from\n%s\nto\n%s", want, spoiled)
		}
	})
	t.Run("returns the writer's error", func(t *testing.T) {
		for room := 0; room < len(want); room += 1 + len(want)/20 {
			if err := emit(open(&fullDisk{room: room}), Events(), nil); !errors.Is(err, errFull) {
				t.Errorf("writer full after %d bytes of %d: got error %v", room, len(want), err)
			}
		}
	})
	return want
}

func write(t *testing.T, open func(io.Writer) wsframe.Sink, spoil bool) []byte {
	t.Helper()
	var out bytes.Buffer
	after := spoilEvent
	if !spoil {
		after = nil
	}
	if err := emit(open(&out), Events(), after); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// emit passes events and closes the sink, once, whatever happened before.
func emit(s wsframe.Sink, events []wsframe.Event, after func(wsframe.Event)) error {
	for _, e := range events {
		if err := s.Emit(e); err != nil {
			return errors.Join(err, s.Close())
		}
		if after != nil {
			after(e)
		}
	}
	return s.Close()
}

// spoilEvent overwrites all that was lent with e, as its owner does.
func spoilEvent(e wsframe.Event) {
	switch e := e.(type) {
	case *wsframe.Frame:
		spoil(e.Header, e.Payload, e.Reason)
		if e.Message == nil {
			*e = wsframe.Frame{}
			return
		}
		// The message has its own event next.
		*e = wsframe.Frame{Message: e.Message}
	case *wsframe.Message:
		spoil(e.Payload)
		*e = wsframe.Message{}
	case *wsframe.Violation:
		*e = wsframe.Violation{}
	case *wsframe.Gap:
		*e = wsframe.Gap{}
	case *wsframe.Opened:
		*e = wsframe.Opened{}
	case *wsframe.Closed:
		*e = wsframe.Closed{}
	}
}

func spoil(lent ...[]byte) {
	for _, b := range lent {
		for i := range b {
			b[i] = '!'
		}
	}
}

var errFull = errors.New("no space left")

// fullDisk takes room bytes and then fails.
type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		n := d.room
		d.room = 0
		return n, errFull
	}
	d.room -= len(b)
	return len(b), nil
}
