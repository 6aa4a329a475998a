//go:build !cgo

package capture

import "errors"

// Filter is a capture filter. This build has none.
type Filter struct{}

// CompileFilter fails: compiling a capture filter is libpcap's work.
func CompileFilter(expr string, link LinkType, snaplen int) (*Filter, error) {
	return nil, errors.New("capture filters need libpcap: build with CGO_ENABLED=1")
}

// Match is never called, as there is no Filter.
func (f *Filter) Match(Packet) bool { return false }
