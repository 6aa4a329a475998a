// Rows as an HTTP Archive with the _webSocketMessages of Chromium's developer
// tools: the same as wstap -T har writes, of the rows that are shown. What rows
// become, and why, stands in report/har.
import {bitCompletes, bitCut, bitIncomplete, kindClosed, kindFrame, kindGap, kindMessage, kindOpened, kindViolation} from './batch.js';
import {toBase64} from './copy.js';
import {breaksRule, textIn} from './export-jsonl.js';
import {messageOpcode} from './rowtext.js';
import {closeCodeName} from './text.js';

// Rows of a connection, as in report/har: developer tools become slow beyond
// 10 000 in all. Those beyond are counted in the entry's comment.
const harRows = 2000;
const errorOpcode = -1; // of rows of type "error"

// HarExport takes rows and writes the archive at the end, an entry at a time.
export class HarExport {
  constructor(store) {
    this.store = store;
    this.entries = new Map(); // by connection number, in order of their first row
    this.completed = -1; // the frame row whose message is to be told
    this.waiting = null;
    this.written = 0;
  }

  row(row) {
    const {store} = this;
    if (!breaksRule(store, row)) this.complete();
    const number = store.conn(row);
    const c = store.connection(number);
    if (!c) return;
    let entry = this.entries.get(number);
    if (!entry) {
      entry = {c, rows: [], seen: store.timeNs(row), end: store.timeNs(row), shown: 0, left: 0, cut: 0, closing: false, note: ''};
      this.entries.set(number, entry);
    }
    if (store.kind(row) !== kindClosed && store.timeNs(row) > entry.end) entry.end = store.timeNs(row); // TCP may end much later
    this.event(entry, row, store.detail(row) || {});
  }

  event(entry, row, detail) {
    const {store} = this;
    switch (store.kind(row)) {
      case kindOpened:
        if (!entry.c.upgraded) entry.note = detail.text || '';
        else if (detail.text) this.remark(entry, row, detail.text);
        break;
      case kindFrame: {
        const opcode = store.op(row) & 15;
        if (opcode === 8) this.closeFrame(entry, row, detail);
        else if (opcode > 7) this.payload(entry, row, opcode);
        else if (store.bits(row) & bitCompletes) this.completed = row;
        break;
      }
      case kindMessage:
        this.message(entry, row, detail, store.op(row) & 15);
        break;
      case kindGap:
      case kindViolation:
        this.remark(entry, row, detail.text || '');
        break;
      case kindClosed:
        if (!entry.closing || detail.how !== 'close frame') this.add(entry, row, 'error', errorOpcode, detail.text || '');
    }
  }

  // complete tells the message that a frame completed, behind the rules that the
  // two break.
  complete() {
    const row = this.completed;
    if (row < 0) return;
    this.completed = -1;
    this.message(this.entries.get(this.store.conn(row)), row, this.store.detail(row) || {}, messageOpcode(this.store, row));
  }

  message(entry, row, detail, opcode) {
    if (detail.reason !== 'compression context lost') this.payload(entry, row, opcode); // what inflates with a wrong window is a guess
    if (this.store.bits(row) & bitIncomplete) {
      this.remark(entry, row, `message from the ${this.store.fromServer(row) ? 'server' : 'client'} is not whole: ${detail.reason}`);
    }
  }

  closeFrame(entry, row, detail) {
    let text = `Close frame from the ${this.store.fromServer(row) ? 'server' : 'client'}`;
    if (detail.code) text += `: ${detail.code} ${closeCodeName(detail.code)}`.trimEnd() + (detail.close_reason ? ` "${detail.close_reason}"` : '');
    else text += ' without a code';
    entry.closing = this.remark(entry, row, text) || entry.closing;
  }

  remark(entry, row, text) {
    return this.room(entry) && this.add(entry, row, 'error', errorOpcode, text);
  }

  payload(entry, row, opcode) {
    if (!this.room(entry)) return;
    const bytes = this.store.payload(row);
    const cut = (this.store.bits(row) & bitCut) !== 0;
    if (cut) entry.cut++;
    let data;
    if (opcode === 1) {
      data = textIn(bytes, cut);
      if (data === null) data = new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
    } else {
      data = toBase64(bytes);
    }
    this.add(entry, row, this.store.fromServer(row) ? 'receive' : 'send', opcode, data);
  }

  room(entry) {
    if (entry.shown < harRows) {
      entry.shown++;
      return true;
    }
    entry.left++;
    return false;
  }

  add(entry, row, type, opcode, data) {
    entry.rows.push(JSON.stringify({type, time: harSeconds(this.store, row), opcode, data}));
    return true;
  }

  // end writes one entry each time, and returns true behind the last.
  end(write) {
    if (!this.waiting) {
      this.complete();
      this.waiting = [...this.entries.values()];
      const creator = {name: 'wstap', version: this.store.index.wstap || '', comment: 'made of captured packets'};
      write(`{"log":{"version":"1.2","creator":${JSON.stringify(creator)},"pages":[],"entries":[`);
    }
    const entry = this.waiting.shift();
    if (entry) {
      const text = JSON.stringify(harEntry(entry));
      write((this.written++ > 0 ? ',\n' : '\n') + text.slice(0, -1) + `,"_webSocketMessages":[`);
      for (const line of entry.rows.splice(0).flatMap((r, k) => (k === 0 ? [r] : [',', r]))) write(line);
      write(`],"comment":${JSON.stringify(harComment(entry))}}`);
      return false;
    }
    write(`\n],"comment":${JSON.stringify(this.store.index.redacted === false ? 'secrets are not redacted' : 'secrets are redacted')}}}\n`);
    return true;
  }
}

// harSeconds is a time since 1970 with microseconds: developer tools read a
// float, which holds no more.
function harSeconds(store, row) {
  const us = store.timeNs(row) / 1000n;
  return (store.detail(row) || {}).no_time || us < 0n ? 0 : Number(us) / 1e6;
}

function harEntry({c, seen, end}) {
  const t = harTimings(c, seen, end);
  const ms = (ns) => (ns < 0n ? -1 : Number(ns) / 1e6);
  const total = (t.connect < 0n ? 0n : t.connect) + t.send + t.wait + t.receive;
  const started = new Date(Number(t.start / 1000000n)).toISOString().slice(0, 19) + '.' + String(t.start / 1000n % 1000000n).padStart(6, '0') + 'Z';
  const url = c.url || (c.server && c.server.ip ? `ws://${c.server.ip.includes(':') ? `[${c.server.ip}]` : c.server.ip}:${c.server.port}/` : 'ws://unknown/');
  const entry = {
    _resourceType: 'websocket', startedDateTime: started, time: ms(total),
    request: {
      method: c.method || 'GET', url, httpVersion: harVersion(c, c.request_version), cookies: harCookies(c.request_headers, 'cookie'), headers: harFields(c.request_headers),
      queryString: harQuery(url), headersSize: -1, bodySize: 0,
    },
    response: {
      status: c.status || 0, statusText: c.phrase || '', httpVersion: harVersion(c, c.response_version), cookies: harCookies(c.response_headers, 'set-cookie'),
      headers: harFields(c.response_headers), content: harContent(c), redirectURL: harHeader(c.response_headers, 'location'), headersSize: -1, bodySize: c.upgraded ? 0 : -1,
    },
    cache: {}, timings: {blocked: 0.01, dns: -1, connect: ms(t.connect), ssl: ms(t.ssl), send: ms(t.send), wait: ms(t.wait), receive: ms(t.receive)},
  };
  // Only addresses of which Chromium can make sense (RFC 4007's zones are none).
  if (c.server && c.server.ip) entry.serverIPAddress = c.server.ip.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '');
  if (c.server && c.server.port) entry.connection = String(c.server.port);
  return entry;
}

// harTimings divides an entry's time, in ns: -1 where it is not known.
function harTimings(c, seen, end) {
  const step = (key) => (c.steps && c.steps[key] ? BigInt(c.steps[key][0]) : null);
  const t = {start: seen, connect: -1n, ssl: -1n, send: 0n, wait: 0n, receive: 0n};
  let at = seen;
  const [begun, up, request, response] = [step('tcp'), step('tcp_done'), step('request'), step('response')];
  if (request !== null) {
    t.start = request;
    at = request;
    if (begun !== null && up !== null && up >= begun && request >= up) {
      t.start = begun;
      t.connect = up - begun;
      if (c.tls) {
        t.ssl = request - up;
        t.connect += t.ssl; // HAR counts it into both
      } else {
        t.send = request - up;
      }
    }
  }
  if (response !== null && response > at) {
    t.wait = response - at;
    at = response;
  }
  if (end > at) t.receive = end - at;
  return t;
}

function harVersion(c, version) {
  return version || (c.via === 'h2' ? 'HTTP/2' : 'HTTP/1.1');
}

function harContent(c) {
  const type = c.upgraded ? '' : harHeader(c.response_headers, 'content-type');
  const content = {size: new TextEncoder().encode(c.body || '').length, mimeType: type || 'x-unknown'};
  if (c.body) content.text = c.body;
  return content;
}

function harFields(fields) {
  return (fields || []).map(([name, value]) => ({name, value}));
}

function harHeader(fields, name) {
  const found = (fields || []).find((f) => f[0].toLowerCase() === name);
  return found ? found[1] : '';
}

// harCookies are those of the fields of that name (RFC 6265, 4).
function harCookies(fields, name) {
  const cookies = [];
  for (const [field, value] of fields || []) {
    if (field.toLowerCase() !== name) continue;
    const parts = name === 'set-cookie' ? value.split(';', 1) : value.split(';');
    for (const part of parts) {
      const at = part.indexOf('=');
      if (at >= 0) cookies.push({name: part.slice(0, at).trim(), value: part.slice(at + 1).trim()});
    }
  }
  return cookies;
}

function harQuery(url) {
  const query = url.split('#')[0].split('?').slice(1).join('?');
  return query.split('&').filter(Boolean).map((part) => {
    const at = part.indexOf('=');
    return {name: harDecoded(at < 0 ? part : part.slice(0, at)), value: at < 0 ? '' : harDecoded(part.slice(at + 1))};
  });
}

function harDecoded(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch (fault) {
    return text;
  }
}

function harComment({c, cut, left, note}) {
  const parts = [`connection ${c.conn} of the capture`];
  if (c.tcp_stream !== undefined) parts.push(`tcp.stream ${c.tcp_stream}`);
  if (c.client && c.client.ip) parts.push(`client ${c.client.ip.includes(':') ? `[${c.client.ip}]` : c.client.ip}:${c.client.port}`);
  if (c.proxy) parts.push('through a CONNECT tunnel to ' + c.proxy);
  if (note) parts.push(note);
  if (c.via === 'midstream') parts.push("upgrade not captured: the URL is made of the server's address");
  if (cut) parts.push(`${cut} ${cut === 1 ? 'payload' : 'payloads'} cut by --payload-limit`);
  if (left) parts.push(`${left} ${left === 1 ? 'row' : 'rows'} left out: more than ${harRows}`);
  return parts.join('; ');
}
