package report

import (
	"wstap/capture"
	"wstap/wsframe"
)

// Started is the first event of a run: the capture's first packet was read.
// Sinks count relative times from it.
type Started struct{ M wsframe.Meta }

// Summary is the last event of a run. M is the stamp of the last packet read.
type Summary struct {
	M       wsframe.Meta
	Capture capture.Stats
	// Streams counts TCP conversations, Connections the WebSocket ones
	// (refused upgrades among them).
	Streams, Connections uint64
	Frames, Messages     uint64
	// Limits are the bounds that were reached, in a fixed order; those that
	// were not are left out.
	Limits []LimitHit
}

// LimitHit says how often a bound was reached.
type LimitHit struct {
	Name  string // a slug
	Count uint64
}

// Meta implements wsframe.Event.
func (e *Started) Meta() *wsframe.Meta { return &e.M }

// Meta implements wsframe.Event.
func (e *Summary) Meta() *wsframe.Meta { return &e.M }
