// Package reassemblytest helps to test what stands on package reassembly, and
// the package itself: scripts of segments, a recording Handler, and suites that
// any Handler or decorator of one can run, as testing/slogtest has for loggers.
package reassemblytest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wstap/capture"
)

// Start is the time of the first segment of a script.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Client and Server are the ends that a script's segments go between.
var (
	Client = netip.MustParseAddrPort("10.0.0.2:40000")
	Server = netip.MustParseAddrPort("10.0.0.1:8080")
)

// Script turns text into segments, one a line, each a packet of its own, one
// millisecond after the one before:
//
//	c S  0                    a SYN of the client
//	s SA 0 1                  sequence and acknowledgment number count from the ISNs
//	c A  1 1 "GET"            a payload, quoted as in Go, or one byte repeated: x*1000
//	+2s s A 1 4 cut=10        two seconds later; 10 more bytes were cut by snaplen
//	c A  4 1 win=10 scale=7   window field and window scale option
//	isn c 7000                from here on the client's ISN is another
//	port 40001                from here on the client's port is another
//	notime                    from here on there are no timestamps
//
// What follows a # is a comment. It panics on what it does not understand: a
// script is part of a test's source.
func Script(text string) []capture.Segment {
	p := scriptState{isn: [2]uint32{1000, 5000}, now: Start, flow: capture.Flow{Src: Client, Dst: Server}}
	var segments []capture.Segment
	for i, line := range strings.Split(text, "\n") {
		words, err := fields(line)
		if err == nil && len(words) == 0 {
			continue
		}
		var s capture.Segment
		ok := false
		if err == nil {
			s, ok, err = p.line(words)
		}
		if err != nil {
			panic(fmt.Sprintf("script line %d: %q: %v", i+1, line, err))
		}
		if ok {
			segments = append(segments, s)
		}
	}
	return segments
}

// fields splits a line at spaces outside of quotes, up to a comment.
func fields(line string) (words []string, err error) {
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" || line[0] == '#' {
			return words, nil
		}
		word := line
		if line[0] == '"' {
			if word, err = strconv.QuotedPrefix(line); err != nil {
				return nil, err
			}
		} else if i := strings.IndexAny(line, " \t\r"); i >= 0 {
			word = line[:i]
		}
		words = append(words, word)
		line = line[len(word):]
	}
}

type scriptState struct {
	isn    [2]uint32
	now    time.Time
	packet uint64
	flow   capture.Flow // of the client
}

func (p *scriptState) line(words []string) (s capture.Segment, ok bool, err error) {
	switch words[0] {
	case "isn":
		n, err := strconv.ParseUint(words[2], 10, 32)
		p.isn[end(words[1])] = uint32(n)
		return s, false, err
	case "port":
		n, err := strconv.ParseUint(words[1], 10, 16)
		p.flow.Src = netip.AddrPortFrom(p.flow.Src.Addr(), uint16(n))
		return s, false, err
	case "notime":
		p.now = time.Time{}
		return s, false, nil
	}
	if !p.now.IsZero() {
		p.now = p.now.Add(time.Millisecond)
	}
	if c := words[0][0]; c == '+' || c == '-' {
		wait, err := time.ParseDuration(words[0])
		if err != nil {
			return s, false, err
		}
		p.now = p.now.Add(wait)
		words = words[1:]
	}
	if len(words) < 3 {
		return s, false, fmt.Errorf("want end, flags, sequence number")
	}
	d := end(words[0])
	p.packet++
	s = capture.Segment{Stamp: capture.Stamp{Time: p.now, Packet: p.packet}, Ends: capture.EndsOf(p.flow), Window: 65535, Scale: -1}
	if d == 1 {
		s.Ends = s.Reverse()
	}
	for _, c := range words[1] {
		i := strings.IndexRune("FSRPA", c)
		if i < 0 {
			return s, false, fmt.Errorf("unknown flag %q", c)
		}
		s.Flags |= 1 << i
	}
	if s.Seq, err = relative(p.isn[d], words[2]); err != nil {
		return s, false, err
	}
	words = words[3:]
	if s.Flags.Has(capture.ACK) {
		if len(words) == 0 {
			return s, false, fmt.Errorf("no acknowledgment number")
		}
		if s.Ack, err = relative(p.isn[1-d], words[0]); err != nil {
			return s, false, err
		}
		words = words[1:]
	}
	for _, w := range words {
		if err := option(&s, w); err != nil {
			return s, false, err
		}
	}
	return s, true, nil
}

func option(s *capture.Segment, w string) error {
	if w[0] == '"' {
		text, err := strconv.Unquote(w)
		s.Payload = []byte(text)
		return err
	}
	key, value, ok := strings.Cut(w, "=")
	if !ok {
		key, value, ok = strings.Cut(w, "*")
		n, err := strconv.Atoi(value)
		if !ok || err != nil {
			return fmt.Errorf("unknown word %q", w)
		}
		s.Payload = []byte(strings.Repeat(key, n))
		return nil
	}
	n, err := strconv.Atoi(value)
	switch key {
	case "cut":
		s.Missing = n
	case "win":
		s.Window = uint16(n)
	case "scale":
		s.Scale = int8(n)
	default:
		return fmt.Errorf("unknown word %q", w)
	}
	return err
}

func end(word string) int {
	if word == "s" {
		return 1
	}
	return 0
}

func relative(isn uint32, word string) (uint32, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	return isn + uint32(n), err
}
