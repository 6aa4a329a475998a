// Package report holds what all ways out share: sinks around sinks, the
// summary, time and number formats, and the one escaper that stands between a
// capture's bytes and a terminal. The ways out themselves are the packages
// below it, each a wsframe.Sink.
package report

import (
	"errors"

	"wstap/wsframe"
)

// Tee is a Sink that hands every event to each of its sinks, in order.
type Tee []wsframe.Sink

var _ wsframe.Sink = Tee(nil)

// Sink is t, or the one sink that it holds: with a call less for each event.
func (t Tee) Sink() wsframe.Sink {
	if len(t) == 1 {
		return t[0]
	}
	return t
}

// Emit stops at the first error and returns it.
func (t Tee) Emit(e wsframe.Event) error {
	for _, s := range t {
		if err := s.Emit(e); err != nil {
			return err
		}
	}
	return nil
}

// Close closes all sinks, whatever the others say, and joins their errors.
func (t Tee) Close() error {
	var errs []error
	for _, s := range t {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Filter is a Sink that hands on the events that Keep accepts.
type Filter struct {
	Keep func(wsframe.Event) bool
	Next wsframe.Sink
}

var _ wsframe.Sink = Filter{}

// Emit implements wsframe.Sink.
func (f Filter) Emit(e wsframe.Event) error {
	if !f.Keep(e) {
		return nil
	}
	return f.Next.Emit(e)
}

// Close implements wsframe.Sink.
func (f Filter) Close() error { return f.Next.Close() }
