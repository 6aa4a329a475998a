import {bitCompletes, bitCompressed, bitCut, bitFin, bitIncomplete, kindClosed, kindEncrypted, kindFinding, kindFrame, kindGap, kindMessage, kindOpened, kindViolation} from './batch.js';
import {closeCodeName, decodeText, endpointText, formatDuration, formatNumber, opcodeName, visible} from './text.js';

const previewBytes = 400; // what of a payload can stand in a line, on any screen

// isLifecycle is true for rows that tell of a connection, not of what it carried.
export function isLifecycle(kind) {
  return kind !== kindFrame && kind !== kindMessage;
}

// messageOpcode is the opcode of the message that the row completes: the last
// of several frames says "continuation" (RFC 6455, 5.4).
export function messageOpcode(store, row) {
  const op = store.op(row) & 15;
  if (op !== 0) return op;
  const detail = store.detail(row);
  return detail && detail.opcode ? detail.opcode : 0;
}

// typeText is a word for what the row is.
export function typeText(store, row, messages) {
  switch (store.kind(row)) {
    case kindOpened: {
      const c = store.connection(store.conn(row));
      if (!c) return 'opened';
      if (c.via === 'midstream') return 'joined';
      return c.status === 101 || (c.via === 'h2' && c.status >= 200 && c.status < 300) ? 'upgraded' : c.status ? 'refused' : 'no reply';
    }
    case kindGap:
      return 'gap';
    case kindViolation:
      return 'violation';
    case kindClosed:
      return 'closed';
    case kindEncrypted:
      return 'encrypted';
    case kindFinding:
      return 'finding';
    default:
      return opcodeName(messages || (store.bits(row) & bitCompletes) ? messageOpcode(store, row) : store.op(row) & 15);
  }
}

// lifecycleText tells what happened, in a line; made visible already.
export function lifecycleText(store, row) {
  const detail = store.detail(row) || {};
  const c = store.connection(store.conn(row));
  switch (store.kind(row)) {
    case kindOpened:
      return openedText(c, detail);
    case kindGap:
      return formatNumber(store.length(row)) + ' bytes were never captured' + (detail.why ? ' (' + visible(detail.why) + ')' : '');
    case kindViolation: {
      const rule = visible(detail.code || 'violation') + (detail.rfc ? ' (RFC ' + visible(detail.rfc) + ')' : '');
      if (detail.text) return rule + ': ' + visible(detail.text);
      return rule + (detail.expected ? ': expected ' + visible(detail.expected) + ', found ' + visible(detail.found || '') : '');
    }
    case kindClosed:
      return closedText(detail);
    case kindEncrypted: {
      const tls = detail.tls || {};
      return ['TLS that could not be read', endpointText(detail.client) + ' \u2192 ' + endpointText(detail.server), tls.version, tls.sni, tls.state]
        .filter(Boolean).map(visible).join('  ');
    }
    case kindFinding:
      return visible((detail.severity || 'finding') + ' ' + (detail.code || '') + ': ' + (detail.text || ''));
    default:
      return '';
  }
}

function openedText(c, detail) {
  if (!c) return visible(detail.text || '');
  const words = [endpointText(c.client) + ' \u2192 ' + endpointText(c.server)];
  if (c.status) words.push('status ' + c.status);
  if (c.url) words.push(c.url);
  if (c.subprotocol) words.push('subprotocol ' + c.subprotocol);
  if (c.extensions) words.push(c.extensions);
  if (detail.text) words.push(detail.text);
  return words.map(visible).join('  ');
}

// closedText says who closed, with which code and how; of a row's detail or of
// a connection's closed.
export function closedText(closed) {
  const words = [];
  if (closed.by && closed.by !== 'none') words.push('by the ' + closed.by);
  if (closed.code) {
    const name = closeCodeName(closed.code);
    words.push(closed.code + (name ? ' ' + name : ''));
  }
  if (closed.reason) words.push('\u201c' + closed.reason + '\u201d');
  if (closed.how) words.push(words.length > 0 ? '(' + closed.how + ')' : closed.how);
  return words.map(visible).join(' ') || visible(closed.text || '');
}

// previewText is the beginning of the row's payload in one line, made visible.
export function previewText(store, row) {
  const detail = store.op(row) & 8 ? store.detail(row) : null;
  const opcode = messageOpcode(store, row);
  if (opcode === 8 && detail && detail.code) {
    const name = closeCodeName(detail.code);
    return visible(detail.code + (name ? ' ' + name : '') + (detail.close_reason ? '  ' + detail.close_reason : ''));
  }
  const payload = store.payload(row);
  const head = payload.subarray(0, previewBytes);
  const more = head.length < payload.length || (store.bits(row) & bitCut) !== 0;
  if (opcode === 2 || (opcode >= 9 && !isPrintable(head))) return hexLine(head.subarray(0, 48)) + (payload.length > 48 ? ' \u2026' : '');
  return visible(decodeText(head, more)) + (more ? '\u2026' : '');
}

function isPrintable(bytes) {
  return bytes.every((b) => b >= 0x20 && b < 0x7f);
}

function hexLine(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');
}

// remarkText is what else is to be known of a frame, in a few words: fragments,
// compression, what is missing, how long the answer took.
export function remarkText(store, row) {
  const bits = store.bits(row);
  const words = []; // the end may be cut off
  const detail = store.detail(row) || {};
  const request = store.request(row);
  if (request >= 0) words.push('answers in ' + formatDuration(store.time(row) - store.time(request)));
  if (detail.frames > 1 && bits & bitCompletes) words.push(detail.frames + ' frames');
  else if (!(bits & bitCompletes) && store.kind(row) === kindFrame && !(store.op(row) & 8)) words.push(bits & bitFin ? 'last fragment' : 'fragment');
  if (bits & bitCompressed) words.push('deflate');
  if (bits & bitIncomplete) words.push('incomplete' + (detail.reason ? ': ' + detail.reason : ''));
  if (detail.missing) words.push(formatNumber(detail.missing) + ' bytes missing');
  if (detail.invalid_utf8) words.push('invalid UTF-8');
  if (detail.certainty && detail.certainty !== 'exact') words.push(detail.certainty);
  return visible(words.join(', '));
}
