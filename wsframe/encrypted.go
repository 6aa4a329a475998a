package wsframe

import (
	"wstap/capture"
	"wstap/reassembly"
)

// Encrypted says that a TCP stream has carried TLS of which no application
// data could be read, so that nobody knows what was inside. It comes when the
// stream has ended, and belongs to no connection. Stream.TLS says who talked
// to whom, and what stood in the way.
type Encrypted struct {
	M      Meta
	Stream *reassembly.Stream
}

// Meta implements Event.
func (e *Encrypted) Meta() *Meta { return &e.M }

var _ reassembly.EncryptedHandler = (*Analyzer)(nil)

// Encrypted implements reassembly.EncryptedHandler.
func (a *Analyzer) Encrypted(s *reassembly.Stream, _ reassembly.Reason, at capture.Stamp) error {
	a.stats.Encrypted++
	return a.sink.Emit(&Encrypted{Meta{Stamp: at}, s})
}
