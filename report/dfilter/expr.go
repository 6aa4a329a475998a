package dfilter

import (
	"strings"
)

// expr is a node of the parsed filter. Its String parses into the same tree.
type expr interface {
	at() span
	String() string
}

type (
	// logic is left && right, ||, or ^^.
	logic struct {
		op          string
		left, right expr
	}
	// negation is !x.
	negation struct {
		x    expr
		span span
	}
	// relation compares. Quantifier is "any", "all" or "".
	relation struct {
		quantifier  string
		op          string
		opAt        span
		left, right expr
		span        span
	}
	// member is left in {set}.
	member struct {
		quantifier string
		left       expr
		set        []element
		span       span
	}
	// element is a value of a set, or the range from low to high.
	element struct{ low, high expr }
	// field names a field; layer tells which of its occurrences count, all
	// where empty.
	field struct {
		def   *Field
		name  string
		layer []bounds
		span  span
	}
	// literal is a constant as it was written.
	literal struct {
		kind kind
		text string
		span span
	}
	// slice is some bytes of x.
	slice struct {
		x     expr
		parts []bounds
		span  span
	}
	// call is a function of its arguments.
	call struct {
		name   string
		nameAt span
		args   []expr
		span   span
	}
	// arithmetic is left + right, -, *, /, % or &.
	arithmetic struct {
		op          string
		left, right expr
	}
	// minus is -x.
	minus struct {
		x    expr
		span span
	}
)

func (e *logic) at() span      { return e.left.at().to(e.right.at()) }
func (e *negation) at() span   { return e.span }
func (e *relation) at() span   { return e.span }
func (e *member) at() span     { return e.span }
func (e *field) at() span      { return e.span }
func (e *literal) at() span    { return e.span }
func (e *slice) at() span      { return e.span }
func (e *call) at() span       { return e.span }
func (e *arithmetic) at() span { return e.left.at().to(e.right.at()) }
func (e *minus) at() span      { return e.span }

func (e *logic) String() string {
	return "(" + e.left.String() + " " + e.op + " " + e.right.String() + ")"
}

func (e *negation) String() string { return "!(" + e.x.String() + ")" }

func (e *relation) String() string {
	return "(" + quantified(e.quantifier, e.left) + " " + e.op + " " + e.right.String() + ")"
}

func (e *member) String() string {
	parts := make([]string, len(e.set))
	for i, s := range e.set {
		parts[i] = s.low.String()
		if s.high != nil {
			parts[i] += " .. " + s.high.String()
		}
	}
	return "(" + quantified(e.quantifier, e.left) + " in {" + strings.Join(parts, ", ") + "})"
}

func quantified(quantifier string, x expr) string {
	if quantifier == "" {
		return x.String()
	}
	return quantifier + " " + x.String()
}

func (e *field) String() string {
	if len(e.layer) == 0 {
		return e.name
	}
	return e.name + "#" + boundsText(e.layer)
}

func (e *literal) String() string {
	switch e.kind {
	case tokRaw:
		return `r"` + e.text + `"`
	case tokString:
		return quoteText(e.text, '"')
	case tokChar:
		return quoteText(e.text, '\'')
	}
	return e.text
}

// quoteText writes a string so that the lexer reads the same bytes.
func quoteText(s string, quote byte) string {
	b := []byte{quote}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\'' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, quote))
}

func (e *slice) String() string { return e.x.String() + boundsText(e.parts) }

func (e *call) String() string {
	args := make([]string, len(e.args))
	for i, a := range e.args {
		args[i] = a.String()
	}
	return e.name + "(" + strings.Join(args, ", ") + ")"
}

func (e *arithmetic) String() string {
	return "{" + e.left.String() + " " + e.op + " " + e.right.String() + "}"
}

func (e *minus) String() string { return "-" + e.x.String() }
