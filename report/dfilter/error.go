package dfilter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is a fault in a display filter.
type Error struct {
	// Expr is the filter, Pos the byte at which the fault begins and Len its
	// length in bytes, 1 at least; Pos is len(Expr) where something is missing
	// at the end.
	Expr     string
	Pos, Len int
	// Message says what is wrong, on one line, without the place.
	Message string
}

// Error implements error.
func (e *Error) Error() string { return "display filter: " + e.Message }

// Caret is the filter on a line of its own, and below it a line of carets and
// tildes that points at the fault, as tshark prints it. Both lines are indented
// by four spaces and end without a line end. Control characters of the filter
// are shown as spaces.
func (e *Error) Caret() string {
	shown := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, e.Expr)
	pos := min(max(e.Pos, 0), len(e.Expr))
	end := min(pos+max(e.Len, 1), len(e.Expr))
	before := utf8.RuneCountInString(e.Expr[:pos])
	width := max(utf8.RuneCountInString(e.Expr[pos:end]), 1)
	return "    " + shown + "\n    " + strings.Repeat(" ", before) + "^" + strings.Repeat("~", width-1)
}

// span is a part of the filter's text.
type span struct{ pos, len int }

// to is the span from the beginning of s to the end of end.
func (s span) to(end span) span { return span{s.pos, end.pos + end.len - s.pos} }

// fault makes the error that its filter's text is put into later.
func (s span) fault(format string, args ...any) *Error {
	return &Error{Pos: s.pos, Len: max(s.len, 1), Message: fmt.Sprintf(format, args...)}
}
