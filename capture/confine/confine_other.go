//go:build !linux || !cgo

package confine

import "errors"

// errElsewhere is what Try fails with where nothing can be confined.
var errElsewhere = errors.New("privileges are dropped on Linux only")

// Apply does nothing on other systems than Linux. A build without cgo captures
// nothing, and has nothing to drop.
func (Plan) Apply() (Outcome, error) { return Outcome{}, nil }

// Try fails.
func Try(User, ...string) error { return errElsewhere }
