package replay_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/replay"
	"wstap/report/sinktest"
	"wstap/wsframe"
	"wstap/wsframe/wsframetest"
)

// TestBytesAreThoseThatWereSent holds what is written against the scenario's own
// record of the bytes that each end has sent, upgrade and all.
func TestBytesAreThoseThatWereSent(t *testing.T) {
	for _, name := range []string{
		"plain-session", "signalling-session", "length-forms", "deflate-fragments", "deflate-takeover",
		"ping-between-fragments", "tiny-segments", "reordered", "violation-mask-missing",
	} {
		t.Run(name, func(t *testing.T) {
			s := capturetest.LoadScenario(t, filepath.Join("../../testdata/scenario", name+".txt"))
			for _, from := range []wsframe.Direction{wsframe.FromClient, wsframe.FromServer} {
				var out bytes.Buffer
				w := replay.New(&out, from)
				wsframetest.Run(t, capturetest.NewSource(s.Packets()), w, wsframe.Options{})
				want := s.Conns()[0].Stream(capturetest.Direction(from))
				if !bytes.Equal(out.Bytes(), want) {
					t.Errorf("%s: wrote\n%q\nsent\n%q", from, out.Bytes(), want)
				}
				if w.Omitted() > 0 {
					t.Errorf("%s: %d frames left out", from, w.Omitted())
				}
			}
		})
	}
}

// TestFramesWithHolesAreLeftOut: what follows them is written all the same.
func TestFramesWithHolesAreLeftOut(t *testing.T) {
	var out bytes.Buffer
	w := replay.New(&out, wsframe.FromServer)
	src := capturetest.NewSource(capturetest.Load(t, "../../testdata/scenario/lost-inside-payload.txt"))
	wsframetest.Run(t, src, w, wsframe.Options{})
	_, frames, _ := bytes.Cut(out.Bytes(), []byte("\r\n\r\n"))
	const want = "\x81\x06before\x81\x05after\x88\x02\x03\xe8"
	if w.Omitted() != 1 || string(frames) != want {
		t.Errorf("%d frames left out, wrote %q, want %q", w.Omitted(), frames, want)
	}
}

func TestWriterErrorIsReturned(t *testing.T) {
	full := errors.New("no space left")
	w := replay.New(writer(func([]byte) (int, error) { return 0, full }), wsframe.FromClient)
	for _, e := range sinktest.Events() {
		if err := w.Emit(e); err != nil {
			if err != full {
				t.Error(err)
			}
			return
		}
	}
	t.Error("no error")
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
