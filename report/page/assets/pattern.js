// Reads regular expressions of RE2's syntax, as Go's regexp does, with its
// words for what is wrong: the same pattern means the same here, in the server
// and on the command line. automaton.js runs what comes out.
import {foldRanges, negateRanges, namedRanges, perlRanges, posixRanges} from './runes.js';

// PatternError is what is wrong with a pattern.
export class PatternError extends Error {}

const maxPatternDepth = 1000;
const maxRepeat = 1000;

// parsePattern returns a tree of {op: 'empty' | 'set' | 'assert' | 'cat' |
// 'alt' | 'repeat' | 'group'}; it throws a PatternError.
export function parsePattern(text) {
  return new PatternParser(text).whole();
}

// The assertions, as bits (automaton.js).
export const assertBeginText = 1;
export const assertEndText = 2;
export const assertBeginLine = 4;
export const assertEndLine = 8;
export const assertWord = 16;
export const assertNoWord = 32;

class PatternParser {
  constructor(text) {
    this.source = text;
    this.runes = Array.from(text); // by code points
    this.at = 0;
    this.flags = {fold: false, dotAll: false, lines: false};
    this.depth = 0;
  }

  fail(what, from, to) {
    throw new PatternError(what + ': `' + this.runes.slice(from, to === undefined ? this.at : to).join('') + '`');
  }

  whole() {
    const tree = this.alternation();
    if (this.at < this.runes.length) throw new PatternError('unexpected ): `' + this.source + '`');
    return tree;
  }

  // alternation reads up to a closing parenthesis or the end.
  alternation() {
    if (++this.depth > maxPatternDepth) throw new PatternError('expression nests too deeply: `' + this.source + '`');
    const branches = [this.sequence()];
    while (this.runes[this.at] === '|') {
      this.at++;
      branches.push(this.sequence());
    }
    this.depth--;
    return branches.length === 1 ? branches[0] : {op: 'alt', parts: branches};
  }

  sequence() {
    const parts = [];
    let repeated = -1; // where the repetition right before began
    while (this.at < this.runes.length) {
      const start = this.at;
      const c = this.runes[start];
      let operator = -1;
      if (c === '|' || c === ')') break;
      if (c === '(') {
        this.group(parts);
      } else if (c === '*' || c === '+' || c === '?') {
        this.at++;
        this.repeat(parts, c === '+' ? 1 : 0, c === '?' ? 1 : -1, start, repeated);
        operator = start;
      } else if (c === '{') {
        const range = this.repeatRange();
        if (range === null) {
          this.at = start + 1;
          this.literal(parts, '{');
        } else {
          const [min, max] = range;
          if (min < 0 || min > maxRepeat || max > maxRepeat || max >= 0 && min > max) this.fail('invalid repeat count', start);
          this.repeat(parts, min, max, start, repeated, true);
          operator = start;
        }
      } else if (c === '\\') {
        this.escape(parts);
      } else {
        this.at++;
        if (c === '^') parts.push({op: 'assert', bits: this.flags.lines ? assertBeginLine : assertBeginText});
        else if (c === '$') parts.push({op: 'assert', bits: this.flags.lines ? assertEndLine : assertEndText});
        else if (c === '.') parts.push({op: 'set', ranges: this.flags.dotAll ? [[0, 0x10ffff]] : [[0, 9], [11, 0x10ffff]]});
        else if (c === '[') parts.push({op: 'set', ranges: this.bracket(start)});
        else this.literal(parts, c);
      }
      repeated = operator;
    }
    return parts.length === 1 ? parts[0] : parts.length === 0 ? {op: 'empty'} : {op: 'cat', parts};
  }

  literal(parts, c) {
    const code = c.codePointAt(0);
    parts.push({op: 'set', ranges: this.folded([[code, code]])});
  }

  // folded adds the other case of ranges, where case does not count.
  folded(ranges) {
    return this.flags.fold ? foldRanges(ranges) : ranges;
  }

  // group reads ( to ). What flags are set inside of it end with it.
  group(parts) {
    const flags = {...this.flags};
    const start = this.at++;
    if (this.runes[this.at] === '?' && this.groupFlags(start)) return; // as (?i)
    const inner = this.alternation();
    if (this.runes[this.at] !== ')') throw new PatternError('missing closing ): `' + this.source + '`');
    this.at++;
    this.flags = flags;
    parts.push({op: 'group', x: inner});
  }

  // groupFlags reads what follows "(?": a name, or flags. It returns true where
  // no group begins.
  groupFlags(start) {
    const rest = this.runes.slice(start);
    const named = rest[2] === '<' && rest.length > 3 ? 3 : rest[2] === 'P' && rest[3] === '<' && rest.length > 4 ? 4 : 0;
    if (named) {
      const end = rest.indexOf('>');
      if (end < 0) this.fail('invalid named capture', start, this.runes.length);
      if (!/^[A-Za-z0-9_]+$/.test(rest.slice(named, end).join(''))) this.fail('invalid named capture', start, start + end + 1);
      this.at = start + end + 1;
      return false;
    }
    this.at = start + 2;
    const flags = {...this.flags};
    let on = true;
    let saw = false;
    while (this.at < this.runes.length) {
      const c = this.runes[this.at++];
      if (c === 'i') flags.fold = on;
      else if (c === 'm') flags.lines = on;
      else if (c === 's') flags.dotAll = on;
      else if (c === '-' && on) {
        on = false;
        saw = false;
        continue;
      } else if ((c === ':' || c === ')') && (on || saw)) {
        this.flags = flags;
        return c === ')';
      } else if (c !== 'U') break;
      saw = true;
    }
    return this.fail('invalid or unsupported Perl syntax', start);
  }

  repeat(parts, min, max, start, repeated, counted) {
    if (this.runes[this.at] === '?') this.at++; // whether it is greedy does not decide whether it matches
    if (repeated >= 0) this.fail('invalid nested repetition operator', repeated);
    if (parts.length === 0) this.fail('missing argument to repetition operator', start);
    const x = parts.pop();
    const node = {op: 'repeat', min, max, x, counted: Boolean(counted)};
    if (counted && (min >= 2 || max >= 2) && !repeatsFit(node, maxRepeat)) this.fail('invalid repeat count', start);
    parts.push(node);
  }

  // repeatRange reads {n}, {n,} or {n,m}; null where it is none of them.
  repeatRange() {
    const text = /^\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/.exec(this.runes.slice(this.at, this.at + 64).join(''));
    if (!text) return null;
    this.at += text[0].length;
    const number = (s) => (Number(s) >= 1e8 ? -1 : Number(s));
    const min = number(text[1]);
    if (!text[2]) return [min, min];
    if (text[3] === undefined) return [min, -1];
    const max = number(text[3]);
    return max < 0 ? [-1, max] : [min, max];
  }

  escape(parts) {
    const c = this.runes[this.at + 1];
    const simple = {A: assertBeginText, z: assertEndText, b: assertWord, B: assertNoWord}[c];
    if (simple) {
      this.at += 2;
      parts.push({op: 'assert', bits: simple});
    } else if (c === 'C') {
      this.fail('invalid escape sequence', this.at, this.at + 2);
    } else if (c === 'Q') {
      for (this.at += 2; this.at < this.runes.length; this.at++) {
        if (this.runes[this.at] === '\\' && this.runes[this.at + 1] === 'E') {
          this.at += 2;
          break;
        }
        this.literal(parts, this.runes[this.at]);
      }
    } else {
      const ranges = this.classEscape();
      if (ranges) {
        parts.push({op: 'set', ranges});
      } else {
        this.literal(parts, String.fromCodePoint(this.character()));
      }
    }
  }

  // classEscape reads \d, \pL, \p{Greek} and the like; null where none is next.
  classEscape() {
    const start = this.at;
    const letter = this.runes[start + 1] || '';
    let ranges = perlRanges(letter.toLowerCase());
    let negated = letter !== letter.toLowerCase();
    if (ranges) {
      this.at += 2;
    } else if (letter === 'p' || letter === 'P') {
      let name = this.runes[start + 2] || '';
      this.at = start + 3;
      if (name === '{') {
        const end = this.runes.indexOf('}', start);
        if (end < 0) this.fail('invalid character class range', start, this.runes.length);
        name = this.runes.slice(start + 3, end).join('');
        this.at = end + 1;
      }
      if (name.startsWith('^')) {
        negated = !negated;
        name = name.slice(1);
      }
      ranges = namedRanges(name);
      if (!ranges) this.fail('invalid character class range', start);
    } else {
      return null;
    }
    ranges = this.folded(ranges);
    return negated ? negateRanges(ranges) : ranges;
  }

  // character reads an escape sequence of one character.
  character() {
    const start = this.at++;
    const c = this.runes[this.at];
    if (c === undefined) throw new PatternError('trailing backslash at end of expression: ``');
    this.at++;
    const octal = (s) => s >= '0' && s <= '7';
    if (c === '0' || octal(c) && octal(this.runes[this.at] || '')) {
      let value = Number(c);
      for (let k = 1; k < 3 && octal(this.runes[this.at] || ''); k++) value = value * 8 + Number(this.runes[this.at++]);
      return value;
    }
    const plain = {a: 7, f: 12, n: 10, r: 13, t: 9, v: 11}[c];
    if (plain) return plain;
    if (c === 'x') return this.hexadecimal(start);
    if (c < '\x80' && !/[A-Za-z0-9]/.test(c)) return c.codePointAt(0);
    return this.fail('invalid escape sequence', start);
  }

  hexadecimal(start) {
    const digit = (c) => (/^[0-9a-fA-F]$/.test(c || '') ? parseInt(c, 16) : -1);
    let value = 0;
    if (this.runes[this.at] === '{') {
      let digits = 0;
      for (this.at++; this.at < this.runes.length; digits++) {
        const c = this.runes[this.at++];
        if (c === '}' && digits > 0) return value;
        value = value * 16 + digit(c);
        if (digit(c) < 0 || value > 0x10ffff) break;
      }
      return this.fail('invalid escape sequence', start);
    }
    if (this.at >= this.runes.length) return this.fail('invalid escape sequence', start);
    const first = digit(this.runes[this.at++]);
    if (this.at >= this.runes.length) return this.fail('invalid escape sequence', start);
    const second = digit(this.runes[this.at++]);
    if (first < 0 || second < 0) return this.fail('invalid escape sequence', start);
    return first * 16 + second;
  }

  // bracket reads a class, whose [ is at start.
  bracket(start) {
    const negated = this.runes[this.at] === '^';
    if (negated) this.at++;
    const ranges = [];
    for (let first = true; first || this.runes[this.at] !== ']'; first = false) {
      if (this.runes[this.at] === '[' && this.runes[this.at + 1] === ':') {
        const text = this.runes.slice(this.at).join('');
        const end = text.indexOf(':]', 2);
        if (end >= 0) {
          const named = posixRanges(text.slice(0, end + 2));
          if (!named) throw new PatternError('invalid character class range: `' + text.slice(0, end + 2) + '`');
          this.at += Array.from(text.slice(0, end + 2)).length;
          const inside = this.folded(named.ranges);
          ranges.push(...(named.negated ? negateRanges(inside) : inside));
          continue;
        }
      }
      const set = this.runes[this.at] === '\\' ? this.classEscape() : null;
      if (set) {
        ranges.push(...set);
        continue;
      }
      const from = this.at;
      const low = this.bracketCharacter(start);
      let high = low;
      if (this.runes[this.at] === '-' && this.at + 1 < this.runes.length && this.runes[this.at + 1] !== ']') {
        this.at++;
        high = this.bracketCharacter(start);
        if (high < low) this.fail('invalid character class range', from);
      }
      ranges.push(...this.folded([[low, high]]));
    }
    this.at++;
    return negated ? negateRanges(ranges) : ranges;
  }

  bracketCharacter(start) {
    if (this.at >= this.runes.length) this.fail('missing closing ]', start, this.runes.length);
    if (this.runes[this.at] === '\\') return this.character();
    return this.runes[this.at++].codePointAt(0);
  }
}

// repeatsFit reports whether counted repetitions inside of each other multiply
// to no more than n.
function repeatsFit(node, n) {
  if (node.op === 'repeat' && node.counted) {
    const m = node.max < 0 ? node.min : node.max;
    if (node.max === 0) return true;
    if (m > n) return false;
    if (m > 0) n = Math.floor(n / m);
  }
  const parts = node.parts || (node.x ? [node.x] : []);
  return parts.every((p) => repeatsFit(p, n));
}
