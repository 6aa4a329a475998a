//go:build !cgo

package capture

import (
	"errors"
	"os"
)

// ErrNoLive is what OpenLive and Devices fail with in a build without libpcap.
var ErrNoLive = errors.New("live capture is not in this build: it was made with CGO_ENABLED=0; install libpcap-dev and a C compiler, then build with CGO_ENABLED=1")

// Live stands in for live capture. There is never one to use.
type Live struct{}

var _ Source = (*Live)(nil)

// OpenLive fails with ErrNoLive.
func OpenLive(LiveOptions) (*Live, error) { return nil, ErrNoLive }

// Devices fails with ErrNoLive.
func Devices() ([]Device, error) { return nil, ErrNoLive }

// Next implements Source.
func (*Live) Next() (Packet, error) { return Packet{}, os.ErrClosed }

// Link implements what Live does with libpcap.
func (*Live) Link() LinkType { return 0 }

// Interfaces implements what Live does with libpcap.
func (*Live) Interfaces() []Interface { return nil }

// Stats implements what Live does with libpcap.
func (*Live) Stats() Stats { return Stats{} }

// Close implements Source.
func (*Live) Close() error { return nil }
