package dfilter

// Binding powers of the operators: the higher, the tighter.
const (
	bindOr = iota + 1
	bindXor
	bindAnd
	bindNot
	bindRelation
	bindBits
	bindSum
	bindProduct
	bindSign
)

// infix is the binding power of the operators that stand between operands; 0
// for those that don't.
func infix(op string) int {
	switch op {
	case "||":
		return bindOr
	case "^^":
		return bindXor
	case "&&":
		return bindAnd
	case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "contains", "~", "in":
		return bindRelation
	case "&":
		return bindBits
	case "+", "-":
		return bindSum
	case "*", "/", "%":
		return bindProduct
	}
	return 0
}

// maxDepth bounds how deep expressions are nested, since parsing and
// evaluation recurse.
const maxDepth = 200

// parser is a Pratt parser: each operator knows how tightly it binds.
type parser struct {
	lexer
	tok   token // the one to be looked at
	depth int
}

// parse reads a whole filter.
func parse(src string) (expr, *Error) {
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, span{0, 1}.fault("the filter is empty")
	}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected()
	}
	return e, nil
}

func (p *parser) advance() (err *Error) {
	p.tok, err = p.lexer.next()
	return err
}

// accept steps over the operator text, if it is next.
func (p *parser) accept(text string) (bool, *Error) {
	if !p.tok.is(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(text string) *Error {
	ok, err := p.accept(text)
	if err == nil && !ok {
		return p.missing(text)
	}
	return err
}

func (p *parser) missing(what string) *Error {
	if p.tok.kind == tokEnd {
		return p.tok.span.fault("the filter ends where %q is expected", what)
	}
	return p.tok.span.fault("%s where %q is expected", p.src[p.tok.span.pos:p.tok.span.pos+p.tok.span.len], what)
}

func (p *parser) unexpected() *Error {
	if p.tok.kind == tokEnd {
		return p.tok.span.fault("the filter ends where a field or value is expected")
	}
	text := p.src[p.tok.span.pos : p.tok.span.pos+p.tok.span.len]
	switch text {
	case "=":
		return p.tok.span.fault(`"=" is no operator: compare with ==`)
	case "@", "$":
		return p.tok.span.fault("%q is unexpected here: raw values (@) and references ($) are not supported", text)
	}
	return p.tok.span.fault("%q is unexpected here", text)
}

// expression reads as far as operators bind tighter than min.
func (p *parser) expression(min int) (expr, *Error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.tok.span.fault("the filter is nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	for length := 0; ; length++ {
		if length > maxDepth*10 {
			return nil, p.tok.span.fault("the filter has too many terms: use a set, as in tcp.port in {80, 443}")
		}
		op := p.tok
		bind := infix(op.text)
		if op.kind != tokPunct {
			return left, nil
		}
		if op.text == "!" { // x not in {...}
			bind = bindRelation
		}
		if bind == 0 || bind <= min {
			return left, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		switch {
		case op.text == "!":
			if !p.tok.is("in") {
				return nil, op.span.fault("%q is unexpected here", p.src[op.span.pos:op.span.pos+op.span.len])
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
			m, err := p.membership("", left)
			if err != nil {
				return nil, err
			}
			left = &negation{m, m.at()}
		case op.text == "in":
			left, err = p.membership("", left)
		case bind == bindRelation:
			left, err = p.relation("", left, op)
		default:
			var right expr
			if right, err = p.expression(bind); err != nil {
				return nil, err
			}
			if bind < bindNot {
				left = &logic{op.text, left, right}
			} else {
				left = &arithmetic{op.text, left, right}
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// relation reads the right side of left op, and further ones that are chained
// to it: a < b < c is a < b && b < c.
func (p *parser) relation(quantifier string, left expr, op token) (expr, *Error) {
	var all expr
	for {
		right, err := p.expression(bindRelation)
		if err != nil {
			return nil, err
		}
		var r expr = &relation{quantifier, op.text, op.span, left, right, left.at().to(right.at())}
		if all != nil {
			r = &logic{"&&", all, r}
		}
		all, left, op = r, right, p.tok
		if op.kind != tokPunct || infix(op.text) != bindRelation || op.text == "in" {
			return all, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// membership reads the set of left in.
func (p *parser) membership(quantifier string, left expr) (expr, *Error) {
	m := &member{quantifier: quantifier, left: left}
	if err := p.expect("{"); err != nil {
		return nil, err
	}
	for {
		if p.tok.is("}") && len(m.set) > 0 {
			m.span = left.at().to(p.tok.span)
			return m, p.advance()
		}
		low, err := p.expression(bindBits)
		if err != nil {
			return nil, err
		}
		e := element{low: low}
		ranged, err := p.accept("..")
		if err != nil {
			return nil, err
		}
		if ranged {
			if e.high, err = p.expression(bindBits); err != nil {
				return nil, err
			}
		}
		m.set = append(m.set, e)
		if _, err := p.accept(","); err != nil { // older versions have spaces only
			return nil, err
		}
		if p.tok.kind == tokEnd {
			return nil, p.missing("}")
		}
	}
}

// prefix reads an operand with what stands before it.
func (p *parser) prefix() (expr, *Error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case t.is("!"):
		x, err := p.expression(bindNot)
		if err != nil {
			return nil, err
		}
		return &negation{x, t.span.to(x.at())}, nil
	case t.is("-"), t.is("+"):
		x, err := p.expression(bindSign)
		if err != nil || t.text == "+" {
			return x, err
		}
		return &minus{x, t.span.to(x.at())}, nil
	case t.is("any"), t.is("all"):
		return p.quantified(t)
	case t.is("("), t.is("{"):
		x, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		closing := map[string]string{"(": ")", "{": "}"}[t.text]
		if err := p.expect(closing); err != nil {
			return nil, err
		}
		return p.postfix(x)
	case t.kind == tokWord:
		return p.word(t)
	case t.kind == tokPunct || t.kind == tokEnd:
		p.tok = t
		return nil, p.unexpected()
	}
	return &literal{t.kind, t.text, t.span}, nil
}

// quantified reads what any or all stands before: a relation.
func (p *parser) quantified(t token) (expr, *Error) {
	x, err := p.expression(bindRelation)
	if err != nil {
		return nil, err
	}
	op := p.tok
	if op.kind != tokPunct || infix(op.text) != bindRelation {
		return nil, t.span.fault("%q stands before a comparison, as in %s tcp.port > 1024", t.text, t.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if op.text == "in" {
		return p.membership(t.text, x)
	}
	return p.relation(t.text, x, op)
}

// word reads what begins with a word: a field, a function, or a literal.
func (p *parser) word(t token) (expr, *Error) {
	if p.tok.is("(") && p.tok.span.pos == t.span.pos+t.span.len {
		c, err := p.arguments(t)
		if err != nil {
			return nil, err
		}
		return p.postfix(c)
	}
	def := lookup(t.text)
	if def == nil {
		return &literal{t.kind, t.text, t.span}, nil
	}
	return p.postfix(&field{def: def, name: def.Name, span: t.span})
}

func (p *parser) arguments(name token) (expr, *Error) {
	c := &call{name: name.text, nameAt: name.span}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.tok.is(")") {
		if len(c.args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.expression(bindRelation)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
	}
	c.span = name.span.to(p.tok.span)
	return c, p.advance()
}

// postfix reads the layer and the slices behind an operand.
func (p *parser) postfix(x expr) (expr, *Error) {
	for {
		switch {
		case p.tok.is("#"):
			f, ok := x.(*field)
			if !ok || len(f.layer) > 0 {
				return nil, p.unexpected()
			}
			layer, err := p.layer()
			if err != nil {
				return nil, err
			}
			f.layer = layer
			f.span.len = p.tok.span.pos - f.span.pos
		case p.tok.is("["):
			parts, end, err := p.bounds()
			if err != nil {
				return nil, err
			}
			x = &slice{x, parts, x.at().to(end)}
		default:
			return x, nil
		}
	}
}
