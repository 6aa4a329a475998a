import {element, gridHead, setText} from './dom.js';
import {moveByKey} from './keys.js';
import {VirtualRows} from './rows.js';
import {closedText} from './rowtext.js';
import {endpointText, formatBytes, formatDuration, formatNumber, visible} from './text.js';
import {drawWaterfall, isRefused, lifeOf} from './waterfall.js';

const compressionWords = /permessage-deflate/i;
const nanosecond = 1e-6; // in ms
const quickOrder = 2000; // connections are put in order at once; more of them twice a second

// Each column: its class, heading, text of a connection, and what it sorts by.
const connectionColumns = [
  {name: 'conn', head: '#', text: (c) => '#' + c.conn + (troubleText(c) ? ' !' : ''), by: (c) => c.conn},
  {name: 'url', head: 'URL', text: (c) => nameOf(c), by: (c) => nameOf(c)},
  {name: 'status', head: 'Status', text: (c) => statusText(c), by: (c) => c.status || 0},
  {name: 'client', head: 'Client', text: (c) => endpointText(c.client), by: (c) => endpointText(c.client)},
  {name: 'server', head: 'Server', text: (c) => endpointText(c.server), by: (c) => endpointText(c.server)},
  {name: 'subprotocol', head: 'Subprotocol', text: (c) => c.subprotocol || '', by: (c) => c.subprotocol || ''},
  {name: 'compression', head: 'Compression', text: (c) => (compressionWords.test(c.extensions || '') ? 'deflate' : ''), by: (c) => c.extensions || ''},
  {name: 'frames', head: 'Frames \u2191 \u2193', text: (c) => bothWays(c, 'frames', formatNumber), by: (c) => sumOf(c, 'frames')},
  {name: 'bytes', head: 'Bytes \u2191 \u2193', text: (c) => bothWays(c, 'bytes', formatBytes), by: (c) => sumOf(c, 'bytes')},
  {name: 'duration', head: 'Duration', text: (c, store) => formatDuration(lengthOf(c, store)), by: (c, store) => lengthOf(c, store)},
  {name: 'rtt', head: 'Round trip', text: (c) => (c.rtt && c.rtt.n ? formatDuration(c.rtt.median * nanosecond) : ''), by: (c) => (c.rtt && c.rtt.n ? c.rtt.median : 0)},
  {name: 'close', head: 'Close', text: (c, store) => closeText(c, store), by: (c, store) => closeText(c, store)},
  {name: 'waterfall', head: 'Waterfall', text: () => '', by: (c, store) => lifeOf(c, store).first},
];

function nameOf(c) {
  return c.url || (c.via === 'midstream' ? 'joined mid-stream' : '') || endpointText(c.server);
}

function statusText(c) {
  if (c.status) return c.status + (c.via === 'h2' ? ' h2' : '');
  return c.via === 'midstream' ? 'mid-stream' : 'no reply';
}

function bothWays(c, key, format) {
  const totals = c.totals || {};
  const of = (side) => format((totals[side] && totals[side][key]) || 0);
  return of('client') + ' / ' + of('server');
}

function sumOf(c, key) {
  const totals = c.totals || {};
  return ((totals.client && totals.client[key]) || 0) + ((totals.server && totals.server[key]) || 0);
}

function lengthOf(c, store) {
  const life = lifeOf(c, store);
  return Math.max(0, life.last - life.first);
}

// closeText begins with what tells closes apart, since the column is narrow:
// "4001, server". The whole of it is the cell's title, and in the detail.
function closeText(c, store) {
  if (c.closed) {
    const what = c.closed.code || (c.closed.how === 'rst' ? 'reset' : c.closed.how);
    return [what, c.closed.by !== 'none' && c.closed.by].filter(Boolean).join(', ') || closedText(c.closed);
  }
  if (isRefused(c)) return 'refused';
  return store.done ? '' : 'open';
}

// connectionCells are the headings and texts of the first connections.
export function connectionCells(store, most) {
  const columns = connectionColumns.filter((column) => column.name !== 'waterfall');
  const rows = store.index.connections.slice(0, most).map((c) => columns.map((column) => visible(column.text(c, store))));
  return {heads: columns.map((column) => column.head), rows};
}

// troubleText counts what went wrong, '' where nothing did.
function troubleText(c) {
  const count = (n, noun) => (n > 0 ? formatNumber(n) + ' ' + noun + (n === 1 ? '' : 's') : '');
  return [count(c.violations, 'violation'), count(c.gaps, 'gap')].filter(Boolean).join(', ');
}

// ConnectionList is the list of connections: a grid in which one or several can
// be chosen, for everything below to show only theirs.
export class ConnectionList {
  constructor(grid, app) {
    this.app = app;
    this.store = app.store;
    this.state = app.state;
    this.grid = grid;
    this.rowHeight = 26;
    this.cursor = 0;
    this.order = [];
    this.sortBy = connectionColumns[0];
    this.descending = false;
    this.pending = false;
    this.scroller = element('div', 'scroller');
    this.scroller.setAttribute('role', 'rowgroup');
    this.scroller.tabIndex = -1;
    grid.append(this.header(), this.scroller);
    grid.setAttribute('aria-colcount', connectionColumns.length);
    this.rows = new VirtualRows(this.scroller, this);
    grid.addEventListener('keydown', (event) => this.key(event));
    this.scroller.addEventListener('click', (event) => this.press(event));
    this.scroller.addEventListener('focus', () => grid.focus({preventScroll: true}));
    this.store.on((what) => {
      if (what === 'index' || what === 'done') this.schedule();
    });
    this.state.on((changed) => {
      if (changed.has('range')) this.schedule();
      if (changed.has('conns')) this.rows.refresh();
    });
    app.traffic.on(() => this.rows.refresh());
    new ResizeObserver(() => this.rows.refresh()).observe(this.scroller);
    this.update();
  }

  header() {
    const { group, cells } = gridHead(connectionColumns.map((column) => column.name));
    this.heads = cells;
    connectionColumns.forEach((column, k) => {
      const sort = element('button', '', column.head);
      sort.type = 'button';
      sort.addEventListener('click', () => this.sort(column));
      cells[k].append(sort);
    });
    return group;
  }

  sort(column) {
    this.descending = this.sortBy === column && !this.descending;
    this.sortBy = column;
    this.update();
  }

  schedule() {
    if (this.pending) return;
    this.pending = true;
    setTimeout(() => {
      this.pending = false;
      this.update();
    }, this.order.length < quickOrder ? 16 : 500);
  }

  // update puts those of the time range in order.
  update() {
    const range = this.state.range;
    let list = this.store.index.connections;
    if (range) {
      list = list.filter((c) => {
        const life = lifeOf(c, this.store);
        return life.first <= range[1] && life.last >= range[0];
      });
    }
    const keyed = list.map((c) => ({c, key: this.sortBy.by(c, this.store)}));
    const sign = this.descending ? -1 : 1;
    keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : a.c.conn - b.c.conn));
    this.order = keyed.map((k) => k.c.conn);
    this.heads.forEach((cell, k) => {
      const sorted = connectionColumns[k] === this.sortBy;
      cell.setAttribute('aria-sort', !sorted ? 'none' : this.descending ? 'descending' : 'ascending');
    });
    this.grid.setAttribute('aria-rowcount', this.order.length + 1);
    this.grid.style.setProperty('--rows', Math.max(1, this.order.length));
    this.rows.setCount(this.order.length, true);
  }

  create() {
    const row = element('div', 'row');
    row.setAttribute('role', 'row');
    row.cells = connectionColumns.map((column, k) => {
      const cell = element('span', 'c-' + column.name);
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', k + 1);
      row.append(cell);
      return cell;
    });
    row.canvas = element('canvas');
    row.canvas.setAttribute('aria-hidden', 'true');
    row.cells[row.cells.length - 1].append(row.canvas);
    return row;
  }

  fill(e, index) {
    const c = this.store.connection(this.order[index]);
    const chosen = this.state.conns.has(c.conn);
    e.id = 'conn-' + c.conn;
    e.conn = c.conn;
    e.setAttribute('aria-rowindex', index + 2);
    e.setAttribute('aria-selected', chosen);
    const trouble = troubleText(c);
    e.className = 'row' + (index & 1 ? ' odd' : '') + (chosen ? ' chosen' : '') + (index === this.cursor ? ' current' : '') + (trouble ? ' trouble' : '');
    connectionColumns.forEach((column, k) => {
      if (column.name === 'waterfall') return;
      const text = visible(column.text(c, this.store));
      setText(e.cells[k], text);
      e.cells[k].title = column.name === 'close' && c.closed ? closedText(c.closed) : text;
    });
    if (trouble) e.cells[0].title = trouble;
    e.cells[2].classList.toggle('bad-text', c.via === 'http/1.1' && c.status !== 101);
    // A canvas has no size before it is in the document.
    requestAnimationFrame(() => {
      if (e.conn === c.conn) drawWaterfall(e.canvas, c, this.store, this.app.traffic.shown, this.app.colors());
    });
  }

  drawn() {
    const e = this.rows.elementOf(this.cursor);
    if (e) this.grid.setAttribute('aria-activedescendant', e.id);
    else this.grid.removeAttribute('aria-activedescendant');
  }

  press(event) {
    const e = event.target.closest('.row');
    if (!e) return;
    this.cursor = this.order.indexOf(e.conn);
    this.choose(e.conn, event.ctrlKey || event.metaKey || event.shiftKey);
  }

  // choose makes the connection the only one chosen, or adds it; once more
  // takes it away.
  choose(conn, add) {
    const conns = new Set(add ? this.state.conns : []);
    if (this.state.conns.has(conn) && (add || this.state.conns.size === 1)) conns.delete(conn);
    else conns.add(conn);
    this.state.set({conns});
    this.rows.refresh();
  }

  // show brings the connection into sight.
  show(conn) {
    const index = this.order.indexOf(conn);
    if (index < 0) return;
    this.cursor = index;
    this.rows.reveal(index, true);
    this.rows.refresh();
  }

  key(event) {
    if (event.target.closest('button') || this.order.length === 0) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.choose(this.order[Math.min(this.cursor, this.order.length - 1)], event.ctrlKey || event.metaKey);
      return;
    }
    const to = moveByKey(event, this.cursor, this.order.length, this.rows.page());
    if (to < 0) return;
    event.preventDefault();
    this.cursor = to;
    this.rows.reveal(to);
    this.rows.refresh();
  }
}
