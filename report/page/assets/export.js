// The export menu: what is shown, as HAR or jsonl, made in slices of time that
// leave room for input; from a live server its packets as pcapng besides.
import {button, element, empty} from './dom.js';
import {HarExport} from './export-har.js';
import {JsonlExport} from './export-jsonl.js';
import {inSlices} from './slices.js';
import {formatNumber} from './text.js';

const partSize = 1 << 20; // characters of an export that are one part of its Blob

// exportRows makes a Blob of the rows (an iterator) in a format, 'har' or
// 'jsonl'. It calls progress(rows) between slices, and stops at an aborted
// signal, with null.
export async function exportRows(store, rows, format, options) {
  const made = format === 'har' ? new HarExport(store) : new JsonlExport(store);
  const parts = [];
  let text = '';
  let n = 0;
  const write = (s) => {
    text += s;
    if (text.length < partSize) return;
    parts.push(new Blob([text])); // out of the heap
    text = '';
  };
  const whole = await inSlices(() => {
    const next = rows.next();
    if (!next.done) {
      made.row(next.value, write);
      n++;
      return false;
    }
    return made.end(write);
  }, {signal: options && options.signal, progress: () => options && options.progress && options.progress(n)});
  if (!whole) return null;
  parts.push(text);
  return new Blob(parts, {type: format === 'har' ? 'application/json' : 'application/x-ndjson'});
}

// createExport fills the container, which it owns from then on.
export function createExport(container, app) {
  const menu = element('details', 'export-menu');
  const summary = element('summary', '', 'Export');
  const list = element('div', 'export-list');
  const status = element('p');
  status.setAttribute('role', 'status');
  let running = null;
  const run = async (format) => {
    if (running) running.abort();
    const abort = new AbortController();
    running = abort;
    const progress = (n) => {
      status.textContent = `${formatNumber(n)} rows\u2026`;
    };
    progress(0);
    const blob = await exportRows(app.store, app.shown(), format, {signal: abort.signal, progress});
    if (running === abort) running = null;
    if (!blob) return;
    download(blob, exportName(app.store.index, format));
    status.textContent = `${formatNumber(blob.size)} bytes`;
    app.announce('exported ' + status.textContent);
  };
  const choices = () => {
    empty(list);
    list.append(element('p', '', 'The rows that are shown, with payloads as far as this page keeps them' + (app.store.index.redacted === false ? ':' : ', secrets taken out:')));
    list.append(button('HAR, for the developer tools of Chrome', () => run('har')), button('jsonl, as wstap -T jsonl prints it', () => run('jsonl'), 'without skipped_bytes, summary, and summaries that only begin the payload'));
    if (app.live) {
      list.append(element('p', '', 'The packets of the connections that are shown:'));
      list.append(button('pcapng, for Wireshark', () => follow(app.live.exportURL('pcapng', shownConnections(app)))));
    } else {
      list.append(element('p', '', 'Packets are not in this file: wstap -r CAPTURE -w PACKETS.pcapng'));
    }
    list.append(status);
  };
  menu.addEventListener('toggle', () => {
    if (menu.open) choices();
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    summary.focus();
  });
  document.addEventListener('pointerdown', (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.append(summary, list);
  container.append(menu);
}

// shownConnections are the numbers of those that have a row which is shown; none
// where that is all of them.
function shownConnections(app) {
  const numbers = new Set();
  for (const row of app.shown()) numbers.add(app.store.conn(row));
  numbers.delete(0);
  return numbers.size === app.store.index.connections.length ? [] : [...numbers].sort((a, b) => a - b);
}

// exportName is a file's name made of the source's, of plain characters only.
function exportName(index, format) {
  const name = String(index.source && index.source.name || 'wstap').replace(/^.*[/\\]/, '').replace(/\.(pcapng|pcap|cap|gz|zst)\b/g, '');
  return (name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '').slice(0, 80) || 'wstap') + '.' + format;
}

function download(blob, name) {
  const url = URL.createObjectURL(blob);
  follow(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function follow(url, name) {
  const link = element('a');
  link.href = url;
  link.download = name || '';
  document.body.append(link);
  link.click();
  link.remove();
}
