// Copying rows: as text, JSON, base64, hex, or the line that the table shows.
import {element} from './dom.js';
import {jsonStringEnd} from './jsontree.js';
import {isLifecycle, lifecycleText, previewText, remarkText, typeText} from './rowtext.js';
import {decodeText, formatClock, visible} from './text.js';

const base64Chunk = 0x6000; // bytes at a time, a multiple of three: an argument list has its limits

// toBase64 is the text of bytes in base64 (RFC 4648, 4).
export function toBase64(bytes) {
  const parts = [];
  for (let i = 0; i < bytes.length; i += base64Chunk) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(i, i + base64Chunk))));
  }
  return parts.join('');
}

// toHex is the text of bytes in hex, with the separator between them.
export function toHex(bytes, separator) {
  const parts = new Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) parts[i] = (bytes[i] < 16 ? '0' : '') + bytes[i].toString(16);
  return parts.join(separator || '');
}

// copyText puts text into the clipboard. Where the browser refuses that, as some
// do for pages from disk, it selects the text in a field that nobody sees and
// has the browser copy the selection. The promise tells whether it worked.
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (fault) {
    return copySelected(text);
  }
}

function copySelected(text) {
  const before = document.activeElement;
  const field = element('textarea', 'detail-offscreen');
  field.value = text;
  field.readOnly = true;
  document.body.append(field);
  field.select();
  let done = false;
  try {
    done = document.execCommand('copy');
  } catch (fault) {
    done = false;
  }
  field.remove();
  if (before && before.focus) before.focus();
  return done;
}

// copyRow copies a row's payload and says so; how is 'text', 'json', 'base64',
// 'hex' or 'line'. A lifecycle row has no payload: its line is copied.
export async function copyRow(app, row, how) {
  const store = app.store;
  if (!store.has(row)) return false;
  const lifecycle = isLifecycle(store.kind(row));
  const words = lifecycle || how === 'line' ? 'the row' : 'the payload as ' + {text: 'text', json: 'JSON', base64: 'base64', hex: 'hex'}[how];
  const done = await copyText(lifecycle ? rowLine(store, row) : copiedText(store, row, how));
  app.announce(done ? 'copied ' + words : 'the browser does not let this page copy: select the text and copy it');
  return done;
}

// copiedText is a row's payload in one of the forms of copyRow.
function copiedText(store, row, how) {
  const payload = store.payload(row);
  switch (how) {
    case 'base64':
      return toBase64(payload);
    case 'hex':
      return toHex(payload, ' ');
    case 'line':
      return rowLine(store, row);
    case 'json':
      return indentJSON(decodeText(payload));
  }
  return decodeText(payload);
}

// rowLine is the row in a line, as the table shows it.
function rowLine(store, row) {
  const kind = store.kind(row);
  const words = [formatClock(store.timeNs(row), true), 'packet ' + store.packet(row)];
  if (store.conn(row)) words.push('#' + store.conn(row));
  if (!isLifecycle(kind)) words.push(store.fromServer(row) ? 'server' : 'client');
  words.push(typeText(store, row, false));
  if (isLifecycle(kind)) words.push(lifecycleText(store, row));
  else words.push(store.length(row) + ' bytes', visible(store.summary(row)) || previewText(store, row), remarkText(store, row));
  return words.filter(Boolean).join('  ');
}

// indentJSON lays JSON text out with two spaces a level. It moves nothing but
// white space, so that numbers keep all of their digits and keys their order;
// what is no JSON stays as it is.
export function indentJSON(text) {
  try {
    JSON.parse(text);
  } catch (fault) {
    return text;
  }
  const out = [];
  let depth = 0;
  let before = '';
  const line = () => out.push('\n' + '  '.repeat(Math.min(depth, 64)));
  const token = /[ \t\r\n]*([{}[\],:"]|[^ \t\r\n{}[\],:"]+)/y;
  for (let m = token.exec(text); m; m = token.exec(text)) {
    let [, word] = m;
    if (word === '"') {
      const from = token.lastIndex - 1;
      token.lastIndex = jsonStringEnd(text, from);
      word = text.slice(from, token.lastIndex);
    }
    if (word === '}' || word === ']') {
      depth--;
      if (before !== '{' && before !== '[') line();
    } else if (before === '{' || before === '[' || before === ',') {
      line();
    }
    out.push(word === ':' ? ': ' : word);
    if (word === '{' || word === '[') depth++;
    before = word;
  }
  return out.join('');
}
