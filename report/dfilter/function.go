package dfilter

import (
	"slices"
	"strings"

	"wstap/report"
)

// function is a function of the language.
type function struct {
	name     string
	min, max int // number of arguments
	compile  func(c *compiler, e *call, args []*operand) (*operand, *Error)
}

// functions are the functions of Wireshark 4.0, and vals, dec and hex of 4.4.
func functions() []function {
	return []function{
		{"len", 1, 1, (*compiler).len},
		{"count", 1, 1, (*compiler).count},
		{"upper", 1, 1, (*compiler).letters},
		{"lower", 1, 1, (*compiler).letters},
		{"string", 1, 1, (*compiler).string},
		{"vals", 1, 1, (*compiler).vals},
		{"dec", 1, 1, (*compiler).digits},
		{"hex", 1, 1, (*compiler).digits},
		{"abs", 1, 1, (*compiler).abs},
		{"min", 1, 64, (*compiler).extreme},
		{"max", 1, 64, (*compiler).extreme},
	}
}

func (c *compiler) call(e *call) (*operand, *Error) {
	all := functions()
	i := slices.IndexFunc(all, func(f function) bool { return f.name == e.name })
	if i < 0 {
		names := make([]string, len(all))
		for i, f := range all {
			names[i] = f.name
		}
		if near := report.Nearest(e.name, names); near != "" {
			return nil, e.nameAt.fault("function %s does not exist: did you mean %s?", e.name, near)
		}
		return nil, e.nameAt.fault("function %s does not exist: there are %s", e.name, strings.Join(names, ", "))
	}
	f := all[i]
	if n := len(e.args); n < f.min || n > f.max {
		return nil, e.span.fault("%s wants %d argument, not %d", f.name, f.min, n)
	}
	// The arguments of min and max share a type, which fields have and
	// literals take.
	var like *operand
	args := make([]*operand, len(e.args))
	for _, literals := range []bool{false, true} {
		for i, a := range e.args {
			if constant(a) != literals {
				continue
			}
			if literals && like == nil {
				return nil, a.at().fault("%s wants a field, not the constant %s", f.name, a)
			}
			o, err := c.operand(a, like)
			if err != nil {
				return nil, err
			}
			if args[i] = o; like == nil {
				like = o
			}
		}
	}
	return f.compile(c, e, args)
}

// result is an operand of type t with the values that f makes of those of in.
func (e *call) result(in *operand, t Type, f func(x *Context, v *Value) (Value, bool)) *operand {
	var buf []Value
	return &operand{typ: t, name: e.String(), at: e.span, values: func(x *Context) []Value {
		buf = buf[:0]
		values := in.values(x)
		for i := range values {
			if v, ok := f(x, &values[i]); ok {
				buf = append(buf, v)
			}
		}
		return buf
	}}
}

func (e *call) refuse(in *operand, wants string) *Error {
	return in.at.fault("%s wants %s, and %s is a %s", e.name, wants, in.name, in.typ.pretty())
}

func (c *compiler) len(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	width := uint64(in.typ.width())
	if in.typ == None || in.typ == Protocol && in.def != nil && in.def.octets == nil {
		return nil, e.refuse(in, "bytes or a string")
	}
	return e.result(in, Int, func(_ *Context, v *Value) (Value, bool) {
		if width == 0 {
			return Value{Type: Int, Num: uint64(len(v.Octets))}, true
		}
		return Value{Type: Int, Num: width}, true
	}), nil
}

func (c *compiler) count(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	var one [1]Value
	return &operand{typ: Int, name: e.String(), at: e.span, values: func(x *Context) []Value {
		n := len(in.values(x))
		if n == 0 {
			return nil // a field that is named must be there
		}
		one[0] = Value{Type: Int, Num: uint64(n)}
		return one[:]
	}}, nil
}

func (c *compiler) letters(e *call, args []*operand) (*operand, *Error) {
	if args[0].typ != String {
		return nil, e.refuse(args[0], "a string")
	}
	from, to := byte('a'), byte('z')
	if e.name == "lower" {
		from, to = 'A', 'Z'
	}
	return e.result(args[0], String, func(x *Context, v *Value) (Value, bool) {
		start := len(x.arena)
		for _, b := range v.Octets {
			if b >= from && b <= to {
				b ^= 'a' - 'A'
			}
			x.arena = append(x.arena, b)
		}
		return Value{Type: String, Octets: x.arena[start:]}, true
	}), nil
}

func (c *compiler) string(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	if in.typ == None || in.typ.octets() && in.typ != Ether {
		return nil, e.refuse(in, "a field that is neither text nor bytes")
	}
	return e.result(in, String, func(x *Context, v *Value) (Value, bool) {
		start := len(x.arena)
		x.arena = v.append(x.arena, false)
		return Value{Type: String, Octets: x.arena[start:]}, true
	}), nil
}

func (c *compiler) vals(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	if in.def == nil || in.def.Names == nil {
		return nil, e.refuse(in, "a field whose values have names")
	}
	return e.result(in, String, func(x *Context, v *Value) (Value, bool) {
		name := in.def.name(v.Num)
		return Value{Type: String, Octets: x.text(name)}, name != ""
	}), nil
}

func (c *compiler) digits(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	if !in.typ.integer() {
		return nil, e.refuse(in, "an integer")
	}
	return e.result(in, String, func(x *Context, v *Value) (Value, bool) {
		start := len(x.arena)
		x.arena = v.append(x.arena, e.name == "hex")
		return Value{Type: String, Octets: x.arena[start:]}, true
	}), nil
}

func (c *compiler) abs(e *call, args []*operand) (*operand, *Error) {
	in := args[0]
	if !in.typ.integer() && in.typ != RelativeTime {
		return nil, e.refuse(in, "a number")
	}
	return e.result(in, in.typ, func(_ *Context, v *Value) (Value, bool) {
		if v.Type.signed() {
			v.Num = magnitude(int64(v.Num))
		}
		return *v, true
	}), nil
}

func (c *compiler) extreme(e *call, args []*operand) (*operand, *Error) {
	sign := 1
	if e.name == "min" {
		sign = -1
	}
	for _, a := range args {
		if a.typ == None || a.typ == Protocol {
			return nil, e.refuse(a, "values")
		}
		if a.typ.class() != args[0].typ.class() {
			return nil, a.at.fault("the arguments of %s must have the same type: %s and %s are of others", e.name, args[0].name, a.name)
		}
	}
	var one [1]Value
	return &operand{typ: resultType(args[0].typ), name: e.String(), at: e.span, values: func(x *Context) []Value {
		found := false
		for _, a := range args {
			values := a.values(x)
			for i := range values {
				if !found || order(&values[i], &one[0])*sign > 0 {
					one[0], found = values[i], true
				}
			}
		}
		if !found {
			return nil
		}
		return one[:]
	}}, nil
}

// octetsOf are the bytes of v that slices and functions see.
func (x *Context) octetsOf(v *Value) []byte {
	if v.Type != IPv4 {
		return v.Octets
	}
	start := len(x.arena)
	x.arena = append(x.arena, byte(v.Num>>24), byte(v.Num>>16), byte(v.Num>>8), byte(v.Num))
	return x.arena[start:]
}
