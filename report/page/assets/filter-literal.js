// What literals of display filters stand for, how values compare, and what a
// misspelled name may mean: as in report/dfilter.
import {FilterFault, quoteGo} from './filter-lexer.js';
import {exact} from './filter-context.js';
import {filterField, filterFieldNames, filterTypes} from './filter-fields.js';
import {parseFilterBytes, parseFilterInteger, parseFilterSeconds, parseFilterTime, parseIPv4, parseIPv6} from './filter-value.js';

// fixedOperand is the operand of one value that never changes.
export function fixedOperand({typ, v, bits}, name, span) {
  const one = [v];
  return {typ, name, span, constant: v, bits: bits || 0, values: () => one};
}

// literalValue is what a literal stands for beside a value of a type, as {typ,
// v, bits}: bits are those of an address that do not count. def is the field
// that it is compared with, if that is one.
export function literalValue(e, typ, def, utc) {
  const fail = (message) => {
    throw new FilterFault(message + (e.kind === 'word' ? suggestionFor(e.text) : ''), e.span.from, e.span.to);
  };
  const quoted = e.kind === 'string' || e.kind === 'raw';
  const shown = quoteGo(e.text);
  switch (typ.kind) {
    case 'integer':
    case 'boolean':
      return {typ, v: literalNumber(e, typ, def, quoted, shown, fail)};
    case 'bytes':
      return literalBytes(e, typ, quoted, shown, fail);
    case 'ipv4':
    case 'ipv6':
      if (quoted || e.kind === 'char') fail(`${typ.pretty} cannot be converted from a string (${shown}): write it without quotes`);
      return literalAddress(e.text, typ) || fail(`${shown} is not a valid ${typ.pretty}: host names are not resolved`);
    case 'date': {
      const v = parseFilterTime(e.text, utc);
      if (v === undefined) fail(`${shown} is not a valid date and time: want "2011-07-04 12:34:56" or "Nov 12, 1999 08:55:44.123"`);
      return {typ, v: v === null ? fail(`${shown} is out of range: years 1678 to 2261`) : exact(v)};
    }
    case 'offset': {
      if (quoted || e.kind === 'char') fail(`time offset cannot be converted from a string (${shown}): write seconds without quotes, as in 1.5`);
      const v = parseFilterSeconds(e.text);
      return {typ, v: v === undefined ? fail(`${shown} is not a valid time offset: want seconds, as in 1.5`) : exact(v)};
    }
  }
  return fail(`a ${typ.pretty} has no value to compare with: test whether it is there by its name alone`);
}

function literalNumber(e, typ, def, quoted, shown, fail) {
  const names = def && def.names;
  const folded = e.text.toLowerCase();
  const named = names && e.kind !== 'char' && names.find(([, name]) => name.toLowerCase() === folded);
  if (named) return named[0];
  if (typ.kind === 'boolean' && (folded === 'true' || folded === 'false')) return folded === 'true' ? 1 : 0;
  if (quoted) {
    if (names) fail(`${shown} is none of the values of ${def.name}, which are ${names.map(([, name]) => name).join(', ')}`);
    fail(`${typ.pretty} cannot be converted from a string (${shown})`);
  }
  const n = e.kind === 'char' ? BigInt(e.bytes[0]) : parseFilterInteger(e.text);
  if (n === undefined) fail(`${shown} is not a valid number`);
  if (typ.kind === 'boolean') return n === 0n ? 0 : 1;
  const signed = typ === filterTypes.FT_INT64;
  const max = 2n ** BigInt(typ.width * 8) - 1n;
  if (!signed && n > max) fail(`${shown} is too big for this field, whose maximum is ${max}`);
  if (signed && n >= 2n ** 63n) fail(`${shown} is too big: the maximum is ${2n ** 63n - 1n}`);
  return exact(n);
}

function literalBytes(e, typ, quoted, shown, fail) {
  const own = e.bytes || new TextEncoder().encode(e.text);
  if (typ === filterTypes.FT_STRING) return {typ, v: own};
  const bytes = parseFilterBytes(e.text);
  if (quoted || e.kind === 'char') {
    if (quoted && typ === filterTypes.FT_ETHER && bytes && bytes.length === 6) return {typ, v: bytes};
    return {typ: filterTypes.FT_BYTES, v: own};
  }
  return {typ: filterTypes.FT_BYTES, v: bytes || fail(`${shown} is not a valid byte string: want hex digits, as in 01:02:ff, or a string in double quotes`)};
}

// literalAddress reads an address, or a network with its prefix length.
function literalAddress(text, typ) {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const v = typ.kind === 'ipv4' ? parseIPv4(address) : parseIPv6(address);
  const length = slash < 0 ? '0' : text.slice(slash + 1);
  if (v === undefined || !/^[0-9]+$/.test(length) || Number(length) > typ.width * 8) return null;
  return {typ, v, bits: slash < 0 ? 0 : typ.width * 8 - Number(length)};
}

// compareValues makes the order of values of l and r, which are of one class:
// negative where a is before b. Of networks only their bits count.
export function compareValues(l, r) {
  const host = Math.max(l.bits || 0, r.bits || 0);
  switch (l.typ.kind) {
    case 'ipv4':
      return host > 31 ? () => 0 : (a, b) => (a >>> host) - (b >>> host);
    case 'ipv6':
      return (a, b) => compareNetworks(a, b, host);
    case 'bytes': {
      // The longer of two byte sequences is the greater, as in Wireshark 4.0;
      // strings are ordered as in a dictionary.
      const texts = l.typ === filterTypes.FT_STRING && r.typ === filterTypes.FT_STRING;
      return texts ? compareBytes : (a, b) => a.length - b.length || compareBytes(a, b);
    }
  }
  return (a, b) => (a < b ? -1 : a > b ? 1 : 0);
}

function compareBytes(a, b) {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

// compareNetworks compares addresses without their last host bits.
function compareNetworks(a, b, host) {
  if (a.length !== 16 || b.length !== 16) return compareBytes(a, b);
  for (let i = 0; i < 16; i++) {
    const drop = Math.min(8, Math.max(0, host - (15 - i) * 8));
    const difference = (a[i] >> drop) - (b[i] >> drop);
    if (difference !== 0) return difference;
  }
  return 0;
}

// suggestField is the name of the field that a misspelled or shortened name may
// mean, as in websocket.text for websocket.payload.text; '' if none is near.
export function suggestField(name) {
  const names = filterFieldNames();
  const dot = name.indexOf('.');
  if (dot >= 0 && dot + 1 < name.length) {
    const protocol = name.slice(0, dot + 1);
    const found = names.find((n) => n.startsWith(protocol) && n.endsWith(name.slice(dot)));
    if (found) return found;
  }
  return nearestName(name, names);
}

// suggestionFor is what a message about a word has at its end.
export function suggestionFor(word) {
  if (!word.includes('.') || /^[0-9]/.test(word)) return '';
  const near = suggestField(word);
  return near ? `: did you mean ${near}?` : '';
}

// nearestName is the candidate that differs least from word; '' when none is
// near enough to be what was meant.
export function nearestName(word, candidates) {
  const from = new TextEncoder().encode(word); // lengths are in bytes, as in Go
  let best = '';
  let least = Math.floor(from.length / 3) + 1;
  for (const c of candidates) {
    const d = from.length >= 3 && c.startsWith(word) ? 1 : editDistance(from, c);
    if (d < least || d === least && best === '') [best, least] = [c, d];
  }
  return best;
}

// editDistance counts the insertions, deletions, substitutions and swaps of
// neighbors between bytes and an ASCII text.
function editDistance(a, text) {
  const b = Array.from(text, (c) => c.charCodeAt(0));
  let before = [];
  let last = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      let d = Math.min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] === b[j] ? 0 : 1));
      if (i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]) d = Math.min(d, before[j - 1] + 1);
      row.push(d);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}

// fieldNamed is what vals() shows: the name of a field's value, '' without one.
export function fieldNamed(name, v) {
  const def = filterField(name);
  const found = def.names && def.names.find(([n]) => n === v);
  return found ? found[1] : '';
}
