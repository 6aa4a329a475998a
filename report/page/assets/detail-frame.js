// What the detail pane tells of a frame: facts of it and its message, and its
// header bit by bit, with the sections of RFC 6455 and RFC 7692 that decide.
import {bitCompletes, bitCompressed, bitFin, bitIncomplete, bitMasked, kindFrame, kindMessage, kindViolation} from './batch.js';
import {button, element} from './dom.js';
import {lifecycleText, messageOpcode, typeText} from './rowtext.js';
import {closeCodeName, formatBytes, formatDuration, formatNumber, opcodeName, visible} from './text.js';
import {toHex} from './copy.js';

// factList is a list of names and values (texts or elements).
export function factList(facts) {
  const list = element('dl', 'detail-facts');
  for (const [name, value, className] of facts) {
    if (value === '' || value === undefined || value === null) continue;
    const told = element('dd', className || '');
    told.append(value);
    list.append(element('dt', '', name), told);
  }
  return list;
}

// rfcNote names a section: "RFC 6455, 5.2".
export function rfcNote(sections) {
  return element('span', 'detail-rfc', sections.replace(/^(\d+) /, 'RFC $1, '));
}

function bytesText(n) {
  return n < 1024 ? `${n} bytes` : `${formatNumber(n)} bytes (${formatBytes(n)})`;
}

// frameFacts tells of the row's message, what is missing of it, the rules it
// breaks, and what it answers or what answers it.
export function frameFacts(row, app) {
  const {store} = app;
  const bits = store.bits(row);
  const detail = store.detail(row) || {};
  const facts = [];
  const completes = (bits & bitCompletes) !== 0;
  const frames = detail.frames || 1;
  if (store.summary(row)) facts.push(['Summary', visible(store.summary(row))]);
  if (completes || store.kind(row) !== kindFrame) {
    const length = detail.message_length === undefined ? store.size(row) : detail.message_length;
    facts.push(['Message', [opcodeName(messageOpcode(store, row)), isGuess(detail) ? 'length not known' : bytesText(length), frames > 1 ? `in ${frames} frames` : ''].filter(Boolean).join(', ')]);
    if (frames > 1 && detail.message_first_packet) facts.push(['Begun by', 'packet ' + formatNumber(detail.message_first_packet)]);
    if (bits & bitCompressed) facts.push(['Compressed', compressionText(detail.wire_length === undefined ? store.length(row) : detail.wire_length, length, detail)]);
  } else if (!(store.op(row) & 8)) {
    facts.push(['Fragment', `number ${(detail.index || 0) + 1} of its message, ${bytesText(store.length(row))}`]);
    const last = completedBy(store, row);
    if (last >= 0) facts.push(['Completed by', rowLink(last, app)]);
  } else {
    facts.push(['Length', bytesText(store.length(row))]);
  }
  facts.push(...closeFacts(store, row, detail));
  if (bits & bitIncomplete) facts.push(['Incomplete', visible(detail.reason || 'not all of the message is there'), 'detail-bad']);
  if (detail.missing) facts.push(['Missing', missingText(detail), 'detail-bad']);
  if (detail.certainty && detail.certainty !== 'exact') facts.push(['Certainty', certaintyText(detail.certainty)]);
  if (detail.invalid_utf8) facts.push(['Text', 'is not UTF-8 (RFC 6455, 8.1)', 'detail-bad']);
  if (detail.redacted) facts.push(['Redacted', `${detail.redacted} ${detail.redacted === 1 ? 'value' : 'values'}: --no-redact leaves them in`]);
  for (const broken of violationsOf(store, row)) facts.push(['Violation', lifecycleText(store, broken), 'detail-bad']);
  facts.push(...replyFacts(row, app));
  return factList(facts);
}

// isGuess is true where a message could not be inflated: its bytes are no text,
// and nobody knows how many there were.
export function isGuess(detail) {
  return detail.reason === 'compression context lost' || detail.reason === 'corrupt';
}

function compressionText(wire, length, detail) {
  const ratio = wire > 0 && length > 0 ? `, ${(length / wire).toFixed(length / wire < 10 ? 2 : 0)} : 1` : '';
  return `permessage-deflate (RFC 7692)${detail.inferred ? ', inferred from the bytes' : ''}: ${formatNumber(wire)} bytes on the wire${ratio}`;
}

function closeFacts(store, row, detail) {
  if ((store.op(row) & 15) !== 8) return [];
  if (!detail.code) return [['Code', store.length(row) === 0 ? 'none (1005)' : 'none that can be read']];
  const name = closeCodeName(detail.code);
  return [['Code', element('span', '', visible(detail.code + (name ? ', ' + name : '') + ' (RFC 6455, 7.4)'))], ['Reason', visible(detail.close_reason || '')]];
}

// missingText says it in words: "missing 120 bytes", and where.
function missingText(detail) {
  const holes = (detail.holes || []).slice(0, 8).map(([at, n]) => `${formatNumber(n)} at offset ${formatNumber(at)}`);
  const more = (detail.holes || []).length > 8 ? ', \u2026' : '';
  return `missing ${formatNumber(detail.missing)} bytes, which were never captured` + (holes.length > 0 ? `: ${holes.join(', ')}${more}` : '');
}

function certaintyText(word) {
  return {resynced: 'resynced: found again behind a gap, by evidence', midstream: 'midstream: the upgrade was not captured'}[word] || visible(word);
}

// violationsOf are the rows behind the row that tell which rules it breaks.
function violationsOf(store, row) {
  const rows = [];
  for (let next = row + 1; next < store.rows && store.kind(next) === kindViolation && rows.length < 32; next++) {
    const detail = store.detail(next);
    if (!detail || !detail.frame) break;
    rows.push(next);
  }
  return rows;
}

function replyFacts(row, app) {
  const {store} = app;
  const facts = [];
  const request = store.request(row);
  const answer = store.answer(row);
  const part = (to, ms) => {
    const whole = element('span');
    whole.append(rowLink(to, app), ` after ${formatDuration(ms)}`);
    return whole;
  };
  if (request >= 0) facts.push(['Answers', part(request, store.time(row) - store.time(request))]);
  if (answer >= 0) facts.push(['Answered by', part(answer, store.time(answer) - store.time(row))]);
  return facts;
}

// rowLink goes to a row.
export function rowLink(row, app) {
  const go = button(`${typeText(app.store, row, false)} in packet ${formatNumber(app.store.packet(row))}`, () => app.select(row));
  go.className = 'detail-link';
  return go;
}

const searchedRows = 100000; // for a fragment's last frame, so that no click takes long

// completedBy is the row that completes the message of a fragment, -1 where it
// is not near.
function completedBy(store, row) {
  const connection = store.conn(row);
  const end = Math.min(store.rows, row + searchedRows);
  for (let next = row + 1; next < end; next++) {
    if (store.conn(next) !== connection || store.fromServer(next) !== store.fromServer(row)) continue;
    if (store.kind(next) === kindMessage || store.kind(next) === kindFrame && (store.bits(next) & bitCompletes) !== 0) return next;
  }
  return -1;
}

// headerPart is the frame's header (RFC 6455, 5.2), bit by bit.
export function headerPart(row, app) {
  const {store} = app;
  const bits = store.bits(row);
  const detail = store.detail(row) || {};
  const op = store.op(row) & 15;
  const rsv = store.op(row) >> 4;
  const length = store.length(row);
  const fin = (bits & bitFin) !== 0;
  const masked = (bits & bitMasked) !== 0;
  const first = (fin ? 128 : 0) | rsv << 4 | op;
  const form = sentForm(detail, length);
  const second = (masked ? 128 : 0) | form;
  const table = element('table', 'detail-header');
  table.append(element('caption', 'detail-offscreen', 'Header of the frame, bit by bit'));
  const body = element('tbody');
  table.append(body);
  const add = (drawn, meaning, sections) => {
    const line = element('tr');
    const note = element('td');
    note.append(rfcNote(sections));
    line.append(element('td', 'detail-bits', drawn), element('td', '', meaning), note);
    body.append(line);
  };
  add(drawBits(first, 0x80), `FIN ${fin ? 1 : 0}: ${finalText(op, fin, detail)}`, op & 8 ? '6455 5.2, 5.5' : '6455 5.2, 5.4');
  add(drawBits(first, 0x40), `RSV1 ${rsv >> 2 & 1}${rsv1Text(row, app, op, rsv)}`, '7692 6');
  add(drawBits(first, 0x20), `RSV2 ${rsv >> 1 & 1}`, '6455 5.2');
  add(drawBits(first, 0x10), `RSV3 ${rsv & 1}`, '6455 5.2');
  add(drawBits(first, 0x0f), `Opcode ${op}: ${opcodeName(op)}`, opcodeSection(op));
  add(drawBits(second, 0x80), `MASK ${masked ? 1 : 0}: ${masked ? 'masked' : 'not masked'}${maskRule(store.fromServer(row), masked)}`, '6455 5.1, 5.3');
  add(drawBits(second, 0x7f), `Payload length ${form}: ${form < 126 ? 'in 7 bits' : form === 126 ? 'the next 16 bits have it' : 'the next 64 bits have it'}`, '6455 5.2');
  if (form > 125) add(form === 126 ? '16 bits' : '64 bits', `Extended payload length ${formatNumber(length)}`, '6455 5.2');
  const key = store.key(row);
  if (key) add(toHex(key, ' '), `Masking key ${toHex(key, '')}`, '6455 5.3');
  const size = 2 + (form === 126 ? 2 : form === 127 ? 8 : 0) + (masked ? 4 : 0);
  add('', `Header of ${size} bytes, payload of ${bytesText(length)}`, '6455 5.2');
  return table;
}

// sentForm is the 7-bit length; the detail has the header where it is not the
// shortest one.
function sentForm(detail, length) {
  if (detail.header && detail.header.length >= 4) return parseInt(detail.header.slice(2, 4), 16) & 127;
  return length < 126 ? length : length < 65536 ? 126 : 127;
}

function maskRule(fromServer, masked) {
  const rule = fromServer ? 'a server must not mask' : 'a client must mask';
  return (fromServer === masked ? ', though ' : ': ') + rule;
}

function finalText(op, fin, detail) {
  if (op & 8) return fin ? 'a control frame is one frame' : 'a control frame must not be fragmented';
  const number = (detail.index || 0) + 1;
  if (!fin) return number > 1 ? `fragment number ${number}, the message goes on` : 'the message goes on';
  return number > 1 || op === 0 ? `last fragment of the message${number > 1 ? ', number ' + number : ''}` : 'the message is this frame';
}

function rsv1Text(row, app, op, rsv) {
  if ((rsv & 4) === 0) return '';
  if (op & 8) return ': a control frame must not have it';
  const connection = app.store.connection(app.store.conn(row));
  return connection && connection.deflate || app.store.bits(row) & bitCompressed ? ': compressed with permessage-deflate' : '';
}

function opcodeSection(op) {
  return {0: '6455 5.4', 1: '6455 5.6', 2: '6455 5.6', 8: '6455 5.5.1', 9: '6455 5.5.2', 10: '6455 5.5.3'}[op] || '6455 5.2';
}

// drawBits draws a field that is part of a byte as "1... ....".
function drawBits(value, mask) {
  let out = '';
  for (let bit = 7; bit >= 0; bit--) {
    out += (mask >> bit & 1) === 0 ? '.' : value >> bit & 1;
    if (bit === 4) out += ' ';
  }
  return out;
}
