// Values of display filters: how literals are read and values are written, as
// report/dfilter does.

// parseIPv4 is an address as a number, undefined where text is none.
export function parseIPv4(text) {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let n = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    n = n * 256 + Number(part);
  }
  return n;
}

// parseIPv6 is an address as 16 bytes, undefined where text is none
// (RFC 4291, 2.2).
export function parseIPv6(text) {
  const bytes = new Uint8Array(16);
  let tail = text;
  let words = 8;
  const dots = /^(.*:)([0-9.]+)$/.exec(text);
  if (dots && dots[2].includes('.')) {
    const last = parseIPv4(dots[2]);
    if (last === undefined) return undefined;
    new DataView(bytes.buffer).setUint32(12, last);
    tail = dots[1].endsWith('::') ? dots[1] : dots[1].slice(0, -1);
    words = 6;
  }
  const halves = tail.split('::');
  const groups = (half) => (half === '' ? [] : half.split(':'));
  const head = groups(halves[0]);
  const rest = halves.length === 2 ? groups(halves[1]) : [];
  if (halves.length > 2 || ![...head, ...rest].every((g) => /^[0-9a-fA-F]{1,4}$/.test(g))) return undefined;
  const n = head.length + rest.length;
  if (halves.length === 1 ? n !== words : n >= words) return undefined;
  const all = [...head, ...new Array(words - n).fill('0'), ...rest];
  all.forEach((g, i) => new DataView(bytes.buffer).setUint16(2 * i, parseInt(g, 16)));
  return bytes;
}

// formatIPv6 writes an address as RFC 5952 has it.
function formatIPv6(bytes) {
  const words = [];
  for (let i = 0; i < 16; i += 2) words.push(bytes[i] << 8 | bytes[i + 1]);
  if (words.slice(0, 5).every((w) => w === 0) && words[5] === 0xffff) return '::ffff:' + Array.from(bytes.subarray(12)).join('.');
  let best = 0;
  let at = -1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && words[i + n] === 0) n++;
    if (n > best) [best, at] = [n, i];
  }
  const hex = (list) => list.map((w) => w.toString(16)).join(':');
  return best < 2 ? hex(words) : hex(words.slice(0, at)) + '::' + hex(words.slice(at + best));
}

// parseFilterInteger reads decimal, hexadecimal (0x), octal (0) and binary (0b)
// digits as a BigInt; undefined where text is none or exceeds 64 bits.
export function parseFilterInteger(text) {
  let digits = text;
  let prefix = '';
  let pattern = /^[0-9]+$/;
  if (/^0x./i.test(text)) [digits, prefix, pattern] = [text.slice(2), '0x', /^[0-9a-f]+$/i];
  else if (/^0b./i.test(text)) [digits, prefix, pattern] = [text.slice(2), '0b', /^[01]+$/];
  else if (/^0./.test(text)) [digits, prefix, pattern] = [text.slice(1), '0o', /^[0-7]+$/];
  if (!pattern.test(digits) || digits.length > 512) return undefined;
  const n = BigInt(prefix + digits);
  return n < 2n ** 64n ? n : undefined;
}

// parseFilterBytes reads bytes in hex: pairs of digits, or groups of one or two
// (of four with points between them) that a colon, point or hyphen parts, or
// one byte written as 0xff.
export function parseFilterBytes(text) {
  const pairs = (s) => (s.length % 2 === 0 && /^[0-9a-f]+$/i.test(s) ? s.match(/../g).map((p) => parseInt(p, 16)) : null);
  const bytes = (list) => (list ? Uint8Array.from(list) : undefined);
  if (/^0x..$/i.test(text)) return bytes(pairs(text.slice(2)));
  const separator = /[:.-]/.exec(text);
  if (!separator) return bytes(pairs(text.length % 2 === 1 ? text.slice(0, -1) + '0' + text.slice(-1) : text));
  const all = [];
  for (const group of text.split(separator[0])) {
    const padded = group.length === 1 ? '0' + group : group;
    if (padded.length !== 2 && !(padded.length === 4 && separator[0] === '.')) return undefined;
    const list = pairs(padded);
    if (!list) return undefined;
    all.push(...list);
  }
  return bytes(all);
}

// parseFilterSeconds reads seconds with up to nine decimals as nanoseconds, a
// BigInt.
export function parseFilterSeconds(text) {
  const parts = /^([0-9]*)(?:\.([0-9]{0,9}))?$/.exec(text);
  if (!parts || !parts[1] && !parts[2]) return undefined;
  const whole = BigInt(parts[1] || 0);
  return whole < 2n ** 33n ? whole * 1000000000n + BigInt((parts[2] || '').padEnd(9, '0')) : undefined;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

// parseFilterTime reads a date and time as nanoseconds since the epoch: a
// BigInt, undefined where text is none, null where the year is out of range
// (1678 to 2261). Without a time zone it is local time, or UTC where utc is set.
export function parseFilterTime(text, utc) {
  let s = text.trim();
  if (s.endsWith(' UTC')) [s, utc] = [s.slice(0, -4), true];
  const clock = '(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d+))?)?';
  const iso = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})(?:(?:T| +)${clock}(Z|[+-]\\d{2}:?\\d{2})?)?$`).exec(s);
  const named = iso ? null : new RegExp(`^([A-Za-z]{3}) +(\\d{1,2}), +(\\d{4})(?: +${clock})?$`).exec(s);
  const m = iso || named;
  if (!m) return undefined;
  const month = iso ? Number(m[2]) : monthNames.indexOf(m[1].toLowerCase()) + 1;
  const [year, day] = iso ? [Number(m[1]), Number(m[3])] : [Number(m[3]), Number(m[2])];
  const [hour, minute, second] = [4, 5, 6].map((k) => Number(m[k] || 0));
  const zone = iso ? m[8] : undefined;
  if (zone && m[6] === undefined) return undefined; // a zone stands behind seconds only
  const at = new Date(0);
  if (utc || zone) {
    at.setUTCFullYear(year, month - 1, day);
    at.setUTCHours(hour, minute, second);
  } else {
    at.setFullYear(year, month - 1, day);
    at.setHours(hour, minute, second, 0);
  }
  const check = new Date(0);
  check.setUTCFullYear(year, month - 1, day);
  if (month < 1 || month > 12 || day < 1 || check.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) return undefined;
  let ms = at.getTime();
  if (zone && zone !== 'Z') {
    const hours = Number(zone.slice(1, 3));
    const minutes = Number(zone.slice(-2));
    if (hours > 24 || minutes > 60) return undefined;
    ms -= (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60000;
  }
  if (year < 1678 || year > 2261) return null;
  return BigInt(ms) * 1000000n + BigInt((m[7] || '').slice(0, 9).padEnd(9, '0'));
}

// valueText writes a value of a type as string() in a filter does; integers in
// hexadecimal where hex is set.
export function valueText(type, v, hex) {
  switch (type.kind) {
    case 'bytes':
      return Array.from(v, (b) => b.toString(16).padStart(2, '0')).join(type.width === 6 ? ':' : '');
    case 'ipv4':
      return [24, 16, 8, 0].map((shift) => v >>> shift & 255).join('.');
    case 'ipv6':
      return v.length === 16 ? formatIPv6(v) : '';
    case 'offset': {
      const n = BigInt(v);
      const size = n < 0n ? -n : n;
      return (n < 0n ? '-' : '') + size / 1000000000n + '.' + String(size % 1000000000n).padStart(9, '0');
    }
    case 'date': {
      const n = BigInt(v);
      const ns = (n % 1000000000n + 1000000000n) % 1000000000n;
      const at = new Date(Number((n - ns) / 1000000n));
      const month = monthNames[at.getUTCMonth()];
      return month[0].toUpperCase() + month.slice(1) + ' ' + String(at.getUTCDate()).padStart(2) + ', ' + at.getUTCFullYear() + ' ' +
        at.toISOString().slice(11, 19) + '.' + String(ns).padStart(9, '0') + ' UTC';
    }
  }
  if (hex && type.kind === 'integer') return '0x' + BigInt.asUintN(type.width * 8, BigInt(v)).toString(16).padStart(type.width * 2, '0');
  return String(v);
}
