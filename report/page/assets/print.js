import {element, empty} from './dom.js';
import {isLifecycle, lifecycleText, previewText, typeText} from './rowtext.js';
import {formatNumber, formatTime, visible} from './text.js';

const printedRows = 1000; // some 20 pages: nobody wants a million

// setUpPrint makes a plain table of the first shown rows while the page is
// printed, since the list on the screen holds only what is seen.
export function setUpPrint(container, app) {
  window.addEventListener('beforeprint', () => fillPrint(container, app));
  window.addEventListener('afterprint', () => empty(container));
}

function fillPrint(container, app) {
  empty(container);
  const {view, store} = app;
  const n = Math.min(view.count, printedRows);
  const note = n === view.count ? formatNumber(n) + ' rows' : 'The first ' + formatNumber(n) + ' of ' + formatNumber(view.count) + ' rows';
  const table = element('table');
  const head = element('tr');
  for (const name of ['Time (s)', 'Conn', 'Direction', 'Type', 'Length', 'Data', 'Packet']) head.append(element('th', '', name));
  table.append(head);
  for (let index = 0; index < n; index++) {
    const row = view.row(index);
    const lifecycle = isLifecycle(store.kind(row));
    const line = element('tr');
    const data = lifecycle ? lifecycleText(store, row) : [visible(store.summary(row)), previewText(store, row)].filter(Boolean).join('  ');
    const cells = [formatTime(store.time(row)), '#' + store.conn(row), lifecycle ? '' : store.fromServer(row) ? '\u2193 received' : '\u2191 sent',
      typeText(store, row, false), lifecycle ? '' : String(store.length(row)), data.slice(0, 200), String(store.packet(row))];
    for (const text of cells) line.append(element('td', '', text));
    table.append(line);
  }
  container.append(element('h2', '', 'Frames'), element('p', '', note), table);
}
