// Words and numbers for people, and the one way by which peers' text is made
// fit to be seen.

const opcodeNames = ['continuation', 'text', 'binary', 'data 3', 'data 4', 'data 5', 'data 6', 'data 7',
  'close', 'ping', 'pong', 'control 11', 'control 12', 'control 13', 'control 14', 'control 15'];

// opcodeName is the name of an opcode (RFC 6455, 11.8).
export function opcodeName(opcode) {
  return opcodeNames[opcode & 15];
}

// What moves, hides or mirrors text: controls, format characters (bidirectional,
// zero width), separators, surrogates without partner, private use, unassigned.
const invisibleText = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
const markStacks = /(\p{M}{3})\p{M}+/gu; // more than three cover the rows around
const plainText = /^[\x20-\x7e]*$/;

// visible shows what a peer sent without doing what it says: as report.Escaper,
// \n \r \t, \x1b for other ASCII controls, \u202e or \u{e0001} for the rest.
export function visible(text) {
  if (plainText.test(text)) return text;
  return text.replace(invisibleText, escapeRune).replace(markStacks, '$1');
}

function escapeRune(rune) {
  if (rune === '\n') return '\\n';
  if (rune === '\r') return '\\r';
  if (rune === '\t') return '\\t';
  const code = rune.codePointAt(0);
  const hex = code.toString(16);
  if (code < 0x80) return '\\x' + hex.padStart(2, '0');
  if (code < 0x10000) return '\\u' + hex.padStart(4, '0');
  return '\\u{' + hex + '}';
}

const strictDecoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

// decodeText decodes UTF-8 and escapes what is not, byte by byte, as \xff.
// A cut last sequence is left out where cut is true.
export function decodeText(bytes, cut) {
  try {
    return strictDecoder.decode(bytes);
  } catch (fault) {
    return decodeBroken(bytes, cut);
  }
}

function decodeBroken(bytes, cut) {
  let out = '';
  let from = 0;
  while (from < bytes.length) {
    const good = validUTF8(bytes, from);
    if (good > from) out += strictDecoder.decode(bytes.subarray(from, good));
    if (good === bytes.length || (cut && bytes.length - good < 4)) break;
    out += '\\x' + bytes[good].toString(16).padStart(2, '0');
    from = good + 1;
  }
  return out;
}

// validUTF8 is the end of the run of whole UTF-8 sequences (RFC 3629, 4).
function validUTF8(bytes, at) {
  while (at < bytes.length) {
    const b = bytes[at];
    let size = 1;
    if (b >= 0x80) {
      size = b >= 0xf0 && b <= 0xf4 ? 4 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xc2 && b < 0xe0 ? 2 : 0;
      if (size === 0 || at + size > bytes.length) return at;
      const second = bytes[at + 1];
      if ((b === 0xe0 && second < 0xa0) || (b === 0xed && second > 0x9f) || (b === 0xf0 && second < 0x90) || (b === 0xf4 && second > 0x8f)) return at;
      for (let k = 1; k < size; k++) {
        if ((bytes[at + k] & 0xc0) !== 0x80) return at;
      }
    }
    at += size;
  }
  return at;
}

const numberFormat = new Intl.NumberFormat('en-US');

// formatNumber groups digits: 1,234,567.
export function formatNumber(n) {
  return numberFormat.format(n);
}

// formatBytes is a size in three digits, in steps of 1024: 312 B, 4.2 KiB.
export function formatBytes(n) {
  if (n < 1024) return n + ' B';
  let unit = -1;
  do {
    n /= 1024;
    unit++;
  } while (n >= 1000 && unit < 4);
  return n.toFixed(n < 10 ? 1 : 0) + ' ' + ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'][unit];
}

// formatDuration is a time span in ms in three digits: 0.04 ms, 12.3 s, 4 m 10 s.
export function formatDuration(ms) {
  if (ms < 0) return '-' + formatDuration(-ms);
  if (ms < 1000) return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0) + ' ms';
  const s = ms / 1000;
  if (s < 120) return s.toFixed(s < 10 ? 2 : 1) + ' s';
  if (s < 7200) return Math.floor(s / 60) + ' m ' + Math.floor(s % 60) + ' s';
  return Math.floor(s / 3600) + ' h ' + Math.floor((s % 3600) / 60) + ' m';
}

// formatTime is a time since the start in ms as seconds, to the microsecond.
export function formatTime(ms) {
  return (ms / 1000).toFixed(6);
}

// formatClock is nanoseconds since the epoch (BigInt) as UTC, to the microsecond.
export function formatClock(ns, withDate) {
  const iso = new Date(Number(ns / 1000000n)).toISOString();
  const micros = String((ns / 1000n) % 1000000n).padStart(6, '0');
  return (withDate ? iso.slice(0, 10) + ' ' : '') + iso.slice(11, 19) + '.' + micros;
}

// endpointText is ip:port, with brackets around IPv6.
export function endpointText(endpoint) {
  if (!endpoint || !endpoint.ip) return '';
  return (endpoint.ip.includes(':') ? '[' + endpoint.ip + ']' : endpoint.ip) + ':' + endpoint.port;
}

const closeCodes = {
  1000: 'normal closure', 1001: 'going away', 1002: 'protocol error', 1003: 'unsupported data', 1004: 'reserved', 1005: 'no status received',
  1006: 'abnormal closure', 1007: 'invalid frame payload data', 1008: 'policy violation', 1009: 'message too big', 1010: 'mandatory extension',
  1011: 'internal error', 1012: 'service restart', 1013: 'try again later', 1014: 'bad gateway', 1015: 'tls handshake', 3000: 'unauthorized', 3003: 'forbidden', 3008: 'timeout',
};

// closeCodeName is the name of a close code in the IANA registry (RFC 6455,
// 11.7), as wsframe's CloseCodeName has it; '' if it has none.
export function closeCodeName(code) {
  return code >= 4000 && code <= 4999 ? 'private use' : closeCodes[code] || '';
}
