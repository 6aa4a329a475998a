package capturetest

import (
	"io"

	"wstap/capture"
)

// Source is a capture.Source over packets in memory. It lends each packet in
// the same buffer and overwrites that with 0xdb on the next call, so that a
// reader which keeps lent bytes is found out.
type Source struct {
	pkts []capture.Packet
	lent []byte
}

var _ capture.Source = (*Source)(nil)

// NewSource is a source that yields pkts, which it neither changes nor keeps
// beyond its end.
func NewSource(pkts []capture.Packet) capture.Source { return &Source{pkts: pkts} }

// Next implements capture.Source.
func (s *Source) Next() (capture.Packet, error) {
	for i := range s.lent {
		s.lent[i] = 0xdb
	}
	if len(s.pkts) == 0 {
		return capture.Packet{}, io.EOF
	}
	p := s.pkts[0]
	s.pkts = s.pkts[1:]
	s.lent = append(s.lent[:0], p.Data...)
	p.Data = s.lent
	return p, nil
}

// Close implements capture.Source.
func (s *Source) Close() error {
	s.pkts = nil
	return nil
}
