// Cuts a display filter into tokens: the twin of report/dfilter's lexer, for
// the report that no server answers. Positions are indices into the string.
import {isFilterField} from './filter-fields.js';

// FilterFault is what is wrong with a filter, and from where to where (behind
// its last character).
export class FilterFault {
  constructor(message, from, to) {
    this.message = message;
    this.from = from;
    this.to = Math.max(to, from + 1);
  }
}

// filterFault throws.
export function filterFault(span, message) {
  throw new FilterFault(message, span.from, span.to);
}

// spanTo is the span from the beginning of a to the end of b.
export function spanTo(a, b) {
  return {from: a.from, to: b.to};
}

// The operators that are words, by the sign that the parser knows them by.
const filterWords = new Map([
  ['eq', '=='], ['any_eq', '=='], ['ne', '!='], ['all_ne', '!='], ['all_eq', '==='], ['any_ne', '!=='], ['~=', '!=='],
  ['gt', '>'], ['lt', '<'], ['ge', '>='], ['le', '<='], ['contains', 'contains'], ['matches', '~'], ['in', 'in'],
  ['bitwise_and', '&'], ['and', '&&'], ['or', '||'], ['xor', '^^'], ['not', '!'], ['any', 'any'], ['all', 'all'],
]);

// The operators that are no words, longest first.
const filterSigns = [
  '===', '!==', '==', '!=', '~=', '<=', '>=', '&&', '||', '^^', '..',
  '<', '>', '~', '&', '+', '-', '*', '/', '%', '!', '(', ')', '{', '}', '[', ']', ',', '#', '@', '$', '=',
];

// A token has a kind ('end', 'word', 'string', 'raw', 'char' or 'sign'), its
// text (for strings what they stand for), for strings the bytes, and its place.
function filterToken(kind, text, from, to, bytes) {
  return {kind, text, bytes, span: {from, to}};
}

// FilterLexer reads tokens one by one; behind the last comes 'end', again and
// again. Its pos may be moved by who reads characters itself.
export class FilterLexer {
  constructor(source) {
    this.source = source;
    this.pos = 0;
  }

  next() {
    const s = this.source;
    while (this.pos < s.length && ' \t\r\n'.includes(s[this.pos])) this.pos++;
    const start = this.pos;
    if (start === s.length) return filterToken('end', '', start, start);
    if (s[start] === '"') return this.quoted(start, 1, 'string');
    if (/[rR]/.test(s[start]) && s[start + 1] === '"') return this.quoted(start, 2, 'raw');
    if (s[start] === "'") return this.quoted(start, 1, 'char');
    const n = wordLength(s, start);
    if (n > 0) {
      this.pos += n;
      const text = s.slice(start, this.pos);
      const sign = filterWords.get(text);
      return filterToken(sign ? 'sign' : 'word', sign || text, start, this.pos);
    }
    for (const sign of filterSigns) {
      if (s.startsWith(sign, start)) {
        this.pos += sign.length;
        return filterToken('sign', filterWords.get(sign) || sign, start, this.pos);
      }
    }
    const char = String.fromCodePoint(s.codePointAt(start));
    return filterFault({from: start, to: start + char.length}, `${quoteGo(char)} is unexpected here`);
  }

  // quoted reads a string or character whose text begins skip behind start.
  quoted(start, skip, kind) {
    const s = this.source;
    const quote = s[start + skip - 1];
    const bytes = [];
    for (let i = start + skip; i < s.length;) {
      const c = s[i];
      if (c === quote) {
        this.pos = i + 1;
        const span = {from: start, to: this.pos};
        if (kind === 'char' && bytes.length !== 1) {
          filterFault(span, "a character constant is one byte, as in 'a' or '\\x0a': use double quotes for strings");
        }
        const all = Uint8Array.from(bytes);
        return filterToken(kind, new TextDecoder('utf-8', {ignoreBOM: true}).decode(all), span.from, span.to, all);
      }
      if (c !== '\\' || i + 1 === s.length) {
        i += pushCharacter(bytes, s, i);
      } else if (kind === 'raw') {
        bytes.push(0x5c);
        i += 1 + pushCharacter(bytes, s, i + 1);
      } else {
        const n = pushEscaped(bytes, s, i);
        if (n === 0) filterFault({from: i, to: i + 2}, 'no such escape sequence: write a backslash twice, or use a raw string, r"..."');
        i += n;
      }
    }
    this.pos = s.length;
    return filterFault({from: start, to: s.length}, 'the closing quote is missing');
  }
}

function isWordCharacter(c) {
  return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c === '_' || c === '.' || c === ':' || c >= '\u0080';
}

// wordLength is the length of the word at start; 0 without one. A word holds
// hyphens where it is a date, bytes or the like, and a slash where it is a
// network: behind a field name both are operators.
function wordLength(s, start) {
  let i = start;
  for (; i < s.length; i++) {
    const c = s[i];
    if (c === '.' && s[i + 1] === '.') break;
    if (isWordCharacter(c)) continue;
    const next = s[i + 1] || '';
    const before = s.slice(start, i);
    if (c === '-' && i > start && next && isWordCharacter(next) && next !== '.' && !isFilterField(before)) continue;
    if (c === '/' && i > start + 1 && next >= '0' && next <= '9' && /[.:]/.test(before) && !isFilterField(before)) continue;
    break;
  }
  return i - start;
}

// pushCharacter appends the UTF-8 of the character at i and returns how many
// code units it has.
function pushCharacter(bytes, s, i) {
  const code = s.codePointAt(i);
  if (code < 0x80) {
    bytes.push(code);
    return 1;
  }
  bytes.push(...new TextEncoder().encode(String.fromCodePoint(code)));
  return code > 0xffff ? 2 : 1;
}

// pushEscaped appends what the escape sequence at i stands for and returns its
// length; 0 where it is none.
function pushEscaped(bytes, s, i) {
  const simple = '\'"\\abfnrtv'.indexOf(s[i + 1]);
  if (simple >= 0) {
    bytes.push([0x27, 0x22, 0x5c, 7, 8, 12, 10, 13, 9, 11][simple]);
    return 2;
  }
  const digits = (from, limit, base) => {
    let n = 0;
    let value = 0;
    for (; n < limit && from + n < s.length; n++) {
      const d = /[0-9a-fA-F]/.test(s[from + n]) ? parseInt(s[from + n], 16) : 16;
      if (d >= base) break;
      value = value * base + d;
    }
    return [value, n];
  };
  const c = s[i + 1];
  if (c >= '0' && c <= '7') {
    const [value, n] = digits(i + 1, 3, 8);
    if (value < 256) {
      bytes.push(value);
      return 1 + n;
    }
  } else if (c === 'x') {
    const [value, n] = digits(i + 2, 2, 16);
    if (n > 0) {
      bytes.push(value);
      return 2 + n;
    }
  } else if (c === 'u' || c === 'U') {
    const size = c === 'u' ? 4 : 8;
    const [value, n] = digits(i + 2, size, 16);
    if (n === size && value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000)) {
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(value)));
      return 2 + n;
    }
  }
  return 0;
}

// quoteGo writes text as Go's %q does, so that messages are the same.
export function quoteGo(text) {
  const named = {'"': '\\"', '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v'};
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0);
    if (named[c]) out += named[c];
    else if (c === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(c)) out += c;
    else if (code < 0x80) out += '\\x' + code.toString(16).padStart(2, '0');
    else if (code < 0x10000) out += '\\u' + code.toString(16).padStart(4, '0');
    else out += '\\U' + code.toString(16).padStart(8, '0');
  }
  return '"' + out + '"';
}
