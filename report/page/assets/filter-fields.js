// The fields of display filters that a report's rows can answer. Names and types
// are those of filter-table.js; how to get a value of a row stands here.
import {bitCompletes, bitCompressed, bitFin, bitMasked, bitServer, kindFrame, kindViolation} from './batch.js';
import {filterTable} from './filter-table.js';
import {parseIPv4, parseIPv6} from './filter-value.js';
import {messageOpcode} from './rowtext.js';

// filterTypes are Wireshark's types: what messages call them, the size of
// their values in bytes (0 where that differs), and the class whose values can
// be compared with each other.
export const filterTypes = {
  FT_NONE: {pretty: 'label', width: 0, kind: 'none'},
  FT_PROTOCOL: {pretty: 'protocol', width: 0, kind: 'bytes'},
  FT_BOOLEAN: {pretty: 'boolean', width: 1, kind: 'boolean'},
  FT_UINT8: {pretty: 'unsigned integer (1 byte)', width: 1, kind: 'integer'},
  FT_UINT16: {pretty: 'unsigned integer (2 bytes)', width: 2, kind: 'integer'},
  FT_UINT24: {pretty: 'unsigned integer (3 bytes)', width: 3, kind: 'integer'},
  FT_UINT32: {pretty: 'unsigned integer (4 bytes)', width: 4, kind: 'integer'},
  FT_UINT64: {pretty: 'unsigned integer (8 bytes)', width: 8, kind: 'integer'},
  FT_INT64: {pretty: 'signed integer (8 bytes)', width: 8, kind: 'integer'},
  FT_FRAMENUM: {pretty: 'frame number', width: 4, kind: 'integer'},
  FT_BYTES: {pretty: 'byte sequence', width: 0, kind: 'bytes'},
  FT_STRING: {pretty: 'character string', width: 0, kind: 'bytes'},
  FT_ETHER: {pretty: 'Ethernet or other MAC address', width: 6, kind: 'bytes'},
  FT_IPv4: {pretty: 'IPv4 address', width: 4, kind: 'ipv4'},
  FT_IPv6: {pretty: 'IPv6 address', width: 16, kind: 'ipv6'},
  FT_ABSOLUTE_TIME: {pretty: 'date and time', width: 8, kind: 'date'},
  FT_RELATIVE_TIME: {pretty: 'time offset', width: 8, kind: 'offset'},
};

// FilterContext stands at one row. All of its values are lent: valid until it
// moves on. Integers are Numbers where these are exact, else BigInts, so that
// === tells whether two are equal.
export class FilterContext {
  constructor(store) {
    this.store = store;
    this.row = -1;
    this.batch = null;
    this.j = 0;
    this.base = 0; // ns from the capture's start to the batch's time base
    this.shown = null; // time (ns) of the last row that passed
    this.known = new Map(); // connection number -> ConnectionFacts
    this.last = null;
  }

  move(row) {
    this.row = row;
    const batch = this.store.batchOf(row);
    if (batch !== this.batch) {
      this.batch = batch;
      this.base = exact(batch.timeBase - BigInt(this.store.index.started || 0));
    }
    this.j = row - batch.first;
  }

  frame() {
    return this.batch.kind[this.j] === kindFrame;
  }

  completes() {
    return this.frame() && (this.batch.bits[this.j] & bitCompletes) !== 0;
  }

  opcode() {
    return this.batch.op[this.j] & 15;
  }

  detail() {
    return this.store.detail(this.row) || noDetail;
  }

  payload() {
    return this.store.payload(this.row);
  }

  // relative is the row's time since the capture's first packet, in ns.
  relative() {
    return this.base + this.batch.ns[this.j];
  }

  // facts are those of the row's connection; null without one.
  facts() {
    const number = this.batch.conn[this.j];
    if (number === 0) return null;
    const connection = this.store.connection(number);
    if (connection === null) return null;
    let facts = this.last;
    if (facts !== null && facts.connection === connection) return facts;
    facts = this.known.get(number);
    if (facts === undefined || facts.connection !== connection) {
      facts = new ConnectionFacts(connection);
      this.known.set(number, facts);
    }
    this.last = facts;
    return facts;
  }

  fromClient() {
    return this.frame() && (this.batch.bits[this.j] & bitServer) === 0;
  }
}

const noDetail = {};

// ConnectionFacts keeps what fields make of a connection's entry in the index,
// which is replaced as a whole where it changes.
class ConnectionFacts {
  constructor(connection) {
    this.connection = connection;
    this.values = new Map();
  }

  // all are the values that make(connection) names under that key.
  all(key, make) {
    let values = this.values.get(key);
    if (values === undefined) {
      values = make(this.connection);
      this.values.set(key, values);
    }
    return values;
  }
}

const textEncoder = new TextEncoder();

// textValues are the UTF-8 of texts; those that are empty are absent.
function textValues(...texts) {
  return texts.filter((t) => t !== undefined && t !== null && t !== '').map((t) => textEncoder.encode(t));
}

// exact is an integer as a Number where that is exact, else as a BigInt.
export function exact(n) {
  if (typeof n === 'number') return Number.isSafeInteger(n) ? n : BigInt(n);
  return n >= Number.MIN_SAFE_INTEGER && n <= Number.MAX_SAFE_INTEGER ? Number(n) : n;
}

// noValues are those of an absent field.
export const noValues = [];

// ofConnection are the texts of the row's connection that get names.
function ofConnection(key, get) {
  const make = (c) => textValues(...[].concat(get(c)));
  return {
    all(x) {
      const facts = x.facts();
      return facts === null ? noValues : facts.all(key, make);
    },
  };
}

function ofHeader(key, name) {
  const values = (fields) => (fields || []).filter((f) => String(f[0]).toLowerCase() === name).map((f) => f[1]);
  return {
    all(x) {
      const facts = x.facts();
      return facts === null ? noValues : facts.all(key, (c) => [...values(c.request_headers), ...values(c.response_headers)].map((v) => textEncoder.encode(v)));
    },
  };
}

// ofEnds are values of the connection's ends, the sender's first: before a
// frame is there, the server's.
function ofEnds(key, get, source, destination) {
  const pick = (from, to) => {
    const values = [];
    if (source && from) values.push(get(from));
    if (destination && to) values.push(get(to));
    return values.filter((v) => v !== undefined);
  };
  return {
    all(x) {
      const facts = x.facts();
      if (facts === null) return noValues;
      if (x.fromClient()) return facts.all(key + '>', (c) => pick(c.client, c.server));
      return facts.all(key + '<', (c) => pick(c.server, c.client));
    },
  };
}

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
    bytes = textEncoder.encode(text);
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
  const detail = x.batch.bits[x.j] & 128 ? x.detail() : noDetail;
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

function isOverIP(x, version) {
  const facts = x.facts();
  const ip = facts && facts.connection.server && facts.connection.server.ip;
  return Boolean(ip) && ip.includes(':') === (version === 6);
}

function endpointBytes(key, get) {
  const text = (e) => (e && e.ip ? (e.ip.includes(':') ? `[${e.ip}]` : e.ip) + ':' + e.port : '');
  return ofConnection(key, (c) => text(get(c)));
}

const addressOf = (e) => (e.ip && !e.ip.includes(':') ? parseIPv4(e.ip) : undefined);
const address6Of = (e) => (e.ip && e.ip.includes(':') ? parseIPv6(e.ip) : undefined);
const hostOf = (e) => (e.ip && !e.ip.includes(':') ? textEncoder.encode(e.ip) : undefined);
const host6Of = (e) => (e.ip && e.ip.includes(':') ? textEncoder.encode(e.ip) : undefined);
const portOf = (e) => e.port;
const never = {has: () => false};
const isPresent = {has: (x) => x.facts() !== null};
const number = (key, get) => ({
  all(x) {
    const facts = x.facts();
    return facts === null ? noValues : facts.all(key, (c) => (get(c) === undefined ? noValues : [exact(get(c))]));
  },
});

// uriPart splits only what has a query, as Wireshark.
function uriPart(c, k) {
  const target = c.target || '';
  const at = target.indexOf('?');
  return at < 0 ? '' : k === 0 ? target.slice(0, at) : target.slice(at + 1);
}

function fullURI(c) {
  if (!c.url) return '';
  return c.url.startsWith('wss://') ? 'https://' + c.url.slice(6) : 'http://' + c.url.replace(/^ws:\/\//, '');
}

const opcodeWords = ['continuation', 'text', 'binary', 'reserved-3', 'reserved-4', 'reserved-5', 'reserved-6', 'reserved-7',
  'close', 'ping', 'pong', 'reserved-11', 'reserved-12', 'reserved-13', 'reserved-14', 'reserved-15'];

// How to get the values of fields, by name: at most one integer (num) or byte
// sequence (octets), whether a label is there (has), or any number (all).
const filterGetters = {
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

  'ip': {has: (x) => isOverIP(x, 4)},
  'ip.version': {num: (x) => (isOverIP(x, 4) ? 4 : isOverIP(x, 6) ? 6 : undefined)},
  'ip.src': ofEnds('ip.src', addressOf, true, false),
  'ip.dst': ofEnds('ip.dst', addressOf, false, true),
  'ip.addr': ofEnds('ip.addr', addressOf, true, true),
  'ip.src_host': ofEnds('ip.src_host', hostOf, true, false),
  'ip.dst_host': ofEnds('ip.dst_host', hostOf, false, true),
  'ip.host': ofEnds('ip.host', hostOf, true, true),
  'ipv6': {has: (x) => isOverIP(x, 6)},
  'ipv6.version': {num: (x) => (isOverIP(x, 6) ? 6 : undefined)},
  'ipv6.src': ofEnds('ipv6.src', address6Of, true, false),
  'ipv6.dst': ofEnds('ipv6.dst', address6Of, false, true),
  'ipv6.addr': ofEnds('ipv6.addr', address6Of, true, true),
  'ipv6.src_host': ofEnds('ipv6.src_host', host6Of, true, false),
  'ipv6.dst_host': ofEnds('ipv6.dst_host', host6Of, false, true),
  'ipv6.host': ofEnds('ipv6.host', host6Of, true, true),

  'tcp': isPresent,
  'tcp.srcport': ofEnds('tcp.srcport', portOf, true, false),
  'tcp.dstport': ofEnds('tcp.dstport', portOf, false, true),
  'tcp.port': ofEnds('tcp.port', portOf, true, true),
  'tcp.stream': number('tcp.stream', (c) => c.tcp_stream),

  'http': {has: (x) => x.facts() !== null && Boolean(x.facts().connection.request_headers || x.facts().connection.response_headers)},
  'http.request.method': ofConnection('http.request.method', (c) => c.method),
  'http.request.uri': ofConnection('http.request.uri', (c) => c.target),
  'http.request.uri.path': ofConnection('http.request.uri.path', (c) => uriPart(c, 0)),
  'http.request.uri.query': ofConnection('http.request.uri.query', (c) => uriPart(c, 1)),
  'http.request.version': ofConnection('http.request.version', (c) => c.request_version),
  'http.request.full_uri': ofConnection('http.request.full_uri', fullURI),
  'http.response.code': number('http.response.code', (c) => (c.status > 0 ? c.status : undefined)),
  'http.response.phrase': ofConnection('http.response.phrase', (c) => c.phrase),
  'http.response.version': ofConnection('http.response.version', (c) => c.response_version),
  'tls': {has: (x) => x.facts() !== null && Boolean(x.facts().connection.tls)},
  'tls.handshake.extensions_server_name': ofConnection('tls.handshake.extensions_server_name', (c) => c.tls && c.tls.sni),

  'wstap': isPresent,
  'wstap.conn': {num: (x) => x.batch.conn[x.j] || undefined},
  'wstap.client': endpointBytes('wstap.client', (c) => c.client),
  'wstap.server': endpointBytes('wstap.server', (c) => c.server),
  'wstap.url': ofConnection('wstap.url', (c) => c.url),
  'wstap.subprotocol': ofConnection('wstap.subprotocol', (c) => c.subprotocol),
  'wstap.extensions': ofConnection('wstap.extensions', (c) => c.extensions),
  'wstap.via': ofConnection('wstap.via', (c) => c.via),
  'wstap.proxy': ofConnection('wstap.proxy', (c) => c.proxy),
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
  'wstap.complete': ofMessage((x) => (x.batch.bits[x.j] & 32 ? 0 : 1)),
  'wstap.invalid_utf8': ofMessage((x) => (x.detail().invalid_utf8 ? 1 : 0)),
  'wstap.summary': ofBytes((x) => (x.completes() ? textOf(x.store.summary(x.row).trim()) : undefined)),
};

for (const [field, name] of Object.entries({
  host: 'host', user_agent: 'user-agent', upgrade: 'upgrade', connection: 'connection', origin: 'origin', cookie: 'cookie', set_cookie: 'set-cookie',
  authorization: 'authorization', referer: 'referer', server: 'server', location: 'location', x_forwarded_for: 'x-forwarded-for',
  sec_websocket_accept: 'sec-websocket-accept', sec_websocket_extensions: 'sec-websocket-extensions', sec_websocket_key: 'sec-websocket-key',
  sec_websocket_protocol: 'sec-websocket-protocol', sec_websocket_version: 'sec-websocket-version',
})) {
  filterGetters['http.' + field] = ofHeader('http.' + field, name);
}

// Those that look into payloads, of which a report keeps but a part.
const payloadFields = /^(websocket\.(masked_)?payload(\.(continue|text|ping|pong|unknown))?|wstap\.(message|summary))$/;
const frameFields = /^websocket\.((masked_)?payload|payload\.continue)$/;
const secretFields = /^(http\.(cookie|set_cookie|authorization|request\.(uri|full_uri).*|location)|wstap\.url)$/;

// All fields by name: {name, type, text, hex, names, kept} and, where kept, the
// way to their values. Protocols whose bytes nobody has cannot be compared.
const filterFields = new Map(filterTable.map(([name, type, text, hex, names]) => [name, {
  name, type: filterTypes[type], text, hex: Boolean(hex), names: names || null, kept: name in filterGetters,
  label: type === 'FT_NONE' || type === 'FT_PROTOCOL' && name !== 'websocket',
  ofPayload: payloadFields.test(name), ofFrames: frameFields.test(name), secret: secretFields.test(name),
  num: undefined, octets: undefined, has: undefined, all: undefined, present: undefined, ...filterGetters[name],
}]));

// filterField is the field of that name, undefined without one.
export function filterField(name) {
  return filterFields.get(name);
}

export function isFilterField(name) {
  return filterFields.has(name);
}

// filterFieldNames are all names, sorted.
export function filterFieldNames() {
  return [...filterFields.keys()];
}
