package dfilter

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// test decides about the frame that the context stands at.
type test func(*Context) bool

// compiler checks the types of a filter and turns it into tests.
type compiler struct {
	local *time.Location
	need  need
}

// test compiles what is true or false.
func (c *compiler) test(e expr) (test, *Error) {
	switch e := e.(type) {
	case *logic:
		left, err := c.test(e.left)
		if err != nil {
			return nil, err
		}
		right, err := c.test(e.right)
		if err != nil {
			return nil, err
		}
		switch e.op {
		case "&&":
			return func(x *Context) bool { return left(x) && right(x) }, nil
		case "||":
			return func(x *Context) bool { return left(x) || right(x) }, nil
		}
		return func(x *Context) bool { return left(x) != right(x) }, nil
	case *negation:
		inner, err := c.test(e.x)
		if err != nil {
			return nil, err
		}
		return func(x *Context) bool { return !inner(x) }, nil
	case *relation:
		return c.relation(e)
	case *member:
		return c.member(e)
	case *field, *slice:
		o, err := c.operand(e, nil)
		if err != nil {
			return nil, err
		}
		return func(x *Context) bool { return len(o.values(x)) > 0 }, nil
	case *arithmetic:
		if e.op != "&" {
			return nil, e.at().fault("a sum is no test: compare it, as in %s == 0", e)
		}
		o, err := c.operand(e, nil)
		if err != nil {
			return nil, err
		}
		return func(x *Context) bool {
			for _, v := range o.values(x) {
				if v.truth() {
					return true
				}
			}
			return false
		}, nil
	case *call:
		if _, err := c.operand(e, nil); err != nil {
			return nil, err
		}
		return nil, e.nameAt.fault("a function is no test: compare what it returns, as in len(websocket.payload) > 100")
	case *literal:
		return nil, c.unknown(e)
	}
	return nil, e.at().fault("%s is no test", e)
}

// unknown is the error for a literal where a field is expected.
func (c *compiler) unknown(e *literal) *Error {
	err := e.span.fault("%s is neither a field nor a protocol name", e)
	if e.kind != tokWord {
		return err
	}
	if near := Suggest(e.text); near != "" {
		err.Message += ": did you mean " + near + "?"
	} else if !strings.ContainsAny(e.text[:1], "0123456789") {
		err.Message += ": wstap fields lists those there are"
	}
	return err
}

// operand is a compiled expression that has values.
type operand struct {
	typ  Type
	def  *Field // the field whose value names apply; nil without one
	name string // for error messages
	at   span
	// values returns the values in the frame that x stands at: none where the
	// field is absent. They are valid until it is called again.
	values func(x *Context) []Value
	// num is values where there is at most one and it is an integer; else nil.
	num func(x *Context) (uint64, bool)
	// constant is the one value of a literal; nil for all else.
	constant *Value
}

// constant reports whether e has no field or function in it.
func constant(e expr) bool {
	switch e := e.(type) {
	case *literal:
		return true
	case *minus:
		return constant(e.x)
	case *arithmetic:
		return constant(e.left) && constant(e.right)
	}
	return false
}

// pair compiles two operands that stand beside each other, so that literals get
// the type of the other side.
func (c *compiler) pair(left, right expr, like *operand) (l, r *operand, err *Error) {
	if constant(left) && !constant(right) {
		if r, err = c.operand(right, like); err == nil {
			l, err = c.operand(left, r)
		}
		return l, r, err
	}
	if l, err = c.operand(left, like); err == nil {
		if like == nil || !constant(left) {
			like = l
		}
		r, err = c.operand(right, like)
	}
	return l, r, err
}

// compare are the relations of order, by what order returns.
var compare = map[string]func(int) bool{
	"==":  func(c int) bool { return c == 0 },
	"===": func(c int) bool { return c == 0 },
	"!=":  func(c int) bool { return c != 0 },
	"!==": func(c int) bool { return c != 0 },
	"<":   func(c int) bool { return c < 0 },
	"<=":  func(c int) bool { return c <= 0 },
	">":   func(c int) bool { return c > 0 },
	">=":  func(c int) bool { return c >= 0 },
}

func (c *compiler) relation(e *relation) (test, *Error) {
	if constant(e.left) && constant(e.right) {
		if word, ok := e.left.(*literal); ok {
			return nil, c.unknown(word)
		}
		return nil, e.span.fault("this compares two constants: one side must be a field")
	}
	if e.op == "~" {
		return c.matches(e)
	}
	l, r, err := c.pair(e.left, e.right, nil)
	if err != nil {
		return nil, err
	}
	holds := func(a, b *Value) bool { return bytes.Contains(a.Octets, b.Octets) }
	every := e.quantifier == "all"
	if e.op == "contains" {
		if !l.typ.octets() {
			return nil, l.at.fault("%s (%s) cannot be searched with contains: convert it, as in string(%s)", l.name, l.typ.pretty(), l.name)
		}
	} else {
		is := compare[e.op]
		holds = func(a, b *Value) bool { return is(order(a, b)) }
		every = every || e.quantifier == "" && (e.op == "!=" || e.op == "===")
	}
	if err := comparable(l, r); err != nil {
		return nil, err
	}
	if t := fast(e.op, l, r); t != nil {
		return t, nil
	}
	return func(x *Context) bool {
		left := l.values(x)
		if len(left) == 0 {
			return false
		}
		right := r.values(x)
		if len(right) == 0 {
			return false
		}
		for i := range left {
			for j := range right {
				if holds(&left[i], &right[j]) != every {
					return !every
				}
			}
		}
		return every
	}, nil
}

// comparable reports why l and r cannot be compared with each other.
func comparable(l, r *operand) *Error {
	if l.typ == None || l.typ == Protocol && l.def != nil && l.def.octets == nil {
		return l.at.fault("%s (%s) has no value to compare with: test whether it is there by its name alone", l.name, l.typ.pretty())
	}
	if l.typ.class() != r.typ.class() {
		return r.at.fault("%s (%s) and %s (%s) are not of compatible types", l.name, l.typ.pretty(), r.name, r.typ.pretty())
	}
	return nil
}

// fast is the test of one integer against a constant: the filter that most
// people write. It is nil where that is not what l and r are.
func fast(op string, l, r *operand) test {
	num, k := l.num, r.constant
	if num == nil || k == nil || k.bits != 0 || l.typ.signed() || k.Type.signed() {
		return nil
	}
	n := k.Num
	switch op {
	case "==", "===":
		return func(x *Context) bool { v, ok := num(x); return ok && v == n }
	case "!=", "!==":
		return func(x *Context) bool { v, ok := num(x); return ok && v != n }
	case "<":
		return func(x *Context) bool { v, ok := num(x); return ok && v < n }
	case "<=":
		return func(x *Context) bool { v, ok := num(x); return ok && v <= n }
	case ">":
		return func(x *Context) bool { v, ok := num(x); return ok && v > n }
	case ">=":
		return func(x *Context) bool { v, ok := num(x); return ok && v >= n }
	}
	return nil
}

func (c *compiler) matches(e *relation) (test, *Error) {
	pattern, ok := e.right.(*literal)
	if !ok || pattern.kind != tokString && pattern.kind != tokRaw {
		return nil, e.right.at().fault("matches wants a string in double quotes on the right")
	}
	l, err := c.operand(e.left, nil)
	if err != nil {
		return nil, err
	}
	if !l.typ.octets() || l.typ == Protocol && l.def.octets == nil {
		return nil, l.at.fault("%s (%s) cannot be searched with matches: convert it, as in string(%s)", l.name, l.typ.pretty(), l.name)
	}
	re, reErr := regexp.Compile("(?i)" + pattern.text)
	if reErr != nil {
		return nil, pattern.span.fault("%s", regexpFault(reErr))
	}
	every := e.quantifier == "all"
	return func(x *Context) bool {
		left := l.values(x)
		for i := range left {
			if re.Match(left[i].Octets) != every {
				return !every
			}
		}
		return every && len(left) > 0
	}, nil
}

// regexpFault says why a pattern was refused. Wireshark's expressions are those
// of PCRE2; here they are RE2's, which match in linear time and therefore lack
// lookaround and backreferences.
func regexpFault(err error) string {
	text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	switch {
	case strings.Contains(text, "(?=") || strings.Contains(text, "(?!") || strings.Contains(text, "(?<=") || strings.Contains(text, "(?<!"):
		return "regular expressions here are RE2's, which has no lookaround: " + text
	case strings.Contains(text, "invalid escape sequence: `\\") && strings.ContainsAny(text[len(text)-2:], "123456789"):
		return "regular expressions here are RE2's, which has no backreferences: " + text
	}
	return "not a regular expression: " + text
}

// limits are an element of a set, compiled; high is nil for a single value.
type limits struct{ low, high *operand }

func (c *compiler) member(e *member) (test, *Error) {
	if constant(e.left) {
		if word, ok := e.left.(*literal); ok {
			return nil, c.unknown(word)
		}
		return nil, e.left.at().fault("the left side of in must be a field")
	}
	l, err := c.operand(e.left, nil)
	if err != nil {
		return nil, err
	}
	var set []limits
	for _, el := range e.set {
		var s limits
		if s.low, err = c.operand(el.low, l); err != nil {
			return nil, err
		}
		if err = comparable(l, s.low); err != nil {
			return nil, err
		}
		if el.high != nil {
			if s.high, err = c.operand(el.high, l); err != nil {
				return nil, err
			}
			if err = comparable(l, s.high); err != nil {
				return nil, err
			}
		}
		set = append(set, s)
	}
	every := e.quantifier == "all"
	return func(x *Context) bool {
		left := l.values(x)
		for i := range left {
			if within(x, &left[i], set) != every {
				return !every
			}
		}
		return every && len(left) > 0
	}, nil
}

func within(x *Context, v *Value, set []limits) bool {
	for _, s := range set {
		low := s.low.values(x)
		for i := range low {
			if s.high == nil {
				if order(v, &low[i]) == 0 {
					return true
				}
				continue
			}
			if order(v, &low[i]) < 0 {
				continue
			}
			high := s.high.values(x)
			for j := range high {
				if order(v, &high[j]) <= 0 {
					return true
				}
			}
		}
	}
	return false
}
