// Package wsframetest runs packets through decoding, reassembly and analysis,
// and writes down the events as lines of text, for tests to compare.
package wsframetest

import (
	"fmt"
	"strings"
	"testing"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/reassemblytest"
	"wstap/wsframe"
)

// Recorder is a Sink that writes an event a line. Ticks are left out.
type Recorder struct {
	Lines []string
	// Packets adds packet numbers to the lines.
	Packets bool
}

var _ wsframe.Sink = (*Recorder)(nil)

// maxShown bounds the payload bytes of a line; the rest is counted.
const maxShown = 64

// Emit implements wsframe.Sink.
func (r *Recorder) Emit(e wsframe.Event) error {
	var b strings.Builder
	m := e.Meta()
	if m.Conn != nil {
		fmt.Fprintf(&b, "#%d ", m.Conn.Number)
	}
	at := func(first capture.Stamp) {
		switch {
		case !r.Packets:
		case first.Packet != 0 && first.Packet != m.Packet:
			fmt.Fprintf(&b, " @%d-%d", first.Packet, m.Packet)
		default:
			fmt.Fprintf(&b, " @%d", m.Packet)
		}
	}
	switch e := e.(type) {
	case *wsframe.Tick:
		return nil
	case *wsframe.Opened:
		c := m.Conn
		fmt.Fprintf(&b, "opened stream %d %v > %v via %s", c.Stream.Index, c.Client, c.Server, c.Via)
		if c.H2Stream != 0 {
			fmt.Fprintf(&b, " stream %d", c.H2Stream)
		}
		if c.Stream.Origin().IsValid() {
			fmt.Fprintf(&b, " for %v", c.Stream.Origin())
		}
		if c.Proxy != "" {
			fmt.Fprintf(&b, " proxy %s", c.Proxy)
		}
		fmt.Fprintf(&b, " %s %d", c.URL, c.Status)
		for _, s := range []struct{ name, value string }{
			{"accept", c.Accept.String()}, {"subprotocol", c.Subprotocol}, {"extensions", c.Extensions}, {"body", c.Body},
		} {
			if s.value != "" {
				fmt.Fprintf(&b, " %s %q", s.name, s.value)
			}
		}
		if c.Partial {
			b.WriteString(" headers partial")
		}
		if !c.Upgraded {
			b.WriteString(" not upgraded")
		}
		at(capture.Stamp{})
	case *wsframe.Frame:
		fmt.Fprintf(&b, "%v frame %s fin=%t rsv=%d length=%d", e.From, wsframe.OpcodeName(e.Opcode), e.Fin, e.Rsv, e.Length)
		if e.Masked {
			b.WriteString(" masked")
		}
		if e.Missing > 0 {
			fmt.Fprintf(&b, " missing=%d%v", e.Missing, e.Holes)
		}
		if e.Certainty != wsframe.Exact {
			fmt.Fprintf(&b, " %v", e.Certainty)
		}
		if e.Code != 0 {
			fmt.Fprintf(&b, " code=%d", e.Code)
		}
		fmt.Fprintf(&b, " %s", shown(e.Payload))
		at(e.First)
	case *wsframe.Message:
		fmt.Fprintf(&b, "%v message %s frames=%d length=%d", e.From, wsframe.OpcodeName(e.Opcode), e.Frames, e.Length)
		if e.Compressed {
			fmt.Fprintf(&b, " compressed=%d", e.WireLength)
		}
		if e.Inferred {
			b.WriteString(" inferred")
		}
		if e.InvalidUTF8 {
			b.WriteString(" invalid-utf8")
		}
		if !e.Complete {
			fmt.Fprintf(&b, " incomplete: %v", e.Why)
		}
		if e.Certainty != wsframe.Exact {
			fmt.Fprintf(&b, " %v", e.Certainty)
		}
		fmt.Fprintf(&b, " %s", shown(e.Payload))
		at(e.First)
	case *wsframe.Gap:
		fmt.Fprintf(&b, "%v gap of %d, %v", e.From, e.Bytes, e.Cause)
		at(capture.Stamp{})
	case *wsframe.Violation:
		fmt.Fprintf(&b, "%v violates %s (%s): expected %s, found %s", e.From, e.Rule.Code, e.Rule.RFC, e.Expected, e.Found)
		at(capture.Stamp{})
	case *wsframe.Closed:
		fmt.Fprintf(&b, "closed by %s, %s, code %d %q", e.By, e.How, e.Code, e.Reason)
		if e.H2Error != "" {
			fmt.Fprintf(&b, " %s", e.H2Error)
		}
		at(capture.Stamp{})
	default:
		fmt.Fprintf(&b, "unknown event %T", e)
	}
	r.Lines = append(r.Lines, b.String())
	return nil
}

// shown is a payload as a Go string, cut.
func shown(p []byte) string {
	if len(p) > maxShown {
		return fmt.Sprintf("%q+%d", p[:maxShown], len(p)-maxShown)
	}
	return fmt.Sprintf("%q", p)
}

// Close implements wsframe.Sink.
func (r *Recorder) Close() error { return nil }

// String is all lines, each with its line end.
func (r *Recorder) String() string {
	if len(r.Lines) == 0 {
		return ""
	}
	return strings.Join(r.Lines, "\n") + "\n"
}

// Run sends all packets of src to sink, and fails the test on any error.
func Run(tb testing.TB, src capture.Source, sink wsframe.Sink, o wsframe.Options) (wsframe.Stats, reassembly.Stats) {
	tb.Helper()
	return Feed(tb, src, wsframe.NewAnalyzer(sink, o))
}

// Feed sends all packets of src to analyzer, to the end.
func Feed(tb testing.TB, src capture.Source, analyzer *wsframe.Analyzer) (wsframe.Stats, reassembly.Stats) {
	tb.Helper()
	assembler := reassembly.New(analyzer, reassembly.Options{})
	(&reassemblytest.Driver{Assembler: assembler}).Run(tb, src, nil, nil)
	if err := assembler.Close(); err != nil {
		tb.Fatalf("closing: %v", err)
	}
	if err := analyzer.Flush(); err != nil {
		tb.Fatalf("flushing: %v", err)
	}
	return analyzer.Stats(), assembler.Stats()
}
