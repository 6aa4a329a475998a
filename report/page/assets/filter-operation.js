// The operations of display filters on single values.
import {exact} from './filter-context.js';
import {filterTypes} from './filter-fields.js';
import {filterFault} from './filter-lexer.js';

// relationSigns are the relations of order, by what an order returns.
export const relationSigns = {
  '==': (c) => c === 0, '===': (c) => c === 0, '!=': (c) => c !== 0, '!==': (c) => c !== 0,
  '<': (c) => c < 0, '<=': (c) => c <= 0, '>': (c) => c > 0, '>=': (c) => c >= 0,
};

// onlyOne is the test of at most one value against a constant: the filter that
// most people write. op is set where both are plain numbers.
export function onlyOne(get, n, op, holds) {
  switch (op) {
    case '==':
    case '===':
      return (x) => get(x) === n;
    case '!=':
    case '!==':
      return (x) => {
        const v = get(x);
        return v !== undefined && v !== n;
      };
    case '<':
      return (x) => get(x) < n;
    case '<=':
      return (x) => get(x) <= n;
    case '>':
      return (x) => get(x) > n;
    case '>=':
      return (x) => get(x) >= n;
  }
  return (x) => {
    const v = get(x);
    return v !== undefined && holds(v, n);
  };
}

// checkComparable throws where l and r cannot be compared with each other.
export function checkComparable(l, r) {
  if (l.typ === filterTypes.FT_NONE || l.typ === filterTypes.FT_PROTOCOL && l.def && l.def.label) {
    filterFault(l.span, `${l.name} (${l.typ.pretty}) has no value to compare with: test whether it is there by its name alone`);
  }
  if (l.typ.kind !== r.typ.kind) {
    filterFault(r.span, `${l.name} (${l.typ.pretty}) and ${r.name} (${r.typ.pretty}) are not of compatible types`);
  }
}

// patternFault says why a pattern was refused: RE2's expressions lack what PCRE2
// has for lookaround and backreferences.
export function patternFault(text) {
  if (/\(\?<?[=!]/.test(text)) return 'regular expressions here are RE2\'s, which has no lookaround: ' + text;
  if (text.includes('invalid escape sequence: `\\') && /[1-9]/.test(text.slice(-2))) {
    return 'regular expressions here are RE2\'s, which has no backreferences: ' + text;
  }
  return 'not a regular expression: ' + text;
}

// resultType is the type of arithmetic on t.
export function resultType(t) {
  return t.kind === 'integer' ? filterTypes.FT_INT64 : t;
}

// withinInt64 is n, undefined where 64 bits do not hold it and its negative.
export function withinInt64(n) {
  return n >= -(2n ** 63n) + 1n && n < 2n ** 63n ? exact(n) : undefined;
}

// calculate is a op b; undefined where that is no number or beyond 64 bits.
export function calculate(op, a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    const n = op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : b === 0 ? NaN : op === '/' ? Math.trunc(a / b) : a % b;
    if (Number.isSafeInteger(n)) return n;
  }
  const left = BigInt(a);
  const right = BigInt(b);
  const limit = 2n ** 63n;
  if (left >= limit || right >= limit) return undefined;
  let n;
  if (op === '+') n = left + right;
  else if (op === '-') n = left - right;
  else if (op === '*') n = left * right;
  else if (right === 0n) return undefined;
  else n = op === '/' ? left / right : left % right;
  return n >= -limit && n < limit ? exact(n) : undefined;
}

// holdsBytes reports whether a has b in it.
export function holdsBytes(a, b) {
  const n = b.length;
  if (n === 0) return true;
  const last = a.length - n;
  for (let i = a.indexOf(b[0]); i >= 0 && i <= last; i = a.indexOf(b[0], i + 1)) {
    let k = 1;
    while (k < n && a[i + k] === b[k]) k++;
    if (k === n) return true;
  }
  return false;
}
