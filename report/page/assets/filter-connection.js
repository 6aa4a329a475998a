// Fields of display filters that are facts of a row's connection: its ends, its
// upgrade, TLS.
import {exact, noValues} from './filter-context.js';
import {parseIPv4, parseIPv6} from './filter-value.js';

const textEncoder = new TextEncoder();

// textValues are the UTF-8 of texts; those that are empty are absent.
function textValues(...texts) {
  return texts.filter((t) => t !== undefined && t !== null && t !== '').map((t) => textEncoder.encode(t));
}

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

// connectionGetters are the ways to the values, by the names of the fields.
export const connectionGetters = {
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
  'wstap.client': endpointBytes('wstap.client', (c) => c.client),
  'wstap.server': endpointBytes('wstap.server', (c) => c.server),
  'wstap.url': ofConnection('wstap.url', (c) => c.url),
  'wstap.subprotocol': ofConnection('wstap.subprotocol', (c) => c.subprotocol),
  'wstap.extensions': ofConnection('wstap.extensions', (c) => c.extensions),
  'wstap.via': ofConnection('wstap.via', (c) => c.via),
  'wstap.proxy': ofConnection('wstap.proxy', (c) => c.proxy),
};

for (const [field, name] of Object.entries({
  host: 'host', user_agent: 'user-agent', upgrade: 'upgrade', connection: 'connection', origin: 'origin', cookie: 'cookie', set_cookie: 'set-cookie',
  authorization: 'authorization', referer: 'referer', server: 'server', location: 'location', x_forwarded_for: 'x-forwarded-for',
  sec_websocket_accept: 'sec-websocket-accept', sec_websocket_extensions: 'sec-websocket-extensions', sec_websocket_key: 'sec-websocket-key',
  sec_websocket_protocol: 'sec-websocket-protocol', sec_websocket_version: 'sec-websocket-version',
})) {
  connectionGetters['http.' + field] = ofHeader('http.' + field, name);
}
