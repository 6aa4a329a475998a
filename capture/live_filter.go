package capture

import (
	"fmt"
	"strings"
)

// FilterError says that a capture filter could not be compiled.
type FilterError struct {
	Expr string // as it was given
	Err  error  // what libpcap says
}

// displayField is what display filters are made of and capture filters never
// are: a field name with a dot, or an operator that is a word.
const displayField = `(?:^|[\s(!])(?:(?:websocket|wstap|frame|eth|vlan|ip|ipv6|tcp|http|tls)\.[a-z]|websocket\b|contains\b|matches\b)`

// Error is one line; it points to the display filter where one was typed.
func (e *FilterError) Error() string {
	why := strings.TrimPrefix(e.Err.Error(), "can't parse filter expression: ")
	s := fmt.Sprintf("bad capture filter %q: %s", e.Expr, why)
	if matches(displayField, e.Expr) {
		s += " (this looks like a display filter: give it to -Y)"
	}
	return s
}

// Unwrap gives libpcap's words.
func (e *FilterError) Unwrap() error { return e.Err }
