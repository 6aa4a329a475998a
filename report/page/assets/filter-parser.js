// Parses a display filter: the twin of report/dfilter's parser. Nodes are plain
// objects with a type and a span; text(node) prints them as dfilter does.
import {FilterLexer, filterFault, quoteGo, spanTo} from './filter-lexer.js';
import {filterField} from './filter-fields.js';

// Binding powers of the operators: the higher, the tighter.
const bindAnd = 3;
const bindNot = 4;
const bindRelation = 5;
const bindBits = 6;
const bindSign = 9;
const bindings = new Map([
  ['||', 1], ['^^', 2], ['&&', bindAnd], ['==', 5], ['!=', 5], ['===', 5], ['!==', 5], ['<', 5], ['<=', 5], ['>', 5], ['>=', 5],
  ['contains', 5], ['~', 5], ['in', 5], ['&', bindBits], ['+', 7], ['-', 7], ['*', 8], ['/', 8], ['%', 8],
]);

function bindingOf(operator) {
  return bindings.get(operator) || 0;
}

// maxFilterDepth bounds how deep expressions are nested, since parsing and
// evaluation recurse.
const maxFilterDepth = 200;

// parseFilter reads a whole filter; it throws a FilterFault.
export function parseFilter(source) {
  return new FilterParser(source).whole();
}

// FilterParser is a Pratt parser: each operator knows how tightly it binds.
class FilterParser {
  constructor(source) {
    this.source = source;
    this.lexer = new FilterLexer(source);
    this.depth = 0;
    this.tok = null;
  }

  whole() {
    this.advance();
    if (this.tok.kind === 'end') filterFault({from: 0, to: 1}, 'the filter is empty');
    const e = this.expression(0);
    if (this.tok.kind !== 'end') this.unexpected();
    return e;
  }

  advance() {
    this.tok = this.lexer.next();
  }

  is(text) {
    return this.tok.kind === 'sign' && this.tok.text === text;
  }

  accept(text) {
    if (!this.is(text)) return false;
    this.advance();
    return true;
  }

  expect(text) {
    if (!this.accept(text)) this.missing(text);
  }

  written(span) {
    return this.source.slice(span.from, span.to);
  }

  missing(what) {
    if (this.tok.kind === 'end') filterFault(this.tok.span, `the filter ends where ${quoteGo(what)} is expected`);
    filterFault(this.tok.span, `${this.written(this.tok.span)} where ${quoteGo(what)} is expected`);
  }

  unexpected() {
    const span = this.tok.span;
    if (this.tok.kind === 'end') filterFault(span, 'the filter ends where a field or value is expected');
    const text = this.written(span);
    if (text === '=') filterFault(span, '"=" is no operator: compare with ==');
    if (text === '@' || text === '$') {
      filterFault(span, `${quoteGo(text)} is unexpected here: raw values (@) and references ($) are not supported`);
    }
    filterFault(span, `${quoteGo(text)} is unexpected here`);
  }

  // expression reads as far as operators bind tighter than min.
  expression(min) {
    if (++this.depth > maxFilterDepth) filterFault(this.tok.span, `the filter is nested more than ${maxFilterDepth} deep`);
    let left = this.prefix();
    for (let length = 0; ; length++) {
      if (length > maxFilterDepth * 10) {
        filterFault(this.tok.span, 'the filter has too many terms: use a set, as in tcp.port in {80, 443}');
      }
      const op = this.tok;
      const bind = op.text === '!' ? bindRelation : bindingOf(op.text); // x not in {...}
      if (op.kind !== 'sign' || bind === 0 || bind <= min) {
        this.depth--;
        return left;
      }
      this.advance();
      if (op.text === '!') {
        if (!this.is('in')) filterFault(op.span, `${quoteGo(this.written(op.span))} is unexpected here`);
        this.advance();
        const inner = this.membership('', left);
        left = {type: 'not', x: inner, span: inner.span};
      } else if (op.text === 'in') {
        left = this.membership('', left);
      } else if (bind === bindRelation) {
        left = this.relation('', left, op);
      } else {
        const right = this.expression(bind);
        left = {type: bind < bindNot ? 'logic' : 'arithmetic', op: op.text, left, right, span: spanTo(left.span, right.span)};
      }
    }
  }

  // relation reads the right side of left op, and further ones that are chained
  // to it: a < b < c is a < b && b < c.
  relation(quantifier, left, op) {
    let all = null;
    for (;;) {
      const right = this.expression(bindRelation);
      const r = {type: 'relation', quantifier, op: op.text, left, right, span: spanTo(left.span, right.span)};
      all = all ? {type: 'logic', op: '&&', left: all, right: r, span: spanTo(all.span, r.span)} : r;
      left = right;
      op = this.tok;
      if (op.kind !== 'sign' || bindingOf(op.text) !== bindRelation || op.text === 'in') return all;
      this.advance();
    }
  }

  // membership reads the set of left in.
  membership(quantifier, left) {
    const set = [];
    this.expect('{');
    for (;;) {
      if (this.is('}') && set.length > 0) {
        const span = spanTo(left.span, this.tok.span);
        this.advance();
        return {type: 'member', quantifier, left, set, span};
      }
      const low = this.expression(bindBits);
      const high = this.accept('..') ? this.expression(bindBits) : null;
      set.push({low, high});
      this.accept(','); // older versions have spaces only
      if (this.tok.kind === 'end') this.missing('}');
    }
  }

  // prefix reads an operand with what stands before it.
  prefix() {
    const t = this.tok;
    this.advance();
    if (t.kind === 'word') return this.word(t);
    if (t.kind !== 'sign' && t.kind !== 'end') return {type: 'literal', kind: t.kind, text: t.text, bytes: t.bytes, span: t.span};
    if (t.kind === 'sign') {
      switch (t.text) {
        case '!': {
          const x = this.expression(bindNot);
          return {type: 'not', x, span: spanTo(t.span, x.span)};
        }
        case '-': {
          const x = this.expression(bindSign);
          return {type: 'minus', x, span: spanTo(t.span, x.span)};
        }
        case '+':
          return this.expression(bindSign);
        case 'any':
        case 'all':
          return this.quantified(t);
        case '(':
        case '{': {
          const x = this.expression(0);
          this.expect(t.text === '(' ? ')' : '}');
          return this.postfix(x);
        }
      }
    }
    this.tok = t;
    return this.unexpected();
  }

  // quantified reads what any or all stands before: a relation.
  quantified(t) {
    const x = this.expression(bindRelation);
    const op = this.tok;
    if (op.kind !== 'sign' || bindingOf(op.text) !== bindRelation) {
      filterFault(t.span, `${quoteGo(t.text)} stands before a comparison, as in ${t.text} tcp.port > 1024`);
    }
    this.advance();
    return op.text === 'in' ? this.membership(t.text, x) : this.relation(t.text, x, op);
  }

  // word reads what begins with a word: a field, a function, or a literal.
  word(t) {
    if (this.is('(') && this.tok.span.from === t.span.to) return this.postfix(this.call(t));
    const def = filterField(t.text);
    if (!def) return {type: 'literal', kind: 'word', text: t.text, bytes: null, span: t.span};
    return this.postfix({type: 'field', def, layer: [], span: {...t.span}});
  }

  call(name) {
    const args = [];
    this.advance();
    while (!this.is(')')) {
      if (args.length > 0) this.expect(',');
      args.push(this.expression(bindRelation));
    }
    const span = spanTo(name.span, this.tok.span);
    this.advance();
    return {type: 'call', name: name.text, nameAt: name.span, args, span};
  }

  // postfix reads the layer and the slices behind an operand.
  postfix(x) {
    for (;;) {
      if (this.is('#')) {
        if (x.type !== 'field' || x.layer.length > 0) this.unexpected();
        x.layer = this.layer();
        x.span.to = this.tok.span.from;
      } else if (this.is('[')) {
        const {parts, end} = this.bounds();
        x = {type: 'slice', x, parts, span: spanTo(x.span, end)};
      } else {
        return x;
      }
    }
  }

  // layer reads #2 or #[1-2].
  layer() {
    this.advance();
    if (this.is('[')) return this.bounds().parts;
    const n = this.tok.kind === 'word' && /^[0-9]+$/.test(this.tok.text) ? Number(this.tok.text) : NaN;
    if (!(n < 2 ** 63)) filterFault(this.tok.span, 'a layer is a number, as in ip.addr#1');
    this.advance();
    return [{first: n, last: n}];
  }

  // bounds reads [...], whose opening bracket is the token at hand.
  bounds() {
    const start = this.tok.span.from + 1;
    const close = this.source.indexOf(']', start);
    if (close < 0) filterFault({from: this.source.length, to: this.source.length + 1}, 'the filter ends where "]" is expected');
    const parts = [];
    let at = start;
    for (const text of this.source.slice(start, close).split(',')) {
      const part = parseBounds(text.trim());
      if (!part) {
        filterFault({from: at, to: at + text.length},
          `${quoteGo(text.trim())} is no slice: want [offset:length], [first-last], [offset], [:length] or [offset:]`);
      }
      parts.push(part);
      at += text.length + 1;
    }
    this.lexer.pos = close + 1;
    this.advance();
    return {parts, end: {from: close, to: close + 1}};
  }
}

// boundsToEnd is the count of a part without end.
const boundsToEnd = 2 ** 31 - 1;

// parseBounds reads i:j, i-j, i, :j or i:. A part goes from its item first on,
// negative counted from the end, to last, which is included, or has count items.
function parseBounds(s) {
  const number = (text) => {
    const n = /^-?[0-9]+$/.test(text) ? Number(text) + 0 : NaN;
    return n >= -(2 ** 31) && n < 2 ** 31 ? n : NaN;
  };
  const colon = s.indexOf(':');
  if (colon >= 0) {
    const first = s.slice(0, colon).trim();
    const count = s.slice(colon + 1).trim();
    const part = {first: first ? number(first) : 0, count: count ? number(count) : boundsToEnd};
    const fits = !Number.isNaN(part.first) && (!count || part.count > 0 && part.count < boundsToEnd);
    return fits && (first || count) ? part : null;
  }
  const hyphen = s.indexOf('-', 1);
  if (hyphen >= 0) {
    const first = number(s.slice(0, hyphen).trim());
    const last = number(s.slice(hyphen + 1).trim());
    return first <= last && (first < 0) === (last < 0) ? {first, last} : null;
  }
  const only = number(s);
  return Number.isNaN(only) ? null : {first: only, last: only};
}

// clipBounds is the part of n items as [from, to], or null where it begins or
// ends outside.
export function clipBounds(part, n) {
  const from = part.first < 0 ? part.first + n : part.first;
  if (from < 0 || from > n) return null;
  if (part.count === boundsToEnd) return from < n ? [from, n] : null;
  if (part.count !== undefined) return part.count <= n - from ? [from, from + part.count] : null;
  const last = part.last < 0 ? part.last + n : part.last;
  return last >= from && last < n ? [from, last + 1] : null;
}

// holdsFirst reports whether a part holds the first of one item, counted from 1.
export function holdsFirst(part) {
  const first = part.first < 0 ? part.first + 2 : part.first;
  const last = part.last < 0 ? part.last + 2 : part.last;
  return first === 1 || part.count === undefined && first < 1 && last >= 1;
}

function boundsText(parts) {
  return '[' + parts.map((p) => p.count === boundsToEnd ? p.first + ':' : p.count !== undefined ? p.first + ':' + p.count : p.first + '-' + p.last).join(',') + ']';
}

// isConstant reports whether a node has no field or function in it.
export function isConstant(e) {
  return e.type === 'literal' || e.type === 'minus' && isConstant(e.x) || e.type === 'arithmetic' && isConstant(e.left) && isConstant(e.right);
}

// expressionText prints a node as dfilter's String does.
export function expressionText(e) {
  const quantified = (x) => (e.quantifier ? e.quantifier + ' ' : '') + expressionText(x);
  switch (e.type) {
    case 'logic':
      return `(${expressionText(e.left)} ${e.op} ${expressionText(e.right)})`;
    case 'not':
      return `!(${expressionText(e.x)})`;
    case 'relation':
      return `(${quantified(e.left)} ${e.op} ${expressionText(e.right)})`;
    case 'member':
      return `(${quantified(e.left)} in {${e.set.map((s) => expressionText(s.low) + (s.high ? ' .. ' + expressionText(s.high) : '')).join(', ')}})`;
    case 'field':
      return e.layer.length === 0 ? e.def.name : e.def.name + '#' + boundsText(e.layer);
    case 'slice':
      return expressionText(e.x) + boundsText(e.parts);
    case 'call':
      return `${e.name}(${e.args.map(expressionText).join(', ')})`;
    case 'arithmetic':
      return `{${expressionText(e.left)} ${e.op} ${expressionText(e.right)}}`;
    case 'minus':
      return '-' + expressionText(e.x);
  }
  if (e.kind === 'raw') return `r"${e.text}"`;
  if (e.kind === 'word') return e.text;
  const quote = e.kind === 'char' ? "'" : '"';
  let out = quote;
  for (const b of e.bytes) {
    const c = String.fromCharCode(b);
    out += '"\'\\'.includes(c) ? '\\' + c : b < 0x20 || b >= 0x7f ? '\\x' + b.toString(16).padStart(2, '0') : c;
  }
  return out + quote;
}
