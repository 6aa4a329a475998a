package reassemblytest

import (
	"fmt"
	"strings"
	"time"

	"wstap/capture"
	"wstap/reassembly"
)

// Recorder is a Handler that writes down what it is told, and notes where its
// caller breaks the contract of reassembly.Handler. It accepts every stream
// unless told otherwise. Not for concurrent use.
type Recorder struct {
	// Calls are those made so far, Advance excepted.
	Calls []Call
	// Faults are breaches of contract by the caller, in words.
	Faults []string
	// Now is the latest time that Advance told.
	Now time.Time
	// Answer, where set, is asked what to return for a call. For "open" a
	// result other than nil refuses the stream.
	Answer func(Call) error
	// Pin is what the streams' Pinned is set to.
	Pin bool
}

// Call is one call of a Handler or StreamHandler.
type Call struct {
	Method string // "open", "data", "gap", "fin", "conflict", "close"
	Stream uint64 // Stream.Index
	Dir    reassembly.Direction
	Offset int64  // where the direction stood before this call, from 0
	Data   []byte // a copy
	Gap    reassembly.Gap
	Bytes  int64 // of a conflict
	Why    reassembly.Reason
	At     capture.Stamp
}

// String is the call as a line of a transcript.
func (c Call) String() string {
	switch c.Method {
	case "open":
		return fmt.Sprintf("%d open #%d", c.Stream, c.At.Packet)
	case "data":
		text := fmt.Sprintf("%q", c.Data)
		if n := len(c.Data); n > 40 {
			text = fmt.Sprintf("%c*%d", c.Data[0], n)
		}
		return fmt.Sprintf("%d %v %s #%d", c.Stream, c.Dir, text, c.At.Packet)
	case "gap":
		return fmt.Sprintf("%d %v gap %d %v #%d", c.Stream, c.Dir, c.Gap.Bytes, c.Gap.Cause, c.At.Packet)
	case "conflict":
		return fmt.Sprintf("%d %v conflict %d #%d", c.Stream, c.Dir, c.Bytes, c.At.Packet)
	case "close":
		if c.Why.How <= reassembly.RST {
			return fmt.Sprintf("%d close %v by %v #%d", c.Stream, c.Why.How, c.Why.By, c.At.Packet)
		}
		return fmt.Sprintf("%d close %v #%d", c.Stream, c.Why.How, c.At.Packet)
	}
	return fmt.Sprintf("%d %v %s #%d", c.Stream, c.Dir, c.Method, c.At.Packet)
}

// String is the transcript, a line per call.
func (r *Recorder) String() string {
	var b strings.Builder
	for _, c := range r.Calls {
		b.WriteString(c.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Bytes joins what direction d of a stream was handed, a gap as that many of
// the byte fill.
func (r *Recorder) Bytes(stream uint64, d reassembly.Direction, fill byte) []byte {
	var b []byte
	for _, c := range r.Calls {
		if c.Stream != stream || c.Dir != d {
			continue
		}
		b = append(b, c.Data...)
		for range c.Gap.Bytes {
			b = append(b, fill)
		}
	}
	return b
}

// Open implements reassembly.Handler.
func (r *Recorder) Open(s *reassembly.Stream) reassembly.StreamHandler {
	s.Pinned = r.Pin
	c := Call{Method: "open", Stream: s.Index, At: s.Handshake().First}
	r.Calls = append(r.Calls, c)
	if r.Answer != nil && r.Answer(c) != nil {
		return nil
	}
	return &streamRecorder{r: r, stream: s, fresh: true}
}

// Advance implements reassembly.Handler.
func (r *Recorder) Advance(now time.Time) error {
	if now.Before(r.Now) {
		r.fault("time goes back from %v to %v", r.Now, now)
	}
	r.Now = now
	return nil
}

func (r *Recorder) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

type streamRecorder struct {
	r        *Recorder
	stream   *reassembly.Stream
	fresh    bool // nothing but Open was called
	over     bool
	finished [2]bool
	offset   [2]int64
}

// take writes c down and answers it.
func (s *streamRecorder) take(c Call) error {
	c.Stream = s.stream.Index
	if s.over {
		s.r.fault("call after the end: %v", c)
	}
	if c.Method != "close" && s.finished[c.Dir] {
		s.r.fault("call after the FIN: %v", c)
	}
	c.Offset = s.offset[c.Dir]
	s.offset[c.Dir] += int64(len(c.Data)) + c.Gap.Bytes
	s.fresh = false
	s.r.Calls = append(s.r.Calls, c)
	var err error
	if s.r.Answer != nil {
		err = s.r.Answer(c)
	}
	s.over = s.over || err != nil || c.Method == "close"
	return err
}

func (s *streamRecorder) Data(d reassembly.Direction, b []byte, at capture.Stamp) error {
	if len(b) == 0 {
		s.r.fault("empty data of stream %d", s.stream.Index)
	}
	return s.take(Call{Method: "data", Dir: d, Data: append([]byte(nil), b...), At: at})
}

func (s *streamRecorder) Gap(d reassembly.Direction, g reassembly.Gap, at capture.Stamp) error {
	if g.Bytes < 1 {
		s.r.fault("gap of %d bytes in stream %d", g.Bytes, s.stream.Index)
	}
	return s.take(Call{Method: "gap", Dir: d, Gap: g, At: at})
}

func (s *streamRecorder) FIN(d reassembly.Direction, at capture.Stamp) error {
	err := s.take(Call{Method: "fin", Dir: d, At: at})
	s.finished[d] = true
	return err
}

func (s *streamRecorder) Conflict(d reassembly.Direction, n int64, at capture.Stamp) error {
	if n < 1 {
		s.r.fault("conflict of %d bytes in stream %d", n, s.stream.Index)
	}
	return s.take(Call{Method: "conflict", Dir: d, Bytes: n, At: at})
}

func (s *streamRecorder) Close(why reassembly.Reason, at capture.Stamp) error {
	if s.fresh {
		s.r.fault("stream %d closed without data or gap", s.stream.Index)
	}
	return s.take(Call{Method: "close", Why: why, At: at})
}
