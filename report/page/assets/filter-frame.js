// Fields of display filters that are of a row's frame, its message and its
// packet.
import {bitCompressed, bitCompletes, bitDetail, bitFin, bitIncomplete, bitMasked, bitServer, kindFrame, kindViolation} from './batch.js';
import {exact, noDetail, noValues} from './filter-context.js';
import {messageOpcode} from './rowtext.js';

const never = {has: () => false};

function ofFrame(get) {
  return {num: (x) => (x.frame() ? get(x) : undefined)};
}

function ofMessage(get) {
  return {num: (x) => (x.completes() ? get(x) : undefined)};
}

function ofBytes(get) {
  return {octets: (x) => (x.frame() ? get(x) : undefined)};
}

function label(holds) {
  return {has: (x) => x.frame() && holds(x)};
}

// Texts of few values are encoded once.
const knownTexts = new Map();

function textOf(text) {
  if (!text) return undefined;
  let bytes = knownTexts.get(text);
  if (bytes === undefined) {
    if (knownTexts.size > 4096) knownTexts.clear();
    bytes = new TextEncoder().encode(text);
    knownTexts.set(text, bytes);
  }
  return bytes;
}

function fragments(x) {
  return x.detail().frames || 1;
}

// notInflated is true where the payload is not the message's: it could not be
// inflated.
function notInflated(x) {
  const why = x.detail().reason;
  return why === 'corrupt' || why === 'compression context lost';
}

// framePayload is the frame's own payload as far as it is kept: not where it is
// compressed, or a fragment.
function framePayload(x) {
  if (x.batch.length[x.j] === 0) return undefined;
  if (x.opcode() < 3) {
    if (!x.completes() || (x.batch.bits[x.j] & bitCompressed) !== 0 || fragments(x) > 1) return undefined;
  }
  return x.payload();
}

// framePayloadIf is the same for frames of which holds(opcode).
function framePayloadIf(holds) {
  return {
    octets: (x) => (x.frame() && holds(x) ? framePayload(x) : undefined),
    present: (x) => x.frame() && holds(x) && x.batch.length[x.j] > 0,
  };
}

function isReserved(x) {
  const opcode = x.opcode();
  return opcode > 2 && opcode < 8 || opcode > 10;
}

// frameHeader is the header as it was on the wire (RFC 6455, 5.2); the detail
// has it where it is not the shortest one.
function frameHeader(x) {
  const detail = x.detail();
  if (detail.header !== undefined) return bytesOfHex(detail.header);
  const length = x.batch.length[x.j];
  const bits = x.batch.bits[x.j];
  const header = [(bits & bitFin ? 128 : 0) | (x.batch.op[x.j] >> 4 & 7) << 4 | x.opcode()];
  const mask = bits & bitMasked ? 128 : 0;
  if (length < 126) header.push(mask | length);
  else if (length < 65536) header.push(mask | 126, length >> 8, length & 255);
  else {
    header.push(mask | 127);
    for (let k = 7n; k >= 0n; k--) header.push(Number(BigInt(length) >> k * 8n & 255n));
  }
  const key = x.store.key(x.row);
  if (key) header.push(...key);
  return Uint8Array.from(header);
}

function bytesOfHex(text) {
  return Uint8Array.from(String(text).match(/[0-9a-f]{2}/gi) || [], (pair) => parseInt(pair, 16));
}

// rawLength is the 7-bit length, which is 126 and 127 before a longer one.
function rawLength(x) {
  const detail = x.batch.bits[x.j] & bitDetail ? x.detail() : noDetail;
  if (detail.header !== undefined) {
    const header = bytesOfHex(detail.header);
    return header.length < 2 ? undefined : header[1] & 127;
  }
  const length = x.batch.length[x.j];
  return length < 126 ? length : length < 65536 ? 126 : 127;
}

// maskedPayload masks the payload again (RFC 6455, 5.3); behind a hole the key
// goes on at the payload's offset.
function maskedPayload(x) {
  const key = x.store.key(x.row);
  const payload = key && framePayload(x);
  if (!payload) return undefined;
  const holes = x.detail().holes || [];
  const out = new Uint8Array(payload.length);
  let offset = 0;
  let next = 0;
  for (let i = 0; i < payload.length; i++, offset++) {
    for (; next < holes.length && holes[next][0] <= offset; next++) offset += holes[next][1];
    out[i] = payload[i] ^ key[offset & 3];
  }
  return out;
}

// fragmentPackets are the packets of the fragments of the message that the row
// completes.
function fragmentPackets(x) {
  if (!x.completes() || fragments(x) < 2) return noValues;
  const store = x.store;
  const connection = store.conn(x.row);
  const from = store.bits(x.row) & bitServer;
  const packets = [store.packet(x.row)];
  for (let row = x.row - 1; row >= store.first && packets.length < fragments(x); row--) {
    if (store.kind(row) !== kindFrame || store.conn(row) !== connection || (store.bits(row) & bitServer) !== from) continue;
    const opcode = store.op(row) & 15;
    if (opcode > 7) continue;
    if (store.bits(row) & bitCompletes) break;
    packets.push(store.packet(row));
    if (opcode !== 0) break;
  }
  return packets.reverse();
}

function violationCodes(x) {
  if (!x.frame()) return noValues;
  const codes = [];
  for (let row = x.row + 1; row < x.store.rows && x.store.kind(row) === kindViolation; row++) {
    const detail = x.store.detail(row);
    if (!detail || !detail.frame) break;
    codes.push(textOf(detail.code));
  }
  return codes;
}

const absoluteTime = {num: (x) => (x.detail().no_time ? undefined : exact(x.store.timeNs(x.row)))};

// The steps of a connection are [ns since the epoch as text, packet].
function sinceUpgrade(x) {
  const facts = x.facts();
  if (facts === null || x.detail().no_time) return undefined;
  const at = facts.all('responded', (c) => (c.steps && c.steps.response ? [BigInt(c.steps.response[0])] : noValues));
  return at.length === 0 ? undefined : exact(x.store.timeNs(x.row) - at[0]);
}

function roundTrip(x) {
  if (x.opcode() !== 10) return undefined;
  const ping = x.store.request(x.row);
  return ping < 0 ? undefined : exact(x.store.timeNs(x.row) - x.store.timeNs(ping));
}

const opcodeWords = ['continuation', 'text', 'binary', 'reserved-3', 'reserved-4', 'reserved-5', 'reserved-6', 'reserved-7',
  'close', 'ping', 'pong', 'reserved-11', 'reserved-12', 'reserved-13', 'reserved-14', 'reserved-15'];

// frameGetters are the ways to the values, by the names of the fields: at most
// one integer (num) or byte sequence (octets), whether a label is there (has), or
// any number (all). present is set where a field is there, though its bytes are
// not kept.
export const frameGetters = {
  'websocket': ofBytes(frameHeader),
  'websocket.fin': ofFrame((x) => (x.batch.bits[x.j] & bitFin ? 1 : 0)),
  'websocket.rsv': ofFrame((x) => x.batch.op[x.j] >> 4),
  'websocket.pmc': ofFrame((x) => {
    const facts = x.facts();
    return facts !== null && facts.connection.deflate ? x.batch.op[x.j] >> 6 & 1 : undefined;
  }),
  'websocket.opcode': ofFrame((x) => x.batch.op[x.j] & 15),
  'websocket.mask': ofFrame((x) => (x.batch.bits[x.j] & bitMasked ? 1 : 0)),
  'websocket.payload_length': ofFrame(rawLength),
  'websocket.payload_length_ext_16': ofFrame((x) => (rawLength(x) === 126 ? exact(x.batch.length[x.j]) : undefined)),
  'websocket.payload_length_ext_64': ofFrame((x) => (rawLength(x) === 127 ? exact(x.batch.length[x.j]) : undefined)),
  'websocket.masking_key': ofBytes((x) => x.store.key(x.row) || undefined),
  'websocket.payload': framePayloadIf(() => true),
  'websocket.masked_payload': {
    octets: (x) => (x.frame() ? maskedPayload(x) : undefined),
    present: (x) => x.frame() && (x.batch.bits[x.j] & bitMasked) !== 0 && x.batch.length[x.j] > 0,
  },
  'websocket.payload.continue': framePayloadIf((x) => x.opcode() === 0 && (x.batch.bits[x.j] & bitFin) === 0),
  'websocket.payload.text': {
    octets: (x) => (x.completes() && messageOpcode(x.store, x.row) === 1 && x.batch.size[x.j] > 0 && !notInflated(x) ? x.payload() : undefined),
  },
  'websocket.payload.close': label((x) => x.opcode() === 8 && x.batch.length[x.j] > 0),
  'websocket.payload.close.status_code': ofFrame((x) => {
    if (x.opcode() !== 8 || x.batch.size[x.j] < 2) return undefined;
    const body = x.payload();
    return body[0] << 8 | body[1];
  }),
  'websocket.payload.close.reason': ofBytes((x) => (x.opcode() === 8 && x.batch.size[x.j] > 2 ? x.payload().subarray(2) : undefined)),
  'websocket.payload.ping': framePayloadIf((x) => x.opcode() === 9),
  'websocket.payload.pong': framePayloadIf((x) => x.opcode() === 10),
  'websocket.payload.unknown': framePayloadIf(isReserved),
  'websocket.payload.unknown.expert': label((x) => isReserved(x) && x.batch.length[x.j] > 0),
  'websocket.decompression.failed.expert': label((x) => x.completes() && notInflated(x)),
  'websocket.fragments': label((x) => x.completes() && fragments(x) > 1),
  'websocket.fragment': {all: fragmentPackets},
  'websocket.fragment.count': ofMessage((x) => (fragments(x) > 1 ? fragments(x) : undefined)),
  'websocket.reassembled.length': ofMessage((x) => {
    if (fragments(x) < 2) return undefined;
    const detail = x.detail();
    return exact(detail.wire_length !== undefined ? detail.wire_length : x.batch.size[x.j]);
  }),
  'websocket.fragment.overlap': never,
  'websocket.fragment.overlap.conflict': never,
  'websocket.fragment.multipletails': never,
  'websocket.fragment.toolongfragment': never,
  'websocket.fragment.error': never,
  'frame': {has: () => true},
  'frame.number': {num: (x) => x.batch.packet[x.j] || undefined},
  'frame.time': absoluteTime,
  'frame.time_epoch': absoluteTime,
  'frame.time_relative': {num: (x) => (x.detail().no_time ? undefined : exact(x.relative()))},
  'frame.time_delta_displayed': {num: (x) => (x.detail().no_time ? undefined : x.shown === null ? 0 : exact(x.relative() - x.shown))},
  'wstap.conn': {num: (x) => x.batch.conn[x.j] || undefined},
  'wstap.time': {num: sinceUpgrade},
  'wstap.from': ofBytes((x) => textOf(x.batch.bits[x.j] & bitServer ? 'server' : 'client')),
  'wstap.opcode': ofBytes((x) => textOf(opcodeWords[x.opcode()])),
  'wstap.first_packet': ofFrame((x) => x.detail().first_packet || x.batch.packet[x.j] || undefined),
  'wstap.length': ofFrame((x) => exact(x.batch.length[x.j])),
  'wstap.missing': ofFrame((x) => exact(x.detail().missing || 0)),
  'wstap.certainty': ofBytes((x) => textOf(x.detail().certainty || 'exact')),
  'wstap.index': ofFrame((x) => (x.opcode() < 8 ? x.detail().index || 0 : undefined)),
  'wstap.violation': {all: violationCodes},
  'wstap.rtt': ofFrame(roundTrip),
  'wstap.message': {octets: (x) => (x.completes() && !notInflated(x) ? x.payload() : undefined)},
  'wstap.message_length': ofMessage((x) => {
    const length = x.detail().message_length;
    return exact(length !== undefined ? length : x.batch.size[x.j]);
  }),
  'wstap.message_frames': ofMessage(fragments),
  'wstap.compressed': ofMessage((x) => (x.batch.bits[x.j] & bitCompressed ? 1 : 0)),
  'wstap.complete': ofMessage((x) => (x.batch.bits[x.j] & bitIncomplete ? 0 : 1)),
  'wstap.invalid_utf8': ofMessage((x) => (x.detail().invalid_utf8 ? 1 : 0)),
  'wstap.summary': ofBytes((x) => (x.completes() ? textOf(x.store.summary(x.row).trim()) : undefined)),
};
