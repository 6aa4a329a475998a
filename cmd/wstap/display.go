package main

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wstap/capture"
	"wstap/report"
	"wstap/report/dfilter"
	"wstap/wsframe"
)

// display is what is shown of a run: the frames that pass a filter, and the
// fields that the filter and the tables look at.
type display struct {
	filter *dfilter.Filter // nil without one
	x      *dfilter.Context
	tables bool // there are some
}

// display compiles the display filter of f.
func (p *program) display(f *flags) (*display, error) {
	d := &display{x: &dfilter.Context{}}
	if strings.TrimSpace(f.display) == "" {
		return d, nil
	}
	var err error
	if d.filter, err = dfilter.Compile(f.display, dfilter.Options{Local: time.Local}); err != nil {
		return nil, err
	}
	d.filter.Require(d.x)
	return d, nil
}

// sink puts the filter before next, once all tables are made.
func (d *display) sink(next wsframe.Sink) wsframe.Sink {
	switch {
	case d.filter != nil:
		return dfilter.NewSink(d.filter, d.x, next)
	case d.tables:
		return observer{d.x, next}
	}
	return next
}

// history is what remembers headers of packets; nil where nothing asks for them.
func (d *display) history() *capture.History {
	if !d.x.NeedsPackets() {
		return nil
	}
	h := &capture.History{Sequences: d.x.NeedsSequences()}
	d.x.Packets = h
	return h
}

// observer keeps the fields up to date where no filter does.
type observer struct {
	x    *dfilter.Context
	next wsframe.Sink
}

// Emit implements wsframe.Sink.
func (o observer) Emit(e wsframe.Event) error {
	o.x.Observe(e)
	return o.next.Emit(e)
}

// Close implements wsframe.Sink.
func (o observer) Close() error { return o.next.Close() }

// words takes the arguments of a command for a display filter, unless they are
// rather a file, or a command that was mistyped.
func (f *flags) words(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	words := strings.Join(args, " ")
	_, err := dfilter.Compile(words, dfilter.Options{})
	_, statErr := os.Stat(args[0])
	switch {
	case err != nil && (statErr == nil || len(args) == 1 && isWord(args[0])):
		return unexpected(cmd, args)
	case f.display != "":
		return usagef("the display filter is given twice: by -Y %s, and as %s", f.display, words)
	}
	f.display = words
	return nil
}

// isWord reports whether s is letters only, as commands are.
func isWord(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz-") == ""
}

// point shows where a display filter is wrong.
func (p *program) point(e *dfilter.Error) {
	for line := range strings.Lines(e.Caret() + "\n") {
		b, _, _ := p.escaper().Append(nil, []byte(strings.TrimSuffix(line, "\n")), report.Unbounded)
		p.stderr.Write(append(b, '\n'))
	}
}
