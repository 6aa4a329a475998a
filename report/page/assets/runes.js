// Sets of code points as lists of [from, to], and the named ones that regular
// expressions know.

const lastRune = 0x10ffff;

// tidyRanges sorts and joins.
export function tidyRanges(ranges) {
  const sorted = ranges.slice().sort((a, b) => a[0] - b[0]);
  const out = [];
  for (const [low, high] of sorted) {
    const last = out[out.length - 1];
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else out.push([low, high]);
  }
  return out;
}

// negateRanges is all that is not in ranges.
export function negateRanges(ranges) {
  const out = [];
  let next = 0;
  for (const [low, high] of tidyRanges(ranges)) {
    if (low > next) out.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= lastRune) out.push([next, lastRune]);
  return out;
}

// rangesOf are the code points that holds(character) is true for. It asks for
// each, which takes 0.1 s: for rare classes only.
function rangesOf(holds) {
  const out = [];
  let from = -1;
  for (let code = 0; code <= lastRune + 1; code++) {
    const inside = code <= lastRune && (code < 0xd800 || code > 0xdfff) && holds(String.fromCodePoint(code));
    if (inside && from < 0) from = code;
    if (!inside && from >= 0) {
      out.push([from, code - 1]);
      from = -1;
    }
  }
  return out;
}

// The code points that fold to the same one (Unicode's simple case folding, as
// RegExp's flags iu have it), by code point: made when a pattern first needs
// what is not ASCII.
function foldOrbits() {
  const single = (s) => {
    const list = Array.from(s);
    return list.length === 1 ? list[0] : null;
  };
  const groups = new Map();
  for (let code = 0x80; code < 0x1f000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const c = String.fromCodePoint(code);
    const lower = single(c.toLowerCase());
    const upper = single(c.toUpperCase());
    if ((lower === null || lower === c) && (upper === null || upper === c)) continue;
    const key = single((upper || c).toLowerCase()) || c;
    const same = new RegExp('^' + c + '$', 'iu');
    for (const other of [key, lower, upper, lower && single(lower.toUpperCase())]) {
      if (other && other !== c && same.test(other)) {
        const group = groups.get(other) || groups.get(c) || new Set();
        group.add(c).add(other);
        groups.set(other, group);
        groups.set(c, group);
      }
    }
  }
  const orbits = new Map();
  for (const group of groups.values()) {
    for (const c of group) orbits.set(c.codePointAt(0), Array.from(group, (g) => g.codePointAt(0)));
  }
  return orbits;
}

// Patterns are compiled one after the other and share the orbits, which are
// constant once they are made.
const foldCache = {orbits: null};

// foldRanges adds what differs from a range in upper and lower case only.
export function foldRanges(ranges) {
  const out = ranges.slice();
  for (const [low, high] of ranges) {
    if (low <= 0x41 && high >= lastRune) continue;
    for (let code = Math.max(low, 0x41); code <= Math.min(high, 0x7a); code++) {
      const letter = code | 0x20;
      if (letter < 0x61 || letter > 0x7a) continue;
      out.push([code ^ 0x20, code ^ 0x20]);
      if (letter === 0x6b) out.push([0x212a, 0x212a]); // Kelvin sign
      if (letter === 0x73) out.push([0x17f, 0x17f]); // long s
    }
    if (high < 0x80) continue;
    if (!foldCache.orbits) foldCache.orbits = foldOrbits();
    for (let code = Math.max(low, 0x80); code <= Math.min(high, 0x1f000); code++) {
      for (const other of foldCache.orbits.get(code) || []) out.push([other, other]);
    }
  }
  return tidyRanges(out);
}

// perlRanges are those of \d, \s and \w; undefined for other letters.
export function perlRanges(letter) {
  return {d: [[48, 57]], s: [[9, 10], [12, 13], [32, 32]], w: [[48, 57], [65, 90], [95, 95], [97, 122]]}[letter];
}

// posixRanges are those of [:alpha:] or [:^alpha:]; null for unknown names.
export function posixRanges(text) {
  const all = {
    alnum: [[48, 57], [65, 90], [97, 122]], alpha: [[65, 90], [97, 122]], ascii: [[0, 127]], blank: [[9, 9], [32, 32]], cntrl: [[0, 31], [127, 127]],
    digit: [[48, 57]], graph: [[33, 126]], lower: [[97, 122]], print: [[32, 126]], punct: [[33, 47], [58, 64], [91, 96], [123, 126]],
    space: [[9, 13], [32, 32]], upper: [[65, 90]], word: [[48, 57], [65, 90], [95, 95], [97, 122]], xdigit: [[48, 57], [65, 70], [97, 102]],
  };
  const name = /^\[:(\^?)([a-z]+):\]$/.exec(text);
  return name && Object.hasOwn(all, name[2]) ? {ranges: all[name[2]], negated: name[1] === '^'} : null;
}

// namedRanges are those of \p{name}: a general category or a script; null for
// unknown names.
export function namedRanges(name) {
  if (name === 'Any') return [[0, lastRune]];
  for (const property of ['General_Category', 'Script']) {
    for (const spelling of [name, name.slice(0, 1).toUpperCase() + name.slice(1).toLowerCase()]) {
      if (!/^[A-Za-z_]+$/.test(spelling)) continue;
      try {
        const of = new RegExp(`^\\p{${property}=${spelling}}$`, 'u');
        return rangesOf((c) => of.test(c));
      } catch (fault) {
        continue; // no such name
      }
    }
  }
  return null;
}
