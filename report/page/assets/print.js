import {element, empty} from './dom.js';
import {connectionCells} from './connections.js';
import {isLifecycle, lifecycleText, previewText, typeText} from './rowtext.js';
import {formatNumber, formatTime, visible} from './text.js';

const printedRows = 1000; // some 20 pages: nobody wants a million
const printedConnections = 200;
const printedData = 200; // characters of a payload
const frameHeads = ['Time (s)', 'Conn', 'Direction', 'Type', 'Length', 'Data', 'Packet'];

// setUpPrint makes plain tables of the first connections and shown rows while
// the page is printed, since the lists on the screen hold only what is seen. On
// paper the colors are light.
export function setUpPrint(container, app) {
  const root = document.documentElement;
  const steps = document.querySelector('#verdict .paths');
  let before = null;
  window.addEventListener('beforeprint', () => {
    before = {theme: root.dataset.theme, open: steps.open};
    root.dataset.theme = 'light';
    steps.open = true;
    app.palette = null;
    app.overview.draw();
    fillPrint(container, app);
  });
  window.addEventListener('afterprint', () => {
    if (before === null) return;
    if (before.theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = before.theme;
    steps.open = before.open;
    before = null;
    app.palette = null;
    app.overview.draw();
    empty(container);
  });
}

function fillPrint(container, app) {
  empty(container);
  const {view, store} = app;
  const connections = connectionCells(store, printedConnections);
  container.append(element('h2', '', 'Connections'), element('p', '', howMany(connections.rows.length, store.index.connections.length, 'connections')),
    plainTable(connections.heads, connections.rows));
  const rows = [];
  for (let index = 0; index < Math.min(view.count, printedRows); index++) rows.push(frameCells(store, view.row(index)));
  container.append(element('h2', '', 'Frames'), element('p', '', howMany(rows.length, view.count, 'rows')), plainTable(frameHeads, rows));
}

function howMany(n, all, noun) {
  return n === all ? formatNumber(n) + ' ' + noun : 'The first ' + formatNumber(n) + ' of ' + formatNumber(all) + ' ' + noun;
}

function frameCells(store, row) {
  const lifecycle = isLifecycle(store.kind(row));
  const data = lifecycle ? lifecycleText(store, row) : [visible(store.summary(row)), previewText(store, row)].filter(Boolean).join('  ');
  return [formatTime(store.time(row)), '#' + store.conn(row), lifecycle ? '' : store.fromServer(row) ? '\u2193 received' : '\u2191 sent',
    typeText(store, row, false), lifecycle ? '' : String(store.length(row)), data.slice(0, printedData), String(store.packet(row))];
}

function plainTable(heads, rows) {
  const table = element('table');
  const head = element('tr');
  for (const name of heads) head.append(element('th', '', name));
  table.append(head);
  for (const cells of rows) {
    const line = element('tr');
    cells.forEach((text, k) => line.append(element('td', heads[k] === 'Data' || heads[k] === 'URL' ? 'long' : '', text)));
    table.append(line);
  }
  return table;
}
