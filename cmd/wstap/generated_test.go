package main

import (
	"bytes"
	"testing"

	"wstap/capture/benchtest"
	"wstap/wsframe"
)

// What is generated is what is found.
func TestGeneratedTruth(t *testing.T) {
	for _, p := range []benchtest.Profile{benchtest.Small, benchtest.Bulk, benchtest.Deflate, benchtest.Mixed, benchtest.Idle} {
		var file bytes.Buffer
		truth, err := benchtest.Write(&file, benchtest.Options{Profile: p, Bytes: 2e6, Connections: 10, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		var found tally
		newChain(&found, wsframe.Options{}).read(t, file.Bytes())
		want := tally{uint64(truth.Connections), truth.Frames, truth.Messages, truth.PayloadBytes, truth.MessageBytes, 0}
		if found != want {
			t.Errorf("%s: found %+v, generated %+v", p, found, want)
		}
	}
}

// tally is a Sink that counts.
type tally struct {
	connections, frames, messages, payloadBytes, messageBytes, wrong uint64
}

func (c *tally) Close() error { return nil }

func (c *tally) Emit(e wsframe.Event) error {
	switch e := e.(type) {
	case *wsframe.Opened:
		c.connections++
	case *wsframe.Frame:
		c.frames++
		c.payloadBytes += e.Length
	case *wsframe.Message:
		c.messages++
		c.messageBytes += e.Length
		if !e.Complete || e.InvalidUTF8 {
			c.wrong++
		}
	case *wsframe.Gap, *wsframe.Violation:
		c.wrong++
	}
	return nil
}
