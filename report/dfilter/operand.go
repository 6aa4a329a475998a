package dfilter

import (
	"math"
	"math/bits"
	"slices"
)

// operand compiles what has values. A literal takes the type of like, the
// operand beside it; nil where there is none.
func (c *compiler) operand(e expr, like *operand) (*operand, *Error) {
	switch e := e.(type) {
	case *field:
		return c.field(e), nil
	case *literal:
		if like == nil {
			return nil, c.unknown(e)
		}
		if word := e.kind == tokWord; word && like.typ.class() == Bytes && like.typ != String && suggestion(e.text) != "" {
			return nil, c.unknown(e)
		}
		v, err := c.value(e, like.typ, like.def)
		if err != nil {
			return nil, err
		}
		return fixed(v, e.String(), e.span), nil
	case *slice:
		return c.slice(e)
	case *call:
		return c.call(e)
	case *minus:
		return c.minus(e, like)
	case *arithmetic:
		return c.arithmetic(e, like)
	}
	return nil, e.at().fault("%s is a test, where a field or value is expected", e)
}

// fixed is the operand of one value that never changes.
func fixed(v Value, name string, at span) *operand {
	one := []Value{v}
	return &operand{typ: v.Type, name: name, at: at, constant: &one[0], values: func(*Context) []Value { return one }}
}

func (c *compiler) field(e *field) *operand {
	f := e.def
	c.need |= f.need
	o := &operand{typ: f.Type, def: f, name: f.Name, at: e.span, num: f.num}
	var buf []Value
	o.values = func(x *Context) []Value {
		buf = f.Append(x, buf[:0])
		return buf
	}
	if len(e.layer) > 0 {
		// A frame has each protocol once: layer 1 is all there is.
		o.num = nil
		first := slices.ContainsFunc(e.layer, bounds.first1)
		if !first {
			o.values = func(*Context) []Value { return nil }
		}
	}
	return o
}

func (c *compiler) slice(e *slice) (*operand, *Error) {
	in, err := c.operand(e.x, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case in.typ == Protocol && in.def != nil && in.def.octets == nil:
		return nil, in.at.fault("the bytes of %s are not kept: frames of WebSocket are looked at, not packets", in.name)
	case !in.typ.octets() && in.typ != IPv4 && in.typ != IPv6:
		return nil, in.at.fault("%s (%s) cannot be sliced into bytes", in.name, in.typ.pretty())
	}
	parts := e.parts
	var buf []Value
	out := &operand{typ: Bytes, name: e.String(), at: e.span}
	out.values = func(x *Context) []Value {
		buf = buf[:0]
		for _, v := range in.values(x) {
			b := x.octetsOf(&v)
			if len(parts) == 1 {
				if from, to, ok := parts[0].clip(len(b)); ok && from < to {
					buf = append(buf, Value{Type: Bytes, Octets: b[from:to]})
				}
				continue
			}
			start := len(x.arena)
			for _, p := range parts {
				if from, to, ok := p.clip(len(b)); ok {
					x.arena = append(x.arena, b[from:to]...)
				}
			}
			if len(x.arena) > start {
				buf = append(buf, Value{Type: Bytes, Octets: x.arena[start:]})
			}
		}
		return buf
	}
	return out, nil
}

func (c *compiler) minus(e *minus, like *operand) (*operand, *Error) {
	in, err := c.operand(e.x, like)
	if err != nil {
		return nil, err
	}
	if !in.typ.integer() && in.typ != RelativeTime {
		return nil, in.at.fault("%s (%s) has no negative", in.name, in.typ.pretty())
	}
	return derived(in, resultType(in.typ), "-"+in.name, e.span, func(v Value) (Value, bool) {
		n, ok := signedOf(&v)
		if !ok || n == math.MinInt64 {
			return Value{}, false
		}
		return Value{Type: resultType(v.Type), Num: uint64(-n)}, true
	}), nil
}

// resultType is the type of arithmetic on t.
func resultType(t Type) Type {
	if t.integer() {
		return Int
	}
	return t
}

// derived applies f to each value; those for which it has none are left out.
func derived(in *operand, t Type, name string, at span, f func(Value) (Value, bool)) *operand {
	if in.constant != nil {
		if v, ok := f(*in.constant); ok {
			return fixed(v, name, at)
		}
	}
	var buf []Value
	return &operand{typ: t, name: name, at: at, values: func(x *Context) []Value {
		buf = buf[:0]
		for _, v := range in.values(x) {
			if d, ok := f(v); ok {
				buf = append(buf, d)
			}
		}
		return buf
	}}
}

// signedOf is an integer or time as an int64; ok is false beyond its range.
func signedOf(v *Value) (n int64, ok bool) {
	return int64(v.Num), v.Type.signed() || v.Num <= math.MaxInt64
}

func (c *compiler) arithmetic(e *arithmetic, like *operand) (*operand, *Error) {
	l, r, err := c.pair(e.left, e.right, like)
	if err != nil {
		return nil, err
	}
	var apply func(a, b *Value) (Value, bool)
	out := &operand{name: e.String(), at: e.at()}
	switch {
	case e.op == "&" && l.typ.class() == Bytes && r.typ.class() == Bytes && l.typ != Protocol:
		return maskedBytes(l, r, out), nil
	case e.op == "&" && l.typ.class() == r.typ.class() && (l.typ.integer() || l.typ == IPv4):
		out.typ = l.typ
		apply = func(a, b *Value) (Value, bool) { return Value{Type: a.Type, Num: a.Num & b.Num}, true }
	case e.op == "&":
		return nil, l.at.fault("%s (%s) cannot be used with &", l.name, l.typ.pretty())
	case l.typ.integer() && r.typ.integer():
		out.typ = Int
		op := e.op[0]
		apply = func(a, b *Value) (Value, bool) {
			n, ok := calculate(op, a, b)
			return Value{Type: Int, Num: uint64(n)}, ok
		}
	case (e.op == "+" || e.op == "-") && l.typ == RelativeTime && r.typ == RelativeTime:
		out.typ = RelativeTime
		op := e.op[0]
		apply = func(a, b *Value) (Value, bool) {
			n, ok := calculate(op, a, b)
			return Value{Type: RelativeTime, Num: uint64(n)}, ok
		}
	default:
		bad := l
		if l.typ.integer() || l.typ == RelativeTime {
			bad = r
		}
		return nil, bad.at.fault("%s (%s) cannot be used with %s", bad.name, bad.typ.pretty(), e.op)
	}
	if l.constant != nil && r.constant != nil {
		if v, ok := apply(l.constant, r.constant); ok {
			return fixed(v, out.name, out.at), nil
		}
		return nil, e.at().fault("%s has no value", e)
	}
	var buf []Value
	out.values = func(x *Context) []Value {
		buf = buf[:0]
		left, right := l.values(x), r.values(x)
		for i := range left {
			for j := range right {
				if v, ok := apply(&left[i], &right[j]); ok {
					buf = append(buf, v)
				}
			}
		}
		return buf
	}
	return out, nil
}

// calculate is a op b; ok is false where that is no number or too large.
func calculate(op byte, left, right *Value) (n int64, ok bool) {
	a, aOK := signedOf(left)
	b, bOK := signedOf(right)
	if !aOK || !bOK {
		return 0, false
	}
	switch op {
	case '+':
		n = a + b
		return n, (n > a) == (b > 0)
	case '-':
		n = a - b
		return n, (n < a) == (b > 0)
	case '*':
		hi, lo := bits.Mul64(magnitude(a), magnitude(b))
		return a * b, hi == 0 && lo <= math.MaxInt64
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return 0, false
	}
	if op == '/' {
		return a / b, true
	}
	return a % b, true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// maskedBytes is l & r of byte sequences of the same length.
func maskedBytes(l, r, out *operand) *operand {
	out.typ = Bytes
	var buf []Value
	out.values = func(x *Context) []Value {
		buf = buf[:0]
		left, right := l.values(x), r.values(x)
		for i := range left {
			for j := range right {
				a, b := left[i].Octets, right[j].Octets
				if len(a) != len(b) {
					continue
				}
				start := len(x.arena)
				for k := range a {
					x.arena = append(x.arena, a[k]&b[k])
				}
				buf = append(buf, Value{Type: Bytes, Octets: x.arena[start:]})
			}
		}
		return buf
	}
	return out
}
