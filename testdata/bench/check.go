package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"wstap/capture/benchtest"
)

// counts is what the event stream tells.
type counts struct {
	connections, frames, messages uint64
	payloadBytes, messageBytes    uint64
	wrong                         uint64 // gaps, violations, incomplete or invalid messages
	summary                       []byte
}

// check holds what wstap makes of the capture at path against its truth.
func (b *bench) check(path string, truth benchtest.Truth) error {
	cmd := exec.Command(b.wstap, "-r", path, "-T", "jsonl", "--payload-limit", "0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var got counts
	lines := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			break // the exit status tells an error from the end
		}
		got.add(line)
	}
	if err := cmd.Wait(); err != nil {
		return err
	}
	want := counts{
		connections: uint64(truth.Connections), frames: truth.Frames, messages: truth.Messages,
		payloadBytes: truth.PayloadBytes, messageBytes: truth.MessageBytes,
	}
	var errs []error
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"connections", got.connections, want.connections},
		{"frames", got.frames, want.frames},
		{"messages", got.messages, want.messages},
		{"payload bytes", got.payloadBytes, want.payloadBytes},
		{"message bytes", got.messageBytes, want.messageBytes},
		{"gaps, violations, incomplete messages", got.wrong, 0},
		{"packets in the summary", number(got.summary, "packets"), truth.Packets},
		{"frames in the summary", number(got.summary, "frames"), truth.Frames},
		{"messages in the summary", number(got.summary, "messages"), truth.Messages},
	} {
		if c.got != c.want {
			errs = append(errs, fmt.Errorf("WRONG: wstap tells %d %s, %d were generated", c.got, c.what, c.want))
		}
	}
	return errors.Join(errs...)
}

// add counts one line.
func (c *counts) add(line []byte) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"type":"`))
	if !ok {
		c.wrong++
		return
	}
	kind, _, _ := bytes.Cut(rest, []byte{'"'})
	switch string(kind) {
	case "connection":
		c.connections++
	case "frame":
		c.frames++
		c.payloadBytes += number(line, "length")
	case "message":
		c.messages++
		c.messageBytes += number(line, "length")
		if !bytes.Contains(line, []byte(`"complete":true`)) || bytes.Contains(line, []byte(`"invalid_utf8":true`)) {
			c.wrong++
		}
	case "gap", "violation":
		c.wrong++
	case "summary":
		c.summary = bytes.Clone(line)
	}
}

// number is the value of the first key of that name, 0 if there is none.
func number(line []byte, key string) uint64 {
	_, rest, _ := bytes.Cut(line, []byte(`"`+key+`":`))
	end := bytes.IndexAny(rest, ",}")
	n, _ := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64)
	return n
}
