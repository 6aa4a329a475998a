// What the detail pane tells of a connection, and of the rows that tell of
// connections: upgrade, gap, violation, close, encrypted streams, findings.
import {kindClosed, kindEncrypted, kindFinding, kindGap, kindOpened, kindViolation} from './batch.js';
import {button, element} from './dom.js';
import {factList, rfcNote, rowLink} from './detail-frame.js';
import {closedText} from './rowtext.js';
import {closeCodeName, endpointText, formatBytes, formatClock, formatDuration, formatNumber, visible} from './text.js';

// connectionPart is what is known of a connection: its ends, how it came up,
// what it carried, how it ended, its headers.
export function connectionPart(c, app) {
  const part = element('div', 'detail-connection');
  const facts = [
    ['URL', visible(c.url || '')], ['Client', endpointText(c.client)], ['Proxied for', endpointText(c.proxied_client)], ['Server', endpointText(c.server)],
    ['CONNECT tunnel', visible(c.proxy || '')], ['Via', viaText(c)], ['Status', visible([c.status, c.phrase].filter(Boolean).join(' '))],
    ['Accept', acceptText(c.accept), c.accept === 'valid' ? '' : 'detail-bad'], ['Subprotocol', visible(c.subprotocol || '')], ['Extensions', visible(c.extensions || '')],
    ['Body', visible(c.body || '')], ['TCP stream', c.tcp_stream === undefined ? '' : copyable(`tcp.stream == ${c.tcp_stream}`, app)],
    ...stepFacts(c), ...totalFacts(c),
    ['Round trip', c.rtt ? `${formatDuration(c.rtt.median / 1e6)} (${formatDuration(c.rtt.min / 1e6)} to ${formatDuration(c.rtt.max / 1e6)}, ${formatNumber(c.rtt.n)} pings)` : ''],
    ['Gaps', c.gaps ? formatNumber(c.gaps) : '', 'detail-bad'], ['Violations', c.violations ? formatNumber(c.violations) : '', 'detail-bad'],
    ['Closed', c.closed ? closedText(c.closed) : ''],
  ];
  part.append(factList(facts));
  if (c.tls) part.append(section('TLS'), factList(tlsFacts(c.tls)));
  if (c.headers_partial) part.append(element('p', 'detail-hint', 'Some header fields could not be read: they refer to others that were lost (RFC 7541, 2.3.2).'));
  if (c.request_headers) part.append(section([c.method, c.target, c.request_version].filter(Boolean).map(visible).join(' ') || 'Request'), headerTable(c.request_headers, 'Request headers'));
  if (c.response_headers) part.append(section([c.response_version, c.status, c.phrase].filter(Boolean).map((w) => visible(String(w))).join(' ') || 'Response'), headerTable(c.response_headers, 'Response headers'));
  return part;
}

function section(text) {
  return element('h4', 'detail-title', text);
}

function viaText(c) {
  return {'http/1.1': 'HTTP/1.1 upgrade (RFC 6455, 4)', h2: `HTTP/2 stream ${c.h2_stream || ''} (RFC 8441)`, midstream: 'joined mid-stream: the upgrade was not captured'}[c.via] || visible(c.via || '');
}

function acceptText(word) {
  return {valid: '', wrong: 'Sec-WebSocket-Accept is wrong (RFC 6455, 4.2.2)', missing: 'Sec-WebSocket-Accept is missing (RFC 6455, 4.2.2)'}[word] || '';
}

function tlsFacts(tls) {
  return [['Version', visible(tls.version || '')], ['Cipher', visible(tls.cipher || '')], ['Server name', visible(tls.sni || '')], ['ALPN', visible(tls.alpn || '')], ['State', visible(tls.state || '')]];
}

// stepFacts are the steps up to the upgrade's response, each with the time
// since the one before.
function stepFacts(c) {
  const names = [['tcp', 'SYN'], ['tcp_done', 'TCP up'], ['tls', 'ClientHello'], ['tls_done', 'ServerHello'], ['request', 'Request'], ['response', 'Response']];
  const facts = [];
  let before = null;
  for (const [key, name] of names) {
    const step = c.steps && c.steps[key];
    if (!step) continue;
    const at = BigInt(step[0]);
    const since = before === null ? formatClock(at, true) + ' UTC' : '+' + formatDuration(Number(at - before) / 1e6);
    facts.push([name, `${since}, packet ${formatNumber(step[1])}`]);
    before = at;
  }
  return facts;
}

function totalFacts(c) {
  if (!c.totals) return [];
  return [['client', '\u2191 Sent'], ['server', '\u2193 Received']].map(([side, name]) => {
    const t = c.totals[side] || {};
    const messages = `${formatNumber(t.messages || 0)} messages in ${formatNumber(t.frames || 0)} frames, ${formatBytes(t.bytes || 0)}`;
    return [name, messages + (t.message_bytes > t.bytes ? `, inflated ${formatBytes(t.message_bytes)}` : '')];
  });
}

// headerTable shows fields as they were sent, in their order.
function headerTable(fields, caption) {
  const table = element('table', 'detail-fields');
  table.append(element('caption', 'detail-offscreen', caption));
  const body = element('tbody');
  for (const [name, value] of fields) {
    const line = element('tr');
    const head = element('th', '', visible(String(name)));
    head.scope = 'row';
    line.append(head, element('td', '', visible(String(value))));
    body.append(line);
  }
  table.append(body);
  return table;
}

// copyable is a display filter that a press shows in the page.
function copyable(filter, app) {
  const apply = button(filter, () => app.state.set({filter}), 'show what passes this filter');
  apply.className = 'detail-link';
  return apply;
}

// lifecyclePart is what a row that is no frame tells.
export function lifecyclePart(row, app) {
  const {store} = app;
  const detail = store.detail(row) || {};
  const part = element('div');
  const facts = [];
  switch (store.kind(row)) {
    case kindOpened:
      facts.push(['What', visible(detail.text || '')]);
      break;
    case kindGap:
      facts.push(['Missing', `${formatNumber(store.length(row))} bytes from the ${store.fromServer(row) ? 'server' : 'client'} were never captured`, 'detail-bad'], ['Known by', whyText(detail.why)], ['What', visible(detail.text || '')]);
      break;
    case kindViolation:
      facts.push(['Rule', visible(detail.code || '')], ['Standard', detail.rfc ? rfcNote(visible(detail.rfc)) : ''], ['Expected', visible(detail.expected || '')], ['Found', visible(detail.found || ''), 'detail-bad'],
        ['Of', detail.frame ? frameLink(row, app) : '']);
      break;
    case kindClosed: {
      const name = detail.code ? closeCodeName(detail.code) : '';
      facts.push(['By', visible(detail.by || '')], ['How', visible(detail.how || '')], ['Code', visible(detail.code ? detail.code + (name ? ', ' + name : '') : '')],
        ['Reason', visible(detail.reason || '')], ['HTTP/2 error', visible(detail.h2_error || '')], ['What', visible(detail.text || '')]);
      break;
    }
    case kindEncrypted:
      facts.push(['Client', endpointText(detail.client)], ['Server', endpointText(detail.server)], ...tlsFacts(detail.tls || {}));
      break;
    case kindFinding:
      facts.push(['Severity', visible(detail.severity || '')], ['Code', visible(detail.code || '')], ['What', visible(detail.text || '')], ['Advice', visible(detail.advice || '')], ['Packets', visible((detail.packets || []).slice(0, 20).join(', '))]);
      break;
  }
  part.append(factList(facts));
  return part;
}

function whyText(why) {
  return {acked: 'the receiver acknowledged them', closed: 'the connection ended behind them', limit: 'a limit on what waits was hit', truncated: 'the snapshot length cut them off: capture with -s 0'}[why] || visible(why || '');
}

// frameLink goes to the frame that a violation is of: the nearest one above.
function frameLink(row, app) {
  let frame = row - 1;
  while (frame > app.store.first && app.store.kind(frame) === kindViolation) frame--;
  return rowLink(frame, app);
}
