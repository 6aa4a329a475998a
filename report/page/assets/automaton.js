// Runs regular expressions in time linear in the text, whatever the pattern:
// the states of a deterministic automaton are made as the text asks for them. A
// backtracking engine would let a peer's payload hang the page.
import {assertBeginLine, assertBeginText, assertEndLine, assertEndText, assertNoWord, assertWord, parsePattern, PatternError} from './pattern.js';
import {tidyRanges} from './runes.js';

const maxInstructions = 100000;
const maxStates = 4000; // then the automaton forgets them all and begins anew
const maxTransitions = 4e6;

const opSet = 0;
const opSplit = 1;
const opAssert = 2;
const opMatch = 3;

// What stood before: the begin of the text, a line end, a word character, or
// something else.
const afterBegin = 0;
const afterLine = 1;
const afterWord = 2;
const afterOther = 3;

// compilePattern makes test(bytes) -> bool of a pattern in RE2's syntax: whether
// it is found anywhere in text in UTF-8. It throws a PatternError.
export function compilePattern(text) {
  const automaton = new Automaton(new Program(parsePattern(text)));
  return (bytes) => automaton.test(bytes);
}

// quotePattern is a pattern that means text itself.
export function quotePattern(text) {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

// Program is a nondeterministic automaton: instructions that begin at start.
class Program {
  constructor(tree) {
    this.op = [];
    this.out = [];
    this.arg = []; // of a set its ranges, of a split the other way, of an assertion its bits
    const match = this.add(opMatch, -1, null);
    this.start = this.compile(tree, match);
  }

  add(op, out, arg) {
    if (this.op.length >= maxInstructions) throw new PatternError('expression too large: it has more than ' + maxInstructions + ' states');
    this.op.push(op);
    this.out.push(out);
    this.arg.push(arg);
    return this.op.length - 1;
  }

  // compile returns where node begins that goes on at next.
  compile(node, next) {
    switch (node.op) {
      case 'empty':
        return next;
      case 'set':
        return this.add(opSet, next, node.ranges);
      case 'assert':
        return this.add(opAssert, next, node.bits);
      case 'group':
        return this.compile(node.x, next);
      case 'cat':
        return node.parts.reduceRight((after, part) => this.compile(part, after), next);
      case 'alt':
        return node.parts.map((part) => this.compile(part, next)).reduce((a, b) => this.add(opSplit, a, b));
    }
    let at = next; // a repetition
    if (node.max < 0) {
      const loop = this.add(opSplit, -1, next);
      this.out[loop] = this.compile(node.x, loop);
      at = loop;
    } else {
      for (let k = node.min; k < node.max; k++) at = this.add(opSplit, this.compile(node.x, at), next);
    }
    for (let k = 0; k < node.min; k++) at = this.compile(node.x, at);
    return at;
  }
}

// Alphabet cuts the code points into classes that no set of the program, no
// word boundary and no line end tells apart.
class Alphabet {
  constructor(program) {
    const cuts = new Set([0, 10, 11, 48, 58, 65, 91, 95, 96, 97, 123]);
    program.op.forEach((op, pc) => {
      if (op !== opSet) return;
      program.arg[pc] = tidyRanges(program.arg[pc]);
      for (const [low, high] of program.arg[pc]) cuts.add(low).add(high + 1);
    });
    this.cuts = Int32Array.from([...cuts].filter((c) => c <= 0x10ffff).sort((a, b) => a - b));
    this.size = this.cuts.length;
    this.ascii = Int32Array.from({length: 128}, (_, code) => this.classOf(code));
    this.line = this.classOf(10);
    this.words = new Uint8Array(this.size + 1);
    for (const c of '0A_a') this.words[this.classOf(c.charCodeAt(0))] = 1;
    const bounds = [[48, 58], [65, 91], [95, 96], [97, 123]];
    this.cuts.forEach((cut, k) => {
      if (bounds.some(([low, high]) => cut >= low && cut < high)) this.words[k] = 1;
    });
  }

  // classOf is the number of the class that holds a code point.
  classOf(code) {
    let low = 0;
    let high = this.cuts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.cuts[middle] <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  has(ranges, k) {
    const code = this.cuts[k];
    return ranges.some(([low, high]) => code >= low && code <= high);
  }
}

const stateUnknown = 0;
const stateMatch = 1;

class Automaton {
  constructor(program) {
    this.program = program;
    this.alphabet = new Alphabet(program);
    this.width = this.alphabet.size + 1; // the last class is the end of the text
    this.sets = program.op.map((op, pc) => {
      if (op !== opSet) return null;
      return Uint8Array.from({length: this.alphabet.size}, (_, k) => (this.alphabet.has(program.arg[pc], k) ? 1 : 0));
    });
    this.mark = new Uint32Array(program.op.length);
    this.round = 0;
    this.clear();
  }

  clear() {
    this.states = [null, null]; // {pcs, before} by number
    this.numbers = new Map(); // by their text
    this.next = new Int32Array(64 * this.width);
    this.start = this.state([], afterBegin);
  }

  state(pcs, before) {
    const key = before + ':' + pcs.join(',');
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.states.length;
      this.states.push({pcs, before});
      this.numbers.set(key, number);
      if ((number + 1) * this.width > this.next.length) {
        const larger = new Int32Array(this.next.length * 2);
        larger.set(this.next);
        this.next = larger;
      }
    }
    return number;
  }

  // step makes the transition from state s by a character of class k.
  step(s, k) {
    const {pcs, before} = this.states[s];
    const {alphabet, program} = this;
    const end = k === alphabet.size;
    const word = !end && alphabet.words[k] === 1;
    const line = !end && k === alphabet.line;
    const holds = (before === afterBegin ? assertBeginText | assertBeginLine : before === afterLine ? assertBeginLine : 0) |
      (end ? assertEndText | assertEndLine : line ? assertEndLine : 0) | ((before === afterWord) !== word ? assertWord : assertNoWord);
    const following = [];
    const stack = [program.start, ...pcs];
    this.round++;
    while (stack.length > 0) {
      const pc = stack.pop();
      if (this.mark[pc] === this.round) continue;
      this.mark[pc] = this.round;
      switch (program.op[pc]) {
        case opMatch:
          return this.transition(s, k, stateMatch);
        case opSplit:
          stack.push(program.out[pc], program.arg[pc]);
          break;
        case opAssert:
          if ((program.arg[pc] & holds) !== 0) stack.push(program.out[pc]);
          break;
        case opSet:
          if (!end && this.sets[pc][k] === 1) following.push(program.out[pc]);
      }
    }
    const full = this.states.length >= maxStates || this.states.length * this.width > maxTransitions;
    if (full) this.clear();
    const sorted = [...new Set(following)].sort((a, b) => a - b);
    const target = this.state(sorted, line ? afterLine : word ? afterWord : afterOther);
    return full ? target : this.transition(s, k, target); // s is gone with the others
  }

  transition(s, k, target) {
    this.next[s * this.width + k] = target;
    return target;
  }

  // test decodes as Go does: a byte that begins no sequence is U+FFFD.
  test(bytes) {
    const {alphabet, width} = this;
    const {ascii} = alphabet;
    const n = bytes.length;
    let s = this.start;
    let next = this.next;
    for (let i = 0; i < n;) {
      const b = bytes[i];
      let k;
      if (b < 0x80) {
        k = ascii[b];
        i++;
      } else {
        const size = sequenceLength(bytes, i);
        k = alphabet.classOf(size === 0 ? 0xfffd : decodeSequence(bytes, i, size));
        i += size || 1;
      }
      let target = next[s * width + k];
      if (target === stateUnknown) {
        target = this.step(s, k);
        next = this.next;
      }
      if (target === stateMatch) return true;
      s = target;
    }
    const last = next[s * width + alphabet.size] || this.step(s, alphabet.size);
    return last === stateMatch;
  }
}

// sequenceLength is the length of the UTF-8 sequence at i (RFC 3629, 4), 0
// where none is.
function sequenceLength(bytes, i) {
  const b = bytes[i];
  const size = b >= 0xf0 && b <= 0xf4 ? 4 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xc2 && b < 0xe0 ? 2 : 0;
  if (size === 0 || i + size > bytes.length) return 0;
  const second = bytes[i + 1];
  const low = b === 0xe0 ? 0xa0 : b === 0xf0 ? 0x90 : 0x80;
  const high = b === 0xed ? 0x9f : b === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let k = 2; k < size; k++) {
    if ((bytes[i + k] & 0xc0) !== 0x80) return 0;
  }
  return size;
}

function decodeSequence(bytes, i, size) {
  let code = bytes[i] & (0xff >> (size + 1));
  for (let k = 1; k < size; k++) code = code << 6 | bytes[i + k] & 0x3f;
  return code;
}
