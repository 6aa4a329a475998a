package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
)

// frames are the frames of a timeline: how often each of them is there.
type frames struct {
	total int
	count map[string]int
}

// frameLine takes a frame's line apart. Packet, time and number of the connection
// depend on what was captured, and how sure a boundary is on what was lost.
var frameLine = regexp.MustCompile(`^ *\d+ +[\d.]+ +#\d+ +([←→] (?:text|binary|cont|close|ping|pong)\S* +\d+) *(?:\[(?:resynced|mid-stream)\])? *(.*)$`)

// truth are the frames of the capture file.
func truth(wstap, pcap string) (*frames, error) {
	cmd := exec.Command(wstap, "-r", pcap)
	cmd.Env = append(os.Environ(), wide)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f, err := readFrames(out)
	if err != nil {
		return nil, err
	}
	return f, cmd.Wait()
}

func readFrames(r io.Reader) (*frames, error) {
	f := &frames{count: map[string]int{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if m := frameLine.FindSubmatch(lines.Bytes()); m != nil {
			f.count[string(m[1])+" "+string(m[2])]++
			f.total++
		}
	}
	return f, lines.Err()
}

// missing marks a frame of which not all was captured: it was sent otherwise.
var missing = regexp.MustCompile(`\bmissing\b`)

// compare counts what of got was sent and what was not, with an example of that.
func (f *frames) compare(got *frames) (found, wrong int, example string) {
	for key, n := range got.count {
		sent := f.count[key]
		found += min(n, sent)
		if n > sent && !missing.MatchString(key) {
			wrong += n - sent
			example = key
		}
	}
	return found, wrong, example
}
