// Rows as the lines of wstap -T jsonl (docs/events.md), as far as the page
// knows: payloads as they are kept, no skipped_bytes, no summary that is but
// the beginning of the payload.
import {bitCompletes, bitCompressed, bitCut, bitFin, bitIncomplete, bitMasked, kindClosed, kindEncrypted, kindFinding, kindFrame, kindGap, kindMessage, kindOpened, kindViolation} from './batch.js';
import {toBase64, toHex} from './copy.js';
import {messageOpcode} from './rowtext.js';

const connectionKeys = ['tcp_stream', 'h2_stream', 'client', 'server', 'proxied_client', 'via', 'proxy', 'url', 'status', 'subprotocol', 'extensions',
  'accept', 'body', 'headers_partial', 'request_headers', 'response_headers', 'tls'];
const eventNames = ['continuation', 'text', 'binary', 'reserved-3', 'reserved-4', 'reserved-5', 'reserved-6', 'reserved-7',
  'close', 'ping', 'pong', 'reserved-11', 'reserved-12', 'reserved-13', 'reserved-14', 'reserved-15'];
const strictText = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

// textIn is the text of bytes in UTF-8, null where they are none. The last
// sequence may be cut short where cut is set.
export function textIn(bytes, cut) {
  for (let less = 0; less < (cut ? 4 : 1) && less <= bytes.length; less++) {
    try {
      return strictText.decode(bytes.subarray(0, bytes.length - less));
    } catch (fault) {
      continue;
    }
  }
  return null;
}

// JsonlExport writes a row after the other with write(text). The message that a
// frame completes stands behind the rules that the two break.
export class JsonlExport {
  constructor(store) {
    this.store = store;
    this.message = null;
  }

  row(row, write) {
    if (!breaksRule(this.store, row)) this.end(write);
    const [event, message] = rowEvents(this.store, row);
    if (event) write(JSON.stringify(event) + '\n');
    if (message) this.message = message;
  }

  end(write) {
    if (this.message) write(JSON.stringify(this.message) + '\n');
    this.message = null;
    return true;
  }
}

// breaksRule is true for a row that tells of a rule that the frame row before it
// breaks.
export function breaksRule(store, row) {
  return store.kind(row) === kindViolation && Boolean((store.detail(row) || {}).frame);
}

// rowEvents are the events that a row was made of: a frame that completes a
// message is two.
function rowEvents(store, row) {
  const detail = store.detail(row) || {};
  switch (store.kind(row)) {
    case kindFrame:
      return (store.bits(row) & bitCompletes) === 0 ? [frameEvent(store, row, detail)] : [frameEvent(store, row, detail), messageEvent(store, row, detail)];
    case kindMessage:
      return [messageEvent(store, row, detail)];
    case kindOpened:
      return [connectionEvent(store, row, detail)];
    case kindGap:
      return [{...begin('gap', store, row, detail), from: sender(store, row), bytes: store.length(row), why: detail.why}];
    case kindViolation:
      return [{...begin('violation', store, row, detail), from: sender(store, row), code: detail.code, rfc: detail.rfc, expected: detail.expected || '', found: detail.found || ''}];
    case kindClosed:
      return [closeEvent(store, row, detail)];
    case kindEncrypted:
    case kindFinding:
      return [detail];
  }
  return [];
}

function begin(type, store, row, detail) {
  const event = {type};
  if (store.conn(row)) event.conn = store.conn(row);
  if (!detail.no_time) event.time = eventTime(store.timeNs(row));
  if (store.packet(row)) event.packet = store.packet(row);
  return event;
}

// eventTime is a time in RFC 3339, UTC, with nanoseconds.
function eventTime(ns) {
  const fraction = (ns % 1000000000n + 1000000000n) % 1000000000n;
  return new Date(Number((ns - fraction) / 1000000n)).toISOString().slice(0, 19) + '.' + String(fraction).padStart(9, '0') + 'Z';
}

function sender(store, row) {
  return store.fromServer(row) ? 'server' : 'client';
}

function connectionEvent(store, row, detail) {
  const event = begin('connection', store, row, detail);
  const c = store.connection(store.conn(row)) || {};
  for (const key of connectionKeys) {
    if (c[key] !== undefined) event[key] = c[key];
  }
  return event;
}

function frameEvent(store, row, detail) {
  const bits = store.bits(row);
  const opcode = store.op(row) & 15;
  const event = {
    ...begin('frame', store, row, detail), from: sender(store, row), first_packet: detail.first_packet || store.packet(row), opcode, name: eventNames[opcode],
    fin: (bits & bitFin) !== 0, rsv: store.op(row) >> 4, masked: (bits & bitMasked) !== 0,
  };
  const key = store.key(row);
  if (key) event.masking_key = toHex(key, '');
  Object.assign(event, {length: store.length(row), missing: detail.missing || 0, certainty: detail.certainty || 'exact'});
  const payload = store.payload(row);
  if (opcode === 8) {
    if (detail.code) Object.assign(event, {code: detail.code, reason: detail.close_reason || ''});
    if (!detail.code && payload.length > 0 || textIn(payload.subarray(2)) === null) event.base64 = toBase64(payload);
  } else if (opcode & 8) {
    putPayload(event, payload, false, true);
  }
  return event;
}

function messageEvent(store, row, detail) {
  const bits = store.bits(row);
  const opcode = store.kind(row) === kindMessage ? store.op(row) & 15 : messageOpcode(store, row);
  const frames = detail.frames === undefined ? 1 : detail.frames;
  const event = {
    ...begin('message', store, row, detail), from: sender(store, row),
    first_packet: detail.message_first_packet || detail.first_packet || store.packet(row), opcode, frames, compressed: (bits & bitCompressed) !== 0,
  };
  if (detail.inferred) event.inferred = true;
  event.wire_length = detail.wire_length === undefined ? store.length(row) - (detail.missing || 0) : detail.wire_length;
  event.length = detail.message_length === undefined ? store.size(row) : detail.message_length;
  event.certainty = detail.certainty || 'exact';
  if (detail.reason !== 'compression context lost') putPayload(event, store.payload(row), (bits & bitCut) !== 0, opcode !== 2 && !detail.invalid_utf8);
  if (detail.invalid_utf8) event.invalid_utf8 = true;
  if (store.summary(row)) event.summary = store.summary(row);
  event.complete = (bits & bitIncomplete) === 0;
  if (!event.complete) event.reason = detail.reason;
  return event;
}

function putPayload(event, bytes, cut, asText) {
  const text = asText ? textIn(bytes, cut) : null;
  if (text !== null) event.text = text;
  else event.base64 = toBase64(bytes);
  if (cut) event.payload_cut = true;
}

function closeEvent(store, row, detail) {
  const event = {...begin('close', store, row, detail), by: detail.by};
  if (detail.code) Object.assign(event, {code: detail.code, reason: detail.reason || ''});
  event.how = detail.how;
  if (detail.h2_error) event.h2_error = detail.h2_error;
  const c = store.connection(store.conn(row)) || {};
  for (const side of ['client', 'server']) {
    const t = (c.totals || {})[side] || {};
    event['from_' + side] = {frames: t.frames || 0, messages: t.messages || 0, control: t.control || 0, payload_bytes: t.bytes || 0, message_bytes: t.message_bytes || 0};
  }
  return Object.assign(event, {gaps: c.gaps || 0, violations: c.violations || 0});
}
